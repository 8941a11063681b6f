//! Functions of one operand on the host.
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise); here are only the functions of one element.

use keyway::{Complex, DType, Result, Tensor, kernel};
use pulp::Simd;

use crate::aten;
use crate::cpu::dense::{unary, wide_unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::error_function::ErrorFunction;
use crate::cpu::extremes::larger;
use crate::cpu::few::{self, first_of};
use crate::cpu::number::{Float, Fractional, Number, Ordered, Signed};
use crate::cpu::vectorised::WideFunction;
use crate::pointwise::{self, Plan};

/// Kernels of functions with fractional values, for a set of dtypes.
macro_rules! float_functions {
    ($set:ident, $numbers:ident: $($operator:tt $kernel:ident($x:ident) = $value:expr;)*) => {$(
        /// The function of one element, and of few.
        mod $kernel {
            use super::*;

            pub(super) fn of<T: $numbers>($x: T) -> T {
                $value
            }

            pub(super) fn few(x: &Tensor) -> Option<Tensor> {
                first_of!(T in f32, f64 => few::unary(x, of::<T>))
            }
        }

        #[kernel($operator, CPU, structured, in_place, shortcut = $kernel::few)]
        fn $kernel(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!($set: plan.compute(), T => unary(plan, out, self_, $kernel::of::<T>))
        }
    )*};
}
float_functions! {
    fractional, Fractional:
    "aten::reciprocal.out" reciprocal(x) = T::ONE / x;
    "aten::sqrt.out" sqrt(x) = Fractional::sqrt(x);
    "aten::rsqrt.out" rsqrt(x) = T::ONE / Fractional::sqrt(x);
    "aten::log.out" log(x) = Fractional::ln(x);
    "aten::sin.out" sin(x) = Fractional::sin(x);
    "aten::cos.out" cos(x) = Fractional::cos(x);
    "aten::acos.out" acos(x) = Fractional::acos(x);
    "aten::acosh.out" acosh(x) = Fractional::acosh(x);
    "aten::asin.out" asin(x) = Fractional::asin(x);
    "aten::asinh.out" asinh(x) = Fractional::asinh(x);
    "aten::atan.out" atan(x) = Fractional::atan(x);
    "aten::atanh.out" atanh(x) = Fractional::atanh(x);
    "aten::cosh.out" cosh(x) = Fractional::cosh(x);
    "aten::sinh.out" sinh(x) = Fractional::sinh(x);
    "aten::tan.out" tan(x) = Fractional::tan(x);
    "aten::exp2.out" exp2(x) = Fractional::exp2(x);
    "aten::log2.out" log2(x) = Fractional::log2(x);
    "aten::log10.out" log10(x) = Fractional::log10(x);
}

float_functions! {
    floats, Float:
    "aten::expm1.out" expm1(x) = Float::exp_m1(x);
    "aten::log1p.out" log1p(x) = Float::ln_1p(x);
    "aten::erf.out" erf(x) = Float::erf(x);
    "aten::erfc.out" erfc(x) = Float::erfc(x);
}

struct Exp;

impl<T: Float> WideFunction<T> for Exp {
    #[inline(always)]
    fn of<S: Simd>(&self, x: T) -> T {
        x.exponential::<S>()
    }
}

fn few_exp(x: &Tensor) -> Option<Tensor> {
    first_of!(T in f32, f64 => few::wide_unary::<T>(x, Exp))
}

#[kernel("aten::exp.out", CPU, structured, in_place, shortcut = few_exp)]
fn exp(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Complex64 => unary(plan, out, self_, |x: Complex<f32>| x.exp()),
        DType::Complex128 => unary(plan, out, self_, |x: Complex<f64>| x.exp()),
        _ => dispatch_dtype!(floats: plan.compute(), T => wide_unary::<T>(plan, out, self_, Exp)),
    }
}

struct Tanh;

impl<T: ErrorFunction> WideFunction<T> for Tanh {
    #[inline(always)]
    fn of<S: Simd>(&self, x: T) -> T {
        x.quick_tanh::<S>()
    }
}

#[kernel("aten::tanh.out", CPU, structured, in_place)]
fn tanh(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Complex64 => unary(plan, out, self_, |x: Complex<f32>| Fractional::tanh(x)),
        DType::Complex128 => unary(plan, out, self_, |x: Complex<f64>| Fractional::tanh(x)),
        _ => dispatch_dtype!(floats: plan.compute(), T => wide_unary::<T>(plan, out, self_, Tanh)),
    }
}

/// The logistic function.
pub(super) struct Sigmoid;

impl<T: Float> WideFunction<T> for Sigmoid {
    #[inline(always)]
    fn of<S: Simd>(&self, x: T) -> T {
        T::ONE / (T::ONE + (-x).exponential::<S>())
    }
}

fn few_sigmoid(x: &Tensor) -> Option<Tensor> {
    first_of!(T in f32, f64 => few::wide_unary::<T>(x, Sigmoid))
}

#[kernel("aten::sigmoid.out", CPU, structured, in_place, shortcut = few_sigmoid)]
fn sigmoid(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Complex64 => unary(plan, out, self_, of_complex::<f32>),
        DType::Complex128 => unary(plan, out, self_, of_complex::<f64>),
        _ => dispatch_dtype!(floats: plan.compute(), T => wide_unary::<T>(plan, out, self_, Sigmoid)),
    }
}

/// The logistic function of a complex number.
fn of_complex<P: Float>(x: Complex<P>) -> Complex<P>
where
    Complex<P>: Fractional,
{
    Complex::<P>::ONE / (Complex::<P>::ONE + Fractional::exp(-x))
}

