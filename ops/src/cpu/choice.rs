//! Choosing elements by a condition or a mask, on the host.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::choose;
use crate::cpu::elements::dispatch_dtype;
use crate::number_range::in_range;
use crate::pointwise::{self, Plan};

#[kernel("aten::where.self_out", CPU, structured)]
fn where_self(plan: &Plan, condition: &Tensor, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(values: plan.compute(), T => choose::<T>(plan, out, condition, self_.into(), other.into()))
}

#[kernel("aten::masked_fill.Scalar", CPU)]
fn masked_fill(self_: &Tensor, mask: &Tensor, value: Scalar) -> Result<Tensor> {
    let plan = pointwise::masked_fill(self_, mask)?;
    in_range(value, plan.compute())?;
    plan.filled(|plan, out| {
        dispatch_dtype!(values: plan.compute(), T => choose::<T>(plan, out, mask, value.into(), self_.into()))
    })
}
