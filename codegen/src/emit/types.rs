//! Rust types and default values for schema types (yaml.md 10.1): borrowed in, owned out.
//!
//! Only the mapping. Whether a type can be generated for at all is asked here too, so that the emitter can refuse an
//! entry with a reason instead of emitting code that does not compile.

use keyway_schema::{Argument, BaseType, Default, Return, Type};

/// How one schema type stands in a typed function.
pub(crate) struct RustType {
    /// The type, as text.
    pub(crate) text: String,
    /// A word for it in the names of signatures.
    pub(crate) word: String,
}

fn rust(text: impl Into<String>, word: impl Into<String>) -> Option<RustType> {
    Some(RustType { text: text.into(), word: word.into() })
}

/// The Rust type of an argument, or nothing for a schema type without one.
pub(crate) fn argument_type(ty: &Type) -> Option<RustType> {
    match ty {
        Type::Base(base) => match base {
            BaseType::Tensor | BaseType::Generator | BaseType::Storage => {
                rust(format!("&::keyway::{}", base.as_str()), base.as_str())
            }
            BaseType::Str => rust("&str", "str"),
            _ => value_type(*base),
        },
        Type::Class { .. } => rust("&::keyway::Object", "Object"),
        Type::Optional(inner) => {
            let RustType { text, word } = argument_type(inner)?;
            rust(format!("::std::option::Option<{text}>"), format!("opt{word}"))
        }
        Type::List(element, _) => {
            let RustType { text, word } = list_element(element)?;
            rust(format!("&[{text}]"), word)
        }
    }
}

/// The type of values that are the same as arguments and as results.
fn value_type(base: BaseType) -> Option<RustType> {
    match base {
        BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => rust("i64", "int"),
        BaseType::Float => rust("f64", "float"),
        BaseType::Bool | BaseType::SymBool => rust("bool", "bool"),
        BaseType::Str => rust("::std::string::String", "str"),
        BaseType::ScalarType => rust("::keyway::DType", "DType"),
        other => rust(format!("::keyway::{}", other.as_str()), other.as_str()),
    }
}

fn list_element(element: &Type) -> Option<RustType> {
    match element {
        Type::Base(
            base @ (BaseType::Tensor
            | BaseType::Int
            | BaseType::SymInt
            | BaseType::Float
            | BaseType::Bool
            | BaseType::Scalar
            | BaseType::Str),
        ) => {
            let RustType { text, word } = value_type(*base)?;
            rust(text, word + "s")
        }
        Type::Optional(inner) if inner.is_plain_tensor() => {
            rust("::std::option::Option<::keyway::Tensor>", "optTensors")
        }
        Type::Optional(inner) if matches!(**inner, Type::Base(BaseType::Int | BaseType::SymInt)) => {
            rust("::std::option::Option<i64>", "optInts")
        }
        _ => None,
    }
}

/// The Rust type of one result, and the word for it.
pub(crate) fn return_type(ret: &Return) -> Option<RustType> {
    match &ret.ty {
        Type::Base(BaseType::Stream) => None,
        Type::Base(base) => value_type(*base),
        Type::Class { .. } => rust("::keyway::Object", "Object"),
        Type::List(element, _) => {
            let RustType { text, word } = list_element(element)?;
            rust(format!("::std::vec::Vec<{text}>"), word)
        }
        Type::Optional(inner) => {
            let plain = Return { name: None, ty: (**inner).clone(), alias: None };
            let RustType { text, word } = return_type(&plain)?;
            rust(format!("::std::option::Option<{text}>"), format!("opt{word}"))
        }
    }
}

/// An argument's default as a Rust expression of its type, or nothing if it has none or none can be written.
pub(crate) fn default_value(argument: &Argument) -> Option<String> {
    value_of(argument.default.as_ref()?, &argument.ty)
}

fn value_of(default: &Default, ty: &Type) -> Option<String> {
    match (default, ty) {
        (Default::None, Type::Optional(_)) => Some("::std::option::Option::None".to_owned()),
        (default, Type::Optional(inner)) => {
            value_of(default, inner).map(|value| format!("::std::option::Option::Some({value})"))
        }
        (Default::List(elements), Type::List(element, _)) => {
            let values: Option<Vec<_>> = elements.iter().map(|default| value_of(default, element)).collect();
            values.map(|values| format!("&[{}]", values.join(", ")))
        }
        (one, Type::List(element, Some(n))) => value_of(one, element).map(|value| format!("&[{value}; {n}]")),
        (default, Type::Base(base)) => base_value(default, *base),
        _ => None,
    }
}

fn base_value(default: &Default, base: BaseType) -> Option<String> {
    match (default, base) {
        (Default::Bool(v), BaseType::Bool) => Some(v.to_string()),
        (Default::Bool(v), BaseType::Scalar) => Some(format!("::keyway::Scalar::Bool({v})")),
        (Default::Int(v), BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex) => Some(v.to_string()),
        (Default::Int(v), BaseType::Scalar) => Some(format!("::keyway::Scalar::Int({v})")),
        (Default::Int(v), BaseType::Float) => Some(format!("{:?}", *v as f64)),
        (Default::Float { value, .. }, BaseType::Float) => Some(format!("{value:?}")),
        (Default::Float { value, .. }, BaseType::Scalar) => {
            Some(format!("::keyway::Scalar::Float({value:?})"))
        }
        (Default::Str { value, .. }, BaseType::Str) => Some(super::text::literal(value)),
        (Default::Symbol(symbol), _) => symbol_value(symbol, base),
        _ => None,
    }
}

/// Symbols are reduction codes, memory formats, layouts and dtypes (Y52, Y53, Y55).
fn symbol_value(symbol: &str, base: BaseType) -> Option<String> {
    let value = match (symbol, base) {
        ("Mean", BaseType::Int) => "1",
        ("contiguous_format", BaseType::MemoryFormat) => "::keyway::MemoryFormat::Contiguous",
        ("strided", BaseType::Layout) => "::keyway::Layout::Strided",
        ("long" | "int64", BaseType::ScalarType) => "::keyway::DType::Int64",
        ("int" | "int32", BaseType::ScalarType) => "::keyway::DType::Int32",
        ("float" | "float32", BaseType::ScalarType) => "::keyway::DType::Float32",
        ("double" | "float64", BaseType::ScalarType) => "::keyway::DType::Float64",
        ("bool", BaseType::ScalarType) => "::keyway::DType::Bool",
        ("uint8", BaseType::ScalarType) => "::keyway::DType::UInt8",
        ("int8", BaseType::ScalarType) => "::keyway::DType::Int8",
        ("short" | "int16", BaseType::ScalarType) => "::keyway::DType::Int16",
        ("half" | "float16", BaseType::ScalarType) => "::keyway::DType::Float16",
        ("bfloat16", BaseType::ScalarType) => "::keyway::DType::BFloat16",
        ("complex64", BaseType::ScalarType) => "::keyway::DType::Complex64",
        ("complex128", BaseType::ScalarType) => "::keyway::DType::Complex128",
        _ => return None,
    };
    Some(value.to_owned())
}
