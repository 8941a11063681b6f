//! Kernels that serve every backend, composed of other operators or of arithmetic on sizes and strides.
//!
//! No element is touched here, and no backend is named.

mod activations;
mod convolution;
mod copying;
pub(crate) mod creation;
mod distance;
mod embedding;
mod in_place;
mod joining;
mod loss;
mod matmul;
mod normalisation;
pub(crate) mod out;
mod padding;
pub(crate) mod pooling;
mod products;
mod random;
mod reductions;
mod softmax;
mod sorting;
mod views;
