//! The bundled operator library: what `ops.yaml` generates, and its kernels.

#![allow(clippy::too_many_arguments, reason = "kernels have the arguments of their schemas")]

keyway::include_operators!();

mod broadcast;
mod composite;
mod copying;
mod cpu;
mod creation;
mod memory_format;
mod meta;
mod number_range;
mod overlap;
mod pointwise;
mod promotion;
pub mod quantized;
pub mod random;
mod room;
mod shape;
pub mod threads;

/// What shape functions of structured operators return, for the kernels of other backends.
pub mod plans {
    pub use crate::pointwise::Plan;
    pub use crate::shape::loss::NegativeLikelihood;
    pub use crate::shape::pooling::Pooled;
    pub use crate::shape::reduction::Reduction;
}

/// The operators as methods of tensors.
pub use aten::TensorMethods;

/// Registers this crate's operators and kernels. Naming the crate is enough where a linker keeps what it is given;
/// calling this names it.
pub fn register() {
    keyway::collect();
}
