//! Arithmetic of two operands on the host: sums, products, quotients, powers, extremes.
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise); here are only the functions of two elements.

use keyway::{Element, Error, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::{binary, unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Integer, Number, Ordered, Powers};
use crate::pointwise::{self, Plan, Rounding};
use crate::promotion::Operand;

#[kernel("aten::add.out", CPU, structured, in_place)]
fn add(plan: &Plan, self_: &Tensor, other: &Tensor, alpha: Scalar, out: &Tensor) -> Result<()> {
    weighted_sum(plan, out, self_.into(), other.into(), alpha)
}

#[kernel("aten::add.Scalar", CPU)]
fn add_scalar(self_: &Tensor, other: Scalar, alpha: Scalar) -> Result<Tensor> {
    let (a, b) = (self_.into(), other.into());
    pointwise::sum(a, b, alpha)?.filled(|plan, out| weighted_sum(plan, out, a, b, alpha))
}

#[kernel("aten::sub.out", CPU, structured, in_place)]
fn sub(plan: &Plan, self_: &Tensor, other: &Tensor, alpha: Scalar, out: &Tensor) -> Result<()> {
    weighted_sum(plan, out, self_.into(), other.into(), negative(alpha))
}

#[kernel("aten::sub.Scalar", CPU)]
fn sub_scalar(self_: &Tensor, other: Scalar, alpha: Scalar) -> Result<Tensor> {
    let (a, b) = (self_.into(), other.into());
    pointwise::difference(a, b, alpha)?.filled(|plan, out| weighted_sum(plan, out, a, b, negative(alpha)))
}

#[kernel("aten::mul.out", CPU, structured, in_place)]
fn mul(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    product(plan, out, self_.into(), other.into())
}

#[kernel("aten::mul.Scalar", CPU)]
fn mul_scalar(self_: &Tensor, other: Scalar) -> Result<Tensor> {
    let (a, b) = (self_.into(), other.into());
    pointwise::product(a, b)?.filled(|plan, out| product(plan, out, a, b))
}

#[kernel("aten::div.out", CPU, structured, in_place)]
fn div(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    quotient(plan, out, self_.into(), other.into())
}

#[kernel("aten::div.Scalar", CPU)]
fn div_scalar(self_: &Tensor, other: Scalar) -> Result<Tensor> {
    let (a, b) = (self_.into(), other.into());
    pointwise::quotient(a, b)?.filled(|plan, out| quotient(plan, out, a, b))
}

#[kernel("aten::div.Tensor_mode", CPU)]
fn div_mode(self_: &Tensor, other: &Tensor, rounding_mode: Option<&str>) -> Result<Tensor> {
    rounded_quotient(self_.into(), other.into(), rounding_mode)
}

#[kernel("aten::div.Scalar_mode", CPU)]
fn div_scalar_mode(self_: &Tensor, other: Scalar, rounding_mode: Option<&str>) -> Result<Tensor> {
    rounded_quotient(self_.into(), other.into(), rounding_mode)
}

#[kernel("aten::pow.Tensor_Tensor", CPU)]
fn pow(self_: &Tensor, exponent: &Tensor) -> Result<Tensor> {
    power(self_.into(), exponent.into())
}

#[kernel("aten::pow.Scalar", CPU)]
fn pow_of_scalar(self_: Scalar, exponent: &Tensor) -> Result<Tensor> {
    power(self_.into(), exponent.into())
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

#[kernel("aten::maximum.out", CPU, structured, in_place)]
fn maximum(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(ordered: plan.compute(), T => binary(plan, out, self_.into(), other.into(), larger::<T>))
}

#[kernel("aten::minimum.out", CPU, structured, in_place)]
fn minimum(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(ordered: plan.compute(), T => binary(plan, out, self_.into(), other.into(), smaller::<T>))
}

/// The larger one; not-a-number if either is.
#[inline]
fn larger<T: Ordered>(a: T, b: T) -> T {
    if a.is_nan() || a > b { a } else { b }
}

/// The smaller one; not-a-number if either is.
#[inline]
fn smaller<T: Ordered>(a: T, b: T) -> T {
    if a.is_nan() || a < b { a } else { b }
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

fn quotient(plan: &Plan, out: &Tensor, a: Operand<'_>, b: Operand<'_>) -> Result<()> {
    dispatch_dtype!(fractional: plan.compute(), T => binary(plan, out, a, b, |a: T, b: T| a / b))
}

fn rounded_quotient(a: Operand<'_>, b: Operand<'_>, mode: Option<&str>) -> Result<Tensor> {
    let (plan, rounding) = pointwise::rounded_quotient(a, b, mode)?;
    plan.filled(|plan, out| match rounding {
        Rounding::None => quotient(plan, out, a, b),
        _ if plan.compute().is_floating_point() => dispatch_dtype!(floats: plan.compute(), T => {
            match rounding {
                Rounding::Floor => binary(plan, out, a, b, floor_quotient::<T>),
                _ => binary(plan, out, a, b, |a: T, b: T| Float::trunc(a / b)),
            }
        }),
        _ => dispatch_dtype!(integers: plan.compute(), T => {
            let divided_by_zero = std::cell::Cell::new(false);
            let check = |b: T| divided_by_zero.set(divided_by_zero.get() | (b == T::ZERO));
            match rounding {
                Rounding::Floor => binary(plan, out, a, b, |a: T, b: T| { check(b); integer_floor_quotient(a, b) })?,
                _ => binary(plan, out, a, b, |a: T, b: T| { check(b); a.quotient(b) })?,
            }
            match divided_by_zero.get() {
                true => Err(Error::new(keyway::ErrorKind::Runtime, "`other` holds a zero: integers cannot be divided by it")),
                false => Ok(()),
            }
        }),
    })
}

/// The quotient rounded downwards, exact also where `a / b` rounds up to a whole number.
fn floor_quotient<T: Float>(a: T, b: T) -> T {
    if b == T::ZERO {
        return a / b;
    }
    let remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder != T::ZERO && (b < T::ZERO) != (remainder < T::ZERO) {
        quotient = quotient - T::ONE;
    }
    if quotient == T::ZERO {
        return T::ZERO.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > T::from_f64(0.5) { floor + T::ONE } else { floor }
}

fn power(base: Operand<'_>, exponent: Operand<'_>) -> Result<Tensor> {
    pointwise::power(base, exponent)?.filled(|plan, out| powers(plan, out, base, exponent))
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

/// The integer quotient rounded downwards.
fn integer_floor_quotient<T: Integer>(a: T, b: T) -> T {
    let quotient = a.quotient(b);
    let is_exact = quotient.times(b) == a;
    match !is_exact && b != T::ZERO && (a < T::ZERO) != (b < T::ZERO) {
        true => quotient.minus(T::ONE),
        false => quotient,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_quotients_round_as_asked() {
        assert_eq!((integer_floor_quotient(-7i64, 2), integer_floor_quotient(7i64, -2)), (-4, -4));
        assert_eq!(integer_floor_quotient(i32::MIN, -1), i32::MIN);
        assert_eq!((integer_floor_quotient(7u8, 2), integer_floor_quotient(7u8, 0)), (3, 0));
    }

    #[test]
    fn float_quotients_round_downwards() {
        assert_eq!(floor_quotient(-7.0f64, 2.0), -4.0);
        assert_eq!(floor_quotient(1.0f64, 0.1), 9.0);
        assert_eq!(floor_quotient(1.0f32, 0.0), f32::INFINITY);
        assert!(floor_quotient(-0.0f64, 3.0).is_sign_negative());
    }

    #[test]
    fn integer_powers_wrap_and_cut() {
        assert_eq!((integer_power(3i32, 4), integer_power(2i64, -1)), (81, 0));
        assert_eq!((integer_power(-1i64, -3), integer_power(1i32, -5)), (-1, 1));
        assert_eq!((integer_power(16u8, 2), integer_power(0i64, 0)), (0, 1));
    }
}
