/// The adapters between typed and boxed calls, one for each signature of the list.
#[doc(hidden)]
#[allow(
    non_camel_case_types, non_snake_case, missing_docs, clippy::style, clippy::complexity,
    reason = "names are made of schema types"
)]
pub mod signatures {
    include!("operators/signatures.rs");
}

/// The operators of the namespace `aten`.
///
/// # Errors
/// Calls report a missing kernel, and what the kernel reports.
#[allow(
    non_camel_case_types, non_snake_case, non_upper_case_globals,
    clippy::derivable_impls, clippy::needless_lifetimes, clippy::too_many_arguments,
    clippy::type_complexity,
    reason = "names and arities are those of the schemas"
)]
pub mod aten {
    include!("operators/aten/c.rs");
    include!("operators/aten/h.rs");
    include!("operators/aten/m.rs");
    include!("operators/aten/s.rs");
    include!("operators/aten/t.rs");
    include!("operators/aten/list.rs");
}
