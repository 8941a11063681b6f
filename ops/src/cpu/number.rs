//! Numbers as elements: casts between element types as ATen makes them, and arithmetic that never panics.
//!
//! Kernels are generic over one of these traits and get their type from
//! [`dispatch_dtype!`](crate::cpu::elements::dispatch_dtype). Nothing here knows tensors. Half-precision elements are moved
//! and converted, but never computed with: kernels compute in `f32` and round the result once, as ATen does.

use keyway::{Complex, Element, bf16, f16};

use crate::cpu::exponential::Exponential;

/// An element of any dtype. Sums and products of `bool` are "or" and "and"; those of integers wrap.
pub(crate) trait Number: Element {
    /// Nothing, `false`.
    const ZERO: Self;
    /// One, `true`.
    const ONE: Self;
    /// The nearest value, cut towards zero for integers; `bool` is whether it is not zero.
    fn from_f64(value: f64) -> Self;
    /// The nearest value, wrapped around for narrower integers; `bool` is whether it is not zero.
    fn from_i64(value: i64) -> Self;
    /// The nearest value; the real part where there are no others.
    fn from_complex(value: Complex<f64>) -> Self {
        Self::from_f64(value.re)
    }
    /// The element as another type.
    fn cast<To: Number>(self) -> To;
    /// The sum.
    fn plus(self, other: Self) -> Self;
    /// The product.
    fn times(self, other: Self) -> Self;
    /// Whether it is, or has a part that is, not a number; integers and `bool` always are.
    fn is_nan(self) -> bool;
    /// Whether it is, or has a part that is, infinite.
    fn is_infinite(self) -> bool {
        false
    }

    /// Whether it is not zero; not-a-number is not.
    fn is_true(self) -> bool {
        self != Self::ZERO
    }
}

/// An element that is smaller or larger than another one: any but complex numbers.
pub(crate) trait Ordered: Number + PartialOrd {}

/// An element with differences: any but `bool`.
pub(crate) trait Signed: Number {
    /// The difference; integers wrap around.
    fn minus(self, other: Self) -> Self;
}

/// An element of an integer dtype, `bool` not counted.
pub(crate) trait Integer:
    Ordered
    + Signed
    + Ord
    + std::ops::BitAnd<Output = Self>
    + std::ops::BitOr<Output = Self>
    + std::ops::BitXor<Output = Self>
    + std::ops::Not<Output = Self>
{
    /// The quotient rounded towards zero, wrapped around; zero for a divisor of zero.
    fn quotient(self, other: Self) -> Self;
    /// The remainder with the sign of `self`; zero for a divisor of zero.
    fn modulo(self, other: Self) -> Self;
    /// Shifted left by a number of bits; nothing is left when that is negative or too large.
    fn shifted_left(self, bits: Self) -> Self;
    /// Shifted right by a number of bits, copies of the sign following.
    fn shifted_right(self, bits: Self) -> Self;
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl Number for $t {
            const ZERO: Self = 0;
            const ONE: Self = 1;

            #[inline]
            fn from_f64(value: f64) -> Self {
                // By way of the widest integer, so that -1.0 as `uint8` is 255 as it is for integers.
                value as i64 as $t
            }

            #[inline]
            fn from_i64(value: i64) -> Self {
                value as $t
            }

            #[inline]
            fn cast<To: Number>(self) -> To {
                To::from_i64(i64::from(self))
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }

            #[inline]
            fn is_nan(self) -> bool {
                false
            }
        }

        impl Ordered for $t {}

        impl Signed for $t {
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
        }

        impl Integer for $t {
            fn quotient(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_div(other) }
            }

            fn modulo(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_rem(other) }
            }

            fn shifted_left(self, bits: Self) -> Self {
                u32::try_from(bits).ok().and_then(|bits| self.checked_shl(bits)).unwrap_or(0)
            }

            fn shifted_right(self, bits: Self) -> Self {
                let all = <$t>::BITS - 1;
                self >> u32::try_from(bits).unwrap_or(all).min(all)
            }
        }
    )*};
}
integers!(u8, i8, i16, i32, i64);

impl Number for bool {
    const ZERO: Self = false;
    const ONE: Self = true;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value != 0.0
    }

    #[inline]
    fn from_i64(value: i64) -> Self {
        value != 0
    }

    #[inline]
    fn from_complex(value: Complex<f64>) -> Self {
        value.re != 0.0 || value.im != 0.0
    }

    #[inline]
    fn cast<To: Number>(self) -> To {
        To::from_i64(i64::from(self))
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self | other
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        self & other
    }

    #[inline]
    fn is_nan(self) -> bool {
        false
    }
}

impl Ordered for bool {}

