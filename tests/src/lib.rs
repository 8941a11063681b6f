//! What the tests share: operators with known kernels, and the readers of conformance data.

keyway::include_operators!();

pub mod conformance;
pub mod golden;
pub mod key_model;
mod typed_kernels;
