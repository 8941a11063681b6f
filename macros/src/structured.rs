//! Structured operators: shape functions, and the kernels that fill what they describe.
//!
//! The generator emits, beside the handle of `add.out`, a module with the traits `Shape` and `Implementation` and a function
//! on the handle that makes the kernels of all forms from implementations of the two. Here a function becomes one: the
//! method has the function's own types, so the compiler compares them with the trait's and shows a mistake where it stands.

use keyway_schema::{Code, OperatorName};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemFn, Result, ReturnType, Type};

use crate::attribute::{KernelAttribute, StructuredAttribute};
use crate::expand::{argument_types, check_plain, handle_path, namespace, with_item};
use crate::mistake;

/// `#[structured(...)]`: the function, the implementation of `Shape`, and the kernels of `Meta`.
pub(crate) fn structured(attribute: TokenStream, item: TokenStream) -> TokenStream {
    with_item(item, |function| shape(&syn::parse2(attribute)?, function))
}

fn shape(attribute: &StructuredAttribute, function: &ItemFn) -> Result<TokenStream> {
    check_plain(function)?;
    let handle = handle_path(&attribute.operator, attribute.operator_span);
    let module = module_path(&attribute.operator, attribute.operator_span);
    let ReturnType::Type(_, result) = &function.sig.output else {
        let message = "a shape function returns `Result<OutputMeta>`";
        return Err(mistake::at(Code::ResultType, function.sig.ident.span(), message));
    };
    let method = forwarding(function, "meta")?;
    let span = result.span();
    let meta = quote_spanned!(span=> <#result as ::keyway::__private::ResultOf>::Value);
    let key = quote!(::keyway::AnnouncedKey::Known(::keyway::RegistrationKey::Runtime(
        ::keyway::DispatchKey::Meta
    )));
    let registrations =
        registrations(&handle, &module, function, &quote!(::keyway::WithoutElements), &key, false);
    Ok(quote! {
        impl #module::Shape for #handle {
            type Meta = #meta;
            #method
        }
        #registrations
    })
}

/// `#[kernel(..., structured)]`: the implementation, and the registrations of all forms at each key.
pub(crate) fn kernels(attribute: &KernelAttribute, function: &ItemFn) -> Result<TokenStream> {
    let handle = handle_path(&attribute.operator, attribute.operator_span);
    let module = module_path(&attribute.operator, attribute.operator_span);
    let method = forwarding(function, "run")?;
    let allocate = attribute.allocate.as_ref().map(|path| {
        let span = path.span();
        quote_spanned! {span=>
            fn allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor> {
                #path(meta)
            }
        }
    });
    let registrations = attribute.keys.iter().map(|key| {
        let key = match key.expression() {
            Ok(key) => quote!(::keyway::AnnouncedKey::Known(#key)),
            Err(name) => quote!(::keyway::AnnouncedKey::Named(#name)),
        };
        registrations(&handle, &module, function, &quote!(Kernel), &key, attribute.overriding)
    });
    Ok(quote! {
        const _: () = {
            struct Kernel;
            impl #module::Implementation<
                <<#handle as #module::Shape>::Meta as ::keyway::StructuredMeta>::Plan
            > for Kernel {
                #method
                #allocate
            }
            #(#registrations)*
        };
    })
}

/// The registrations of all forms of an operator at a key.
fn registrations(
    handle: &TokenStream,
    module: &TokenStream,
    function: &ItemFn,
    implementation: &TokenStream,
    key: &TokenStream,
    overriding: bool,
) -> TokenStream {
    let name = function.sig.ident.to_string();
    let line = quote_spanned!(function.sig.ident.span()=> ::std::line!());
    let mut made = quote! {
        #handle.structured::<#handle, #implementation>(#key, #name, (::std::file!(), #line))
    };
    if overriding {
        made = quote!(::keyway::KernelRegistration::all_overriding(#made));
    }
    quote! {
        const _: () = {
            static REGISTRATIONS: [::keyway::KernelRegistration; #module::FORMS] = #made;
            ::keyway::__private::inventory::submit! { ::keyway::CollectedKernels(&REGISTRATIONS) }
        };
    }
}

/// A method of the function's own types that calls it.
fn forwarding(function: &ItemFn, method: &str) -> Result<TokenStream> {
    let types = argument_types(function)?;
    let at = |(i, ty): (usize, &&Type)| {
        Ident::new(&format!("__keyway_{i}"), ty.span().resolved_at(Span::call_site()))
    };
    let names: Vec<Ident> = types.iter().enumerate().map(at).collect();
    let (own, output) = (&function.sig.ident, &function.sig.output);
    let method = Ident::new(method, own.span().resolved_at(Span::call_site()));
    Ok(quote! {
        fn #method(#(#names: #types),*) #output {
            #own(#(#names),*)
        }
    })
}

/// The module of an operator's traits, beside the modules of handles: `aten::structured_add_out`.
fn module_path(operator: &OperatorName, span: Span) -> TokenStream {
    let module = format_ident!("structured_{}", operator.unambiguous_name(), span = span);
    let namespace = namespace(operator, span);
    quote_spanned!(span=> #namespace::#module)
}
