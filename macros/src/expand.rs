//! From an annotated function to its registration.
//!
//! The function stays as it is. Beside it goes a static registration that calls it through a closure: the closure's
//! argument types come from the generated handle, so the compiler compares them with the function's, and each argument
//! expression carries the span of the function's own argument, so that is where a mistake is shown.

use keyway_schema::{OperatorName, identifiers};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, Result, ReturnType, Type};

use crate::attribute::{FallbackAttribute, KernelAttribute};
use crate::structured;

/// `#[kernel(...)]`: the function and, unless there is a mistake, its registrations.
pub(crate) fn kernel(attribute: TokenStream, item: TokenStream) -> TokenStream {
    with_item(item, |function| registrations(syn::parse2(attribute)?, function))
}

/// `#[fallback(...)]`.
pub(crate) fn fallback(attribute: TokenStream, item: TokenStream) -> TokenStream {
    with_item(item, |function| fallbacks(&syn::parse2(attribute)?, function))
}

/// The item with what `expand` adds; with the error instead, so that one mistake gives one message.
pub(crate) fn with_item(
    item: TokenStream,
    expand: impl FnOnce(&ItemFn) -> Result<TokenStream>,
) -> TokenStream {
    let added = syn::parse2::<ItemFn>(item.clone())
        .map_err(|error| Error::new(error.span(), format!("only functions can be kernels ({error})")))
        .and_then(|function| expand(&function))
        .unwrap_or_else(Error::into_compile_error);
    quote!(#item #added)
}

fn registrations(attribute: KernelAttribute, function: &ItemFn) -> Result<TokenStream> {
    check_plain(function)?;
    if attribute.structured.is_some() {
        return structured::kernels(&attribute, function);
    }
    let handle = handle_path(&attribute.operator, attribute.operator_span);
    let name = function.sig.ident.to_string();
    let kernel = match attribute.boxed {
        Some(_) => boxed(function),
        None => typed(function, &handle, &attribute.operator.to_string())?,
    };
    let line = quote_spanned!(function.sig.ident.span()=> ::std::line!());
    let registrations = attribute.keys.iter().map(|key| {
        let (constructor, key) = match key.expression() {
            Ok(key) => (quote!(new), key),
            Err(name) => (quote!(named), quote!(#name)),
        };
        quote! {
            const _: () = {
                static REGISTRATION: ::keyway::KernelRegistration = ::keyway::KernelRegistration::#constructor(
                    #handle.operator(),
                    #key,
                    #kernel.named(#name).at(::std::file!(), #line),
                );
                ::keyway::__private::inventory::submit! { ::keyway::CollectedKernel(&REGISTRATION) }
            };
        }
    });
    Ok(registrations.collect())
}

fn fallbacks(attribute: &FallbackAttribute, function: &ItemFn) -> Result<TokenStream> {
    check_plain(function)?;
    let (kernel, name) = (boxed(function), function.sig.ident.to_string());
    let line = quote_spanned!(function.sig.ident.span()=> ::std::line!());
    let mut registrations = TokenStream::new();
    for key in &attribute.keys {
        let key = key.expression().map_err(|name| {
            Error::new(name.span(), "the fallback of an added key is registered with `register_fallback`")
        })?;
        registrations.extend(quote! {
            const _: () = {
                static REGISTRATION: ::keyway::FallbackRegistration = ::keyway::FallbackRegistration::new(
                    #key,
                    #kernel.named(#name).at(::std::file!(), #line),
                );
                ::keyway::__private::inventory::submit! { ::keyway::CollectedFallback(&REGISTRATION) }
            };
        });
    }
    Ok(registrations)
}

fn boxed(function: &ItemFn) -> TokenStream {
    let name = &function.sig.ident;
    quote_spanned!(name.span()=> ::keyway::Kernel::boxed(#name))
}

/// The call of the handle's `kernel` with a closure that forwards to the function.
fn typed(function: &ItemFn, handle: &TokenStream, operator: &str) -> Result<TokenStream> {
    let types = argument_types(function)?;
    let takes_keys = types.first().is_some_and(|ty| is_key_set(ty));
    let spans: Vec<Span> = types.iter().map(|ty| ty.span()).collect();
    let at =
        |(i, span): (usize, &Span)| Ident::new(&format!("__keyway_{i}"), span.resolved_at(Span::call_site()));
    let passed: Vec<Ident> = spans.iter().enumerate().map(at).collect();
    let keys = Ident::new("__keyway_keys", Span::call_site());
    let parameters = match takes_keys {
        true => passed.clone(),
        false => std::iter::once(keys).chain(passed.iter().cloned()).collect(),
    };
    let result_span = match &function.sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => function.sig.ident.span(),
    };
    let name =
        Ident::new(&function.sig.ident.to_string(), result_span.resolved_at(function.sig.ident.span()));
    let call = quote_spanned! {result_span=>
        ::keyway::__private::in_operator(#name(#(#passed),*), #operator)
    };
    let closure = quote_spanned!(function.sig.ident.span()=> |#(#parameters),*| #call);
    Ok(quote!(#handle.kernel(#closure)))
}

fn is_key_set(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "KeySet"))
}

pub(crate) fn argument_types(function: &ItemFn) -> Result<Vec<&Type>> {
    let types = function.sig.inputs.iter().map(|input| match input {
        FnArg::Typed(argument) => Ok(&*argument.ty),
        FnArg::Receiver(receiver) => {
            Err(Error::new(receiver.span(), "a kernel is a free function; name the argument `self_`"))
        }
    });
    types.collect()
}

/// Refuses what no kernel can be.
pub(crate) fn check_plain(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    let refuse = |tokens: &dyn ToTokens, what: &str| {
        let message = format!("a kernel cannot be {what}: the dispatch table holds one plain function");
        Err(Error::new(tokens.to_token_stream().span(), message))
    };
    match (&signature.asyncness, signature.generics.type_params().next(), &signature.variadic) {
        (Some(token), ..) => refuse(token, "async"),
        (_, Some(parameter), _) => {
            refuse(parameter, "generic; write a kernel that calls the generic function")
        }
        (.., Some(variadic)) => refuse(variadic, "variadic"),
        _ => Ok(()),
    }
}

/// The generated handle of an operator, relative to the namespace in scope: `aten::add::Tensor`.
pub(crate) fn handle_path(operator: &OperatorName, span: Span) -> TokenStream {
    let namespace = identifiers::item(operator.namespace.as_deref().unwrap_or_default());
    let path = [namespace, identifiers::item(&operator.name), identifiers::overload(&operator.overload)];
    let [namespace, name, overload] = path.map(|word| match word.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, span),
        None => Ident::new(&word, span),
    });
    quote_spanned!(span=> #namespace::#name::#overload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(attribute: &str, function: &str) -> String {
        kernel(attribute.parse().unwrap(), function.parse().unwrap()).to_string().replace(' ', "")
    }

    /// What an annotated function expands to, formatted and compared with the file of that name in `expansions/`;
    /// `KEYWAY_BLESS=1` writes the files.
    #[test]
    fn expansions_are_those_of_now() {
        let typed = "fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> { todo(a, b, alpha) }";
        let boxed =
            "fn trace(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> { todo() }";
        type Macro = fn(TokenStream, TokenStream) -> TokenStream;
        let cases: [(&str, Macro, &str, &str); 4] = [
            ("typed_kernel", kernel, r#""aten::add.Tensor", CPU"#, typed),
            ("kernel_at_an_added_key", kernel, r#""aten::add.Tensor", "NPU""#, typed),
            ("boxed_kernel", kernel, r#""aten::relu", Tracer, boxed"#, boxed),
            ("fallback", fallback, "Tracer, Python", boxed),
        ];
        for (name, expand, attribute, function) in cases {
            let expanded = expand(attribute.parse().unwrap(), function.parse().unwrap());
            let text = prettyplease::unparse(&syn::parse2(expanded).unwrap());
            let path = format!("{}/src/expansions/{name}.rs", env!("CARGO_MANIFEST_DIR"));
            if std::env::var_os("KEYWAY_BLESS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let held = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(held, text, "{path} differs; KEYWAY_BLESS=1 writes it");
        }
    }

    #[test]
    fn a_kernel_is_registered_once_for_each_key() {
        let expanded =
            expand(r#""aten::add.Tensor", CPU, Autograd"#, "fn add(a: &Tensor) -> Result<Tensor> {}");
        assert_eq!(expanded.matches("aten::add::Tensor.kernel(").count(), 2);
        assert!(
            expanded.contains("DispatchKey::CPU") && expanded.contains("AliasKey::Autograd"),
            "{expanded}"
        );
        assert!(expanded.contains("|__keyway_keys,__keyway_0|"), "{expanded}");
    }

    #[test]
    fn the_key_set_is_passed_on_when_it_comes_first() {
        let expanded =
            expand(r#""aten::relu", Tracer"#, "fn f(keys: KeySet, a: &Tensor) -> Result<Tensor> {}");
        assert!(expanded.contains("aten::relu::default.kernel(|__keyway_0,__keyway_1|"), "{expanded}");
    }

    #[test]
    fn keywords_follow_the_generators_rule() {
        let expanded = expand(r#""aten::where.self", CPU"#, "fn f(a: &Tensor) -> Result<Tensor> {}");
        assert!(expanded.contains("aten::r#where::self_.kernel("), "{expanded}");
    }

    #[test]
    fn a_mistake_keeps_the_function_and_gives_one_message() {
        for (attribute, message) in [
            (r#""aten::add.Tensor", CPUU"#, "did you mean `CPU`"),
            (r#""aten::add.Tensor", Dense"#, "building block"),
            (r#""add.Tensor", CPU"#, "namespace is missing"),
            (r#""aten::add.Tensor""#, "name the key"),
            ("CPU", "full name comes first"),
        ] {
            let expanded = kernel(attribute.parse().unwrap(), "fn add() {}".parse().unwrap()).to_string();
            assert!(expanded.starts_with("fn add"), "{expanded}");
            assert!(expanded.contains(message), "{attribute}: {expanded}");
            assert_eq!(expanded.matches("compile_error").count(), 1, "{expanded}");
        }
    }
}
