//! Values on the stack of a boxed call.
//!
//! A [`Value`] is 16 bytes: a tag and a word (dispatch.md D233). Numbers, dtypes and devices are stored in place;
//! lists, strings and complex numbers are shared. Accessors never convert (D237). Which values a schema type accepts
//! is decided here and nowhere else, by [`accepted_tags`].

use std::fmt;
use std::sync::Arc;

use keyway_schema::{BaseType, Type};

use crate::device::{Device, Layout, MemoryFormat};
use crate::dtype::DType;
use crate::error::Result;
use crate::opaque::{Generator, Object, QScheme, Stream};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::tensor::Tensor;

/// One argument or result of a boxed call.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// An absent optional.
    #[default]
    None,
    /// A tensor.
    Tensor(Tensor),
    /// An integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A complex number.
    Complex(Box<(f64, f64)>),
    /// A string.
    Str(Arc<String>),
    /// A dtype.
    DType(DType),
    /// A layout.
    Layout(Layout),
    /// A memory format.
    MemoryFormat(MemoryFormat),
    /// A device.
    Device(Device),
    /// A quantisation scheme.
    QScheme(QScheme),
    /// A queue of work on a device.
    Stream(Box<Stream>),
    /// A source of random numbers.
    Generator(Generator),
    /// The memory of tensors.
    Storage(Storage),
    /// An object of a class that the schema names.
    Object(Object),
    /// A list.
    List(Arc<List>),
}

/// A list of values of one kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant holds a list of what it is named for")]
pub enum List {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Scalar(Vec<Scalar>),
    Tensor(Vec<Tensor>),
    OptionalTensor(Vec<Option<Tensor>>),
    OptionalInt(Vec<Option<i64>>),
    Str(Vec<String>),
    DType(Vec<DType>),
    Layout(Vec<Layout>),
    MemoryFormat(Vec<MemoryFormat>),
    Device(Vec<Device>),
}

/// The names of the kinds of values, by tag.
const TAG_NAMES: [&str; 28] = [
    "None",
    "Tensor",
    "int",
    "float",
    "bool",
    "complex",
    "str",
    "ScalarType",
    "Layout",
    "MemoryFormat",
    "Device",
    "int[]",
    "float[]",
    "bool[]",
    "Scalar[]",
    "Tensor[]",
    "Tensor?[]",
    "str[]",
    "QScheme",
    "Stream",
    "Generator",
    "Storage",
    "object",
    "int?[]",
    "ScalarType[]",
    "Layout[]",
    "MemoryFormat[]",
    "Device[]",
];

mod tag {
    pub(super) const NONE: u32 = 1 << 0;
    pub(super) const TENSOR: u32 = 1 << 1;
    pub(super) const INT: u32 = 1 << 2;
    pub(super) const FLOAT: u32 = 1 << 3;
    pub(super) const BOOL: u32 = 1 << 4;
    pub(super) const COMPLEX: u32 = 1 << 5;
    pub(super) const STR: u32 = 1 << 6;
    pub(super) const DTYPE: u32 = 1 << 7;
    pub(super) const LAYOUT: u32 = 1 << 8;
    pub(super) const MEMORY_FORMAT: u32 = 1 << 9;
    pub(super) const DEVICE: u32 = 1 << 10;
    pub(super) const INT_LIST: u32 = 1 << 11;
    pub(super) const FLOAT_LIST: u32 = 1 << 12;
    pub(super) const BOOL_LIST: u32 = 1 << 13;
    pub(super) const SCALAR_LIST: u32 = 1 << 14;
    pub(super) const TENSOR_LIST: u32 = 1 << 15;
    pub(super) const OPTIONAL_TENSOR_LIST: u32 = 1 << 16;
    pub(super) const STR_LIST: u32 = 1 << 17;
    pub(super) const QSCHEME: u32 = 1 << 18;
    pub(super) const STREAM: u32 = 1 << 19;
    pub(super) const GENERATOR: u32 = 1 << 20;
    pub(super) const STORAGE: u32 = 1 << 21;
    pub(super) const OBJECT: u32 = 1 << 22;
    pub(super) const OPTIONAL_INT_LIST: u32 = 1 << 23;
    pub(super) const DTYPE_LIST: u32 = 1 << 24;
    pub(super) const LAYOUT_LIST: u32 = 1 << 25;
    pub(super) const MEMORY_FORMAT_LIST: u32 = 1 << 26;
    pub(super) const DEVICE_LIST: u32 = 1 << 27;
}

