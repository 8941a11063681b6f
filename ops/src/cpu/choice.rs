//! Choosing elements by a condition or a mask, on the host.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::compute;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Number;
use crate::number_range::in_range;
use crate::pointwise;

#[kernel("aten::where.self", CPU)]
fn where_self(condition: &Tensor, self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    let plan = pointwise::choice(condition, self_, other)?;
    dispatch_dtype!(all: plan.compute, T => compute(plan, [condition, self_, other], |out: &mut [T], operands| {
        let condition = operands.get::<bool>(0)?;
        let (a, b) = (operands.get::<T>(1)?, operands.get::<T>(2)?);
        let choose = |(at, out): (usize, &mut T)| *out = if condition.at(at) { a.at(at) } else { b.at(at) };
        out.iter_mut().enumerate().for_each(choose);
        Ok(())
    }))
}

#[kernel("aten::masked_fill.Scalar", CPU)]
fn masked_fill(self_: &Tensor, mask: &Tensor, value: Scalar) -> Result<Tensor> {
    let plan = pointwise::masked_fill(self_, mask)?;
    in_range(value, plan.compute)?;
    dispatch_dtype!(all: plan.compute, T => compute(plan, [self_, mask], |out: &mut [T], operands| {
        let (x, mask, value) = (operands.get::<T>(0)?, operands.get::<bool>(1)?, T::from_scalar(value));
        let choose = |(at, out): (usize, &mut T)| *out = if mask.at(at) { value } else { x.at(at) };
        out.iter_mut().enumerate().for_each(choose);
        Ok(())
    }))
}
