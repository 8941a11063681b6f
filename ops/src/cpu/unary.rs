//! Functions of one operand on the host.
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise); here are only the functions of one element.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::unary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Integer, Number};
use crate::pointwise::{self, Plan};

/// Kernels of functions with fractional values.
macro_rules! float_functions {
    ($($operator:tt $kernel:ident($x:ident) = $value:expr;)*) => {$(
        #[kernel($operator, CPU, structured)]
        fn $kernel(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!(floats: plan.compute(), T => {
                fn function($x: T) -> T {
                    $value
                }
                unary(out, self_, function)
            })
        }
    )*};
}
float_functions! {
    "aten::reciprocal.out" reciprocal(x) = T::ONE / x;
    "aten::sqrt.out" sqrt(x) = Float::sqrt(x);
    "aten::rsqrt.out" rsqrt(x) = T::ONE / Float::sqrt(x);
    "aten::exp.out" exp(x) = Float::exp(x);
    "aten::log.out" log(x) = Float::ln(x);
    "aten::sin.out" sin(x) = Float::sin(x);
    "aten::cos.out" cos(x) = Float::cos(x);
    "aten::tanh.out" tanh(x) = Float::tanh(x);
    "aten::sigmoid.out" sigmoid(x) = T::ONE / (T::ONE + Float::exp(-x));
}

#[kernel("aten::neg.out", CPU, structured)]
fn neg(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Float32 | DType::Float64 => {
            dispatch_dtype!(floats: plan.compute(), T => unary(out, self_, |x: T| -x))
        }
        _ => {
            dispatch_dtype!(integers: plan.compute(), T => unary(out, self_, |x: T| T::ZERO.minus(x)))
        }
    }
}

#[kernel("aten::abs.out", CPU, structured)]
fn abs(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Float32 => unary(out, self_, <f32 as Float>::abs),
        DType::Float64 => unary(out, self_, <f64 as Float>::abs),
        DType::Int32 => unary(out, self_, i32::wrapping_abs),
        DType::Int64 => unary(out, self_, i64::wrapping_abs),
        _ => unary(out, self_, |x: u8| x),
    }
}

#[kernel("aten::relu", CPU)]
fn relu(self_: &Tensor) -> Result<Tensor> {
    pointwise::arithmetic_function(self_)?.filled(|plan, out| {
        dispatch_dtype!(numbers: plan.compute(), T => unary(out, self_, |x: T| at_least(x, T::ZERO)))
    })
}

#[kernel("aten::clamp.out", CPU, structured)]
fn clamp(plan: &Plan, self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>, out: &Tensor) -> Result<()> {
    dispatch_dtype!(numbers: plan.compute(), T => {
        match (min.map(T::from_scalar), max.map(T::from_scalar)) {
            (Some(min), Some(max)) => unary(out, self_, |x: T| at_most(at_least(x, min), max)),
            (Some(min), None) => unary(out, self_, |x: T| at_least(x, min)),
            (None, Some(max)) => unary(out, self_, |x: T| at_most(x, max)),
            (None, None) => unary(out, self_, |x: T| x),
        }
    })
}

/// The larger one; not-a-number if either is.
fn at_least<T: Number>(x: T, bound: T) -> T {
    if x < bound || bound.is_nan() { bound } else { x }
}

/// The smaller one; not-a-number if either is.
fn at_most<T: Number>(x: T, bound: T) -> T {
    if x > bound || bound.is_nan() { bound } else { x }
}

#[kernel("aten::logical_not.out", CPU, structured)]
fn logical_not(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(all: plan.compute(), T => unary(out, self_, |x: T| !x.is_true()))
}
