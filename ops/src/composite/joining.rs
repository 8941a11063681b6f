//! Joining along a new dimension.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::shape::joining::stack_dim;

#[kernel("aten::stack", CompositeExplicitAutograd)]
fn stack(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let dim = stack_dim(tensors, dim)? as i64;
    let widened: Vec<Tensor> =
        tensors.iter().map(|tensor| aten::unsqueeze::default.call(tensor, dim)).collect::<Result<_>>()?;
    aten::cat::default.call(&widened, dim)
}
