//! The exponential function of each floating-point type, in a form that vectorises for `f32`.
//!
//! For kernels in which it is one step of several, such as softmax: there the mathematical library's function, called
//! element by element, would be the larger part. The operator `exp` itself uses that function, which is more accurate.

/// The exponential, with an error of less than two units in the last place.
///
/// `x` is split into `n ln 2 + r` with a whole `n`; a polynomial gives the exponential of the small `r`, the bits of
/// the exponent `2^n`. There is no branch and no call, so that loops over it vectorise.
#[inline]
pub(crate) fn f32(x: f32) -> f32 {
    /// Adding it rounds to a whole number, which then stands in the lowest bits.
    const TO_WHOLE: f32 = 12_582_912.0;
    /// ln 2 in two parts; products of a small whole number with the first are exact.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    // Beyond these the result is 0 or infinity anyway. Not-a-number passes both.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + TO_WHOLE;
    let n = (shifted.to_bits() as i32).wrapping_sub(TO_WHOLE.to_bits() as i32);
    let whole = shifted - TO_WHOLE;
    let r = x - whole * LN_2.0 - whole * LN_2.1;
    let mut series = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1] {
        series = series * r + coefficient;
    }
    // In two factors: each is a normal number even where the product is not.
    let half = n >> 1;
    (series * r * r + r + 1.0) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

#[inline]
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits((exponent.wrapping_add(127) as u32) << 23)
}

/// The exponential.
#[inline]
pub(crate) fn f64(x: f64) -> f64 {
    x.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_in_the_last_place_everywhere() {
        for step in -2_100_000..=1_780_000 {
            let x = step as f32 * 5e-5;
            let exact = f64::from(x).exp();
            let unit = f64::from((exact as f32).next_up()) - f64::from(exact as f32);
            let error = (f64::from(f32(x)) - exact).abs() / unit;
            assert!(error < 2.0 || (exact as f32).is_infinite(), "exp({x}) is off by {error} units");
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!((f32(0.0), f32(-0.0), f32(f32::NEG_INFINITY), f32(-1e30)), (1.0, 1.0, 0.0, 0.0));
        assert_eq!((f32(f32::INFINITY), f32(89.0), f32(1e30)), (f32::INFINITY, f32::INFINITY, f32::INFINITY));
        assert!(f32(f32::NAN).is_nan());
    }
}
