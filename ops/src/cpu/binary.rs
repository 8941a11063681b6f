//! Arithmetic of two operands on the host: sums, products, quotients, powers. Rounded quotients and remainders are in
//! [`division`](crate::cpu::division).
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise); here are only the functions of two elements.

use keyway::{Element, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::{binary, unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::extremes::larger;
use crate::cpu::few::{self, first_of};
use crate::cpu::number::{Float, Fractional, Integer, Number, Powers};
use crate::pointwise::{self, Plan};
use crate::promotion::Operand;

fn few_sums(a: &Tensor, b: &Tensor, alpha: Scalar) -> Option<Tensor> {
    match alpha {
        Scalar::Int(1) => first_of!(T in f32, f64, i64 => few::binary(a, b, T::plus)),
        _ => None,
    }
}

#[kernel("aten::add.out", CPU, structured, in_place, shortcut = few_sums)]
fn add(plan: &Plan, self_: &Tensor, other: &Tensor, alpha: Scalar, out: &Tensor) -> Result<()> {
    weighted_sum(plan, out, self_.into(), other.into(), alpha)
}

#[kernel("aten::add.Scalar", CPU)]
fn add_scalar(self_: &Tensor, other: Scalar, alpha: Scalar) -> Result<Tensor> {
    if alpha == Scalar::Int(1)
        && let Some(few) = first_of!(T in f32, f64 => few::with_number(self_, other, T::plus))
    {
        return Ok(few);
    }
    let (a, b) = (self_.into(), other.into());
    pointwise::sum(a, b, alpha)?.filled(|plan, out| weighted_sum(plan, out, a, b, alpha))
}

fn few_differences(a: &Tensor, b: &Tensor, alpha: Scalar) -> Option<Tensor> {
    match alpha {
        Scalar::Int(1) => first_of!(T in f32, f64 => few::binary(a, b, |a: T, b: T| a - b)),
        _ => None,
    }
}

#[kernel("aten::sub.out", CPU, structured, in_place, shortcut = few_differences)]
fn sub(plan: &Plan, self_: &Tensor, other: &Tensor, alpha: Scalar, out: &Tensor) -> Result<()> {
    weighted_sum(plan, out, self_.into(), other.into(), negative(alpha))
}

#[kernel("aten::sub.Scalar", CPU)]
fn sub_scalar(self_: &Tensor, other: Scalar, alpha: Scalar) -> Result<Tensor> {
    let (a, b) = (self_.into(), other.into());
    pointwise::difference(a, b, alpha)?.filled(|plan, out| weighted_sum(plan, out, a, b, negative(alpha)))
}

fn few_products(a: &Tensor, b: &Tensor) -> Option<Tensor> {
    first_of!(T in f32, f64, i64 => few::binary(a, b, T::times))
}

#[kernel("aten::mul.out", CPU, structured, in_place, shortcut = few_products)]
fn mul(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    product(plan, out, self_.into(), other.into())
}

#[kernel("aten::mul.Scalar", CPU)]
fn mul_scalar(self_: &Tensor, other: Scalar) -> Result<Tensor> {
    if let Some(few) = first_of!(T in f32, f64 => few::with_number(self_, other, T::times)) {
        return Ok(few);
    }
    let (a, b) = (self_.into(), other.into());
    pointwise::product(a, b)?.filled(|plan, out| product(plan, out, a, b))
}

fn few_quotients(a: &Tensor, b: &Tensor) -> Option<Tensor> {
    first_of!(T in f32, f64 => few::binary(a, b, |a: T, b: T| a / b))
}

#[kernel("aten::div.out", CPU, structured, in_place, shortcut = few_quotients)]
fn div(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    quotient(plan, out, self_.into(), other.into())
}

#[kernel("aten::div.Scalar", CPU)]
fn div_scalar(self_: &Tensor, other: Scalar) -> Result<Tensor> {
    let (a, b) = (self_.into(), other.into());
    pointwise::quotient(a, b)?.filled(|plan, out| quotient(plan, out, a, b))
}

#[kernel("aten::pow.Tensor_Tensor_out", CPU, structured, in_place)]
fn pow(plan: &Plan, self_: &Tensor, exponent: &Tensor, out: &Tensor) -> Result<()> {
    powers(plan, out, self_.into(), exponent.into())
}

#[kernel("aten::pow.Scalar_out", CPU, structured, in_place)]
fn pow_of_scalar(plan: &Plan, self_: Scalar, exponent: &Tensor, out: &Tensor) -> Result<()> {
    powers(plan, out, self_.into(), exponent.into())
}

#[kernel("aten::pow.Tensor_Scalar_out", CPU, structured, in_place)]
fn pow_scalar(plan: &Plan, self_: &Tensor, exponent: Scalar, out: &Tensor) -> Result<()> {
    match plan.compute().is_floating_point() || plan.compute().is_complex() {
        true => {
            dispatch_dtype!(fractional: plan.compute(), T => fixed_power::<T>(plan, out, self_, exponent))
        }
        false => powers(plan, out, self_.into(), exponent.into()),
    }
}

/// The factor of a difference. Negation wraps around like the arithmetic of elements.
fn negative(alpha: Scalar) -> Scalar {
    match alpha {
        Scalar::Int(alpha) => Scalar::Int(alpha.wrapping_neg()),
        Scalar::Bool(alpha) => Scalar::Int(-i64::from(alpha)),
        Scalar::Float(alpha) => Scalar::Float(-alpha),
        Scalar::Complex(re, im) => Scalar::Complex(-re, -im),
    }
}

fn weighted_sum(plan: &Plan, out: &Tensor, a: Operand<'_>, b: Operand<'_>, alpha: Scalar) -> Result<()> {
    dispatch_dtype!(values: plan.compute(), T => {
        let alpha = T::from_scalar(alpha);
        if alpha == T::ONE {
            binary(plan, out, a, b, |a: T, b: T| a.plus(b))
        } else {
            binary(plan, out, a, b, |a: T, b: T| a.plus(alpha.times(b)))
        }
    })
}

fn product(plan: &Plan, out: &Tensor, a: Operand<'_>, b: Operand<'_>) -> Result<()> {
    dispatch_dtype!(values: plan.compute(), T => binary(plan, out, a, b, |a: T, b: T| a.times(b)))
}

pub(crate) fn quotient(plan: &Plan, out: &Tensor, a: Operand<'_>, b: Operand<'_>) -> Result<()> {
    dispatch_dtype!(fractional: plan.compute(), T => binary(plan, out, a, b, |a: T, b: T| a / b))
}

fn powers(plan: &Plan, out: &Tensor, base: Operand<'_>, exponent: Operand<'_>) -> Result<()> {
    match plan.compute().is_floating_point() || plan.compute().is_complex() {
        true => dispatch_dtype!(fractional: plan.compute(), T => {
            binary(plan, out, base, exponent, |base: T, exponent: T| base.power(exponent))
        }),
        false => dispatch_dtype!(integers: plan.compute(), T => {
            binary(plan, out, base, exponent, |base: T, exponent: T| integer_power(base, exponent))
        }),
    }
}

/// Powers with one exponent for all elements; frequent ones are products, quotients and roots.
fn fixed_power<T: Powers>(plan: &Plan, out: &Tensor, base: &Tensor, exponent: Scalar) -> Result<()> {
    let power = T::from_scalar(exponent);
    let is_real = exponent.imaginary() == 0.0;
    match exponent.to_f64() {
        _ if !is_real => unary(plan, out, base, |x: T| x.power(power)),
        0.0 => unary(plan, out, base, |_: T| T::ONE),
        0.5 => unary(plan, out, base, |x: T| x.sqrt()),
        -0.5 => unary(plan, out, base, |x: T| T::ONE / x.sqrt()),
        1.0 => unary(plan, out, base, |x: T| x),
        -1.0 => unary(plan, out, base, |x: T| T::ONE / x),
        2.0 => unary(plan, out, base, |x: T| x * x),
        -2.0 => unary(plan, out, base, |x: T| T::ONE / (x * x)),
        3.0 => unary(plan, out, base, |x: T| x * x * x),
        _ => unary(plan, out, base, |x: T| x.power(power)),
    }
}

/// The integer power, wrapped around; negative ones are cut to an integer.
fn integer_power<T: Integer>(base: T, exponent: T) -> T {
    let is_odd = |x: T| x.modulo(T::from_i64(2)) != T::ZERO;
    if exponent < T::ZERO {
        return match base {
            base if base == T::ONE => T::ONE,
            base if base == T::ZERO.minus(T::ONE) => {
                if is_odd(exponent) {
                    base
                } else {
                    T::ONE
                }
            }
            _ => T::ZERO,
        };
    }
    let (mut power, mut square, mut rest) = (T::ONE, base, exponent);
    while rest != T::ZERO {
        if is_odd(rest) {
            power = power.times(square);
        }
        square = square.times(square);
        rest = rest.quotient(T::from_i64(2));
    }
    power
}

/// Kernels of two tensors that are defined for floating-point numbers only.
macro_rules! float_functions {
    ($($operator:tt $kernel:ident($a:ident, $b:ident) = $value:expr;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!(floats: plan.compute(), T => {
                binary(plan, out, self_.into(), other.into(), |$a: T, $b: T| $value)
            })
        }
    )*};
}
float_functions! {
    "aten::atan2.out" atan2(y, x) = y.atan2(x);
    "aten::copysign.out" copysign(x, sign) = x.copysign(sign);
    "aten::hypot.out" hypot(a, b) = a.hypot(b);
    "aten::logaddexp.out" logaddexp(a, b) = log_sum(a, b, Fractional::exp, Float::ln_1p);
    "aten::logaddexp2.out" logaddexp2(a, b)
        = log_sum(a, b, Fractional::exp2, |x| x.ln_1p() * T::from_f64(std::f64::consts::LOG2_E));
    "aten::xlogy.OutTensor" xlogy(x, y) = x_log_y(x, y);
}

/// The logarithm of the sum of two exponentials, given the exponential and the logarithm of one more.
fn log_sum<T: Float>(a: T, b: T, exp: impl Fn(T) -> T, log_1p: impl Fn(T) -> T) -> T {
    match a.is_infinite() && a == b {
        true => a,
        false => larger(a, b) + log_1p(exp(-(a - b).abs())),
    }
}

fn x_log_y<T: Float>(x: T, y: T) -> T {
    match x == T::ZERO && !y.is_nan() {
        true => T::ZERO,
        false => x * y.ln(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_powers_wrap_and_cut() {
        assert_eq!((integer_power(3i32, 4), integer_power(2i64, -1)), (81, 0));
        assert_eq!((integer_power(-1i64, -3), integer_power(1i32, -5)), (-1, 1));
        assert_eq!((integer_power(16u8, 2), integer_power(0i64, 0)), (0, 1));
    }
}
