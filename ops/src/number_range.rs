//! Whether a number fits a dtype, for operators that write it to memory as it is.
//!
//! Conversions between elements are in `cpu::number`; they wrap around. This room only refuses.

use keyway::{DType, Error, ErrorKind, Result, Scalar};

/// Refuses a number outside the range of a dtype. Negative integers wrap around in unsigned dtypes, fractions are cut,
/// and infinities are fine where the dtype has them.
pub(crate) fn in_range(number: Scalar, dtype: DType) -> Result<()> {
    let fits = match (number, dtype) {
        (_, DType::Bool) | (Scalar::Bool(_), _) => true,
        (Scalar::Int(v), DType::UInt8) => (-255..=255).contains(&v),
        (Scalar::Int(v), DType::Int8) => i8::try_from(v).is_ok(),
        (Scalar::Int(v), DType::Int16) => i16::try_from(v).is_ok(),
        (Scalar::Int(v), DType::Int32) => i32::try_from(v).is_ok(),
        (Scalar::Int(v), DType::Float16 | DType::BFloat16) => float_fits(v as f64, dtype),
        (Scalar::Int(_), _) => true,
        (Scalar::Float(v), dtype) => float_fits(v, dtype),
        (Scalar::Complex(re, im), dtype) if dtype.is_complex() => {
            float_fits(re, dtype.to_real()) && float_fits(im, dtype.to_real())
        }
        (Scalar::Complex(re, im), dtype) => im == 0.0 && float_fits(re, dtype),
    };
    match fits {
        true => Ok(()),
        false => {
            Err(Error::new(ErrorKind::Runtime, format!("{number} does not fit {dtype}; use another dtype")))
        }
    }
}

fn float_fits(v: f64, dtype: DType) -> bool {
    match dtype {
        DType::UInt8 => (-255.0..=255.0).contains(&v),
        DType::Int8 => (f64::from(i8::MIN)..=f64::from(i8::MAX)).contains(&v),
        DType::Int16 => (f64::from(i16::MIN)..=f64::from(i16::MAX)).contains(&v),
        DType::Int32 => (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&v),
        // The largest integer is no double; the next double is just outside.
        DType::Int64 => (-(2f64.powi(63))..2f64.powi(63)).contains(&v),
        DType::Float16 => within(v, keyway::f16::MAX.to_f64()),
        DType::BFloat16 => within(v, keyway::bf16::MAX.to_f64()),
        DType::Float32 | DType::Complex64 => within(v, f32::MAX.into()),
        _ => true,
    }
}

fn within(v: f64, largest: f64) -> bool {
    !v.is_finite() || v.abs() <= largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_range_are_refused() {
        for (number, dtype, fits) in [
            (Scalar::Int(300), DType::UInt8, false),
            (Scalar::Int(-1), DType::UInt8, true),
            (Scalar::Int(1 << 40), DType::Int32, false),
            (Scalar::Float(1e39), DType::Float32, false),
            (Scalar::Float(f64::INFINITY), DType::Float32, true),
            (Scalar::Float(f64::NAN), DType::Int64, false),
            (Scalar::Float(0.5), DType::Bool, true),
        ] {
            assert_eq!(in_range(number, dtype).is_ok(), fits, "{number} {dtype}");
        }
    }
}
