//! Kernels that compute on the host, one file per family of operators.
//!
//! Elements are reached through [`elements`] only. Shapes and result dtypes are decided by the rules beside this room,
//! which the kernels of `meta` share.

mod activations;
mod adaptive_pooling;
mod advanced_indexing;
mod binary;
mod bits;
pub(crate) mod boxed;
mod choice;
mod comparison;
pub(crate) mod conversion;
pub(crate) mod convolution;
mod copy;
mod counting;
mod creation;
pub(crate) mod dense;
mod division;
pub(crate) mod elements;
mod embedding;
pub(crate) mod error_function;
mod exponential;
mod extremes;
mod few;
mod gemm_call;
mod grid;
mod indexing;
mod interpolation;
mod joining;
mod lanes;
mod linalg;
mod loss;
mod masks;
mod matmul;
mod normalisation;
mod norms;
pub(crate) mod number;
mod plain;
mod pooling;
mod quantized;
mod random;
pub(crate) mod rearranging;
mod reductions;
mod resizing;
mod rounding;
mod scans;
mod scattering;
mod searching;
mod slices;
mod softmax;
mod sorting;
mod special;
mod statistics;
mod unary;
mod vectorised;
pub(crate) mod walk;
mod windows;
