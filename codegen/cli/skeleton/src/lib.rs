//! The operators of `ops.yaml` and their kernels.
//!
//! The module `mine` is generated: a typed handle and a function for each operator.

use keyway::{Result, Scalar, Tensor, kernel};
use keyway_ops::TensorMethods;

keyway::include_operators!();

/// Made of other operators, so it works wherever these do, and on `Meta`.
#[kernel("mine::scaled_add", CompositeImplicitAutograd)]
fn scaled_sum(x: &Tensor, y: &Tensor, scale: f64) -> Result<Tensor> {
    x.add_with(y, Scalar::Float(scale))
}

#[kernel("mine::mean_pair", CompositeExplicitAutograd)]
fn mean_pair(a: f64, b: f64) -> Result<f64> {
    Ok((a + b) / 2.0)
}

/// Registers this crate's operators and kernels. Programs that name only this function, and no operator, need it.
pub fn register() {
    keyway::collect();
}
