//! Choosing elements by a condition or a mask, on the host.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::choose;
use crate::cpu::elements::dispatch_dtype;
use crate::number_range::in_range;
use crate::pointwise;

#[kernel("aten::where.self", CPU)]
fn where_self(condition: &Tensor, self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    let plan = pointwise::choice(condition, self_, other)?;
    dispatch_dtype!(all: plan.compute, T => choose::<T>(plan, condition, self_.into(), other.into()))
}

#[kernel("aten::masked_fill.Scalar", CPU)]
fn masked_fill(self_: &Tensor, mask: &Tensor, value: Scalar) -> Result<Tensor> {
    let plan = pointwise::masked_fill(self_, mask)?;
    in_range(value, plan.compute)?;
    dispatch_dtype!(all: plan.compute, T => choose::<T>(plan, mask, value.into(), self_.into()))
}
