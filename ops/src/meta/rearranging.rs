//! Elements in other places, without elements.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::rearranging::flipped;

#[kernel("aten::flip", Meta)]
fn flip_meta(self_: &Tensor, dims: &[i64]) -> Result<Tensor> {
    flipped(self_, dims)
}
