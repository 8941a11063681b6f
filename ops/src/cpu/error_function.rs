//! The normal distribution and the hyperbolic tangent of each floating-point type, in forms that vectorise for `f32`.
//!
//! The normal distribution is for kernels in which it is one step of several; the error functions as operators are the
//! mathematical library's.

use std::f64::consts::FRAC_1_SQRT_2;

use pulp::Simd;

use crate::cpu::exponential::{Exponential, TO_WHOLE, power_of_two};
use crate::cpu::number::Float;
use crate::cpu::vectorised::multiply_add;

/// A number with these functions.
pub(crate) trait ErrorFunction: Float {
    /// The probability that a normal number is below it, with an absolute error below 2e-7 in single precision.
    fn normal_distribution<S: Simd>(self) -> Self;

    /// The hyperbolic tangent, with a relative error below 3e-7 in single precision.
    fn quick_tanh<S: Simd>(self) -> Self;
}

impl ErrorFunction for f64 {
    #[inline(always)]
    fn normal_distribution<S: Simd>(self) -> f64 {
        0.5 * (1.0 + libm::erf(self * FRAC_1_SQRT_2))
    }

    #[inline(always)]
    fn quick_tanh<S: Simd>(self) -> f64 {
        self.tanh()
    }
}

impl ErrorFunction for f32 {
    /// The probability of the far side is a power of two whose exponent, minus one at zero and falling faster and faster, is a
    /// polynomial. There is no branch, no call and no division, so that loops over it are fast.
    #[inline(always)]
    fn normal_distribution<S: Simd>(self) -> f32 {
        // Fitted between 0 and 6; further out the probability is nothing, which the polynomial agrees to.
        let x = self.abs();
        let x = if x > 16.0 { 16.0 } else { x };
        let mut exponent = -2.275_879e-6;
        for coefficient in [
            3.296_810_2e-5,
            -1.572_792_4e-4,
            -2.024_776_5e-4,
            7.142_78e-3,
            -5.254_643_4e-2,
            -4.591_930_5e-1,
            -1.151_107,
            -1.0,
        ] {
            exponent = multiply_add::<S>(exponent, x, coefficient);
        }
        let exponent = if exponent < -127.0 { -127.0 } else { exponent };
        let shifted = exponent + TO_WHOLE;
        let whole = (shifted.to_bits() as i32).wrapping_sub(TO_WHOLE.to_bits() as i32);
        let rest = exponent - (shifted - TO_WHOLE);
        let mut power = 1.327_646_7e-3;
        for coefficient in [9.675_541e-3, 5.550_713_3e-2, 2.402_212e-1, 6.931_469_7e-1, 1.0] {
            power = multiply_add::<S>(power, rest, coefficient);
        }
        let far = power * power_of_two(whole);
        if self > 0.0 { 1.0 - far } else { far }
    }

    /// By an exponential; near zero, where that would cancel, by a series.
    #[inline(always)]
    fn quick_tanh<S: Simd>(self) -> f32 {
        let x = self.abs();
        let square = x * x;
        let mut series = -5.704_988_7e-3;
        for coefficient in [2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1] {
            series = multiply_add::<S>(series, square, coefficient);
        }
        let near = multiply_add::<S>(series * square, x, x);
        let small = (-2.0 * x).exponential_below_one::<S>();
        let far = (1.0 - small) / (1.0 + small);
        (if x < 0.625 { near } else { far }).copysign(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Scalar;

    #[test]
    fn single_precision_is_near_double_precision() {
        for step in -160_000..=160_000 {
            let x = step as f32 * 1e-4;
            let exact = f64::from(x).normal_distribution::<Scalar>();
            let error = (f64::from(x.normal_distribution::<Scalar>()) - exact).abs();
            assert!(error < 2e-7, "the probability of {x} is off by {error}");
        }
        for step in (-90_000..=90_000).filter(|&step| step != 0) {
            let x = step as f32 * 1e-4;
            let exact = f64::from(x).tanh();
            let error = ((f64::from(x.quick_tanh::<Scalar>()) - exact) / exact).abs();
            assert!(error < 3e-7, "tanh({x}) is off by {error} of itself");
        }
    }

    #[test]
    fn the_ends() {
        let tanh = f32::quick_tanh::<Scalar>;
        assert_eq!((tanh(f32::INFINITY), tanh(f32::NEG_INFINITY), tanh(0.0)), (1.0, -1.0, 0.0));
        let normal = f32::normal_distribution::<Scalar>;
        for (x, probability) in
            [(f32::INFINITY, 1.0), (f32::NEG_INFINITY, 0.0), (-1e30, 0.0), (0.0, 0.5), (-0.0, 0.5)]
        {
            assert_eq!(normal(x), probability);
        }
        assert!(tanh(f32::NAN).is_nan() && normal(f32::NAN).is_nan());
    }
}
