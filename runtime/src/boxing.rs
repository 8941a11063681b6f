//! Between Rust values and stack values: what an argument and a result of a kernel can be.
//!
//! [`Argument`] is what a kernel takes: borrowed, so that a boxed call of a typed kernel moves and copies nothing.
//! [`Returns`] is what it gives. The adapters that use them are compiled once per signature ([`crate::signature`]).

use crate::device::{Device, Layout, MemoryFormat};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::key_set::KeySet;
use crate::opaque::{Generator, Object, QScheme, Stream};
use crate::operator::Operator;
use crate::scalar::Scalar;
use crate::stack::Stack;
use crate::storage::Storage;
use crate::tensor::Tensor;
use crate::value::{List, Value};

/// A type that a kernel can take as an argument (yaml.md 10.1).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an argument type of kernels",
    note = "argument types are &Tensor, i64, f64, bool, &str, Scalar, DType, Device, Layout, MemoryFormat, \
            slices of them such as &[Tensor] and &[i64], and Option of each"
)]
pub trait Argument<'a>: Copy {
    /// The argument from a stack value, or nothing if the value is of another kind. Never converts (D225).
    fn from_value(value: &'a Value) -> Option<Self>;

    /// The argument as a stack value.
    fn into_value(self) -> Value;

    /// The keys it brings to the dispatch: those of the tensors in it (D76, without the gaps of D77).
    #[inline]
    fn keys(&self) -> KeySet {
        KeySet::EMPTY
    }
}

impl<'a> Argument<'a> for &'a Tensor {
    #[inline]
    fn from_value(value: &'a Value) -> Option<Self> {
        value.as_tensor()
    }

    #[inline]
    fn into_value(self) -> Value {
        Value::Tensor(self.clone())
    }

    #[inline]
    fn keys(&self) -> KeySet {
        self.key_set()
    }
}

impl<'a, A: Argument<'a>> Argument<'a> for Option<A> {
    #[inline]
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::None => Some(None),
            value => A::from_value(value).map(Some),
        }
    }

    #[inline]
    fn into_value(self) -> Value {
        self.map_or(Value::None, A::into_value)
    }

    #[inline]
    fn keys(&self) -> KeySet {
        self.as_ref().map_or(KeySet::EMPTY, A::keys)
    }
}

impl<'a> Argument<'a> for &'a [Tensor] {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::List(list) => match &**list {
                List::Tensor(list) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        self.into()
    }

    fn keys(&self) -> KeySet {
        self.iter().fold(KeySet::EMPTY, |keys, tensor| keys | tensor.key_set())
    }
}

impl<'a> Argument<'a> for &'a [Option<Tensor>] {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::List(list) => match &**list {
                List::OptionalTensor(list) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        self.into()
    }

    fn keys(&self) -> KeySet {
        self.iter().flatten().fold(KeySet::EMPTY, |keys, tensor| keys | tensor.key_set())
    }
}

impl<'a> Argument<'a> for Scalar {
    #[inline]
    fn from_value(value: &'a Value) -> Option<Self> {
        value.as_scalar()
    }

    #[inline]
    fn into_value(self) -> Value {
        self.into()
    }
}

impl<'a> Argument<'a> for &'a str {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        self.into()
    }
}

macro_rules! in_place {
    ($($t:ty => $variant:ident),* $(,)?) => {$(
        impl<'a> Argument<'a> for $t {
            #[inline]
            fn from_value(value: &'a Value) -> Option<Self> {
                match *value {
                    Value::$variant(v) => Some(v),
                    _ => None,
                }
            }

            #[inline]
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    )*};
}
in_place!(i64 => Int, f64 => Float, bool => Bool, DType => DType, Layout => Layout, MemoryFormat => MemoryFormat,
    Device => Device, QScheme => QScheme);

macro_rules! shared {
    ($($t:ident $($keys:ident)?),* $(,)?) => {$(
        impl<'a> Argument<'a> for &'a $t {
            #[inline]
            fn from_value(value: &'a Value) -> Option<Self> {
                match value {
                    Value::$t(v) => Some(v),
                    _ => None,
                }
            }

            fn into_value(self) -> Value {
                Value::$t(self.clone())
            }

            $(
                #[inline]
                fn keys(&self) -> KeySet {
                    self.$keys()
                }
            )?
        }
    )*};
}
shared!(Generator key_set, Storage, Object);

