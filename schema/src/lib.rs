//! The operator schema language of Keyway: parse, check, print, compare.
//!
//! No I/O and no macro crates here: the runtime, the generator and the macros all depend on this crate.

pub mod keys;
pub mod model;
pub mod suggest;

pub use model::{
    AliasAfter, AliasInfo, Argument, BaseType, Default, OperatorName, Return, Schema, SchemaKind, Type,
};
