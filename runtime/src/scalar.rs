//! A number that is not a tensor.

use std::fmt;

use half::{bf16, f16};
use num_complex::Complex;

use crate::dtype::DType;

/// The schema type `Scalar`: any number (yaml.md Y42).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A complex number: real and imaginary part.
    Complex(f64, f64),
}

impl Scalar {
    /// The dtype that holds it as it is.
    pub fn dtype(self) -> DType {
        match self {
            Scalar::Int(_) => DType::Int64,
            Scalar::Float(_) => DType::Float64,
            Scalar::Bool(_) => DType::Bool,
            Scalar::Complex(..) => DType::Complex128,
        }
    }

    /// The number as a double; the real part of a complex one.
    pub fn to_f64(self) -> f64 {
        match self {
            Scalar::Int(v) => v as f64,
            Scalar::Float(v) | Scalar::Complex(v, _) => v,
            Scalar::Bool(v) => f64::from(u8::from(v)),
        }
    }

    /// The imaginary part; zero unless it is complex.
    pub fn imaginary(self) -> f64 {
        match self {
            Scalar::Complex(_, im) => im,
            _ => 0.0,
        }
    }

    /// The number as an integer, cut towards zero and kept in range.
    pub fn to_i64(self) -> i64 {
        match self {
            Scalar::Int(v) => v,
            Scalar::Float(v) | Scalar::Complex(v, _) => v as i64,
            Scalar::Bool(v) => i64::from(v),
        }
    }

    /// Whether it is not zero.
    pub fn to_bool(self) -> bool {
        match self {
            Scalar::Int(v) => v != 0,
            Scalar::Float(v) => v != 0.0,
            Scalar::Bool(v) => v,
            Scalar::Complex(re, im) => re != 0.0 || im != 0.0,
        }
    }

    /// Whether it is an integer or a truth value.
    pub fn is_integral(self) -> bool {
        matches!(self, Scalar::Int(_) | Scalar::Bool(_))
    }
}

macro_rules! from {
    ($($t:ty => $variant:ident),*) => {$(
        impl From<$t> for Scalar {
            fn from(value: $t) -> Scalar {
                Scalar::$variant(value.into())
            }
        }
    )*};
}
from!(i64 => Int, i32 => Int, i16 => Int, i8 => Int, u8 => Int, bool => Bool);
from!(f64 => Float, f32 => Float, f16 => Float, bf16 => Float);

impl<T: Into<f64>> From<Complex<T>> for Scalar {
    fn from(value: Complex<T>) -> Scalar {
        Scalar::Complex(value.re.into(), value.im.into())
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Int(v) => write!(f, "{v}"),
            Scalar::Float(v) => write!(f, "{v:?}"),
            Scalar::Bool(v) => write!(f, "{v}"),
            Scalar::Complex(re, im) => write!(f, "{re}{im:+}j"),
        }
    }
}
