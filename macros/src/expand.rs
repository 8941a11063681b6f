//! From an annotated function to its registration.
//!
//! The function stays as it is. Beside it goes a static registration that calls it through a closure: the closure's
//! argument types come from the generated handle, so the compiler compares them with the function's, and each argument
//! expression carries the span of the function's own argument, so that is where a mistake is shown.

use keyway_schema::{Code, OperatorName, identifiers};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, Result, ReturnType, Type};

use crate::attribute::{FallbackAttribute, KernelAttribute};
use crate::{mistake, structured};

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
        .map_err(|error| mistake::at(Code::NotAKernel, error.span(), "only functions can be kernels"))
        .and_then(|function| expand(&function))
        .unwrap_or_else(|errors| {
            let errors = errors.into_iter().map(|error| mistake::syntax(&error).into_compile_error());
            errors.collect()
        });
    quote!(#item #added)
}

fn registrations(attribute: KernelAttribute, function: &ItemFn) -> Result<TokenStream> {
    check_plain(function)?;
    if attribute.structured.is_some() {
        return structured::kernels(&attribute, function);
    }
    let operator = operator_path(&attribute.operator, attribute.operator_span);
    let name = function.sig.ident.to_string();
    let kernel = match attribute.boxed {
        Some(_) => boxed(function)?,
        None => typed(function, &operator, &attribute.operator.to_string())?,
    };
    let line = quote_spanned!(function.sig.ident.span()=> ::std::line!());
    let overriding = attribute.overriding.then(|| quote!(.overriding()));
    let (kernel, selected) = (&kernel, selected(&attribute));
    let registrations = attribute.keys.iter().map(|key| {
        let (constructor, key) = match key.expression() {
            Ok(key) => (quote!(new), key),
            Err(name) => (quote!(named), quote!(#name)),
        };
        quote! {
            const _: () = {
                static REGISTRATION: ::keyway::KernelRegistration = ::keyway::KernelRegistration::#constructor(
                    #operator.operator(),
                    #key,
                    // The kernel of an operator that is not built is not compiled in.
                    if #selected { #kernel } else { ::keyway::Kernel::unselected() }
                        .named(#name)
                        .at(::std::file!(), #line),
                )#overriding;
                ::keyway::__private::inventory::submit! { ::keyway::CollectedKernel(&REGISTRATION) }
            };
        }
    });
    let known = known(&attribute, function)?;
    let once = once(&attribute);
    Ok(quote! {
        #once
        const _: () = {
            #known
            #(#registrations)*
        };
    })
}

/// What the operator's name must satisfy: it is one of its namespace's. An operator of that name that is not there is
/// stood in for, so that it gives one message and not one for each place that names it.
fn known(attribute: &KernelAttribute, function: &ItemFn) -> Result<TokenStream> {
    let span = attribute.operator_span;
    let (namespace, own) = (namespace(&attribute.operator, span), operator_static(&attribute.operator, span));
    let types = argument_types(function)?;
    let output = match &function.sig.output {
        ReturnType::Type(_, ty) => quote!(#ty),
        ReturnType::Default => quote!(()),
    };
    let lifetimes = function.sig.generics.lifetimes().map(|parameter| &parameter.lifetime);
    let keys = types.first().is_none_or(|ty| !is_key_set(ty)).then(|| quote!(::keyway::KeySet,));
    let text = attribute.operator.namespace.as_deref().unwrap_or_default();
    let name = OperatorName { namespace: None, ..attribute.operator.clone() }.to_string();
    let check = quote_spanned! {span=>
        ::keyway::__private::known(#text, #name, #namespace::NAMES, #namespace::UNSELECTED)
    };
    Ok(quote! {
        #[allow(dead_code, non_upper_case_globals, reason = "the operator of the namespace shadows it")]
        static #own: ::keyway::TypedOperator<
            ::keyway::__private::NoSignature<for<#(#lifetimes),*> fn(#keys #(#types),*) -> #output>
        > = ::keyway::TypedOperator::new("", "");
        const _: () = #check;
    })
}

/// Whether the operator is built, evaluated by the compiler.
fn selected(attribute: &KernelAttribute) -> TokenStream {
    let span = attribute.operator_span;
    let namespace = namespace(&attribute.operator, span);
    let name = OperatorName { namespace: None, ..attribute.operator.clone() }.to_string();
    quote_spanned!(span=> ::keyway::__private::is_among(#name, #namespace::NAMES))
}

/// An item of the same name for the same operator and key, so that the compiler refuses a second one wherever in the crate
/// it stands: macros that are exported have one name space, the crate's. Nothing expands it.
pub(crate) fn once(attribute: &KernelAttribute) -> TokenStream {
    let word = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let namespace = attribute.operator.namespace.as_deref().unwrap_or_default();
    let operator = attribute.operator.unambiguous_name();
    let keys = attribute.keys.iter().filter(|_| !attribute.overriding);
    let once = keys.map(|key| {
        let key_word = word(&key.name());
        let name = format!("{}_two_kernels_of_{namespace}_{operator}_at_{key_word}", Code::KernelTwice);
        let name = Ident::new(&name, key.span());
        quote_spanned! {key.span()=>
            #[doc(hidden)]
            #[macro_export]
            #[allow(non_local_definitions, reason = "only its name matters")]
            macro_rules! #name { () => {}; }
        }
    });
    once.collect()
}

fn fallbacks(attribute: &FallbackAttribute, function: &ItemFn) -> Result<TokenStream> {
    check_plain(function)?;
    let (kernel, name) = (boxed(function)?, function.sig.ident.to_string());
    let line = quote_spanned!(function.sig.ident.span()=> ::std::line!());
    let mut registrations = TokenStream::new();
    for key in &attribute.keys {
        let (constructor, key) = match key.expression() {
            Ok(key) => (quote!(new), key),
            Err(name) => (quote!(named), quote!(#name)),
        };
        registrations.extend(quote! {
            const _: () = {
                static REGISTRATION: ::keyway::FallbackRegistration = ::keyway::FallbackRegistration::#constructor(
                    #key,
                    #kernel.named(#name).at(::std::file!(), #line),
                );
                ::keyway::__private::inventory::submit! { ::keyway::CollectedFallback(&REGISTRATION) }
            };
        });
    }
    Ok(registrations)
}

/// A boxed kernel made of a closure that forwards to the function.
fn boxed(function: &ItemFn) -> Result<TokenStream> {
    let call = Call::of(function)?;
    let takes_a_stack =
        |ty: &&Type| matches!(ty, Type::Reference(reference) if reference.mutability.is_some());
    match &argument_types(function)?[..] {
        [_, _, stack] if takes_a_stack(stack) => {}
        _ => {
            let message = format!(
                "`{}` is not of the form of boxed kernels: \
                 fn(&'static Operator, KeySet, &mut Stack) -> Result<()>",
                function.sig.ident
            );
            return Err(mistake::at(Code::BoxedForm, function.sig.ident.span(), message));
        }
    }
    let (parameters, inner, span) = (&call.parameters, &call.call, call.result_span);
    let body = quote_spanned!(span=> ::keyway::__private::returned_boxed(#inner));
    let closure = quote_spanned!(function.sig.ident.span()=> |#(#parameters),*| { #body });
    Ok(quote!(::keyway::Kernel::boxed(#closure)))
}

/// A typed kernel made of a closure that forwards to the function.
fn typed(function: &ItemFn, operator: &TokenStream, name: &str) -> Result<TokenStream> {
    let call = Call::of(function)?;
    let takes_keys = argument_types(function)?.first().is_some_and(|ty| is_key_set(ty));
    let keys = (!takes_keys).then(|| Ident::new("__keyway_keys", Span::call_site()));
    let count = call.parameters.len() - usize::from(takes_keys);
    let (parameters, inner, span) = (keys.iter().chain(&call.parameters), &call.call, call.result_span);
    let body = quote_spanned!(span=> ::keyway::__private::returned(#inner, #name));
    let closure = quote_spanned!(function.sig.ident.span()=> |#(#parameters),*| { #body });
    // All of it at one place, or the compiler would report a wrong number twice.
    Ok(
        quote_spanned!(function.sig.ident.span()=> ::keyway::__private::typed::<#count, _>(#operator, #closure)),
    )
}

/// The call of the annotated function with values of given names, each checked to be of its argument's type; every part
/// carries the span of what it is compared with.
struct Call {
    parameters: Vec<Ident>,
    call: TokenStream,
    result_span: Span,
}

impl Call {
    fn of(function: &ItemFn) -> Result<Call> {
        let types = argument_types(function)?;
        let at = |(i, ty): (usize, &&Type)| {
            Ident::new(&format!("__keyway_{i}"), ty.span().resolved_at(Span::call_site()))
        };
        let parameters: Vec<Ident> = types.iter().enumerate().map(at).collect();
        let passed = parameters.iter().zip(&types).map(|(name, ty)| {
            let written = without_lifetimes(ty.to_token_stream());
            quote_spanned!(ty.span()=> ::keyway::__private::argument::<#written, _>(#name))
        });
        let result_span = match &function.sig.output {
            ReturnType::Type(_, ty) => ty.span(),
            ReturnType::Default => function.sig.ident.span(),
        };
        let own = &function.sig.ident;
        let name = Ident::new(&own.to_string(), result_span.resolved_at(own.span()));
        let call = quote_spanned!(result_span=> #name(#(#passed),*));
        Ok(Call { parameters, call, result_span })
    }
}

/// The type with each lifetime left to the compiler: those the function declares have no meaning outside of it.
fn without_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut made = TokenStream::new();
    let mut after_quote = false;
    for token in tokens {
        let token = match token {
            TokenTree::Ident(name) if after_quote => TokenTree::Ident(Ident::new("_", name.span())),
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_lifetimes(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        };
        after_quote = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        made.extend([token]);
    }
    made
}

fn is_key_set(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "KeySet"))
}

pub(crate) fn argument_types(function: &ItemFn) -> Result<Vec<&Type>> {
    let types = function.sig.inputs.iter().map(|input| match input {
        FnArg::Typed(argument) => Ok(&*argument.ty),
        FnArg::Receiver(receiver) => {
            let message = "a kernel is a free function; name the argument `self_`";
            Err(mistake::at(Code::NotAKernel, receiver.span(), message))
        }
    });
    types.collect()
}

/// Refuses what no kernel can be.
pub(crate) fn check_plain(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    let refuse = |tokens: &dyn ToTokens, what: &str| {
        let message = format!("a kernel cannot be {what}: the dispatch table holds one plain function");
        Err(mistake::on(Code::NotAKernel, tokens, message))
    };
    let mut inputs = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(&*argument.ty),
        FnArg::Receiver(_) => None,
    });
    if let Some(ty) = inputs.find(|ty| matches!(ty, Type::ImplTrait(_))) {
        return refuse(ty, "generic; write a kernel that calls the generic function");
    }
    match (&signature.asyncness, signature.generics.type_params().next(), &signature.variadic) {
        (Some(token), ..) => refuse(token, "async"),
        (_, Some(parameter), _) => {
            refuse(parameter, "generic; write a kernel that calls the generic function")
        }
        (.., Some(variadic)) => refuse(variadic, "variadic"),
        _ => Ok(()),
    }
}

/// The generated entry of an operator, or what stands in for it. The namespace's names are taken in only here, so that
/// none of them shadows the function.
fn operator_path(operator: &OperatorName, span: Span) -> TokenStream {
    let (namespace, own) = (namespace(operator, span), operator_static(operator, span));
    quote_spanned! {span=> {
        #[allow(unused_imports, reason = "an operator that is not there is not taken in")]
        use #namespace::*;
        &#own
    }}
}

fn operator_static(operator: &OperatorName, span: Span) -> Ident {
    Ident::new(&format!("OPERATOR_{}", operator.unambiguous_name()), span)
}

pub(crate) fn namespace(operator: &OperatorName, span: Span) -> Ident {
    identifier(&identifiers::item(operator.namespace.as_deref().unwrap_or_default()), span)
}

fn identifier(word: &str, span: Span) -> Ident {
    match word.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, span),
        None => Ident::new(word, span),
    }
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
        assert_eq!(expanded.matches("useaten::*;&OPERATOR_add_Tensor},|").count(), 2);
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
        assert!(
            expanded.contains("typed::<1usize,_>(") && expanded.contains("|__keyway_0,__keyway_1|"),
            "{expanded}"
        );
    }

    #[test]
    fn keywords_follow_the_generators_rule() {
        let expanded = expand(r#""aten::where.self", CPU"#, "fn f(a: &Tensor) -> Result<Tensor> {}");
        assert!(
            expanded.contains("&OPERATOR_where_self")
                && expanded.contains("\"where.self\",aten::NAMES,aten::UNSELECTED"),
            "{expanded}"
        );
    }

    #[test]
    fn a_mistake_keeps_the_function_and_gives_one_message() {
        for (attribute, message) in [
            (r#""aten::add.Tensor", CPUU"#, "KW0506: there is no dispatch key `CPUU`; did you mean `CPU`?"),
            (r#""aten::add.Tensor", Dense"#, "KW0507: `Dense` is a building block"),
            (r#""aten::add.Tensor", CPU, CUDA, CPU"#, "KW0510: `CPU` stands twice"),
            (r#""add.Tensor", CPU"#, "KW0509: the operator's namespace is missing"),
            (r#""aten::add.Tensor""#, "KW0501: name the key"),
            (r#""aten::add.Tensor" CPU"#, "KW0501: expected `,`"),
            (r#""aten::add.Tensor", CPU, boxed"#, "KW0511: `add` is not of the form of boxed kernels"),
            ("CPU", "KW0501: the operator's full name comes first"),
        ] {
            let expanded = kernel(attribute.parse().unwrap(), "fn add() {}".parse().unwrap()).to_string();
            assert!(expanded.starts_with("fn add"), "{expanded}");
            assert!(expanded.contains(message), "{attribute}: {expanded}");
            assert_eq!(expanded.matches("compile_error").count(), 1, "{expanded}");
        }
    }
}
