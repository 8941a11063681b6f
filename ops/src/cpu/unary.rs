//! Functions of one operand on the host.
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise); here are only the functions of one element.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::unary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Integer, Number};
use crate::pointwise;

/// Kernels of functions with fractional values.
macro_rules! float_functions {
    ($($operator:tt $kernel:ident($x:ident) = $value:expr;)*) => {$(
        #[kernel($operator, CPU)]
        fn $kernel(self_: &Tensor) -> Result<Tensor> {
            let plan = pointwise::float_function(self_)?;
            dispatch_dtype!(floats: plan.compute, T => {
                fn function($x: T) -> T {
                    $value
                }
                unary(plan, self_, function)
            })
        }
    )*};
}
float_functions! {
    "aten::reciprocal" reciprocal(x) = T::ONE / x;
    "aten::sqrt" sqrt(x) = Float::sqrt(x);
    "aten::rsqrt" rsqrt(x) = T::ONE / Float::sqrt(x);
    "aten::exp" exp(x) = Float::exp(x);
    "aten::log" log(x) = Float::ln(x);
    "aten::sin" sin(x) = Float::sin(x);
    "aten::cos" cos(x) = Float::cos(x);
    "aten::tanh" tanh(x) = Float::tanh(x);
    "aten::sigmoid" sigmoid(x) = T::ONE / (T::ONE + Float::exp(-x));
}

#[kernel("aten::neg", CPU)]
fn neg(self_: &Tensor) -> Result<Tensor> {
    let plan = pointwise::arithmetic_function(self_)?;
    match plan.compute {
        DType::Float32 | DType::Float64 => {
            dispatch_dtype!(floats: plan.compute, T => unary(plan, self_, |x: T| -x))
        }
        _ => {
            dispatch_dtype!(integers: plan.compute, T => unary(plan, self_, |x: T| T::ZERO.minus(x)))
        }
    }
}

#[kernel("aten::abs", CPU)]
fn abs(self_: &Tensor) -> Result<Tensor> {
    let plan = pointwise::arithmetic_function(self_)?;
    match plan.compute {
        DType::Float32 => unary(plan, self_, <f32 as Float>::abs),
        DType::Float64 => unary(plan, self_, <f64 as Float>::abs),
        DType::Int32 => unary(plan, self_, i32::wrapping_abs),
        DType::Int64 => unary(plan, self_, i64::wrapping_abs),
        _ => unary(plan, self_, |x: u8| x),
    }
}

#[kernel("aten::relu", CPU)]
fn relu(self_: &Tensor) -> Result<Tensor> {
    let plan = pointwise::arithmetic_function(self_)?;
    dispatch_dtype!(numbers: plan.compute, T => {
        unary(plan, self_, |x: T| at_least(x, T::ZERO))
    })
}

#[kernel("aten::clamp", CPU)]
fn clamp(self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>) -> Result<Tensor> {
    let plan = pointwise::clamp(self_, min, max)?;
    dispatch_dtype!(numbers: plan.compute, T => {
        match (min.map(T::from_scalar), max.map(T::from_scalar)) {
            (Some(min), Some(max)) => unary(plan, self_, |x: T| at_most(at_least(x, min), max)),
            (Some(min), None) => unary(plan, self_, |x: T| at_least(x, min)),
            (None, Some(max)) => unary(plan, self_, |x: T| at_most(x, max)),
            (None, None) => unary(plan, self_, |x: T| x),
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

#[kernel("aten::logical_not", CPU)]
fn logical_not(self_: &Tensor) -> Result<Tensor> {
    let plan = pointwise::test(self_)?;
    dispatch_dtype!(all: plan.compute, T => unary(plan, self_, |x: T| !x.is_true()))
}
