//! Quotients that are rounded, and remainders, on the host.

use std::sync::atomic::{AtomicBool, Ordering};

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::binary::quotient;
use crate::cpu::dense::binary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Integer};
use crate::pointwise::{Plan, Rounding};
use crate::promotion::Operand;

#[kernel("aten::div.out_mode", CPU, structured, in_place)]
fn div_mode(
    plan: &Plan,
    self_: &Tensor,
    other: &Tensor,
    rounding_mode: Option<&str>,
    out: &Tensor,
) -> Result<()> {
    rounded_quotient(plan, self_.into(), other.into(), Rounding::of(rounding_mode)?, out)
}

#[kernel("aten::div.Scalar_mode", CPU)]
fn div_scalar_mode(self_: &Tensor, other: Scalar, rounding_mode: Option<&str>) -> Result<Tensor> {
    let (a, b): (Operand<'_>, Operand<'_>) = (self_.into(), other.into());
    crate::pointwise::rounded_quotient(a, b, rounding_mode)?
        .filled(|plan, out| rounded_quotient(plan, a, b, Rounding::of(rounding_mode)?, out))
}

#[kernel("aten::floor_divide.out", CPU, structured, in_place)]
fn floor_divide(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    rounded_quotient(plan, self_.into(), other.into(), Rounding::Floor, out)
}

fn rounded_quotient(
    plan: &Plan,
    a: Operand<'_>,
    b: Operand<'_>,
    rounding: Rounding,
    out: &Tensor,
) -> Result<()> {
    match rounding {
        Rounding::None => quotient(plan, out, a, b),
        _ if plan.compute().is_floating_point() => dispatch_dtype!(floats: plan.compute(), T => {
            match rounding {
                Rounding::Floor => binary(plan, out, a, b, floor_quotient::<T>),
                _ => binary(plan, out, a, b, |a: T, b: T| Float::trunc(a / b)),
            }
        }),
        _ => dispatch_dtype!(integers: plan.compute(), T => match rounding {
            Rounding::Floor => divided::<T>(plan, out, a, b, integer_floor_quotient),
            _ => divided::<T>(plan, out, a, b, Integer::quotient),
        }),
    }
}

#[kernel("aten::fmod.Tensor_out", CPU, structured, in_place)]
fn fmod(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    let (a, b) = (self_.into(), other.into());
    match plan.compute().is_floating_point() {
        true => dispatch_dtype!(floats: plan.compute(), T => binary(plan, out, a, b, |a: T, b: T| a % b)),
        false => {
            dispatch_dtype!(integers: plan.compute(), T => divided::<T>(plan, out, a, b, Integer::modulo))
        }
    }
}

#[kernel("aten::remainder.Tensor_out", CPU, structured, in_place)]
fn remainder(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    let (a, b) = (self_.into(), other.into());
    match plan.compute().is_floating_point() {
        true => dispatch_dtype!(floats: plan.compute(), T => binary(plan, out, a, b, float_remainder::<T>)),
        false => dispatch_dtype!(integers: plan.compute(), T => {
            divided::<T>(plan, out, a, b, integer_remainder)
        }),
    }
}

/// Applies a function of integers that is not defined for a divisor of zero.
fn divided<T: Integer>(
    plan: &Plan,
    out: &Tensor,
    a: Operand<'_>,
    b: Operand<'_>,
    function: impl Fn(T, T) -> T + Sync,
) -> Result<()> {
    let by_zero = AtomicBool::new(false);
    binary(plan, out, a, b, |a: T, b: T| {
        if b == T::ZERO {
            by_zero.store(true, Ordering::Relaxed);
        }
        function(a, b)
    })?;
    match by_zero.into_inner() {
        true => Err(Error::new(ErrorKind::Runtime, "`other` holds a zero: integers cannot be divided by it")),
        false => Ok(()),
    }
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

/// The integer quotient rounded downwards.
fn integer_floor_quotient<T: Integer>(a: T, b: T) -> T {
    let quotient = a.quotient(b);
    let is_exact = quotient.times(b) == a;
    match !is_exact && b != T::ZERO && (a < T::ZERO) != (b < T::ZERO) {
        true => quotient.minus(T::ONE),
        false => quotient,
    }
}

/// The remainder of a division rounded downwards.
fn float_remainder<T: Float>(a: T, b: T) -> T {
    let remainder = a % b;
    match remainder != T::ZERO && (b < T::ZERO) != (remainder < T::ZERO) {
        true => remainder + b,
        false => remainder,
    }
}

/// The remainder of a division rounded downwards.
fn integer_remainder<T: Integer>(a: T, b: T) -> T {
    let remainder = a.modulo(b);
    match remainder != T::ZERO && (b < T::ZERO) != (remainder < T::ZERO) {
        true => remainder.plus(b),
        false => remainder,
    }
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
    fn remainders_have_the_sign_of_the_divisor() {
        assert_eq!((integer_remainder(-7i64, 3), integer_remainder(7i64, -3)), (2, -2));
        assert_eq!((float_remainder(-7.0f64, 3.0), float_remainder(7.5f32, -3.0)), (2.0, -1.5));
        assert!(float_remainder(1.0f64, 0.0).is_nan());
    }
}
