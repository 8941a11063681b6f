//! The error function of each floating-point type, in a form that vectorises for `f32`.

use crate::cpu::exponential;
use crate::cpu::number::Float;

/// A number that the error function is defined for.
pub(crate) trait ErrorFunction: Float {
    /// The error function, with an absolute error below 2e-7 in single precision.
    fn quick_erf(self) -> Self;
}

impl ErrorFunction for f64 {
    #[inline]
    fn quick_erf(self) -> f64 {
        libm::erf(self)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_is_near_double_precision() {
        for step in -60_000..=60_000 {
            let x = step as f32 * 1e-4;
            let error = (f64::from(x.quick_erf()) - f64::from(x).quick_erf()).abs();
            assert!(error < 3e-7, "erf({x}) is off by {error}");
        }
        assert_eq!((f32::INFINITY.quick_erf(), f32::NEG_INFINITY.quick_erf()), (1.0, -1.0));
        assert!(f32::NAN.quick_erf().is_nan());
    }
}
