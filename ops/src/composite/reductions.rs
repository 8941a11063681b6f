//! Reductions of all elements, which are reductions along all dimensions.

use keyway::{DType, Result, Tensor, kernel};

use crate::aten;

#[kernel("aten::sum", CompositeExplicitAutograd)]
fn sum(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    aten::sum::dim_IntList.call(self_, Some(&[]), false, dtype)
}

#[kernel("aten::mean", CompositeExplicitAutograd)]
fn mean(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    aten::mean::dim.call(self_, Some(&[]), false, dtype)
}
