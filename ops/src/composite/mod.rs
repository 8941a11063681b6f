//! Kernels that serve every backend, composed of other operators or of arithmetic on sizes and strides.
//!
//! No element is touched here, and no backend is named.

mod activations;
mod copying;
pub(crate) mod creation;
mod in_place;
mod joining;
mod matmul;
mod normalisation;
pub(crate) mod out;
mod random;
mod reductions;
mod softmax;
mod sorting;
mod views;
