//! Element types of tensors.

use std::fmt;
use std::str::FromStr;

use bytemuck::{CheckedBitPattern, NoUninit};
use half::{bf16, f16};
use num_complex::Complex;

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The one list of dtypes: what each is called, its code, and the Rust type of an element.
macro_rules! dtypes {
    (
        numbers { $($variant:ident = $code:literal, $name:literal, $element:ty;)* }
        quantized { $($quantized:ident = $quantized_code:literal, $quantized_name:literal, $underlying:ident;)* }
    ) => {
        /// An element type. The numbers are PyTorch's codes, which serialised data carries.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each variant is the dtype of that name")]
        pub enum DType {
            $($variant = $code,)*
            $($quantized = $quantized_code,)*
        }

        impl DType {
            /// The dtypes there are.
            pub const ALL: [DType; [$($code,)* $($quantized_code),*].len()] =
                [$(DType::$variant,)* $(DType::$quantized),*];

            /// The field's name: `float32`, `bool`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(DType::$variant => $name,)*
                    $(DType::$quantized => $quantized_name,)*
                }
            }

            /// Bytes per element.
            pub const fn size(self) -> usize {
                match self {
                    $(DType::$variant => size_of::<$element>(),)*
                    $(DType::$quantized => DType::$underlying.size(),)*
                }
            }

            /// Whether its elements are integers that stand for numbers; tensors of it have a quantizer.
            pub const fn is_quantized(self) -> bool {
                matches!(self, $(DType::$quantized)|*)
            }

            /// The dtype of a quantised dtype's integers; every other dtype is its own.
            pub const fn underlying(self) -> DType {
                match self {
                    $(DType::$quantized => DType::$underlying,)*
                    other => other,
                }
            }
        }

        $(impl Element for $element {
            const DTYPE: DType = DType::$variant;

            fn from_scalar(number: Scalar) -> $element {
                FromNumber::from_number(number)
            }
        })*
    };
}
dtypes! {
    numbers {
        UInt8 = 0, "uint8", u8;
        Int8 = 1, "int8", i8;
        Int16 = 2, "int16", i16;
        Int32 = 3, "int32", i32;
        Int64 = 4, "int64", i64;
        Float16 = 5, "float16", f16;
        Float32 = 6, "float32", f32;
        Float64 = 7, "float64", f64;
        Complex64 = 9, "complex64", Complex<f32>;
        Complex128 = 10, "complex128", Complex<f64>;
        Bool = 11, "bool", bool;
        BFloat16 = 15, "bfloat16", bf16;
    }
    quantized {
        QInt8 = 12, "qint8", Int8;
        QUInt8 = 13, "quint8", UInt8;
        QInt32 = 14, "qint32", Int32;
    }
}

impl DType {
    /// Whether it is a floating-point type; complex types are not.
    pub const fn is_floating_point(self) -> bool {
        matches!(self, DType::Float16 | DType::BFloat16 | DType::Float32 | DType::Float64)
    }

    /// Whether its elements are complex numbers.
    pub const fn is_complex(self) -> bool {
        matches!(self, DType::Complex64 | DType::Complex128)
    }

    /// Whether it is an integer type; `bool` is not.
    pub const fn is_integer(self) -> bool {
        matches!(self, DType::UInt8 | DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64)
    }

    /// Whether it has negative numbers.
    pub const fn is_signed(self) -> bool {
        !matches!(self, DType::UInt8 | DType::QUInt8 | DType::Bool)
    }

