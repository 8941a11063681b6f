//! Kernels that compute on the host, one file per family of operators.
//!
//! Elements are reached through [`elements`] only. Shapes and result dtypes are decided by the rules beside this room,
//! which the kernels of `meta` share.

pub(crate) mod elements;
pub(crate) mod number;