impl<'a> Argument<'a> for Stream {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Stream(stream) => Some(**stream),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        self.into()
    }
}

macro_rules! slices {
    ($($t:ty => $variant:ident),* $(,)?) => {$(
        impl<'a> Argument<'a> for &'a [$t] {
            #[inline]
            fn from_value(value: &'a Value) -> Option<Self> {
                match value {
                    Value::List(list) => match &**list {
                        List::$variant(list) => Some(list),
                        _ => None,
                    },
                    _ => None,
                }
            }

            fn into_value(self) -> Value {
                self.into()
            }
        }
    )*};
}
slices!(i64 => Int, f64 => Float, bool => Bool, Scalar => Scalar, String => Str, Option<i64> => OptionalInt,
    DType => DType, Layout => Layout, MemoryFormat => MemoryFormat, Device => Device);

/// What a kernel returns: nothing, one result, or a tuple of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a return type of kernels",
    note = "kernels return Result of (), Tensor, Vec<Tensor>, i64, f64, bool, Scalar, DType, Vec<i64>, or a tuple \
            of up to nine of them; also str, Layout, MemoryFormat, other Vec, and Option of one"
)]
pub trait Returns: Sized {
    /// How many results the schema has.
    const COUNT: usize;

    /// Puts the results on the stack, in order.
    fn push(self, stack: &mut Stack);

    /// Takes the results from the top of the stack, or nothing if a value is missing or of another kind.
    fn take(stack: &mut Stack) -> Option<Self>;
}

/// One result.
trait One: Sized {
    fn to_value(self) -> Value;
    fn from_value(value: Value) -> Option<Self>;

    /// From the top of a stack.
    #[inline]
    fn take(stack: &mut Stack) -> Option<Self> {
        One::from_value(stack.pop().ok()?)
    }
}

macro_rules! ones {
    ($($t:ty => $variant:ident $($plain:ident)?),* $(,)?) => {$(
        impl One for $t {
            #[inline]
            fn to_value(self) -> Value {
                Value::$variant(self)
            }

            #[inline]
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(v) => Some(v),
                    _ => None,
                }
            }

            ones!(@take $variant $($plain)?);
        }
    )*};
    (@take $variant:ident plain) => {
        #[inline]
        fn take(stack: &mut Stack) -> Option<Self> {
            stack.take_plain(|value| match value {
                Value::$variant(v) => Some(*v),
                _ => None,
            })
        }
    };
    (@take $variant:ident) => {};
}
ones!(Tensor => Tensor, i64 => Int plain, f64 => Float plain, bool => Bool plain, DType => DType plain,
    Layout => Layout plain, MemoryFormat => MemoryFormat plain, Device => Device plain, QScheme => QScheme plain,
    Generator => Generator, Storage => Storage, Object => Object);

impl One for String {
    fn to_value(self) -> Value {
        Value::Str(std::sync::Arc::new(self))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Str(text) => Some(std::sync::Arc::unwrap_or_clone(text)),
            _ => None,
        }
    }
}

impl<T: One> One for Option<T> {
    fn to_value(self) -> Value {
        self.map_or(Value::None, T::to_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::None => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl One for Scalar {
    fn to_value(self) -> Value {
        self.into()
    }

    fn from_value(value: Value) -> Option<Self> {
        value.as_scalar()
    }
}

macro_rules! one_lists {
    ($($t:ty => $variant:ident),* $(,)?) => {$(
        impl One for Vec<$t> {
            fn to_value(self) -> Value {
                self.into()
            }

            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::List(list) => match std::sync::Arc::unwrap_or_clone(list) {
                        List::$variant(list) => Some(list),
                        _ => None,
                    },
                    _ => None,
                }
            }
        }
    )*};
}
one_lists!(Tensor => Tensor, i64 => Int, f64 => Float, bool => Bool, Scalar => Scalar, String => Str,
    Option<Tensor> => OptionalTensor, Option<i64> => OptionalInt, DType => DType, Layout => Layout,
    MemoryFormat => MemoryFormat, Device => Device);

impl Returns for () {
    const COUNT: usize = 0;

