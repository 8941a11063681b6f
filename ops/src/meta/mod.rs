//! Kernels that only work out size, dtype and strides of results, on tensors without data.
//!
//! They apply the rules that the kernels of `cpu` apply, and nothing else: what they promise is what those deliver.

mod copy;
mod creation;
mod indexing;
mod linalg;
mod loss;
mod matmul;
mod normalisation;
mod pointwise;
mod quantized;
mod random;
mod rearranging;
mod reductions;
mod windows;
