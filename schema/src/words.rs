//! The closed vocabularies of the schema language: base types, reserved words, dtype names.

use crate::model::BaseType;

/// All base types, in the order of the grammar (Y9).
pub const BASE_TYPES: [BaseType; 17] = [
    BaseType::Tensor,
    BaseType::Int,
    BaseType::SymInt,
    BaseType::Float,
    BaseType::Bool,
    BaseType::SymBool,
    BaseType::Str,
    BaseType::Scalar,
    BaseType::ScalarType,
    BaseType::Layout,
    BaseType::Device,
    BaseType::DeviceIndex,
    BaseType::MemoryFormat,
    BaseType::QScheme,
    BaseType::Generator,
    BaseType::Storage,
    BaseType::Stream,
];

/// Words that cannot be the name of an operator, an overload, an argument or a return (Y59).
pub const RESERVED: [&str; 27] = [
    "if", "else", "elif", "def", "while", "for", "in", "is", "not", "and", "or", "True", "False", "None",
    "return", "global", "raise", "assert", "break", "continue", "del", "pass", "class", "import", "with",
    "as", "Ellipsis",
];

/// Whether a word is reserved (Y59).
pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word) || word == "NoneType"
}

/// What may stand in an in-place dunder after its `i` (Y16).
pub const INPLACE_DUNDERS: [&str; 11] =
    ["add", "sub", "mul", "div", "mod", "pow", "lshift", "rshift", "and", "xor", "or"];

/// Names of dtypes that may be defaults, each with the one spelling that says what it is (Y55).
pub const DTYPES: [(&str, &str); 42] = [
    ("bool", "bool"),
    ("uint8", "uint8"),
    ("int8", "int8"),
    ("int16", "int16"),
    ("short", "int16"),
    ("int32", "int32"),
    ("int", "int32"),
    ("int64", "int64"),
    ("long", "int64"),
    ("uint16", "uint16"),
    ("uint32", "uint32"),
    ("uint64", "uint64"),
    ("float16", "float16"),
    ("half", "float16"),
    ("bfloat16", "bfloat16"),
    ("float32", "float32"),
    ("float", "float32"),
    ("float64", "float64"),
    ("double", "float64"),
    ("complex32", "complex32"),
    ("chalf", "complex32"),
    ("complex64", "complex64"),
    ("cfloat", "complex64"),
    ("complex", "complex64"),
    ("complex128", "complex128"),
    ("cdouble", "complex128"),
    ("float8_e5m2", "float8_e5m2"),
    ("float8_e4m3fn", "float8_e4m3fn"),
    ("float8_e5m2fnuz", "float8_e5m2fnuz"),
    ("float8_e4m3fnuz", "float8_e4m3fnuz"),
    ("float8_e8m0fnu", "float8_e8m0fnu"),
    ("qint8", "qint8"),
    ("quint8", "quint8"),
    ("qint32", "qint32"),
    ("quint4x2", "quint4x2"),
    ("quint2x4", "quint2x4"),
    ("bits1x8", "bits1x8"),
    ("bits2x4", "bits2x4"),
    ("bits4x2", "bits4x2"),
    ("bits8", "bits8"),
    ("bits16", "bits16"),
    ("float4_e2m1fn_x2", "float4_e2m1fn_x2"),
];

/// The dtype a default word means, by its canonical name: `long` gives `int64`.
pub fn dtype(word: &str) -> Option<&'static str> {
    DTYPES.iter().find(|(name, _)| *name == word).map(|(_, canonical)| *canonical)
}

/// The base type a schema word means.
pub fn base_type(word: &str) -> Option<BaseType> {
    BASE_TYPES.into_iter().find(|base| base.as_str() == word)
}
