//! Which sizes, strides and dtype a result has, and which arguments fit each other.
//!
//! Pure rules over sizes, shared by the kernels of all backends, so that what `meta` promises is what `cpu` delivers.
//! No elements and no calls of operators here.

pub(crate) mod advanced_indexing;
pub(crate) mod convolution;
pub(crate) mod diagonal;
pub(crate) mod dimension;
pub(crate) mod embedding;
pub(crate) mod grid;
pub(crate) mod indexing;
pub(crate) mod joining;
pub(crate) mod linalg;
pub(crate) mod loss;
pub(crate) mod matmul;
pub(crate) mod normalisation;
pub(crate) mod orthogonal;
pub(crate) mod pieces;
pub(crate) mod pooling;
pub(crate) mod reduction;
pub(crate) mod searching;
mod structured;
mod structured_windows;
pub(crate) mod view;
pub(crate) mod window;