macro_rules! half_floats {
    ($($t:ty),*) => {$(
        impl Number for $t {
            const ZERO: Self = <$t>::ZERO;
            const ONE: Self = <$t>::ONE;

            #[inline]
            fn from_f64(value: f64) -> Self {
                <$t>::from_f32(value as f32)
            }

            #[inline]
            fn from_i64(value: i64) -> Self {
                <$t>::from_f32(value as f32)
            }

            #[inline]
            fn cast<To: Number>(self) -> To {
                To::from_f64(f64::from(self.to_f32()))
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline]
            fn times(self, other: Self) -> Self {
                self * other
            }

            #[inline]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }

            #[inline]
            fn is_infinite(self) -> bool {
                <$t>::is_infinite(self)
            }
        }

        impl Ordered for $t {}
    )*};
}
half_floats!(f16, bf16);

/// Declares a trait of functions with fractional values, and implements it by the methods of the same names.
macro_rules! functions {
    (
        $(#[doc = $about:literal])*
        trait $trait:ident: $super:path;
        $($types:ty),*;
        $($(#[doc = $doc:literal])+ $name:ident($($argument:ident)?),)*
    ) => {
        $(#[doc = $about])*
        pub(crate) trait $trait: $super {
            $($(#[doc = $doc])+ fn $name(self $(, $argument: Self)?) -> Self;)*
        }
        functions!(@each ($($types),*) $trait, { $(#[inline] fn $name(self $(, $argument: Self)?) -> Self { Self::$name(self $(, $argument)?) })* });
    };
    (@each ($($t:ty),*) $trait:ident, $body:tt) => {
        $(functions!(@impl $t, $trait, $body);)*
    };
    (@impl $t:ty, $trait:ident, { $($body:tt)* }) => {
        impl $trait for $t { $($body)* }
    };
}

/// The operators of fields.
pub(crate) trait Arithmetic:
    Signed
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::MulAssign
    + std::ops::Div<Output = Self>
    + std::ops::Neg<Output = Self>
{
}

functions! {
    /// An element with fractional values: a floating-point or complex number, with the functions of its own precision.
    trait Fractional: Arithmetic;
    f32, f64, Complex<f32>, Complex<f64>;
    /// The square root.
    sqrt(),
    /// The exponential.
    exp(),
    /// The natural logarithm.
    ln(),
    /// The sine.
    sin(),
    /// The cosine.
    cos(),
    /// The tangent.
    tan(),
    /// The hyperbolic sine.
    sinh(),
    /// The hyperbolic cosine.
    cosh(),
    /// The hyperbolic tangent.
    tanh(),
    /// The inverse of the sine.
    asin(),
    /// The inverse of the cosine.
    acos(),
    /// The inverse of the tangent.
    atan(),
    /// The inverse of the hyperbolic sine.
    asinh(),
    /// The inverse of the hyperbolic cosine.
    acosh(),
    /// The inverse of the hyperbolic tangent.
    atanh(),
    /// Two raised to it.
    exp2(),
    /// The logarithm to base 2.
    log2(),
    /// The logarithm to base 10.
    log10(),
}

/// Powers with a fractional exponent of the same type.
pub(crate) trait Powers: Fractional {
    /// `self` raised to `exponent`.
    fn power(self, exponent: Self) -> Self;
}

macro_rules! float_functions {
    ($(#[doc = $doc:literal] $name:ident($($argument:ident)?),)*) => {
        /// An element of a floating-point dtype that is computed with, with the functions of its own precision.
        pub(crate) trait Float: Powers + Ordered + Exponential + std::ops::Rem<Output = Self> {
            $(#[doc = $doc] fn $name(self $(, $argument: Self)?) -> Self;)*
            /// The error function.
            fn erf(self) -> Self;
            /// One less the error function, accurate where that is near one.
            fn erfc(self) -> Self;
        }
        float_functions!(@impl f32 $($name($($argument)?),)*);
        float_functions!(@impl f64 $($name($($argument)?),)*);
    };
    (@impl $t:ident $($name:ident($($argument:ident)?),)*) => {
        impl Float for $t {
            $(#[inline] fn $name(self $(, $argument: Self)?) -> Self { $t::$name(self $(, $argument)?) })*


            fn erf(self) -> Self {
                libm::Libm::<$t>::erf(self)
            }

            fn erfc(self) -> Self {
                libm::Libm::<$t>::erfc(self)
            }

        }
    };
}
float_functions! {
    /// The absolute value.
    abs(),
    /// The next whole number downwards.
    floor(),
    /// The next whole number upwards.
    ceil(),
    /// The next whole number towards zero.
    trunc(),
    /// The nearest whole number, even ones in the middle.
    round_ties_even(),
    /// The absolute value with the sign of another number.
    copysign(sign),
    /// The exponential less one, accurate near zero.
    exp_m1(),
    /// The logarithm of one more, accurate near zero.
    ln_1p(),
}

/// What floating-point and complex elements have in common beyond the name of the type.
macro_rules! fractional_arithmetic {
    ($($t:ty),*) => {$(
        impl Signed for $t {
            #[inline]
            fn minus(self, other: Self) -> Self {
                self - other
            }
        }

        impl Arithmetic for $t {}
    )*};
}
fractional_arithmetic!(f32, f64, Complex<f32>, Complex<f64>);

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl Number for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $t
            }

            #[inline]
            fn from_i64(value: i64) -> Self {
                value as $t
            }

            #[inline]
            fn cast<To: Number>(self) -> To {
                To::from_f64(f64::from(self))
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline]
            fn times(self, other: Self) -> Self {
                self * other
            }

            #[inline]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }

            #[inline]
            fn is_infinite(self) -> bool {
                <$t>::is_infinite(self)
            }
        }

        impl Ordered for $t {}

        impl Powers for $t {
            #[inline]
            fn power(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
        }
    )*};
}
floats!(f32, f64);

macro_rules! complex {
    ($($part:ty),*) => {$(
        impl Number for Complex<$part> {
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);

            #[inline]
            fn from_f64(value: f64) -> Self {
                Complex::new(value as $part, 0.0)
            }

            #[inline]
            fn from_i64(value: i64) -> Self {
                Complex::new(value as $part, 0.0)
            }

            #[inline]
            fn from_complex(value: Complex<f64>) -> Self {
                Complex::new(value.re as $part, value.im as $part)
            }

            #[inline]
            fn cast<To: Number>(self) -> To {
                To::from_complex(Complex::new(self.re.into(), self.im.into()))
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline]
            fn times(self, other: Self) -> Self {
                self * other
            }

            #[inline]
            fn is_nan(self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }

            #[inline]
            fn is_infinite(self) -> bool {
                self.re.is_infinite() || self.im.is_infinite()
            }
        }

        impl Powers for Complex<$part> {
            #[inline]
            fn power(self, exponent: Self) -> Self {
                match exponent == Self::ZERO {
                    true => Self::ONE,
                    false => self.powc(exponent),
                }
            }
        }
    )*};
}
complex!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_cut_wrap_and_test_for_zero() {
        assert_eq!((-1.9f32).cast::<i64>(), -1);
        assert_eq!((-1.0f64).cast::<u8>(), 255);
        assert_eq!(300i64.cast::<u8>(), 44);
        assert_eq!(200u8.cast::<i8>(), -56);
        assert_eq!((1i64 << 40).cast::<i32>(), 0);
        assert!(f64::NAN.cast::<bool>() && 0.5f32.cast::<bool>() && !0u8.cast::<bool>());
        assert_eq!(true.cast::<f32>(), 1.0);
        assert_eq!(i64::MAX.cast::<f32>(), 9.223_372e18);
    }

    #[test]
    fn complex_numbers_keep_their_real_part() {
        let number = Complex::new(1.5f32, -2.0);
        assert_eq!(number.cast::<f64>(), 1.5);
        assert_eq!(number.cast::<Complex<f64>>(), Complex::new(1.5, -2.0));
        assert!(Complex::new(0.0f64, 1.0).cast::<bool>());
        assert_eq!(2i16.cast::<Complex<f32>>(), Complex::new(2.0, 0.0));
    }

    #[test]
    fn half_precision_rounds_to_even() {
        assert_eq!(2049i64.cast::<f16>().to_f32(), 2048.0);
        assert_eq!(1e6f32.cast::<f16>().to_f32(), f32::INFINITY);
        assert_eq!(f16::from_f32(0.1).cast::<bf16>().to_f32(), 0.100_097_656);
    }

    #[test]
    fn arithmetic_wraps_and_is_logic_for_bool() {
        assert_eq!(i32::MAX.plus(1), i32::MIN);
        assert_eq!(200u8.times(2), 144);
        assert!(true.plus(true) && !true.times(false));
    }

    #[test]
    fn integers_shift_and_divide_without_panics() {
        assert_eq!((1i32.shifted_left(31), 1i32.shifted_left(32), 1i32.shifted_left(-1)), (i32::MIN, 0, 0));
        assert_eq!(((-8i8).shifted_right(1), (-8i8).shifted_right(100), 8u8.shifted_right(9)), (-4, -1, 0));
        assert_eq!((i64::MIN.quotient(-1), i64::MIN.modulo(-1), 7u8.modulo(0)), (i64::MIN, 0, 0));
    }
}