fn few_neg(x: &Tensor) -> Option<Tensor> {
    first_of!(T in f32, f64 => few::unary(x, |x: T| -x))
}

#[kernel("aten::neg.out", CPU, structured, in_place, shortcut = few_neg)]
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
    if let Some(few) = first_of!(T in f32, f64 => few::unary(self_, |x: T| larger(x, T::ZERO))) {
        return Ok(few);
    }
    pointwise::arithmetic_function(self_)?.filled(|plan, out| {
        dispatch_dtype!(numbers: plan.compute(), T => unary(plan, out, self_, |x: T| larger(x, T::ZERO)))
    })
}

/// Kernels of tests of one element, for a set of dtypes.
macro_rules! tests {
    ($($set:ident: $operator:tt $kernel:ident($x:ident) = $value:expr;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!($set: plan.compute(), T => unary(plan, out, self_, |$x: T| $value))
        }
    )*};
}
tests! {
    values: "aten::logical_not.out" logical_not(x) = !x.is_true();
    ordered: "aten::isposinf.out" isposinf(x) = x.is_infinite() && !is_negative(x);
    ordered: "aten::isneginf.out" isneginf(x) = x.is_infinite() && is_negative(x);
}

/// Whether it is below zero, in every type the same words.
fn is_negative<T: Ordered>(x: T) -> bool {
    x < T::ZERO
}

#[kernel("aten::signbit.out", CPU, structured, in_place)]
fn signbit(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute().is_floating_point() {
        true => {
            dispatch_dtype!(floats: plan.compute(), T => unary(plan, out, self_, |x: T| x.is_sign_negative()))
        }
        false => dispatch_dtype!(ordered: plan.compute(), T => unary(plan, out, self_, is_negative::<T>)),
    }
}

#[kernel("aten::isnan", CPU)]
fn isnan(self_: &Tensor) -> Result<Tensor> {
    pointwise::test(self_)?.filled(
        |plan, out| dispatch_dtype!(values: plan.compute(), T => unary(plan, out, self_, |x: T| x.is_nan())),
    )
}

#[kernel("aten::isinf", CPU)]
fn isinf(self_: &Tensor) -> Result<Tensor> {
    pointwise::test(self_)?.filled(|plan, out| {
        dispatch_dtype!(values: plan.compute(), T => unary(plan, out, self_, |x: T| x.is_infinite()))
    })
}

#[kernel("aten::sign.out", CPU, structured, in_place)]
fn sign(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(ordered: plan.compute(), T => unary(plan, out, self_, signed_one::<T>))
}

#[kernel("aten::sgn.out", CPU, structured, in_place)]
fn sgn(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    match plan.compute() {
        DType::Complex64 => unary(plan, out, self_, |x: Complex<f32>| direction(x, x.norm())),
        DType::Complex128 => unary(plan, out, self_, |x: Complex<f64>| direction(x, x.norm())),
        _ => sign(plan, self_, out),
    }
}

/// One with the sign of a number, or zero.
fn signed_one<T: Ordered>(x: T) -> T {
    match x {
        x if x > T::ZERO => T::ONE,
        x if x < T::ZERO => T::from_i64(-1),
        _ => T::ZERO,
    }
}

/// The number of length one in the direction of another, or zero.
fn direction<P: Float>(x: Complex<P>, norm: P) -> Complex<P> {
    match norm == P::ZERO {
        true => Complex::new(P::ZERO, P::ZERO),
        false => Complex::new(x.re / norm, x.im / norm),
    }
}

#[kernel("aten::nan_to_num.out", CPU, structured, in_place)]
fn nan_to_num(
    plan: &Plan,
    self_: &Tensor,
    nan: Option<f64>,
    posinf: Option<f64>,
    neginf: Option<f64>,
    out: &Tensor,
) -> Result<()> {
    let (lowest, largest) = extremes(plan.compute());
    match plan.compute().is_floating_point() {
        true => dispatch_dtype!(floats: plan.compute(), T => {
            let of = |number: f64| T::from_f64(number);
            let (nan, posinf) = (of(nan.unwrap_or(0.0)), of(posinf.unwrap_or(largest)));
            let neginf = of(neginf.unwrap_or(lowest));
            unary(plan, out, self_, |x: T| match x {
                x if x.is_nan() => nan,
                x if x == T::INFINITY => posinf,
                x if x == -T::INFINITY => neginf,
                x => x,
            })
        }),
        false => dispatch_dtype!(ordered: plan.compute(), T => unary(plan, out, self_, |x: T| x)),
    }
}

/// The lowest and the largest finite number of a floating-point dtype.
fn extremes(dtype: DType) -> (f64, f64) {
    let largest = match dtype {
        DType::Float16 => keyway::f16::MAX.to_f64(),
        DType::BFloat16 => keyway::bf16::MAX.to_f64(),
        DType::Float32 => f32::MAX.into(),
        _ => f64::MAX,
    };
    (-largest, largest)
}

#[kernel("aten::logit.out", CPU, structured, in_place)]
fn logit(plan: &Plan, self_: &Tensor, eps: Option<f64>, out: &Tensor) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => {
        let log_odds = |x: T| Fractional::ln(x / (T::ONE - x));
        match eps.map(T::from_f64) {
            None => unary(plan, out, self_, log_odds),
            Some(eps) => unary(plan, out, self_, |x: T| match x {
                x if x < eps => log_odds(eps),
                x if x > T::ONE - eps => log_odds(T::ONE - eps),
                x => log_odds(x),
            }),
        }
    })
}
