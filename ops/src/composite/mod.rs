//! Kernels that serve every backend, composed of other operators or of arithmetic on sizes and strides.
//!
//! No element is touched here, and no backend is named.

mod activations;
mod complex;
mod convolution;
mod copying;
mod covariance;
pub(crate) mod creation;
mod dimensions;
mod distance;
mod dtype_views;
mod einsum;
mod embedding;
mod grid;
mod in_place;
mod indexing;
mod integrals;
mod joining;
mod least_squares;
mod linalg;
pub(crate) mod loss;
mod matmul;
mod memory;
mod normalisation;
mod norms;
mod numbers;
pub(crate) mod out;
mod padding;
mod pointwise;
pub(crate) mod pooling;
mod products;
mod quantiles;
mod quantized;
mod queries;
mod random;
mod rearranging;
mod recurrent;
mod reductions;
mod singular_values;
mod softmax;
mod sorting;
mod views;
mod windows;

pub(crate) use out::with_elements;
