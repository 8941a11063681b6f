//! Numbers as elements: casts between element types as ATen makes them, and arithmetic that never panics.
//!
//! Kernels are generic over [`Number`], [`Integer`] or [`Float`] and get their type from
//! [`dispatch_dtype!`](crate::cpu::elements::dispatch_dtype). Nothing here knows tensors.

use keyway::{Element, Scalar};

use crate::cpu::exponential;

/// An element of any dtype. Sums and products of `bool` are "or" and "and"; those of integers wrap.
pub(crate) trait Number: Element + PartialOrd {
    /// Nothing, `false`.
    const ZERO: Self;
    /// One, `true`.
    const ONE: Self;
    /// The nearest value, cut towards zero for integers; `bool` is whether it is not zero.
    fn from_f64(value: f64) -> Self;
    /// The nearest value, wrapped around for narrower integers; `bool` is whether it is not zero.
    fn from_i64(value: i64) -> Self;
    /// The element as another type.
    fn cast<To: Number>(self) -> To;
    /// The sum.
    fn plus(self, other: Self) -> Self;
    /// The product.
    fn times(self, other: Self) -> Self;
    /// Whether it is not a number; only floats can be.
    fn is_nan(self) -> bool;

    /// A number that is not a tensor, as an element.
    fn from_scalar(value: Scalar) -> Self {
        match value {
            Scalar::Int(v) => Self::from_i64(v),
            Scalar::Bool(v) => Self::from_i64(i64::from(v)),
            Scalar::Float(v) | Scalar::Complex(v, _) => Self::from_f64(v),
        }
    }

    /// Whether it is not zero; not-a-number is not.
    fn is_true(self) -> bool {
        self != Self::ZERO
    }
}

/// An element of an integer dtype, `bool` not counted.
pub(crate) trait Integer: Number + Ord {
    /// The difference, wrapped around.
    fn minus(self, other: Self) -> Self;
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

        impl Integer for $t {
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
        }
    )*};
}
integers!(u8, i32, i64);

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

macro_rules! float_functions {
    ($(#[doc = $doc:literal] $name:ident($($argument:ident)?),)*) => {
        /// An element of a floating-point dtype, with the functions of its own precision.
        pub(crate) trait Float:
            Number
            + std::ops::Add<Output = Self>
            + std::ops::Sub<Output = Self>
            + std::ops::Mul<Output = Self>
            + std::ops::MulAssign
            + std::ops::Div<Output = Self>
            + std::ops::Rem<Output = Self>
            + std::ops::Neg<Output = Self>
        {
            /// The exponential within two units in the last place, in a form that vectorises.
            fn quick_exp(self) -> Self;
            $(#[doc = $doc] fn $name(self $(, $argument: Self)?) -> Self;)*
        }
        float_functions!(@impl f32 $($name($($argument)?),)*);
        float_functions!(@impl f64 $($name($($argument)?),)*);
    };
    (@impl $t:ident $($name:ident($($argument:ident)?),)*) => {
        impl Float for $t {
            #[inline]
            fn quick_exp(self) -> Self {
                exponential::$t(self)
            }

            $(#[inline] fn $name(self $(, $argument: Self)?) -> Self { $t::$name(self $(, $argument)?) })*
        }
    };
}
float_functions! {
    /// The absolute value.
    abs(),
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
    /// The hyperbolic tangent.
    tanh(),
    /// The next whole number downwards.
    floor(),
    /// The next whole number towards zero.
    trunc(),
    /// A power with a float exponent.
    powf(exponent),
    /// The absolute value with the sign of another number.
    copysign(sign),
}

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
        }
    )*};
}
floats!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_cut_wrap_and_test_for_zero() {
        assert_eq!((-1.9f32).cast::<i64>(), -1);
        assert_eq!((-1.0f64).cast::<u8>(), 255);
        assert_eq!(300i64.cast::<u8>(), 44);
        assert_eq!((1i64 << 40).cast::<i32>(), 0);
        assert!(f64::NAN.cast::<bool>() && 0.5f32.cast::<bool>() && !0u8.cast::<bool>());
        assert_eq!(true.cast::<f32>(), 1.0);
        assert_eq!(i64::MAX.cast::<f32>(), 9.223_372e18);
    }

    #[test]
    fn arithmetic_wraps_and_is_logic_for_bool() {
        assert_eq!(i32::MAX.plus(1), i32::MIN);
        assert_eq!(200u8.times(2), 144);
        assert!(true.plus(true) && !true.times(false));
    }
}
