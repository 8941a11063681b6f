//! The parsed form of a schema: names, types, alias sets, defaults.
//!
//! Plain data with the questions that can be answered from it. Parsing is in [`crate::parser`], rules across the
//! parts in `check`, printing in `print`, and the questions a schema answers in `questions`.

use std::fmt;

/// The full name of an operator: namespace, base name, overload (yaml.md Y14).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorName {
    /// What stands before `::`, if anything does.
    pub namespace: Option<String>,
    /// The name as written, with a trailing `_` or dunder underscores.
    pub name: String,
    /// What stands after the first dot; empty for the default overload.
    pub overload: String,
}

impl fmt::Display for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}::")?;
        }
        f.write_str(&self.name)?;
        if !self.overload.is_empty() {
            write!(f, ".{}", self.overload)?;
        }
        Ok(())
    }
}

/// A base type of the portable dialect (Y9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the schema word of the same name")]
pub enum BaseType {
    Tensor,
    Int,
    SymInt,
    Float,
    Bool,
    SymBool,
    Str,
    Scalar,
    ScalarType,
    Layout,
    Device,
    DeviceIndex,
    MemoryFormat,
    QScheme,
    Generator,
    Storage,
    Stream,
}

/// A type expression: a base type under optionals and lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A base type.
    Base(BaseType),
    /// `__torch__.torch.classes.NAMESPACE.NAME`.
    Class {
        /// The part before the last dot.
        namespace: String,
        /// The class's own name.
        name: String,
    },
    /// `T?`.
    Optional(Box<Type>),
    /// `T[]` or `T[n]`; a size only says that one value may stand for the whole list (Y40).
    List(Box<Type>, Option<u32>),
}

/// The alias annotation of an argument or a return: `(a)`, `(a!)`, `(a -> *)` (Y44, Y45).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AliasInfo {
    /// The sets before the call, one or two letters.
    pub before: Vec<char>,
    /// Whether the operator may write through it.
    pub is_write: bool,
    /// The sets after the call, when written with an arrow.
    pub after: Option<AliasAfter>,
}

/// What follows the arrow of an alias annotation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AliasAfter {
    /// `*`: anything.
    Wildcard,
    /// One or two letters.
    Sets(Vec<char>),
}

/// A default value (Y51, Y279). Numbers keep their text so that printing is exact.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant says what it holds")]
pub enum Default {
    None,
    Bool(bool),
    Int(i64),
    Float {
        value: f64,
        text: String,
    },
    Str {
        value: String,
        text: String,
    },
    List(Vec<Default>),
    /// `Mean`, `contiguous_format`, `strided` or a dtype's name.
    Symbol(String),
}

/// One argument of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The argument's name.
    pub name: String,
    /// Its type, without the alias annotation.
    pub ty: Type,
    /// Its alias annotation, if any.
    pub alias: Option<AliasInfo>,
    /// Its default value, if any.
    pub default: Option<Default>,
    /// Whether it stands after `*`.
    pub keyword_only: bool,
    /// Whether it is an out argument: keyword-only, written, in the trailing block of such (Y29).
    pub is_out: bool,
}

/// One return of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// The return's name, if it has one.
    pub name: Option<String>,
    /// Its type, without the alias annotation.
    pub ty: Type,
    /// Its alias annotation, if any.
    pub alias: Option<AliasInfo>,
}

/// An operator's schema: the truth about its arguments and results (law 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The operator's name.
    pub name: OperatorName,
    /// Arguments in schema order: positional, keyword-only, out (Y32).
    pub arguments: Vec<Argument>,
    /// Returns in order.
    pub returns: Vec<Return>,
}

/// What kind of variant an operator is (Y194).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaKind {
    /// Writes to none of its arguments (as far as its name and annotations say, Y195).
    Functional,
    /// Its name ends in `_` (or is an in-place dunder); writes to `self` and returns it.
    Inplace,
    /// Writes its results to out arguments.
    Out,
    /// Has out arguments that are scratch buffers.
    Scratch,
    /// Writes to a positional argument other than `self`.
    Mutable,
}
