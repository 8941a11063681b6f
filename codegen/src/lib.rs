//! From `ops.yaml` to typed Rust operators.
//!
//! The way of the data: text, span tree ([`source`], `load`), entries (`resolve`), checks (`check`), Rust source. A
//! phase uses only what the phases before it made, and nothing is emitted before everything is checked.

pub mod identifiers;
pub mod model;
pub mod source;
pub mod vocabulary;
