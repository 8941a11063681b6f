//! Kernels that compute on the host, one file per family of operators.
//!
//! Elements are reached through [`elements`] only. Shapes and result dtypes are decided by the rules beside this room,
//! which the kernels of `meta` share.

mod activations;
mod binary;
pub(crate) mod boxed;
mod choice;
mod comparison;
pub(crate) mod conversion;
pub(crate) mod convolution;
mod copy;
mod creation;
pub(crate) mod dense;
pub(crate) mod elements;
mod embedding;
pub(crate) mod error_function;
mod exponential;
mod gemm_call;
mod indexing;
mod joining;
mod lanes;
mod loss;
mod matmul;
mod normalisation;
pub(crate) mod number;
mod plain;
mod pooling;
mod random;
mod reductions;
mod softmax;
mod sorting;
mod unary;
pub(crate) mod walk;
mod windows;
