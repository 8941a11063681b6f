//! Exponentials of each floating-point type, in a form that vectorises for `f32`.
//!
//! `x` is split into `n ln 2 + r` with a whole `n`; a polynomial gives the exponential of the small `r`, the bits of the exponent
//! `2^n`. There is no branch and no call, so that loops over it vectorise.

use pulp::Simd;

use crate::cpu::vectorised::multiply_add;

/// Adding it rounds to a whole number, which then stands in the lowest bits.
pub(crate) const TO_WHOLE: f32 = 12_582_912.0;

/// A number with exponentials that vectorise.
pub(crate) trait Exponential: Sized {
    /// The exponential, with an error of less than three quarters of a unit in the last place.
    fn exponential<S: Simd>(self) -> Self;

    /// The exponential of a number that is not positive, as accurate; zero where it would be subnormal.
    fn exponential_below_one<S: Simd>(self) -> Self;
}

impl Exponential for f32 {
    #[inline(always)]
    fn exponential<S: Simd>(self) -> f32 {
        // Beyond these the result is 0 or infinity anyway. Not-a-number passes both.
        let x = if self > 89.0 { 89.0 } else { self };
        let x = if x < -104.0 { -104.0 } else { x };
        let (n, power) = parts::<S>(x);
        // In two factors: each is a normal number even where the product is not.
        let half = n >> 1;
        power * power_of_two(half) * power_of_two(n.wrapping_sub(half))
    }

    #[inline(always)]
    fn exponential_below_one<S: Simd>(self) -> f32 {
        // Below this the exponent has no bits left, and the factor is zero.
        let x = if self < -88.0 { -88.0 } else { self };
        let (n, power) = parts::<S>(x);
        power * power_of_two(n)
    }
}

impl Exponential for f64 {
    #[inline(always)]
    fn exponential<S: Simd>(self) -> f64 {
        self.exp()
    }

    #[inline(always)]
    fn exponential_below_one<S: Simd>(self) -> f64 {
        self.exp()
    }
}

/// The whole `n` of `n ln 2 + r`, and the exponential of `r`.
#[inline(always)]
fn parts<S: Simd>(x: f32) -> (i32, f32) {
    /// ln 2 in two parts; products of a small whole number with the first are exact.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    let shifted = multiply_add::<S>(x, std::f32::consts::LOG2_E, TO_WHOLE);
    let n = (shifted.to_bits() as i32).wrapping_sub(TO_WHOLE.to_bits() as i32);
    let whole = shifted - TO_WHOLE;
    let first = multiply_add::<S>(whole, -LN_2.0, x);
    let r = multiply_add::<S>(whole, -LN_2.1, first);
    let mut series = 1.979_006_8e-4;
    for coefficient in [1.394_494_3e-3, 8.333_499e-3, 4.166_629e-2, 1.666_666_6e-1, 5e-1] {
        series = multiply_add::<S>(series, r, coefficient);
    }
    // What rounding takes from `r` and from the sum is put back with the small terms.
    let sum = 1.0 + r;
    let lost = (r - (sum - 1.0)) + multiply_add::<S>(whole, -LN_2.1, first - r);
    (n, sum + multiply_add::<S>(series * r, r, lost))
}

#[inline(always)]
pub(crate) fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits((exponent.wrapping_add(127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::vectorised::widest;
    use pulp::{Scalar, WithSimd};

    /// On this processor.
    struct Widest(f32);

    impl WithSimd for Widest {
        type Output = f32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> f32 {
            self.0.exponential::<S>()
        }
    }

    #[test]
    fn nearly_the_nearest_number_everywhere_on_any_processor() {
        for step in -2_100_000..=1_780_000 {
            let x = step as f32 * 5e-5;
            let exact = f64::from(x).exp();
            let unit = f64::from((exact as f32).next_up()) - f64::from(exact as f32);
            let check = |got: f32| {
                let error = (f64::from(got) - exact).abs() / unit;
                assert!(
                    error < 0.75
                        || (exact as f32) < f32::MIN_POSITIVE && error < 1.1
                        || (exact as f32).is_infinite(),
                    "exp({x}) is off by {error} units"
                );
            };
            check(x.exponential::<Scalar>());
            check(widest(Widest(x)));
            if x <= 0.0 && exact as f32 > f32::MIN_POSITIVE {
                check(x.exponential_below_one::<Scalar>());
            }
        }
    }

    #[test]
    fn the_ends() {
        let of = |x: f32| (x.exponential::<Scalar>(), x.exponential_below_one::<Scalar>());
        for zero in [f32::NEG_INFINITY, -1e30, -104.0] {
            assert_eq!(of(zero), (0.0, 0.0));
        }
        assert_eq!((of(0.0), of(-0.0)), ((1.0, 1.0), (1.0, 1.0)));
        for infinite in [f32::INFINITY, 89.0, 1e30] {
            assert_eq!(of(infinite).0, f32::INFINITY);
        }
        assert!(of(f32::NAN).0.is_nan() && of(f32::NAN).1.is_nan());
    }
}
