//! Sums of a tensor and something of two others: products, quotients, a part of the way.

use keyway::{Complex, Element, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::ternary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Fractional, Number};
use crate::pointwise::Plan;
use crate::promotion::Operand;

#[kernel("aten::addcmul.out", CPU, structured, in_place)]
fn addcmul(
    plan: &Plan,
    self_: &Tensor,
    tensor1: &Tensor,
    tensor2: &Tensor,
    value: Scalar,
    out: &Tensor,
) -> Result<()> {
    let operands = [self_.into(), tensor1.into(), tensor2.into()];
    dispatch_dtype!(arithmetic: plan.compute(), T => {
        let value = T::from_scalar(value);
        ternary(plan, out, operands, |x: T, a: T, b: T| x.plus(value.times(a).times(b)))
    })
}

#[kernel("aten::addcdiv.out", CPU, structured, in_place)]
fn addcdiv(
    plan: &Plan,
    self_: &Tensor,
    tensor1: &Tensor,
    tensor2: &Tensor,
    value: Scalar,
    out: &Tensor,
) -> Result<()> {
    let operands = [self_.into(), tensor1.into(), tensor2.into()];
    dispatch_dtype!(fractional: plan.compute(), T => {
        let value = T::from_scalar(value);
        ternary(plan, out, operands, |x: T, a: T, b: T| x + value * a / b)
    })
}

#[kernel("aten::lerp.Tensor_out", CPU, structured, in_place)]
fn lerp(plan: &Plan, self_: &Tensor, end: &Tensor, weight: &Tensor, out: &Tensor) -> Result<()> {
    interpolate(plan, out, [self_.into(), end.into(), weight.into()])
}

#[kernel("aten::lerp.Scalar_out", CPU, structured, in_place)]
fn lerp_scalar(plan: &Plan, self_: &Tensor, end: &Tensor, weight: Scalar, out: &Tensor) -> Result<()> {
    interpolate(plan, out, [self_.into(), end.into(), weight.into()])
}

fn interpolate(plan: &Plan, out: &Tensor, operands: [Operand<'_>; 3]) -> Result<()> {
    dispatch_dtype!(fractional: plan.compute(), T => {
        ternary(plan, out, operands, |start: T, end: T, weight: T| {
            // From the nearer end, which is exact at both.
            match weight.is_nearer_to_zero() {
                true => start + weight * (end - start),
                false => end - (end - start) * (T::ONE - weight),
            }
        })
    })
}

/// A part of the way.
trait Weight: Fractional {
    /// Whether it is less than half of the way.
    fn is_nearer_to_zero(self) -> bool;
}

macro_rules! weights {
    ($($part:ty),*) => {$(
        impl Weight for $part {
            #[inline]
            fn is_nearer_to_zero(self) -> bool {
                self.abs() < 0.5
            }
        }

        impl Weight for Complex<$part> {
            #[inline]
            fn is_nearer_to_zero(self) -> bool {
                self.norm_sqr() < 0.25
            }
        }
    )*};
}
weights!(f32, f64);
