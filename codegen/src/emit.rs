//! Rust source from a checked model.
//!
//! Emitted code is thin (law 9): declarations, absolute `::keyway` paths, calls into the runtime. It contains no
//! unsafe code and no path of this machine, and is the same for the same list. Everything about YAML and checking is
//! over by now.

mod operator;
mod signature;
mod tests;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use keyway_schema::SchemaKind;
use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::operator::{Handle, ident};
use crate::emit::signature::{Signatures, Typed};
use crate::model::{OperatorEntry, OperatorList};

/// An entry that no Rust can be generated for yet, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The operator's full name.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// The Rust source of a list: typed handles, schemas, adapters, functions, methods.
///
/// # Errors
/// Every entry whose schema has a type without a Rust counterpart.
pub fn emit(list: &OperatorList) -> Result<String, Vec<Unsupported>> {
    let handles = handles(list)?;
    let mut signatures = Signatures::default();
    for handle in &handles {
        signatures.add(&handle.typed);
    }
    let signatures = signatures.module();
    let namespaces = by_namespace(&handles).into_iter().map(|(name, handles)| namespace(name, &handles));
    Ok(formatted(quote!(#signatures #(#namespaces)*)))
}

/// The Rust source of the list's generated tests, one `#[test]` for each operator.
///
/// # Errors
/// As [`emit`].
pub fn emit_tests(list: &OperatorList) -> Result<String, Vec<Unsupported>> {
    let handles = handles(list)?;
    let modules = by_namespace(&handles).into_iter().map(|(namespace, handles)| {
        let module = quote::format_ident!("{namespace}_operators");
        let namespace = ident(&keyway_schema::identifiers::item(namespace));
        let tests = handles.iter().map(|handle| tests::test_of(handle, &namespace));
        quote! {
            #[allow(non_snake_case, reason = "tests are named for operators")]
            mod #module {
                use super::#namespace;
                #(#tests)*
            }
        }
    });
    Ok(formatted(quote!(#(#modules)*)))
}

/// The Rust source of one operator's handle, for people to read.
///
/// # Errors
/// The reason, if none can be generated for it yet.
pub fn emit_operator(entry: &OperatorEntry) -> Result<String, Unsupported> {
    let handle = handle(entry, &mut BTreeSet::new())?;
    let (declaration, implementation) = (handle.declaration(), handle.implementation());
    Ok(formatted(quote!(#declaration #implementation)))
}

fn formatted(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("the emitter writes Rust that parses");
    prettyplease::unparse(&file)
}

fn handles(list: &OperatorList) -> Result<Vec<Handle<'_>>, Vec<Unsupported>> {
    let mut short_names: BTreeSet<String> =
        list.operators.iter().filter_map(|entry| entry.method_name.clone()).collect();
    let mut made = Vec::new();
    let mut unsupported = Vec::new();
    for entry in &list.operators {
        match handle(entry, &mut short_names) {
            Ok(handle) => made.push(handle),
            Err(reason) => unsupported.push(reason),
        }
    }
    if unsupported.is_empty() { Ok(made) } else { Err(unsupported) }
}

fn handle<'a>(entry: &'a OperatorEntry, taken: &mut BTreeSet<String>) -> Result<Handle<'a>, Unsupported> {
    let name = entry.name().to_string();
    let typed = Typed::of(&entry.schema).map_err(|reason| Unsupported { operator: name, reason })?;
    Ok(Handle::new(entry, typed, short_name(entry, taken)))
}

/// The name of an operator's function and method: as the entry says, else its base name, unless another overload has
/// that; then, and for out forms, base name and overload.
fn short_name(entry: &OperatorEntry, taken: &mut BTreeSet<String>) -> String {
    if let Some(name) = &entry.method_name {
        return name.clone();
    }
    let is_out = matches!(entry.kind(), SchemaKind::Out | SchemaKind::Scratch);
    let unambiguous = entry.schema.name.unambiguous_name();
    let lower = unambiguous.to_ascii_lowercase();
    let plain = Some(entry.schema.name.name.clone()).filter(|_| !is_out);
    let free = plain.into_iter().chain([lower]).find(|name| !taken.contains(name)).unwrap_or(unambiguous);
    taken.insert(free.clone());
    free
}

fn by_namespace<'a>(handles: &'a [Handle<'a>]) -> BTreeMap<&'a str, Vec<&'a Handle<'a>>> {
    let mut namespaces: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for handle in handles {
        namespaces.entry(handle.entry.namespace()).or_default().push(handle);
    }
    namespaces
}

fn namespace(name: &str, handles: &[&Handle<'_>]) -> TokenStream {
    let mut modules: BTreeMap<String, Vec<&&Handle<'_>>> = BTreeMap::new();
    for handle in handles {
        modules.entry(handle.path[0].to_string()).or_default().push(handle);
    }
    let modules = modules.into_iter().map(|(module, handles)| {
        let (doc, module) =
            (format!(" The overloads of `{}`.", module.trim_start_matches("r#")), ident(&module));
        let items = handles.iter().map(|handle| handle.declaration());
        quote! {
            #[doc = #doc]
            pub mod #module { #(#items)* }
        }
    });
    let implementations = handles.iter().map(|handle| handle.implementation());
    let functions =
        handles.iter().filter(|handle| handle.entry.variants.function).map(|handle| handle.functions());
    let backend_selects = handles.iter().filter_map(|handle| handle.backend_select());
    let methods = method_trait(name, handles);
    let operators = handles.iter().map(|handle| {
        let [module, name] = &handle.path;
        quote!(#module::#name.operator())
    });
    let (doc, name) = (
        format!(" The operators of the namespace `{name}`."),
        ident(&keyway_schema::identifiers::item(name)),
    );
    quote! {
        #[doc = #doc]
        #[allow(
            non_camel_case_types,
            non_snake_case,
            non_upper_case_globals,
            clippy::needless_lifetimes,
            clippy::too_many_arguments,
            reason = "names and arities are those of the schemas"
        )]
        pub mod #name {
            #(#modules)*
            #(#implementations)*
            #(#functions)*
            #methods
            #(#backend_selects)*

            /// Every operator of the namespace, in the order of the list.
            pub static OPERATORS: &[&::keyway::Operator] = &[#(#operators),*];

            ::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }
        }
    }
}

fn method_trait(namespace: &str, handles: &[&Handle<'_>]) -> TokenStream {
    let methods: Vec<_> =
        handles.iter().filter(|handle| handle.entry.variants.method).map(|handle| handle.methods()).collect();
    if methods.is_empty() {
        return TokenStream::new();
    }
    let doc = format!(" The operators of `{namespace}` that are methods of tensors.");
    quote! {
        #[doc = #doc]
        pub trait TensorMethods {
            /// The tensor itself.
            fn as_tensor(&self) -> &::keyway::Tensor;
            #(#methods)*
        }

        impl TensorMethods for ::keyway::Tensor {
            #[inline]
            fn as_tensor(&self) -> &::keyway::Tensor {
                self
            }
        }
    }
}
