//! The operators of `ops.yaml` and their kernels.
//!
//! The module `mine` is generated: a typed handle and a function for each operator.

mod kernels;

keyway::include_operators!();

/// Registers this crate's operators and kernels. A program that names no operator, but finds them by name, calls it.
pub fn register() {
    keyway::collect();
}
