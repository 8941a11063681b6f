//! Functions around the gamma function, and of whole numbers and neighbouring ones, on the host.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::{binary, unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Fractional, Integer, Number, Ordered};
use crate::pointwise::Plan;

#[kernel("aten::lgamma.out", CPU, structured, in_place)]
fn lgamma(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => {
        unary(plan, out, self_, |x: T| T::from_f64(libm::lgamma(x.cast())))
    })
}

#[kernel("aten::digamma.out", CPU, structured, in_place)]
fn digamma(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => {
        unary(plan, out, self_, |x: T| T::from_f64(digamma_of(x.cast())))
    })
}

/// The derivative of the logarithm of the gamma function: by reflection for negative numbers, by recurrence up to where the
/// asymptotic series converges.
fn digamma_of(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x < 0.0 {
        let rest = x.fract();
        return match rest == 0.0 {
            true => f64::NAN,
            false => digamma_of(1.0 - x) - std::f64::consts::PI / (std::f64::consts::PI * rest).tan(),
        };
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    // The Bernoulli numbers over their indices.
    const SERIES: [f64; 7] =
        [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    let square = 1.0 / (x * x);
    let tail = SERIES.iter().rev().fold(0.0, |tail, coefficient| (tail + coefficient) * square);
    sum + x.ln() - 0.5 / x - tail
}

#[kernel("aten::sinc.out", CPU, structured, in_place)]
fn sinc(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(fractional: plan.compute(), T => unary(plan, out, self_, |x: T| {
        let turned = x * T::from_f64(std::f64::consts::PI);
        if x == T::ZERO { T::ONE } else { Fractional::sin(turned) / turned }
    }))
}

#[kernel("aten::heaviside.out", CPU, structured, in_place)]
fn heaviside(plan: &Plan, self_: &Tensor, values: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(ordered: plan.compute(), T => {
        binary(plan, out, self_.into(), values.into(), |x: T, at_zero: T| step(x, at_zero))
    })
}

/// Not-a-number is neither zero nor above.
fn step<T: Ordered>(x: T, at_zero: T) -> T {
    match x {
        x if x == T::ZERO => at_zero,
        x if x > T::ZERO => T::ONE,
        _ => T::ZERO,
    }
}

/// The greatest common divisor, which is not negative.
fn divisor<T: Integer>(a: T, b: T) -> T {
    let (mut a, mut b) = (a, b);
    while b != T::ZERO {
        (a, b) = (b, a.modulo(b));
    }
    absolute(a)
}

fn absolute<T: Integer>(x: T) -> T {
    if x < T::ZERO { T::ZERO.minus(x) } else { x }
}

#[kernel("aten::gcd.out", CPU, structured, in_place)]
fn gcd(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(integers: plan.compute(), T => {
        binary(plan, out, self_.into(), other.into(), |a: T, b: T| divisor(a, b))
    })
}

#[kernel("aten::lcm.out", CPU, structured, in_place)]
fn lcm(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(integers: plan.compute(), T => binary(plan, out, self_.into(), other.into(), |a: T, b: T| {
        absolute(a.quotient(divisor(a, b)).times(b))
    }))
}

#[kernel("aten::nextafter.out", CPU, structured, in_place)]
fn nextafter(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    let (a, b) = (self_.into(), other.into());
    match plan.compute() {
        keyway::DType::Float32 => binary(plan, out, a, b, libm::nextafterf),
        keyway::DType::Float64 => binary(plan, out, a, b, libm::nextafter),
        other => Err(crate::cpu::elements::unsupported(other, "float32 or float64")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_agrees_with_known_values() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-13 * b.abs().max(1.0), "{a} is not {b}");
        near(digamma_of(1.0), -EULER);
        near(digamma_of(0.5), -EULER - 2.0 * std::f64::consts::LN_2);
        near(digamma_of(-0.5), 2.0 - EULER - 2.0 * std::f64::consts::LN_2);
        near(digamma_of(10.0), 2.251_752_589_066_721);
        assert!(digamma_of(-3.0).is_nan());
        assert_eq!(digamma_of(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn divisors_are_not_negative() {
        assert_eq!((divisor(-12i64, 18), divisor(0i32, -5), divisor(0u8, 0)), (6, 5, 0));
    }
}
