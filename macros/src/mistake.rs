//! Mistakes that the macros report themselves: an error with its code, as everywhere else.

use keyway_schema::Code;
use proc_macro2::Span;
use quote::ToTokens;
use syn::Error;
use syn::spanned::Spanned;

/// `KW0506: there is no dispatch key ...`, at a place.
pub(crate) fn at(code: Code, span: Span, message: impl std::fmt::Display) -> Error {
    Error::new(span, format!("{code}: {message}"))
}

/// The same, at the first of some tokens.
pub(crate) fn on(code: Code, tokens: &dyn ToTokens, message: impl std::fmt::Display) -> Error {
    at(code, tokens.to_token_stream().span(), message)
}

/// A mistake that the parser of Rust's syntax found.
pub(crate) fn syntax(error: &Error) -> Error {
    if error.to_string().starts_with("KW") {
        return error.clone();
    }
    at(Code::BadAttribute, error.span(), error)
}
