//! The larger and the smaller of two elements, and clamping on the host.

use keyway::{Element, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::{binary, ternary, unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Ordered;
use crate::pointwise::Plan;

/// The larger one; not-a-number if either is.
#[inline]
pub(crate) fn larger<T: Ordered>(a: T, b: T) -> T {
    if a.is_nan() || a > b { a } else { b }
}

/// The smaller one; not-a-number if either is.
#[inline]
pub(crate) fn smaller<T: Ordered>(a: T, b: T) -> T {
    if a.is_nan() || a < b { a } else { b }
}

/// The larger one; not-a-number only if both are.
fn larger_number<T: Ordered>(a: T, b: T) -> T {
    if b.is_nan() || a >= b { a } else { b }
}

/// The smaller one; not-a-number only if both are.
fn smaller_number<T: Ordered>(a: T, b: T) -> T {
    if b.is_nan() || a <= b { a } else { b }
}

/// Kernels of two tensors that choose an element of one of them.
macro_rules! choices {
    ($($operator:tt $kernel:ident = $choose:ident;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!(ordered: plan.compute(), T => {
                binary(plan, out, self_.into(), other.into(), $choose::<T>)
            })
        }
    )*};
}
choices! {
    "aten::maximum.out" maximum = larger;
    "aten::minimum.out" minimum = smaller;
    "aten::fmax.out" fmax = larger_number;
    "aten::fmin.out" fmin = smaller_number;
    "aten::clamp_min.Tensor_out" clamp_min_tensor = larger;
    "aten::clamp_max.Tensor_out" clamp_max_tensor = smaller;
}

#[kernel("aten::clamp.out", CPU, structured, in_place)]
fn clamp(plan: &Plan, self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>, out: &Tensor) -> Result<()> {
    if [min, max].into_iter().flatten().any(|bound| bound.to_f64().is_nan()) {
        return aten::fill_::Scalar.call(out, Scalar::Float(f64::NAN)).map(|_| ());
    }
    dispatch_dtype!(numbers: plan.compute(), T => {
        match (min.map(T::from_scalar), max.map(T::from_scalar)) {
            (Some(min), Some(max)) => unary(plan, out, self_, |x: T| at_most(at_least(x, min), max)),
            (Some(min), None) => unary(plan, out, self_, |x: T| at_least(x, min)),
            (None, Some(max)) => unary(plan, out, self_, |x: T| at_most(x, max)),
            (None, None) => unary(plan, out, self_, |x: T| x),
        }
    })
}

/// The larger one of an element and a bound that is a number.
fn at_least<T: Ordered>(x: T, bound: T) -> T {
    if x < bound { bound } else { x }
}

/// The smaller one of an element and a bound that is a number.
fn at_most<T: Ordered>(x: T, bound: T) -> T {
    if x > bound { bound } else { x }
}

#[kernel("aten::clamp_min.out", CPU, structured, in_place)]
fn clamp_min(plan: &Plan, self_: &Tensor, min: Scalar, out: &Tensor) -> Result<()> {
    clamp(plan, self_, Some(min), None, out)
}

#[kernel("aten::clamp_max.out", CPU, structured, in_place)]
fn clamp_max(plan: &Plan, self_: &Tensor, max: Scalar, out: &Tensor) -> Result<()> {
    clamp(plan, self_, None, Some(max), out)
}

#[kernel("aten::clamp.Tensor_out", CPU, structured, in_place)]
fn clamp_tensor(
    plan: &Plan,
    self_: &Tensor,
    min: Option<&Tensor>,
    max: Option<&Tensor>,
    out: &Tensor,
) -> Result<()> {
    dispatch_dtype!(ordered: plan.compute(), T => match (min, max) {
        (Some(min), Some(max)) => {
            let operands = [self_.into(), min.into(), max.into()];
            ternary(plan, out, operands, |x: T, min: T, max: T| smaller(larger(x, min), max))
        }
        (Some(min), None) => binary(plan, out, self_.into(), min.into(), larger::<T>),
        (None, Some(max)) => binary(plan, out, self_.into(), max.into(), smaller::<T>),
        (None, None) => unary(plan, out, self_, |x: T| x),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_wins_or_loses_as_asked() {
        assert!(larger(1.0, f64::NAN).is_nan() && smaller(f64::NAN, 1.0).is_nan());
        assert_eq!((larger_number(1.0, f64::NAN), smaller_number(f64::NAN, 1.0)), (1.0, 1.0));
        assert_eq!((larger(2i64, 1), smaller_number(2i64, 1)), (2, 1));
    }
}