impl Value {
    /// The bit of the value's kind.
    #[inline]
    pub(crate) fn tag(&self) -> u32 {
        match self {
            Value::None => tag::NONE,
            Value::Tensor(_) => tag::TENSOR,
            Value::Int(_) => tag::INT,
            Value::Float(_) => tag::FLOAT,
            Value::Bool(_) => tag::BOOL,
            Value::Complex(_) => tag::COMPLEX,
            Value::Str(_) => tag::STR,
            Value::DType(_) => tag::DTYPE,
            Value::Layout(_) => tag::LAYOUT,
            Value::MemoryFormat(_) => tag::MEMORY_FORMAT,
            Value::Device(_) => tag::DEVICE,
            Value::QScheme(_) => tag::QSCHEME,
            Value::Stream(_) => tag::STREAM,
            Value::Generator(_) => tag::GENERATOR,
            Value::Storage(_) => tag::STORAGE,
            Value::Object(_) => tag::OBJECT,
            Value::List(list) => match **list {
                List::Int(_) => tag::INT_LIST,
                List::Float(_) => tag::FLOAT_LIST,
                List::Bool(_) => tag::BOOL_LIST,
                List::Scalar(_) => tag::SCALAR_LIST,
                List::Tensor(_) => tag::TENSOR_LIST,
                List::OptionalTensor(_) => tag::OPTIONAL_TENSOR_LIST,
                List::OptionalInt(_) => tag::OPTIONAL_INT_LIST,
                List::Str(_) => tag::STR_LIST,
                List::DType(_) => tag::DTYPE_LIST,
                List::Layout(_) => tag::LAYOUT_LIST,
                List::MemoryFormat(_) => tag::MEMORY_FORMAT_LIST,
                List::Device(_) => tag::DEVICE_LIST,
            },
        }
    }

    /// The name of the value's kind, in the schema language where it has a word for it.
    pub fn kind_name(&self) -> &'static str {
        TAG_NAMES[self.tag().trailing_zeros() as usize]
    }

    /// The tensor, if it is one.
    pub fn as_tensor(&self) -> Option<&Tensor> {
        match self {
            Value::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_scalar(&self) -> Option<Scalar> {
        match *self {
            Value::Int(v) => Some(Scalar::Int(v)),
            Value::Float(v) => Some(Scalar::Float(v)),
            Value::Bool(v) => Some(Scalar::Bool(v)),
            Value::Complex(ref v) => Some(Scalar::Complex(v.0, v.1)),
            _ => None,
        }
    }

    /// The integers, if it is a list of them.
    pub fn as_ints(&self) -> Option<&[i64]> {
        match self {
            Value::List(list) => match &**list {
                List::Int(ints) => Some(ints),
                _ => None,
            },
            _ => None,
        }
    }

    /// Every tensor in the value: itself, or the elements of a list.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let (one, many, some): (_, &[Tensor], &[Option<Tensor>]) = match self {
            Value::Tensor(tensor) => (Some(tensor), &[], &[]),
            Value::List(list) => match &**list {
                List::Tensor(tensors) => (None, tensors, &[]),
                List::OptionalTensor(tensors) => (None, &[], tensors),
                _ => (None, &[], &[]),
            },
            _ => (None, &[], &[]),
        };
        one.into_iter().chain(many).chain(some.iter().flatten())
    }
}

impl Value {
    /// The list of these values as a schema's list of this element type is held; none if one is not of the type, or there are
    /// no lists of it. Numbers are held as the element type says.
    pub fn list(element: &Type, values: &[Value]) -> Option<Value> {
        fn each<T>(values: &[Value], item: impl Fn(&Value) -> Option<T>) -> Option<Value>
        where
            Vec<T>: Into<Value>,
        {
            values.iter().map(item).collect::<Option<Vec<T>>>().map(Into::into)
        }
        macro_rules! held {
            ($variant:ident) => {
                each(values, |value| match value {
                    Value::$variant(held) => Some(*held),
                    _ => None,
                })
            };
        }
        let number = |value: &Value| value.as_scalar();
        match element {
            Type::Base(base) => match base {
                BaseType::Tensor => each(values, |value| value.as_tensor().cloned()),
                BaseType::Int | BaseType::SymInt => each(values, |value| number(value).map(Scalar::to_i64)),
                BaseType::Float => each(values, |value| number(value).map(Scalar::to_f64)),
                BaseType::Bool => each(values, |value| number(value).map(Scalar::to_bool)),
                BaseType::Scalar => each(values, number),
                BaseType::Str => each(values, |value| match value {
                    Value::Str(text) => Some(text.to_string()),
                    _ => None,
                }),
                BaseType::ScalarType => held!(DType),
                BaseType::Layout => held!(Layout),
                BaseType::MemoryFormat => held!(MemoryFormat),
                BaseType::Device => held!(Device),
                _ => None,
            },
            Type::Optional(inner) => match **inner {
                Type::Base(BaseType::Tensor) => each(values, |value| match value {
                    Value::None => Some(None),
                    other => other.as_tensor().cloned().map(Some),
                }),
                Type::Base(BaseType::Int | BaseType::SymInt) => each(values, |value| match value {
                    Value::None => Some(None),
                    other => number(other).map(|number| Some(number.to_i64())),
                }),
                _ => None,
            },
            _ => None,
        }
    }

