//! The operator schema language of Keyway: parse, check, print, compare.
//!
//! ```
//! use keyway_schema::{Schema, SchemaKind};
//!
//! let text = "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)";
//! let schema: Schema = text.parse()?;
//! assert_eq!(schema.kind(), SchemaKind::Inplace);
//! assert_eq!(schema.to_string(), text);
//! # Ok::<(), keyway_schema::SchemaErrors>(())
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | [`model`] | the parsed form, plain data; what it answers about itself is in `questions` |
//! | [`parser`] | text to model, with all mistakes and the places of all parts |
//! | `check` | rules across the parts; the parser runs them |
//! | `compatibility` | whom a changed schema breaks, and why |
//! | `print` | model to text, the inverse of the parser |
//! | `signature` | what the variants of one operator have in common |
//! | [`codes`], [`error`] | what mistakes are called and how they are reported, here and in the crates above |
//! | [`keys`], [`words`] | the closed vocabularies: dispatch keys; types, dtypes, reserved words |
//! | [`suggest`] | the nearest name to a mistyped one |
//!
//! No I/O and no macro crates here: the runtime, the generator and the macros all depend on this crate. Nothing here
//! knows operator lists, dispatch tables or Rust code. Clause numbers such as Y45 are those of the operator-list
//! specification.

mod check;
pub mod codes;
mod compatibility;
pub mod error;
pub mod identifiers;
pub mod keys;
pub mod model;
pub mod parser;
mod print;
mod questions;
mod signature;
pub mod suggest;
pub mod words;

pub use codes::Code;
pub use compatibility::{Compatibility, compatibility};
pub use error::{SchemaError, SchemaErrors};
pub use model::{
    AliasAfter, AliasInfo, Argument, BaseType, Default, OperatorName, Return, Schema, SchemaKind, Type,
};
pub use parser::{Parsed, parse, parse_name};
pub use questions::Slot;
