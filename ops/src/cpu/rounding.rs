//! Rounding to whole numbers and to decimal places on the host. Integers are whole already.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::unary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Number};
use crate::pointwise::Plan;

macro_rules! roundings {
    ($($operator:tt $kernel:ident = $function:ident;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
            match plan.compute().is_integer() {
                true => aten::copy_::default.call(out, self_, false).map(|_| ()),
                false => dispatch_dtype!(floats: plan.compute(), T => {
                    unary(plan, out, self_, <T as Float>::$function)
                }),
            }
        }
    )*};
}
roundings! {
    "aten::ceil.out" ceil = ceil;
    "aten::floor.out" floor = floor;
    "aten::trunc.out" trunc = trunc;
    "aten::round.out" round = round_ties_even;
}

#[kernel("aten::frac.out", CPU, structured, in_place)]
fn frac(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => unary(plan, out, self_, |x: T| x - Float::trunc(x)))
}

#[kernel("aten::round.decimals_out", CPU, structured, in_place)]
fn round_decimals(plan: &Plan, self_: &Tensor, decimals: i64, out: &Tensor) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => {
        let power = T::from_f64(10f64.powf(decimals.unsigned_abs() as f64));
        match decimals {
            0 => unary(plan, out, self_, <T as Float>::round_ties_even),
            1.. => unary(plan, out, self_, |x: T| Float::round_ties_even(x * power) / power),
            _ => unary(plan, out, self_, |x: T| Float::round_ties_even(x / power) * power),
        }
    })
}
