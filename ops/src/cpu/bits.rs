//! Integers as sequences of bits on the host; `bool` has one.

use keyway::{DType, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::{binary, unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Integer;
use crate::pointwise::Plan;

macro_rules! bitwise {
    ($($operator:tt $kernel:ident = $function:tt;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
            let (a, b) = (self_.into(), other.into());
            match plan.compute() {
                DType::Bool => binary(plan, out, a, b, |a: bool, b: bool| a $function b),
                dtype => {
                    dispatch_dtype!(integers: dtype, T => binary(plan, out, a, b, |a: T, b: T| a $function b))
                }
            }
        }
    )*};
}
bitwise! {
    "aten::bitwise_and.Tensor_out" bitwise_and = &;
    "aten::bitwise_or.Tensor_out" bitwise_or = |;
    "aten::bitwise_xor.Tensor_out" bitwise_xor = ^;
}

#[kernel("aten::bitwise_not.out", CPU, structured, in_place)]
fn bitwise_not(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Bool => unary(plan, out, self_, |x: bool| !x),
        dtype => dispatch_dtype!(integers: dtype, T => unary(plan, out, self_, |x: T| !x)),
    }
}

macro_rules! shifts {
    ($($operator:tt $kernel:ident = $function:ident;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!(integers: plan.compute(), T => {
                binary(plan, out, self_.into(), other.into(), |a: T, b: T| a.$function(b))
            })
        }
    )*};
}
shifts! {
    "aten::bitwise_left_shift.Tensor_out" bitwise_left_shift = shifted_left;
    "aten::bitwise_right_shift.Tensor_out" bitwise_right_shift = shifted_right;
}
