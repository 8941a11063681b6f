//! Functions of one operand on the host.
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise); here are only the functions of one element.

use keyway::{Complex, DType, Element, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::unary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Fractional, Number, Ordered, Signed};
use crate::pointwise::{self, Plan};

/// Kernels of functions with fractional values, for a set of dtypes.
macro_rules! float_functions {
    ($set:ident: $($operator:tt $kernel:ident($x:ident) = $value:expr;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!($set: plan.compute(), T => {
                fn function($x: T) -> T {
                    $value
                }
                unary(plan, out, self_, function)
            })
        }
    )*};
}
float_functions! {
    fractional:
    "aten::reciprocal.out" reciprocal(x) = T::ONE / x;
    "aten::sqrt.out" sqrt(x) = Fractional::sqrt(x);
    "aten::rsqrt.out" rsqrt(x) = T::ONE / Fractional::sqrt(x);
    "aten::exp.out" exp(x) = Fractional::exp(x);
    "aten::log.out" log(x) = Fractional::ln(x);
    "aten::sin.out" sin(x) = Fractional::sin(x);
    "aten::cos.out" cos(x) = Fractional::cos(x);
    "aten::tanh.out" tanh(x) = Fractional::tanh(x);
    "aten::sigmoid.out" sigmoid(x) = T::ONE / (T::ONE + Fractional::exp(-x));
}

#[kernel("aten::neg.out", CPU, structured, in_place)]
fn neg(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute().is_integer() {
        true => {
            dispatch_dtype!(integers: plan.compute(), T => unary(plan, out, self_, |x: T| T::ZERO.minus(x)))
        }
        // The sign of a zero changes too.
        false => dispatch_dtype!(fractional: plan.compute(), T => unary(plan, out, self_, |x: T| -x)),
    }
}

#[kernel("aten::abs.out", CPU, structured, in_place)]
fn abs(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Bool => unary(plan, out, self_, |x: bool| x),
        DType::UInt8 => unary(plan, out, self_, |x: u8| x),
        DType::Int64 => unary(plan, out, self_, i64::wrapping_abs),
        dtype if dtype.is_integer() => unary(plan, out, self_, i32::wrapping_abs),
        DType::Complex64 => unary(plan, out, self_, |x: Complex<f32>| x.norm()),
        DType::Complex128 => unary(plan, out, self_, |x: Complex<f64>| x.norm()),
        _ => dispatch_dtype!(floats: plan.compute(), T => unary(plan, out, self_, <T as Float>::abs)),
    }
}

#[kernel("aten::relu", CPU)]
fn relu(self_: &Tensor) -> Result<Tensor> {
    pointwise::arithmetic_function(self_)?.filled(|plan, out| {
        dispatch_dtype!(numbers: plan.compute(), T => unary(plan, out, self_, |x: T| at_least(x, T::ZERO)))
    })
}

#[kernel("aten::clamp.out", CPU, structured, in_place)]
fn clamp(plan: &Plan, self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>, out: &Tensor) -> Result<()> {
    dispatch_dtype!(numbers: plan.compute(), T => {
        match (min.map(T::from_scalar), max.map(T::from_scalar)) {
            (Some(min), Some(max)) => unary(plan, out, self_, |x: T| at_most(at_least(x, min), max)),
            (Some(min), None) => unary(plan, out, self_, |x: T| at_least(x, min)),
            (None, Some(max)) => unary(plan, out, self_, |x: T| at_most(x, max)),
            (None, None) => unary(plan, out, self_, |x: T| x),
        }
    })
}

/// The larger one; not-a-number if either is.
fn at_least<T: Ordered>(x: T, bound: T) -> T {
    if x < bound || bound.is_nan() { bound } else { x }
}

/// The smaller one; not-a-number if either is.
fn at_most<T: Ordered>(x: T, bound: T) -> T {
    if x > bound || bound.is_nan() { bound } else { x }
}

#[kernel("aten::logical_not.out", CPU, structured, in_place)]
fn logical_not(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(values: plan.compute(), T => unary(plan, out, self_, |x: T| !x.is_true()))
}
