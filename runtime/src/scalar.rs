//! A number that is not a tensor.

use std::fmt;

use crate::dtype::DType;
use crate::error::{Error, Result};

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
    /// The default dtype of a tensor made of it, given the default floating-point type.
    ///
    /// # Errors
    /// `NotImplemented` for complex numbers: there is no complex dtype yet.
    pub fn dtype(self) -> Result<DType> {
        match self {
            Scalar::Int(_) => Ok(DType::Int64),
            Scalar::Float(_) => Ok(DType::Float64),
            Scalar::Bool(_) => Ok(DType::Bool),
            Scalar::Complex(..) => Err(Error::not_implemented("complex numbers have no dtype yet")),
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
from!(i64 => Int, i32 => Int, u8 => Int, f64 => Float, f32 => Float, bool => Bool);

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
