//! The generated tests: one for each operator of a list.
//!
//! What is tested is the same for every operator and stands in `keyway::testing`; emitted is only what must be typed.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::operator::Handle;
use crate::emit::signature::Results;

/// One test: hands the operator with its typed `call` and `redispatch`, in terms of values, to the checker.
pub(crate) fn test_of(handle: &Handle<'_>, namespace: &proc_macro2::Ident) -> TokenStream {
    let [module, name] = &handle.path;
    let test = format_ident!("{}", handle.entry.schema.name.unambiguous_name().replace('.', "_"));
    let path = quote!(#namespace::#module::#name);
    let arguments: Vec<_> = (0..handle.typed.arguments.len())
        .map(|i| quote!(::keyway::testing::argument(arguments, #i)?))
        .collect();
    let promised: Vec<_> = handle.entry.kernels().into_iter().map(|line| line.key).collect();
    let boxed = match &handle.typed.results {
        Results::Owned(_) => quote!(::keyway::testing::values),
        Results::Arguments(positions) if positions.len() == 1 => quote!(|t| ::std::vec![t.into()]),
        Results::Arguments(positions) => {
            let names: Vec<_> = (0..positions.len()).map(|i| format_ident!("t{i}")).collect();
            quote!(|(#(#names),*)| ::std::vec![#(#names.into()),*])
        }
    };
    quote! {
        #[test]
        #[allow(unused_variables, reason = "an operator may have no argument")]
        fn #test() {
            ::keyway::testing::check_operator(
                #path.operator(),
                &[#(#promised),*],
                &|arguments| #path.call(#(#arguments),*).map(#boxed),
                &|keys, arguments| #path.redispatch(keys, #(#arguments),*).map(#boxed),
            );
        }
    }
}
