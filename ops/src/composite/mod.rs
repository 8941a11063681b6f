//! Kernels that serve every backend, composed of other operators or of arithmetic on sizes and strides.
//!
//! No element is touched here, and no backend is named.

mod activations;
mod convolution;
mod copying;
pub(crate) mod creation;
mod dimensions;
mod distance;
mod dtype_views;
mod embedding;
mod in_place;
mod indexing;
mod joining;
mod loss;
mod matmul;
mod normalisation;
mod numbers;
pub(crate) mod out;
mod padding;
mod pointwise;
pub(crate) mod pooling;
mod products;
mod quantized;
mod queries;
mod random;
mod rearranging;
mod reductions;
mod softmax;
mod sorting;
mod views;

pub(crate) use out::with_elements;