    /// The dtype of a complex number's parts; every other dtype is its own.
    pub const fn to_real(self) -> DType {
        match self {
            DType::Complex64 => DType::Float32,
            DType::Complex128 => DType::Float64,
            other => other,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DType {
    type Err = Error;

    /// # Errors
    /// `Type` if no dtype has this name.
    fn from_str(name: &str) -> Result<DType> {
        DType::ALL
            .into_iter()
            .find(|dtype| dtype.name() == name)
            .ok_or_else(|| Error::dtype(format!("there is no dtype `{name}`")))
    }
}

/// A Rust type that is the element of some dtype.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element type of tensors",
    note = "element types are f64, f32, f16, bf16, Complex<f32>, Complex<f64>, i64, i32, i16, i8, u8 and bool"
)]
pub trait Element:
    CheckedBitPattern + NoUninit + fmt::Debug + PartialEq + Into<Scalar> + Send + Sync + 'static
{
    /// The dtype it is the element of.
    const DTYPE: DType;

    /// The nearest element: integers wrap around, fractions are cut for integers, `bool` is whether it is not zero, and
    /// a complex number gives its real part where there are no others.
    fn from_scalar(number: Scalar) -> Self;
}

/// How each family of elements is made of a number.
trait FromNumber {
    fn from_number(number: Scalar) -> Self;
}

macro_rules! from_number {
    ($($element:ty: $number:ident => $value:expr;)*) => {$(
        impl FromNumber for $element {
            #[inline]
            fn from_number($number: Scalar) -> $element {
                $value
            }
        }
    )*};
}
from_number! {
    u8: number => number.to_i64() as u8;
    i8: number => number.to_i64() as i8;
    i16: number => number.to_i64() as i16;
    i32: number => number.to_i64() as i32;
    i64: number => number.to_i64();
    f16: number => f16::from_f32(number.to_f64() as f32);
    bf16: number => bf16::from_f32(number.to_f64() as f32);
    f32: number => number.to_f64() as f32;
    f64: number => number.to_f64();
    bool: number => number.to_bool();
    Complex<f32>: number => Complex::new(number.to_f64() as f32, number.imaginary() as f32);
    Complex<f64>: number => Complex::new(number.to_f64(), number.imaginary());
}

/// Runs an expression with a type name bound to the element type of any dtype. What the expression gives is a
/// `keyway::Result`; a dtype without elements is an error in it.
///
/// ```
/// use keyway::{DType, Tensor, with_element};
/// let x = Tensor::zeros(&[2], DType::Int16, keyway::Device::CPU)?;
/// let text = with_element!(x.dtype(), T => Ok(format!("{:?}", x.to_vec::<T>()?)))?;
/// assert_eq!(text, "[0, 0]");
/// # Ok::<(), keyway::Error>(())
/// ```
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $t:ident => $body:expr) => {
        $crate::with_element!(@ $dtype, $t, $body,
            UInt8 u8, Int8 i8, Int16 i16, Int32 i32, Int64 i64, Float16 $crate::f16, BFloat16 $crate::bf16,
            Float32 f32, Float64 f64, Complex64 $crate::Complex<f32>, Complex128 $crate::Complex<f64>, Bool bool)
    };
    (@ $dtype:expr, $t:ident, $body:expr, $($variant:ident $element:ty),*) => {
        match $dtype {
            $($crate::DType::$variant => {
                type $t = $element;
                $body
            })*
            #[allow(unreachable_patterns, reason = "within its own crate the list of dtypes is known to be whole")]
            other => Err($crate::Error::not_implemented(format!("{other} has no elements to work with"))),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_has_a_name_and_an_element_of_its_size() {
        for dtype in DType::ALL {
            assert_eq!(dtype.name().parse::<DType>().unwrap(), dtype);
            let element: Result<(DType, usize)> =
                with_element!(dtype.underlying(), T => Ok((T::DTYPE, size_of::<T>())));
            assert_eq!(element.unwrap(), (dtype.underlying(), dtype.size()));
        }
        assert!("float8".parse::<DType>().is_err());
    }

    #[test]
    fn kinds_are_apart() {
        let kinds = |dtype: DType| {
            [
                dtype.is_floating_point(),
                dtype.is_complex(),
                dtype.is_integer(),
                dtype == DType::Bool,
                dtype.is_quantized(),
            ]
        };
        for dtype in DType::ALL {
            assert_eq!(kinds(dtype).into_iter().filter(|&is| is).count(), 1, "{dtype}");
        }
        assert_eq!((DType::Complex64.to_real(), DType::Int8.to_real()), (DType::Float32, DType::Int8));
        assert!(DType::Int8.is_signed() && !DType::UInt8.is_signed());
    }
}
