//! The handle of one operator: its static entry, `call`, `redispatch`, and the short forms as function and method.

use keyway_schema::{Argument, BaseType, SchemaKind, Type, identifiers};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::emit::signature::{Results, Typed};
use crate::emit::types::default_value;
use crate::model::OperatorEntry;

/// An identifier that may be raw.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// Everything about one operator that emission needs, computed once.
pub(crate) struct Handle<'a> {
    pub(crate) entry: &'a OperatorEntry,
    pub(crate) typed: Typed,
    /// Module and struct, `add` and `Tensor`.
    pub(crate) path: [Ident; 2],
    /// Name of the short form as a function and method; a long form of it ends in `_with`.
    pub(crate) short_name: String,
}

/// One parameter of an emitted function.
struct Parameter {
    name: Ident,
    ty: TokenStream,
    default: Option<TokenStream>,
    is_self: bool,
    takes_scalar: bool,
}

impl<'a> Handle<'a> {
    pub(crate) fn new(entry: &'a OperatorEntry, typed: Typed, short_name: String) -> Handle<'a> {
        let path = entry.handle_path().map(|name| ident(&name));
        Handle { entry, typed, path, short_name }
    }

    fn operator_static(&self) -> Ident {
        format_ident!("OPERATOR_{}", self.entry.schema.name.unambiguous_name())
    }

    fn doc(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(doc) = &self.entry.doc {
            lines.extend(doc.lines().map(|line| format!(" {line}")));
            lines.push(String::new());
        }
        lines.push(" ```text".to_owned());
        lines.push(format!(" {}", self.entry.schema));
        lines.push(" ```".to_owned());
        lines
    }

    fn parameters(&self) -> Vec<Parameter> {
        let self_index = self.entry.schema.self_index();
        let made = self.entry.schema.arguments.iter().zip(&self.typed.arguments).enumerate();
        made.map(|(position, (argument, ty))| Parameter {
            name: ident(&identifiers::argument(&argument.name)),
            ty: self.with_lifetime(position, ty),
            default: default_value(argument),
            is_self: Some(position) == self_index,
            takes_scalar: is_scalar(argument),
        })
        .collect()
    }

    /// Arguments that come back as results carry the lifetime that ties the two together.
    fn with_lifetime(&self, position: usize, ty: &TokenStream) -> TokenStream {
        match &self.typed.results {
            Results::Arguments(positions) if positions.contains(&position) => quote!(&'a ::keyway::Tensor),
            _ => ty.clone(),
        }
    }

    fn lifetime(&self) -> TokenStream {
        match self.typed.results {
            Results::Arguments(_) => quote!(<'a>),
            Results::Owned(_) => TokenStream::new(),
        }
    }

    /// The type of a call's result, without `Result`.
    fn result_type(&self) -> TokenStream {
        match &self.typed.results {
            Results::Owned(ty) => ty.clone(),
            Results::Arguments(positions) if positions.len() == 1 => quote!(&'a ::keyway::Tensor),
            Results::Arguments(positions) => {
                let each = positions.iter().map(|_| quote!(&'a ::keyway::Tensor));
                quote!((#(#each),*))
            }
        }
    }

    /// What turns the adapter's result into the call's.
    fn finish(&self, parameters: &[Parameter]) -> TokenStream {
        match &self.typed.results {
            Results::Owned(_) => TokenStream::new(),
            Results::Arguments(positions) => {
                let names: Vec<_> = positions.iter().map(|&p| &parameters[p].name).collect();
                match &names[..] {
                    [one] => quote!(.map(|()| #one)),
                    many => quote!(.map(|()| (#(#many),*))),
                }
            }
        }
    }

    /// The struct, for the module of the base name. Its methods stand outside of that module: a unit struct named
    /// `out` would capture parameters of that name.
    pub(crate) fn declaration(&self) -> TokenStream {
        let (name, doc) = (&self.path[1], self.doc());
        quote! {
            #(#[doc = #doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct #name;
        }
    }

    /// The operator's static and the struct's methods, for the module of the namespace.
    pub(crate) fn implementation(&self) -> TokenStream {
        let ([module, name], operator) = (&self.path, self.operator_static());
        let signature = &self.typed.name;
        let signature = quote!(super::signatures::#signature);
        let (full_name, schema) = (self.entry.name().to_string(), self.entry.schema.to_string());
        let parameters = self.parameters();
        let list: Vec<_> = parameters.iter().map(|p| (&p.name, &p.ty)).map(|(n, t)| quote!(#n: #t)).collect();
        let names: Vec<_> = parameters.iter().map(|p| &p.name).collect();
        let (lifetime, result, finish) = (self.lifetime(), self.result_type(), self.finish(&parameters));
        quote! {
            static #operator: ::keyway::TypedOperator<#signature> = ::keyway::TypedOperator::new(#full_name, #schema);

            impl #module::#name {
                /// Calls the operator: dispatched by its arguments and the thread's key sets.
                ///
                /// # Errors
                /// A missing kernel, and what the kernel reports.
                #[inline]
                pub fn call #lifetime (self, #(#list),*) -> ::keyway::Result<#result> {
                    #signature::call(&#operator, #(#names),*) #finish
                }

                /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
                ///
                /// # Errors
                /// As `call`.
                #[inline]
                pub fn redispatch #lifetime (self, keys: ::keyway::KeySet, #(#list),*) -> ::keyway::Result<#result> {
                    #signature::redispatch(&#operator, keys, #(#names),*) #finish
                }

                /// The operator itself: name, schema, table, boxed calls.
                pub const fn operator(self) -> &'static ::keyway::Operator {
                    #operator.operator()
                }

                /// A typed kernel for this operator. `#[kernel]` calls it.
                pub const fn kernel(self, f: <#signature as ::keyway::Signature>::Fn) -> ::keyway::Kernel {
                    ::keyway::Kernel::typed::<#signature>(f)
                }
            }
        }
    }

    /// The short form, and the long one if there are defaults to leave out, as free functions.
    pub(crate) fn functions(&self) -> TokenStream {
        self.forms(false)
    }

    /// The same as provided methods of the extension trait.
    pub(crate) fn methods(&self) -> TokenStream {
        self.forms(true)
    }

    fn forms(&self, is_method: bool) -> TokenStream {
        let parameters = self.parameters();
        let short = self.form(&parameters, is_method, true);
        if parameters.iter().all(|p| p.default.is_none()) {
            return short;
        }
        let long = self.form(&parameters, is_method, false);
        quote!(#short #long)
    }

    fn form(&self, parameters: &[Parameter], is_method: bool, is_short: bool) -> TokenStream {
        let [module, handle] = &self.path;
        let suffix = if is_short { "" } else { "_with" };
        let name = ident(&identifiers::item(&format!("{}{suffix}", self.short_name)));
        let mut list = Vec::new();
        let mut values = Vec::new();
        for p in parameters {
            let (name, ty) = (&p.name, &p.ty);
            match &p.default {
                _ if is_method && p.is_self => values.push(quote!(self.as_tensor())),
                Some(default) if is_short => values.push(default.clone()),
                _ if p.takes_scalar => {
                    list.push(quote!(#name: impl ::std::convert::Into<::keyway::Scalar>));
                    values.push(quote!(#name.into()));
                }
                _ => {
                    list.push(quote!(#name: #ty));
                    values.push(quote!(#name));
                }
            }
        }
        let doc = self.form_doc(is_short, parameters);
        let (lifetime, result) = (self.lifetime(), self.result_type());
        let visibility = if is_method { TokenStream::new() } else { quote!(pub) };
        let receiver = match (is_method, self.returns_self()) {
            (false, _) => TokenStream::new(),
            (true, true) => quote!(&'a self,),
            (true, false) => quote!(&self,),
        };
        quote! {
            #(#[doc = #doc])*
            #[inline]
            #visibility fn #name #lifetime (#receiver #(#list),*) -> ::keyway::Result<#result> {
                #module::#handle.call(#(#values),*)
            }
        }
    }

    fn returns_self(&self) -> bool {
        match &self.typed.results {
            Results::Arguments(positions) => {
                self.entry.schema.self_index().is_some_and(|index| positions.contains(&index))
            }
            Results::Owned(_) => false,
        }
    }

    fn form_doc(&self, is_short: bool, parameters: &[Parameter]) -> Vec<String> {
        let path = self.entry.handle_path().join("::");
        let sentence = self.entry.doc.as_deref().unwrap_or("Calls the operator.");
        let mut doc: Vec<String> = sentence.lines().map(|line| format!(" {line}")).collect();
        doc.push(format!(" See [`{path}`]({path})."));
        if is_short && parameters.iter().any(|p| p.default.is_some()) {
            doc.push(String::new());
            doc.push(format!(" Arguments with defaults take them; `{}_with` takes all.", self.short_name));
        }
        doc.extend(["", " # Errors", " A missing kernel, and what the kernel reports."].map(str::to_owned));
        doc
    }

    /// Whether the operator chooses its backend by a `device` argument (Y223): no kernel could be found otherwise.
    fn needs_backend_select(&self) -> bool {
        let schema = &self.entry.schema;
        let name = &schema.name.name;
        let has_options = ["dtype", "layout", "device", "pin_memory"].iter().all(|option| {
            schema.argument(option).is_some_and(|argument| argument.keyword_only && !argument.is_out)
        });
        has_options
            && schema.kind() == SchemaKind::Functional
            && !name.starts_with("new_")
            && !name.ends_with("_like")
    }

    /// The kernel at `BackendSelect`: adds the key of the `device` argument and passes the call on (D282).
    pub(crate) fn backend_select(&self) -> Option<TokenStream> {
        if !self.needs_backend_select() {
            return None;
        }
        let [module, handle] = &self.path;
        let names: Vec<_> = self.parameters().into_iter().map(|p| p.name).collect();
        let own: Vec<_> = names.iter().map(|name| format_ident!("a_{}", name.to_string())).collect();
        let device = format_ident!("a_device");
        Some(quote! {
            const _: () = {
                static BACKEND_SELECT: ::keyway::KernelRegistration = ::keyway::KernelRegistration::new(
                    #module::#handle.operator(),
                    ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::BackendSelect),
                    #module::#handle.kernel(|keys, #(#own),*| {
                        #module::#handle.redispatch(::keyway::select_backend(keys, #device), #(#own),*)
                    }).named("backend select"),
                );
                ::keyway::__private::inventory::submit! { ::keyway::CollectedKernel(&BACKEND_SELECT) }
            };
        })
    }
}

fn is_scalar(argument: &Argument) -> bool {
    argument.ty == Type::Base(BaseType::Scalar)
}
