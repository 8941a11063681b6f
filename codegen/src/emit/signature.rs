//! Signatures: what operators of the same argument and result types share.

use std::collections::BTreeMap;

use keyway_schema::Schema;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::emit::types::{RustType, argument_type, return_type};

/// The longest name written out; a longer one ends in a hash of the rest.
const LONGEST_NAME: usize = 96;

/// The typed form of one operator's schema.
pub(crate) struct Typed {
    /// The signature's name.
    pub(crate) name: Ident,
    /// Types of the arguments, in schema order.
    pub(crate) arguments: Vec<TokenStream>,
    pub(crate) results: Results,
}

/// What a typed call gives.
pub(crate) enum Results {
    /// New values.
    Owned(TokenStream),
    /// The arguments at these positions, for in-place and out forms.
    Arguments(Vec<usize>),
}

impl Typed {
    /// The typed form of a schema.
    ///
    /// # Errors
    /// The schema type that has no Rust type yet.
    pub(crate) fn of(schema: &Schema) -> Result<Typed, String> {
        let mut words = Vec::new();
        let mut arguments = Vec::new();
        for argument in &schema.arguments {
            let RustType { argument: ty, word } =
                argument_type(&argument.ty).ok_or_else(|| unsupported("argument", &argument.ty))?;
            words.push(word);
            arguments.push(ty);
        }
        words.push("to".to_owned());
        let results = results_of(schema, &mut words)?;
        Ok(Typed { name: Ident::new(&shortened(words.join("_")), Span::call_site()), arguments, results })
    }

    /// The line that declares the signature.
    fn declaration(&self) -> TokenStream {
        let Typed { name, arguments, results } = self;
        let parameters = (0..arguments.len()).map(|i| format_ident!("a{i}"));
        let results = match results {
            Results::Owned(ty) => quote!(#ty),
            Results::Arguments(positions) => {
                let positions = positions.iter().map(|&p| Literal::usize_unsuffixed(p));
                quote!([#(#positions),*])
            }
        };
        quote! {
            ::keyway::signature! { pub #name = (#(#parameters: #arguments),*) -> #results }
        }
    }
}

fn unsupported(what: &str, ty: &keyway_schema::Type) -> String {
    format!("{what} type `{ty}` has no Rust type yet")
}

fn results_of(schema: &Schema, words: &mut Vec<String>) -> Result<Results, String> {
    let aliased: Option<Vec<usize>> =
        schema.returns.iter().map(|ret| written_argument(schema, ret)).collect();
    if let Some(positions) = aliased.filter(|positions| !positions.is_empty()) {
        words.extend(positions.iter().map(|p| format!("arg{p}")));
        return Ok(Results::Arguments(positions));
    }
    let mut types = Vec::new();
    for ret in &schema.returns {
        let RustType { argument: ty, word } =
            return_type(ret).ok_or_else(|| unsupported("result", &ret.ty))?;
        words.push(word);
        types.push(ty);
    }
    Ok(Results::Owned(match types.len() {
        1 => types.remove(0),
        _ => quote!((#(#types),*)),
    }))
}

/// The position of the argument that a written return is (Y118, Y125).
fn written_argument(schema: &Schema, ret: &keyway_schema::Return) -> Option<usize> {
    let alias = ret.alias.as_ref().filter(|alias| alias.is_write)?;
    schema
        .arguments
        .iter()
        .position(|a| a.alias.as_ref().is_some_and(|own| own.is_write && own.before == alias.before))
}

fn shortened(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    // FNV-1a: a short, stable tail; names this long differ at the end as well as at the front.
    let hash =
        name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    format!("{}_{hash:016x}", &name[..LONGEST_NAME - 17])
}

/// The distinct signatures of a list, by name.
#[derive(Default)]
pub(crate) struct Signatures(BTreeMap<String, TokenStream>);

impl Signatures {
    pub(crate) fn add(&mut self, typed: &Typed) {
        self.0.entry(typed.name.to_string()).or_insert_with(|| typed.declaration());
    }

    /// The module that declares them.
    pub(crate) fn module(&self) -> TokenStream {
        let declarations = self.0.values();
        quote! {
            /// The adapters between typed and boxed calls, one for each signature of the list.
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                non_snake_case,
                missing_docs,
                clippy::style,
                clippy::complexity,
                reason = "names are made of schema types"
            )]
            pub mod signatures {
                #(#declarations)*
            }
        }
    }
}
