//! Reductions over all elements, and softmax, without data. Structured ones have their kernels from shape functions.

use keyway::{DType, Result, Tensor, kernel};

use crate::aten;
use crate::shape::dimension::wrap;
use crate::shape::reduction;

#[kernel("aten::prod", Meta)]
fn prod_meta(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    reduction::sum(self_, &[], false, dtype)?.empty()
}

#[kernel("aten::max", Meta)]
#[kernel("aten::min", Meta)]
fn extreme_meta(self_: &Tensor) -> Result<Tensor> {
    reduction::extremes(self_, &[], false)?.empty()
}

#[kernel("aten::any", Meta)]
#[kernel("aten::all", Meta)]
fn truth_meta(self_: &Tensor) -> Result<Tensor> {
    reduction::truth(self_, &[], false)?.empty()
}

#[kernel("aten::_softmax", Meta)]
#[kernel("aten::_log_softmax", Meta)]
fn softmax_meta(self_: &Tensor, dim: i64, _half_to_float: bool) -> Result<Tensor> {
    wrap(dim, self_.dim())?;
    Tensor::zeros(self_.sizes(), self_.dtype(), self_.device())
}