    fn push(self, _: &mut Stack) {}

    fn take(_: &mut Stack) -> Option<Self> {
        Some(())
    }
}

macro_rules! single_returns {
    ($($t:ty $(, $parameter:ident)?;)*) => {$(
        impl$(<$parameter: One>)? Returns for $t {
            const COUNT: usize = 1;

            #[inline]
            fn push(self, stack: &mut Stack) {
                stack.push_result(|| self.to_value());
            }

            #[inline]
            fn take(stack: &mut Stack) -> Option<Self> {
                One::take(stack)
            }
        }
    )*};
}
single_returns!(Tensor; i64; f64; bool; String; DType; Layout; MemoryFormat; Device; Scalar; QScheme; Generator;
    Storage; Object; Vec<Tensor>; Vec<i64>; Vec<f64>; Vec<bool>; Vec<Scalar>; Vec<String>; Vec<Option<Tensor>>; Vec<Option<i64>>; Vec<DType>;
    Vec<Layout>; Vec<MemoryFormat>; Vec<Device>; Option<T>, T;);

macro_rules! tuple_returns {
    ($($($t:ident)*;)*) => {$(
        impl<$($t: One),*> Returns for ($($t,)*) {
            const COUNT: usize = [$(stringify!($t)),*].len();

            #[expect(non_snake_case, reason = "one variable per type parameter")]
            fn push(self, stack: &mut Stack) {
                let ($($t,)*) = self;
                $(stack.push_result(|| $t.to_value());)*
            }

            fn take(stack: &mut Stack) -> Option<Self> {
                let base = stack.base_of(Self::COUNT).ok()?;
                let mut values = stack.drain_from(base);
                Some(($($t::from_value(values.next()?)?,)*))
            }
        }
    )*};
}
tuple_returns! {
    A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
}

/// Leaves of an operator's arguments those that it returns, at these positions. They are moved and not cloned, so no
/// reference count is touched.
#[inline]
pub(crate) fn keep_arguments(stack: &mut Stack, base: usize, positions: &[usize]) {
    if let [0] = positions {
        return stack.truncate(base + 1);
    }
    let end = stack.len();
    for position in positions {
        let returned = std::mem::take(&mut stack[base + position]);
        stack.push(returned);
    }
    stack.remove(base..end);
}

/// Takes the results of a boxed kernel that ran on a stack of its own.
///
/// # Errors
/// `WrongResultCount` and `WrongValueKind`, naming the operator and what was left on the stack.
pub(crate) fn take_results<R: Returns>(operator: &Operator, stack: &mut Stack) -> Result<R> {
    if stack.len() == R::COUNT {
        return R::take(stack).ok_or_else(|| wrong_results(operator));
    }
    Err(wrong_count(operator, R::COUNT, stack.len()))
}

/// Checks how many results a boxed kernel left on a stack of its own.
///
/// # Errors
/// `WrongResultCount`, naming the operator.
pub(crate) fn check_count(operator: &Operator, stack: &Stack, expected: usize) -> Result<()> {
    if stack.len() == expected { Ok(()) } else { Err(wrong_count(operator, expected, stack.len())) }
}

#[cold]
fn wrong_results(operator: &Operator) -> Error {
    let message = "a boxed kernel returned values of other kinds than the schema says; results that may be undefined are \
                   asked for as Option<Tensor> through Operator::typed";
    Error::new(ErrorKind::WrongValueKind, message).in_operator(operator.name())
}

#[cold]
pub(crate) fn wrong_count(operator: &Operator, expected: usize, found: usize) -> Error {
    let message = format!("a boxed kernel returned {found} values where the schema says {expected}");
    Error::new(ErrorKind::WrongResultCount, message).in_operator(operator.name())
}

/// The argument at a position of a boxed call.
///
/// # Errors
/// `WrongValueKind`, naming the argument.
#[inline]
pub(crate) fn argument<'a, A: Argument<'a>>(
    operator: &'static Operator,
    value: &'a Value,
    position: usize,
) -> Result<A> {
    match A::from_value(value) {
        Some(argument) => Ok(argument),
        None => Err(operator.wrong_kind(position, value)),
    }
}
