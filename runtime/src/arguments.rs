//! The arguments of one call as a tuple, so that what all calls do alike is written once and not once per signature.

use crate::boxing::{self, Argument};
use crate::error::Result;
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;
use crate::value::Value;

/// A tuple of up to 48 [`Argument`]s with the lifetime of one call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of kernel arguments",
    note = "an operator has at most 48 arguments, each of an argument type: &Tensor, i64, f64, bool, &str, Scalar, \
            DType, Device, Layout, MemoryFormat, slices of them, and Option of each"
)]
pub trait Arguments<'a>: Copy {
    /// How many there are.
    const COUNT: usize;

    /// The keys they bring to the dispatch (D76).
    fn keys(&self) -> KeySet;

    /// Puts them on the stack, in order.
    fn push(self, stack: &mut Stack);

    /// Borrows them from exactly as many values.
    ///
    /// # Errors
    /// `WrongValueKind`, naming the argument.
    fn from_values(operator: &'static Operator, values: &'a [Value]) -> Result<Self>;

    /// The same arguments in a place of their own. What a call passes to a function that is not inlined has an
    /// address; a copy made just before leaves the arguments of the short way in registers.
    #[doc(hidden)]
    fn copied(self) -> Self;
}

macro_rules! tuples {
    ($($p:ident)*) => {
        tuples! { @each [] $($p)* }
    };
    (@each [$($before:ident)*]) => {
        tuples! { @one $($before)* }
    };
    (@each [$($before:ident)*] $next:ident $($after:ident)*) => {
        tuples! { @one $($before)* }
        tuples! { @each [$($before)* $next] $($after)* }
    };
    (@one $($p:ident)*) => {
        #[allow(non_snake_case, unused, clippy::unused_unit, reason = "one macro for every arity")]
        impl<'a, $($p: Argument<'a>),*> Arguments<'a> for ($($p,)*) {
            const COUNT: usize = <[&str]>::len(&[$(stringify!($p)),*]);

            #[inline]
            fn keys(&self) -> KeySet {
                let ($($p,)*) = self;
                KeySet::EMPTY $(| $p.keys())*
            }

            #[inline]
            fn push(self, stack: &mut Stack) {
                let ($($p,)*) = self;
                $(stack.push($p.into_value());)*
            }

            // Each signature has one adapter, and there the arguments stay in registers.
            #[inline(always)]
            fn from_values(operator: &'static Operator, values: &'a [Value]) -> Result<Self> {
                let [$($p),*] = values else {
                    return Err(operator.too_few_values(Self::COUNT, values.len()));
                };
                let mut position = 0..;
                Ok(($(boxing::argument(operator, $p, position.next().unwrap_or_default())?,)*))
            }

            #[inline]
            fn copied(self) -> Self {
                let ($($p,)*) = self;
                ($($p,)*)
            }
        }
    };
}

tuples! {
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23
    A24 A25 A26 A27 A28 A29 A30 A31 A32 A33 A34 A35 A36 A37 A38 A39 A40 A41 A42 A43 A44 A45 A46 A47
}
