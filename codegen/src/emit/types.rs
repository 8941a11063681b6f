//! Rust types and default values for schema types (yaml.md 10.1): borrowed in, owned out.
//!
//! Only the mapping. Whether a type can be generated for at all is asked here too, so that the emitter can refuse an
//! entry with a reason instead of emitting code that does not compile.

use keyway_schema::{Argument, BaseType, Default, Return, Type};
use proc_macro2::TokenStream;
use quote::quote;

/// How one schema type stands in a typed function.
pub(crate) struct RustType {
    /// The argument's type.
    pub(crate) argument: TokenStream,
    /// A word for it in the names of signatures.
    pub(crate) word: String,
}

/// The Rust type of an argument, or nothing for a schema type without one.
pub(crate) fn argument_type(ty: &Type) -> Option<RustType> {
    let make = |argument, word: &str| Some(RustType { argument, word: word.to_owned() });
    match ty {
        Type::Base(base) => match base {
            BaseType::Tensor => make(quote!(&::keyway::Tensor), "Tensor"),
            BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => make(quote!(i64), "int"),
            BaseType::Float => make(quote!(f64), "float"),
            BaseType::Bool | BaseType::SymBool => make(quote!(bool), "bool"),
            BaseType::Str => make(quote!(&str), "str"),
            BaseType::Scalar => make(quote!(::keyway::Scalar), "Scalar"),
            BaseType::ScalarType => make(quote!(::keyway::DType), "DType"),
            BaseType::Layout => make(quote!(::keyway::Layout), "Layout"),
            BaseType::Device => make(quote!(::keyway::Device), "Device"),
            BaseType::MemoryFormat => make(quote!(::keyway::MemoryFormat), "MemoryFormat"),
            BaseType::QScheme | BaseType::Generator | BaseType::Storage | BaseType::Stream => None,
        },
        Type::Class { .. } => None,
        Type::Optional(inner) => {
            let RustType { argument, word } = argument_type(inner)?;
            make(quote!(::std::option::Option<#argument>), &format!("opt{word}"))
        }
        Type::List(element, _) => {
            let (element, word) = list_element(element)?;
            make(quote!(&[#element]), word)
        }
    }
}

fn list_element(element: &Type) -> Option<(TokenStream, &'static str)> {
    match element {
        Type::Base(BaseType::Tensor) => Some((quote!(::keyway::Tensor), "Tensors")),
        Type::Base(BaseType::Int | BaseType::SymInt) => Some((quote!(i64), "ints")),
        Type::Base(BaseType::Float) => Some((quote!(f64), "floats")),
        Type::Base(BaseType::Bool) => Some((quote!(bool), "bools")),
        Type::Base(BaseType::Scalar) => Some((quote!(::keyway::Scalar), "Scalars")),
        Type::Base(BaseType::Str) => Some((quote!(::std::string::String), "strs")),
        Type::Optional(inner) if **inner == Type::Base(BaseType::Tensor) => {
            Some((quote!(::std::option::Option<::keyway::Tensor>), "optTensors"))
        }
        _ => None,
    }
}

/// The Rust type of one result, and the word for it.
pub(crate) fn return_type(ret: &Return) -> Option<RustType> {
    let make = |argument, word: &str| Some(RustType { argument, word: word.to_owned() });
    match &ret.ty {
        Type::Base(BaseType::Tensor) => make(quote!(::keyway::Tensor), "Tensor"),
        Type::Base(BaseType::Int | BaseType::SymInt) => make(quote!(i64), "int"),
        Type::Base(BaseType::Float) => make(quote!(f64), "float"),
        Type::Base(BaseType::Bool | BaseType::SymBool) => make(quote!(bool), "bool"),
        Type::Base(BaseType::Scalar) => make(quote!(::keyway::Scalar), "Scalar"),
        Type::Base(BaseType::ScalarType) => make(quote!(::keyway::DType), "DType"),
        Type::Base(BaseType::Device) => make(quote!(::keyway::Device), "Device"),
        Type::List(element, _) => match **element {
            Type::Base(BaseType::Tensor) => make(quote!(::std::vec::Vec<::keyway::Tensor>), "Tensors"),
            Type::Base(BaseType::Int | BaseType::SymInt) => make(quote!(::std::vec::Vec<i64>), "ints"),
            _ => None,
        },
        _ => None,
    }
}

/// An argument's default as a Rust expression of its type, or nothing if it has none or none can be written.
pub(crate) fn default_value(argument: &Argument) -> Option<TokenStream> {
    value_of(argument.default.as_ref()?, &argument.ty)
}

fn value_of(default: &Default, ty: &Type) -> Option<TokenStream> {
    match (default, ty) {
        (Default::None, Type::Optional(_)) => Some(quote!(::std::option::Option::None)),
        (default, Type::Optional(inner)) => {
            let value = value_of(default, inner)?;
            Some(quote!(::std::option::Option::Some(#value)))
        }
        (Default::List(elements), Type::List(element, _)) => {
            let values =
                elements.iter().map(|default| value_of(default, element)).collect::<Option<Vec<_>>>()?;
            Some(quote!(&[#(#values),*]))
        }
        (one, Type::List(element, Some(n))) => {
            let value = value_of(one, element)?;
            let n = *n as usize;
            Some(quote!(&[#value; #n]))
        }
        (default, Type::Base(base)) => base_value(default, *base),
        _ => None,
    }
}

fn base_value(default: &Default, base: BaseType) -> Option<TokenStream> {
    match (default, base) {
        (Default::Bool(v), BaseType::Bool) => Some(quote!(#v)),
        (Default::Bool(v), BaseType::Scalar) => Some(quote!(::keyway::Scalar::Bool(#v))),
        (Default::Int(v), BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex) => Some(quote!(#v)),
        (Default::Int(v), BaseType::Scalar) => Some(quote!(::keyway::Scalar::Int(#v))),
        (Default::Int(v), BaseType::Float) => {
            let v = *v as f64;
            Some(quote!(#v))
        }
        (Default::Float { value, .. }, BaseType::Float) => Some(quote!(#value)),
        (Default::Float { value, .. }, BaseType::Scalar) => Some(quote!(::keyway::Scalar::Float(#value))),
        (Default::Str { value, .. }, BaseType::Str) => Some(quote!(#value)),
        (Default::Symbol(symbol), _) => symbol_value(symbol, base),
        _ => None,
    }
}

/// Symbols are reduction codes, memory formats, layouts and dtypes (Y52, Y53, Y55).
fn symbol_value(symbol: &str, base: BaseType) -> Option<TokenStream> {
    match (symbol, base) {
        ("Mean", BaseType::Int) => Some(quote!(1i64)),
        ("contiguous_format", BaseType::MemoryFormat) => Some(quote!(::keyway::MemoryFormat::Contiguous)),
        ("strided", BaseType::Layout) => Some(quote!(::keyway::Layout::Strided)),
        ("long" | "int64", BaseType::ScalarType) => Some(quote!(::keyway::DType::Int64)),
        ("int" | "int32", BaseType::ScalarType) => Some(quote!(::keyway::DType::Int32)),
        ("float" | "float32", BaseType::ScalarType) => Some(quote!(::keyway::DType::Float32)),
        ("double" | "float64", BaseType::ScalarType) => Some(quote!(::keyway::DType::Float64)),
        ("bool", BaseType::ScalarType) => Some(quote!(::keyway::DType::Bool)),
        ("uint8", BaseType::ScalarType) => Some(quote!(::keyway::DType::UInt8)),
        _ => None,
    }
}
