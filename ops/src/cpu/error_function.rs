//! The error function and the hyperbolic tangent of each floating-point type, in forms that vectorise for `f32`.
//!
//! For kernels in which they are one step of several; the operators of these names use the mathematical library's.

use crate::cpu::exponential;
use crate::cpu::number::Float;

/// A number with these functions.
pub(crate) trait ErrorFunction: Float {
    /// The error function, with an absolute error below 6e-7 in single precision.
    fn quick_erf(self) -> Self;

    /// The hyperbolic tangent, with a relative error below 1e-6 in single precision.
    fn quick_tanh(self) -> Self;
}

impl ErrorFunction for f64 {
    #[inline]
    fn quick_erf(self) -> f64 {
        libm::erf(self)
    }

    #[inline]
    fn quick_tanh(self) -> f64 {
        self.tanh()
    }
}

impl ErrorFunction for f32 {
    /// A polynomial in `1 / (1 + p |x|)` times an exponential (Abramowitz and Stegun, 7.1.26). There is no branch and no
    /// call, so that loops over it vectorise.
    #[inline]
    fn quick_erf(self) -> f32 {
        let x = self.abs();
        let t = 1.0 / (0.327_591_1 * x + 1.0);
        let mut series = 1.061_405_4;
        for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
            series = series * t + coefficient;
        }
        (1.0 - series * t * exponential::f32(-x * x)).copysign(self)
    }

    /// By an exponential; near zero, where that would cancel, by a series.
    #[inline]
    fn quick_tanh(self) -> f32 {
        let x = self.abs();
        let square = x * x;
        let mut series = 62.0 / 2835.0;
        for coefficient in [-17.0 / 315.0, 2.0 / 15.0, -1.0 / 3.0, 1.0] {
            series = series * square + coefficient;
        }
        let far = 1.0 - 2.0 / (exponential::f32(2.0 * x) + 1.0);
        (if x < 0.25 { x * series } else { far }).copysign(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_is_near_double_precision() {
        for step in -60_000..=60_000 {
            let x = step as f32 * 1e-4;
            let error = (f64::from(x.quick_erf()) - f64::from(x).quick_erf()).abs();
            assert!(error < 6e-7, "erf({x}) is off by {error}");
        }
        for step in (-90_000..=90_000).filter(|&step| step != 0) {
            let x = step as f32 * 1e-4;
            let exact = f64::from(x).tanh();
            let error = ((f64::from(x.quick_tanh()) - exact) / exact).abs();
            assert!(error < 1e-6, "tanh({x}) is off by {error} of itself");
        }
        assert_eq!(
            (f32::INFINITY.quick_tanh(), f32::NEG_INFINITY.quick_tanh(), 0f32.quick_tanh()),
            (1.0, -1.0, 0.0)
        );
        assert!(f32::NAN.quick_tanh().is_nan());
        assert_eq!((f32::INFINITY.quick_erf(), f32::NEG_INFINITY.quick_erf()), (1.0, -1.0));
        assert!(f32::NAN.quick_erf().is_nan());
    }
}
