//! Losses without data.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::composite::loss::of_two_classes;

/// That the elements are probabilities cannot be checked.
#[kernel("aten::binary_cross_entropy", Meta)]
fn binary_cross_entropy_meta(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
) -> Result<Tensor> {
    of_two_classes(self_, target, weight, reduction)
}
