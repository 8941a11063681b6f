//! Structured operators: shape functions, and the kernels that fill what they describe.
//!
//! The generator emits, beside the handle of `add.out`, the traits `Shape_add_out` and `Implementation_add_out` and a function
//! of the handle's type that makes the kernels of all forms from implementations of the two. Here a function becomes one: the
//! method has the function's own types, so the compiler compares them with the trait's and shows a mistake where it stands.
//!
//! The traits are named by way of the namespace's glob import, which takes precedence over items of the block around it. An
//! operator that is not there, or not structured, is stood in for by such items, so that it gives one message.

use keyway_schema::{Code, OperatorName};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemFn, Result, ReturnType, Type};

use crate::attribute::{KernelAttribute, StructuredAttribute};
use crate::expand::{argument_types, check_plain, namespace, once, with_item};
use crate::mistake;

/// `#[structured(...)]`: the function, the implementation of `Shape`, and the kernels of `Meta`.
pub(crate) fn structured(attribute: TokenStream, item: TokenStream) -> TokenStream {
    with_item(item, |function| shape(&syn::parse2(attribute)?, function))
}

fn shape(attribute: &StructuredAttribute, function: &ItemFn) -> Result<TokenStream> {
    check_plain(function)?;
    let ReturnType::Type(_, result) = &function.sig.output else {
        let message = "a shape function returns `Result<OutputMeta>`";
        return Err(mistake::at(Code::ResultType, function.sig.ident.span(), message));
    };
    // The compiler would say it twice.
    if matches!(&**result, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "OutputMeta"))
    {
        let message = "a shape function returns `Result<OutputMeta>`, this one `OutputMeta`";
        return Err(mistake::at(Code::ResultType, result.span(), message));
    }
    let names = Names::new(&attribute.operator, attribute.operator_span);
    let forwarding = Forwarding::of(function)?;
    let signature = forwarding.signature("meta");
    let (shape, handle) = (&names.shape, &names.handle);
    // All of it at one place, or the compiler would report a wrong type several times.
    let span = result.span();
    let meta = quote_spanned!(span=> <#result as ::keyway::__private::ResultOf>::Value);
    let method = forwarding.method(
        "meta",
        &quote_spanned!(span=> -> ::keyway::Result<#meta>),
        |call| quote_spanned!(span=> <#result as ::keyway::__private::ResultOf>::result(#call)),
    );
    let key = quote!(::keyway::AnnouncedKey::Known(::keyway::RegistrationKey::Runtime(
        ::keyway::DispatchKey::Meta
    )));
    let registrations = names.registrations(function, span, &quote!(::keyway::WithoutElements), &key, false);
    let shadowed = shadowed();
    let stand_in = names.stand_in(&quote!(#shadowed trait #shape { type Meta; #signature; }), &quote!());
    Ok(names.block(
        &stand_in,
        &forwarding.function,
        &quote! {
            impl #shape for #handle {
                type Meta = #meta;
                #method
            }
            #registrations
        },
    ))
}

/// `#[kernel(..., structured)]`: the implementation, and the registrations of all forms at each key.
pub(crate) fn kernels(attribute: &KernelAttribute, function: &ItemFn) -> Result<TokenStream> {
    let names = Names::new(&attribute.operator, attribute.operator_span);
    let forwarding = Forwarding::of(function)?;
    if matches!(function.sig.output, ReturnType::Default) {
        let message = "a structured kernel fills what it is given and returns `Result<()>`";
        return Err(mistake::at(Code::ResultType, function.sig.ident.span(), message));
    }
    let output = function.sig.output.to_token_stream();
    let (signature, method) = (forwarding.signature("run"), forwarding.method("run", &output, |call| call));
    let allocate = attribute.allocate.as_ref().map(|path| {
        let span = path.span();
        let function = quote_spanned! {span=>
            fn __keyway_allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor> {
                #path(meta)
            }
        };
        let method = quote! {
            fn allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor> {
                __keyway_allocate(meta)
            }
        };
        (function, method)
    });
    let (allocate, allocate_method) = allocate.unzip();
    let in_place = attribute.in_place.map(|_| {
        quote!(
            const IN_PLACE: bool = true;
        )
    });
    let shortcut = attribute.shortcut.as_ref().map(|path| {
        let span = path.span();
        let ty = Ident::new(&names.shortcut.to_string(), span);
        let import = quote_spanned!(span=> use #path as __keyway_shortcut;);
        let constant = quote_spanned! {span=>
            const SHORTCUT: ::std::option::Option<#ty> = ::std::option::Option::Some(__keyway_shortcut);
        };
        (import, constant)
    });
    let (shortcut, shortcut_constant) = shortcut.unzip();
    let registrations = attribute.keys.iter().map(|key| {
        let key = match key.expression() {
            Ok(key) => quote!(::keyway::AnnouncedKey::Known(#key)),
            Err(name) => quote!(::keyway::AnnouncedKey::Named(#name)),
        };
        names.registrations(function, names.span, &quote!(Kernel), &key, attribute.overriding)
    });
    let (shape, implementation, handle) = (&names.shape, &names.implementation, &names.handle);
    let shortcut_type = &names.shortcut;
    let shadowed = shadowed();
    let stand_in = names.stand_in(
        &quote! {
            #shadowed
            trait #shape { type Meta; }
            impl #shape for #handle { type Meta = ::keyway::OutputMeta; }
        },
        &quote! {
            #shadowed
            type #shortcut_type = ();
            #shadowed
            trait #implementation<P> {
                const IN_PLACE: bool = false;
                const SHORTCUT: ::std::option::Option<#shortcut_type> = ::std::option::Option::None;
                #signature;
                fn allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor> { meta.allocate() }
            }
        },
    );
    let forward = &forwarding.function;
    let span = names.span;
    let plan = quote_spanned!(span=> <<#handle as #shape>::Meta as ::keyway::StructuredMeta>::Plan);
    let block = names.block(
        &stand_in,
        &quote!(#forward #allocate #shortcut),
        &quote! {
            struct Kernel;
            impl #implementation<#plan> for Kernel {
                #in_place
                #shortcut_constant
                #method
                #allocate_method
            }
            #(#registrations)*
        },
    );
    let once = once(attribute);
    Ok(quote!(#once #block))
}

/// What stands before an item that the namespace's own takes the place of.
fn shadowed() -> TokenStream {
    quote!(#[allow(dead_code, non_camel_case_types, reason = "the operator of the namespace shadows it")])
}

/// What the generator calls the parts of a structured operator in its namespace.
struct Names<'a> {
    operator: &'a OperatorName,
    span: Span,
    handle: Ident,
    shape: Ident,
    implementation: Ident,
    shortcut: Ident,
}

impl Names<'_> {
    fn new(operator: &OperatorName, span: Span) -> Names<'_> {
        let own = operator.unambiguous_name();
        let name = |part: &str| format_ident!("{part}_{own}", span = span);
        Names {
            operator,
            span,
            handle: name("Structured"),
            shape: name("Shape"),
            implementation: name("Implementation"),
            shortcut: name("Shortcut"),
        }
    }

    /// Items that stand in for an operator that is not there, below which the namespace's own are taken in. `forward`
    /// stands where nothing of the namespace shadows the function.
    fn block(&self, stand_in: &TokenStream, forward: &TokenStream, inner: &TokenStream) -> TokenStream {
        let (span, namespace) = (self.span, namespace(self.operator, self.span));
        let text = self.operator.namespace.as_deref().unwrap_or_default();
        let name = OperatorName { namespace: None, ..self.operator.clone() }.to_string();
        let check = quote_spanned! {span=>
            ::keyway::__private::known_structured(
                #text, #name, #namespace::NAMES, #namespace::UNSELECTED, #namespace::STRUCTURED,
            )
        };
        let import = quote_spanned!(span=> use #namespace::*;);
        quote! {
            const _: () = {
                #stand_in
                const _: () = #check;
                #forward
                const _: () = {
                    #[allow(unused_imports, reason = "an operator that is not there is not taken in")]
                    #import
                    #inner
                };
            };
        }
    }

    fn stand_in(&self, shape: &TokenStream, implementation: &TokenStream) -> TokenStream {
        let (handle, shadowed) = (&self.handle, shadowed());
        quote! {
            #shadowed
            struct #handle;
            #shadowed
            impl #handle {
                const FORMS: usize = 0;

                const fn structured<M, I>(
                    _: ::keyway::AnnouncedKey,
                    _: &'static str,
                    _: (&'static str, u32),
                ) -> [::keyway::KernelRegistration; 0] {
                    []
                }
            }
            #shape
            #implementation
        }
    }

    /// The registrations of all forms of an operator at a key. What is missing is reported at `span`.
    fn registrations(
        &self,
        function: &ItemFn,
        span: Span,
        implementation: &TokenStream,
        key: &TokenStream,
        overriding: bool,
    ) -> TokenStream {
        let (handle, name) = (Ident::new(&self.handle.to_string(), span), function.sig.ident.to_string());
        let line = quote_spanned!(function.sig.ident.span()=> ::std::line!());
        let mut made = quote_spanned! {span=>
            #handle::structured::<#handle, #implementation>(#key, #name, (::std::file!(), #line))
        };
        if overriding {
            made = quote!(::keyway::KernelRegistration::all_overriding(#made));
        }
        quote! {
            const _: () = {
                static REGISTRATIONS: [::keyway::KernelRegistration; #handle::FORMS] = #made;
                ::keyway::__private::inventory::submit! { ::keyway::CollectedKernels(&REGISTRATIONS) }
            };
        }
    }
}

/// How a method of the annotated function's own types calls it.
struct Forwarding<'f> {
    annotated: &'f ItemFn,
    names: Vec<Ident>,
    types: Vec<&'f Type>,
    /// A function that calls the annotated one, by a name that no operator has.
    function: TokenStream,
}

impl Forwarding<'_> {
    fn of(annotated: &ItemFn) -> Result<Forwarding<'_>> {
        let types = argument_types(annotated)?;
        let at = |(i, ty): (usize, &&Type)| {
            Ident::new(&format!("__keyway_{i}"), ty.span().resolved_at(Span::call_site()))
        };
        let names: Vec<Ident> = types.iter().enumerate().map(at).collect();
        let mut made = Forwarding { annotated, names, types, function: TokenStream::new() };
        let (own, names, signature) = (&annotated.sig.ident, &made.names, made.signature("__keyway_forward"));
        made.function = quote! {
            #[inline(always)]
            #signature {
                #own(#(#names),*)
            }
        };
        Ok(made)
    }

    fn signature(&self, name: &str) -> TokenStream {
        self.signature_with(name, &self.annotated.sig.output.to_token_stream())
    }

    fn signature_with(&self, name: &str, output: &TokenStream) -> TokenStream {
        let name = Ident::new(name, self.annotated.sig.ident.span().resolved_at(Span::call_site()));
        let (names, types) = (&self.names, &self.types);
        let (generics, _, bounds) = self.annotated.sig.generics.split_for_impl();
        quote!(fn #name #generics(#(#names: #types),*) #output #bounds)
    }

    /// A method that calls the annotated function, and what is done with its result.
    fn method(
        &self,
        name: &str,
        output: &TokenStream,
        finish: impl FnOnce(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let (signature, names) = (self.signature_with(name, output), &self.names);
        let body = finish(quote!(__keyway_forward(#(#names),*)));
        quote!(#signature { #body })
    }
}
