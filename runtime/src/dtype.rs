//! Element types of tensors.

use std::fmt;
use std::str::FromStr;

use bytemuck::{CheckedBitPattern, NoUninit};

use crate::error::{Error, Result};

/// An element type. The numbers are PyTorch's codes, which serialised data carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the dtype of that name")]
pub enum DType {
    UInt8 = 0,
    Int32 = 3,
    Int64 = 4,
    Float32 = 6,
    Float64 = 7,
    Bool = 11,
}

impl DType {
    /// The dtypes there are.
    pub const ALL: [DType; 6] =
        [DType::UInt8, DType::Int32, DType::Int64, DType::Float32, DType::Float64, DType::Bool];

    /// The field's name: `float32`, `bool`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::UInt8 => "uint8",
            DType::Int32 => "int32",
            DType::Int64 => "int64",
            DType::Float32 => "float32",
            DType::Float64 => "float64",
            DType::Bool => "bool",
        }
    }

    /// Bytes per element.
    pub const fn size(self) -> usize {
        match self {
            DType::UInt8 | DType::Bool => 1,
            DType::Int32 | DType::Float32 => 4,
            DType::Int64 | DType::Float64 => 8,
        }
    }

    /// Whether it is a floating-point type.
    pub const fn is_floating_point(self) -> bool {
        matches!(self, DType::Float32 | DType::Float64)
    }

    /// Whether it is an integer type; `bool` is not.
    pub const fn is_integer(self) -> bool {
        matches!(self, DType::UInt8 | DType::Int32 | DType::Int64)
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
    note = "element types are f32, f64, i64, i32, u8 and bool"
)]
pub trait Element: CheckedBitPattern + NoUninit + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The dtype it is the element of.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($t:ty => $dtype:ident),*) => {$(
        impl Element for $t {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}
elements!(u8 => UInt8, i32 => Int32, i64 => Int64, f32 => Float32, f64 => Float64, bool => Bool);
