//! Values that are not tensors, and elements of constants, as text and back.

use keyway::schema::{BaseType, Type};
use keyway::{
    Complex, DType, Element, Error, Layout, List, MemoryFormat, Result, Scalar, Value, bf16, f16,
    with_element,
};

use super::read::Reader;

const LAYOUTS: [(Layout, &str); 2] = [(Layout::Strided, "strided"), (Layout::Sparse, "sparse")];
const MEMORY_FORMATS: [(MemoryFormat, &str); 4] = [
    (MemoryFormat::Contiguous, "contiguous_format"),
    (MemoryFormat::Preserve, "preserve_format"),
    (MemoryFormat::ChannelsLast, "channels_last"),
    (MemoryFormat::ChannelsLast3d, "channels_last_3d"),
];

fn word_of<T: Copy + PartialEq>(words: &[(T, &'static str)], value: T) -> Option<&'static str> {
    words.iter().find(|(held, _)| *held == value).map(|(_, word)| *word)
}

fn value_of<T: Copy>(words: &[(T, &'static str)], word: &str) -> Option<T> {
    words.iter().find(|(_, held)| *held == word).map(|(value, _)| *value)
}

/// A value that is not a tensor. Tensors among optional ones are not, either.
///
/// # Errors
/// `NotImplemented` for what has no text: generators, streams, storages, objects.
pub(super) fn write_plain(value: &Value) -> Result<String> {
    Ok(match value {
        Value::None => "None".to_owned(),
        Value::Int(v) => v.to_string(),
        Value::Float(v) => v.text(),
        Value::Bool(v) => v.to_string(),
        Value::Complex(v) => format!("complex({}, {})", v.0.text(), v.1.text()),
        Value::Str(v) => format!("{v:?}"),
        Value::DType(v) => v.to_string(),
        Value::Device(v) => v.to_string(),
        Value::Layout(v) => word_of(&LAYOUTS, *v).ok_or_else(|| no_text(value))?.to_owned(),
        Value::MemoryFormat(v) => word_of(&MEMORY_FORMATS, *v).ok_or_else(|| no_text(value))?.to_owned(),
        Value::List(list) => match &**list {
            List::Int(v) => list_text(v.iter().map(ToString::to_string)),
            List::Float(v) => list_text(v.iter().map(|v| v.text())),
            List::Bool(v) => list_text(v.iter().map(ToString::to_string)),
            List::Str(v) => list_text(v.iter().map(|v| format!("{v:?}"))),
            List::Scalar(v) => plain_list(v)?,
            List::OptionalInt(v) => plain_list(v)?,
            List::DType(v) => plain_list(v)?,
            List::Device(v) => plain_list(v)?,
            List::Layout(v) => plain_list(v)?,
            List::MemoryFormat(v) => plain_list(v)?,
            _ => return Err(no_text(value)),
        },
        _ => return Err(no_text(value)),
    })
}

fn plain_list<T: Copy + Into<Value>>(values: &[T]) -> Result<String> {
    let texts: Result<Vec<String>> = values.iter().map(|&value| write_plain(&value.into())).collect();
    Ok(list_text(texts?.into_iter()))
}

fn no_text(value: &Value) -> Error {
    Error::not_implemented(format!("a value of the kind {} has no text in graphs", value.kind_name()))
}

/// `[a, b]`.
pub(super) fn list_text(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

/// A value of a schema type that is not a tensor.
pub(super) fn read_plain(reader: &mut Reader<'_>, ty: &Type) -> Result<Value> {
    if let Type::Optional(of) = ty {
        return if reader.eat("None") { Ok(Value::None) } else { read_plain(reader, of) };
    }
    match ty {
        Type::Base(base) => read_base(reader, *base),
        Type::List(element, _) => read_list(reader, element),
        _ => Err(reader.problem("a value of this type has no text")),
    }
}

fn read_base(reader: &mut Reader<'_>, base: BaseType) -> Result<Value> {
    match base {
        BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => {
            reader.parse("an integer").map(Value::Int)
        }
        BaseType::Float => read_element::<f64>(reader).map(Value::Float),
        BaseType::Bool | BaseType::SymBool => reader.parse("true or false").map(Value::Bool),
        BaseType::Str => reader.string().map(|text| text.as_str().into()),
        BaseType::Scalar => read_scalar(reader).map(Value::from),
        BaseType::ScalarType => reader.parse("a dtype").map(Value::DType),
        BaseType::Device => reader.parse("a device").map(Value::Device),
        BaseType::Layout => {
            let word = reader.word();
            value_of(&LAYOUTS, word).map(Value::Layout).ok_or_else(|| reader.problem("a layout is missing"))
        }
        BaseType::MemoryFormat => {
            let format = value_of(&MEMORY_FORMATS, reader.word());
            format.map(Value::MemoryFormat).ok_or_else(|| reader.problem("a memory format is missing"))
        }
        _ => Err(reader.problem("a value of this type has no text")),
    }
}

/// An integer, a number with a point, a truth value or a complex number.
pub(super) fn read_scalar(reader: &mut Reader<'_>) -> Result<Scalar> {
    if reader.eat("complex(") {
        let real = read_element(reader)?;
        reader.expect(",")?;
        let imaginary = read_element(reader)?;
        reader.expect(")")?;
        return Ok(Scalar::Complex(real, imaginary));
    }
    let word = reader.peek_word();
    if let Ok(value) = word.parse() {
        reader.word();
        return Ok(Scalar::Bool(value));
    }
    if let Ok(value) = word.parse() {
        reader.word();
        return Ok(Scalar::Int(value));
    }
    read_element(reader).map(Scalar::Float)
}

fn read_list(reader: &mut Reader<'_>, element: &Type) -> Result<Value> {
    let values = reader.list(|reader| read_plain(reader, element))?;
    Value::list(element, &values).ok_or_else(|| reader.problem("a list of this type has no text"))
}

/// An element type with an exact text.
pub(super) trait ElementText: Element + Copy {
    /// The shortest text that reads back to the same bits.
    fn text(self) -> String;

    /// The element of a text.
    fn of_text(text: &str) -> Option<Self>;
}

macro_rules! plain_text {
    ($($t:ty),*) => {$(
        impl ElementText for $t {
            fn text(self) -> String {
                self.to_string()
            }

            fn of_text(text: &str) -> Option<$t> {
                text.parse().ok()
            }
        }
    )*};
}
plain_text!(u8, i8, i16, i32, i64, bool);

macro_rules! float_text {
    ($($t:ty),*) => {$(
        impl ElementText for $t {
            /// NaNs differ in sign and payload, so all but the standard one carry their bits.
            fn text(self) -> String {
                match self.is_nan() && self.to_bits() != <$t>::NAN.to_bits() {
                    true => format!("NaN:{:x}", self.to_bits()),
                    false => format!("{self:?}"),
                }
            }

            fn of_text(text: &str) -> Option<$t> {
                match text.strip_prefix("NaN:") {
                    Some(bits) => u64::from_str_radix(bits, 16).ok()?.try_into().ok().map(<$t>::from_bits),
                    None => text.parse().ok(),
                }
            }
        }
    )*};
}
float_text!(f16, bf16, f32, f64);

impl<T> ElementText for Complex<T>
where
    T: ElementText,
    Complex<T>: Element + Copy,
{
    /// Both parts with a slash between, which no number has.
    fn text(self) -> String {
        format!("{}/{}", self.re.text(), self.im.text())
    }

    fn of_text(text: &str) -> Option<Complex<T>> {
        let (re, im) = text.split_once('/')?;
        Some(Complex::new(T::of_text(re)?, T::of_text(im)?))
    }
}

pub(super) fn read_element<T: ElementText>(reader: &mut Reader<'_>) -> Result<T> {
    T::of_text(reader.peek_word())
        .inspect(|_| reader.skip_word())
        .ok_or_else(|| reader.problem(&format!("an element of {} is missing", T::DTYPE)))
}

/// The elements that bytes are, as a list; of more than `most` the first, and how many there are in all.
pub(super) fn write_elements(dtype: DType, bytes: &[u8], most: usize) -> Result<String> {
    with_element!(dtype, T => {
        let storage = keyway::Storage::from_slice(bytes);
        let read = storage.read()?;
        let elements = read.elements::<T>()?;
        let mut texts: Vec<String> = elements.iter().take(most).map(|element| element.text()).collect();
        if elements.len() > most {
            texts.push(format!("... {} in all", elements.len()));
        }
        Ok(list_text(texts.into_iter()))
    })
}

/// A list of elements as bytes.
pub(super) fn read_elements(reader: &mut Reader<'_>, dtype: DType) -> Result<Vec<u8>> {
    with_element!(dtype, T => {
        let elements: Vec<T> = reader.list(read_element::<T>)?;
        Ok(keyway::Storage::from_slice(&elements).read()?.bytes().to_vec())
    })
}