    /// Replaces tensors, in lists too: `f` gives the replacement, or `None` to keep one.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn map_tensors(&mut self, f: &mut impl FnMut(&Tensor) -> Result<Option<Tensor>>) -> Result<()> {
        let mut replace = |tensor: &mut Tensor| -> Result<()> {
            if let Some(replacement) = f(tensor)? {
                *tensor = replacement;
            }
            Ok(())
        };
        match self {
            Value::Tensor(tensor) => replace(tensor),
            Value::List(list) if matches!(**list, List::Tensor(_) | List::OptionalTensor(_)) => {
                match Arc::make_mut(list) {
                    List::Tensor(tensors) => tensors.iter_mut().try_for_each(replace),
                    List::OptionalTensor(tensors) => tensors.iter_mut().flatten().try_for_each(replace),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether both are the same plain value; tensors and what else is not plain are never equal. What decides whether an
    /// argument equals its default (P99).
    pub(crate) fn is_equal_plain(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None) => true,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Complex(a), Value::Complex(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::DType(a), Value::DType(b)) => a == b,
            (Value::Layout(a), Value::Layout(b)) => a == b,
            (Value::MemoryFormat(a), Value::MemoryFormat(b)) => a == b,
            (Value::Device(a), Value::Device(b)) => a == b,
            (Value::QScheme(a), Value::QScheme(b)) => a == b,
            (Value::List(a), Value::List(b)) => match (&**a, &**b) {
                (List::Int(a), List::Int(b)) => a == b,
                (List::OptionalInt(a), List::OptionalInt(b)) => a == b,
                (List::Float(a), List::Float(b)) => a == b,
                (List::Bool(a), List::Bool(b)) => a == b,
                (List::Scalar(a), List::Scalar(b)) => a == b,
                (List::Str(a), List::Str(b)) => a == b,
                (List::DType(a), List::DType(b)) => a == b,
                (List::Layout(a), List::Layout(b)) => a == b,
                (List::MemoryFormat(a), List::MemoryFormat(b)) => a == b,
                (List::Device(a), List::Device(b)) => a == b,
                (List::Tensor(a), List::Tensor(b)) => a.is_empty() && b.is_empty(),
                _ => false,
            },
            _ => false,
        }
    }
}

/// Bits of the kinds of value a schema type accepts. No type accepts a conversion: an `int` is not a `float` (D225).
pub(crate) fn accepted_tags(ty: &Type) -> u32 {
    match ty {
        Type::Base(base) => match base {
            BaseType::Tensor => tag::TENSOR,
            BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => tag::INT,
            BaseType::Float => tag::FLOAT,
            BaseType::Bool | BaseType::SymBool => tag::BOOL,
            BaseType::Str => tag::STR,
            BaseType::Scalar => tag::INT | tag::FLOAT | tag::BOOL | tag::COMPLEX,
            BaseType::ScalarType => tag::DTYPE,
            BaseType::Layout => tag::LAYOUT,
            BaseType::Device => tag::DEVICE,
            BaseType::MemoryFormat => tag::MEMORY_FORMAT,
            BaseType::QScheme => tag::QSCHEME,
            BaseType::Generator => tag::GENERATOR,
            BaseType::Storage => tag::STORAGE,
            BaseType::Stream => tag::STREAM,
        },
        Type::Class { .. } => tag::OBJECT,
        Type::Optional(inner) => tag::NONE | accepted_tags(inner),
        Type::List(element, _) => match **element {
            Type::Base(BaseType::Tensor) => tag::TENSOR_LIST,
            Type::Base(BaseType::Int | BaseType::SymInt) => tag::INT_LIST,
            Type::Base(BaseType::Float) => tag::FLOAT_LIST,
            Type::Base(BaseType::Bool) => tag::BOOL_LIST,
            Type::Base(BaseType::Scalar) => tag::SCALAR_LIST,
            Type::Base(BaseType::Str) => tag::STR_LIST,
            Type::Base(BaseType::ScalarType) => tag::DTYPE_LIST,
            Type::Base(BaseType::Layout) => tag::LAYOUT_LIST,
            Type::Base(BaseType::MemoryFormat) => tag::MEMORY_FORMAT_LIST,
            Type::Base(BaseType::Device) => tag::DEVICE_LIST,
            Type::Optional(ref inner) => match **inner {
                Type::Base(BaseType::Tensor) => tag::OPTIONAL_TENSOR_LIST,
                Type::Base(BaseType::Int | BaseType::SymInt) => tag::OPTIONAL_INT_LIST,
                _ => 0,
            },
            _ => 0,
        },
    }
}

/// Bits of the kinds of value a result of this type may be: as an argument, and for a tensor also none, the undefined tensor that
/// handlers and derivatives answer with (P110).
pub(crate) fn accepted_result_tags(ty: &Type) -> u32 {
    match ty {
        Type::Base(BaseType::Tensor) => tag::TENSOR | tag::NONE,
        other => accepted_tags(other),
    }
}

macro_rules! from {
    ($($t:ty => $variant:ident),* $(,)?) => {$(
        impl From<$t> for Value {
            fn from(value: $t) -> Value {
                Value::$variant(value)
            }
        }
    )*};
}
from!(Tensor => Tensor, i64 => Int, f64 => Float, bool => Bool, DType => DType, Layout => Layout,
    MemoryFormat => MemoryFormat, Device => Device, QScheme => QScheme, Generator => Generator,
    Storage => Storage, Object => Object);

impl From<Stream> for Value {
    fn from(stream: Stream) -> Value {
        Value::Stream(Box::new(stream))
    }
}

impl From<&Tensor> for Value {
    fn from(tensor: &Tensor) -> Value {
        Value::Tensor(tensor.clone())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(Arc::new(text.to_owned()))
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Value {
        match scalar {
            Scalar::Int(v) => Value::Int(v),
            Scalar::Float(v) => Value::Float(v),
            Scalar::Bool(v) => Value::Bool(v),
            Scalar::Complex(re, im) => Value::Complex(Box::new((re, im))),
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}

macro_rules! from_list {
    ($($t:ty => $variant:ident),* $(,)?) => {$(
        impl From<Vec<$t>> for Value {
            fn from(list: Vec<$t>) -> Value {
                Value::List(Arc::new(List::$variant(list)))
            }
        }

        impl From<&[$t]> for Value {
            fn from(list: &[$t]) -> Value {
                list.to_vec().into()
            }
        }
    )*};
}
from_list!(i64 => Int, f64 => Float, bool => Bool, Scalar => Scalar, Tensor => Tensor,
    Option<Tensor> => OptionalTensor, Option<i64> => OptionalInt, String => Str,
    DType => DType, Layout => Layout, MemoryFormat => MemoryFormat, Device => Device);

impl fmt::Display for Value {
    /// Short text for logs: numbers and names as they are, tensors as dtype, sizes and device.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("None"),
            Value::Tensor(v) => write!(f, "{v:?}"),
            Value::Int(v) => write!(f, "{v}"),
            Value::Float(v) => write!(f, "{v:?}"),
            Value::Bool(v) => write!(f, "{v}"),
            Value::Complex(v) => write!(f, "{}", Scalar::Complex(v.0, v.1)),
            Value::Str(v) => write!(f, "{v:?}"),
            Value::DType(v) => write!(f, "{v}"),
            Value::Layout(v) => write!(f, "{v:?}"),
            Value::MemoryFormat(v) => write!(f, "{v:?}"),
            Value::Device(v) => write!(f, "{v}"),
            Value::QScheme(v) => write!(f, "{v:?}"),
            Value::Stream(v) => write!(f, "Stream({}, {})", v.device, v.id),
            Value::Generator(v) => write!(f, "Generator({})", v.device()),
            Value::Storage(_) => f.write_str("Storage"),
            Value::Object(v) => write!(f, "{v:?}"),
            Value::List(list) => match &**list {
                List::Int(v) => write!(f, "{v:?}"),
                List::Float(v) => write!(f, "{v:?}"),
                List::Bool(v) => write!(f, "{v:?}"),
                List::Scalar(v) => write!(f, "{v:?}"),
                List::Tensor(v) => write!(f, "{v:?}"),
                List::OptionalTensor(v) => write!(f, "{v:?}"),
                List::OptionalInt(v) => write_optional_ints(f, v),
                List::Str(v) => write!(f, "{v:?}"),
                List::DType(v) => write_list(f, v),
                List::Layout(v) => write!(f, "{v:?}"),
                List::MemoryFormat(v) => write!(f, "{v:?}"),
                List::Device(v) => write_list(f, v),
            },
        }
    }
}

fn write_optional_ints(f: &mut fmt::Formatter<'_>, ints: &[Option<i64>]) -> fmt::Result {
    let words: Vec<_> = ints.iter().map(|int| int.map_or("None".to_owned(), |int| int.to_string())).collect();
    write_list(f, &words)
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    let words = items.iter().map(ToString::to_string);
    write!(f, "[{}]", words.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D233: a tag and a word.
    #[test]
    fn a_value_is_two_words() {
        assert_eq!(size_of::<Value>(), 16);
    }
}
