//! Canonical printing. For every text the parser accepts, printing what it parsed to gives that text back (Y67, Y278).

use std::fmt;

use crate::model::{AliasAfter, AliasInfo, Argument, BaseType, Default, Return, Schema, SchemaKind, Type};

impl BaseType {
    /// The schema word for this type.
    pub fn as_str(self) -> &'static str {
        match self {
            BaseType::Tensor => "Tensor",
            BaseType::Int => "int",
            BaseType::SymInt => "SymInt",
            BaseType::Float => "float",
            BaseType::Bool => "bool",
            BaseType::SymBool => "SymBool",
            BaseType::Str => "str",
            BaseType::Scalar => "Scalar",
            BaseType::ScalarType => "ScalarType",
            BaseType::Layout => "Layout",
            BaseType::Device => "Device",
            BaseType::DeviceIndex => "DeviceIndex",
            BaseType::MemoryFormat => "MemoryFormat",
            BaseType::QScheme => "QScheme",
            BaseType::Generator => "Generator",
            BaseType::Storage => "Storage",
            BaseType::Stream => "Stream",
        }
    }
}

impl fmt::Display for BaseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Prints a type; an alias annotation goes directly after the base type (Y67).
fn write_type(f: &mut fmt::Formatter<'_>, ty: &Type, alias: Option<&AliasInfo>) -> fmt::Result {
    match ty {
        Type::Base(base) => {
            f.write_str(base.as_str())?;
            alias.map_or(Ok(()), |alias| write!(f, "({alias})"))
        }
        Type::Class { namespace, name } => write!(f, "__torch__.torch.classes.{namespace}.{name}"),
        Type::Optional(of) => {
            write_type(f, of, alias)?;
            f.write_str("?")
        }
        Type::List(of, size) => {
            write_type(f, of, alias)?;
            match size {
                Some(size) => write!(f, "[{size}]"),
                None => f.write_str("[]"),
            }
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_type(f, self, None)
    }
}

fn write_sets(f: &mut fmt::Formatter<'_>, sets: &[char]) -> fmt::Result {
    for (i, set) in sets.iter().enumerate() {
        if i > 0 {
            f.write_str("|")?;
        }
        write!(f, "{set}")?;
    }
    Ok(())
}

impl fmt::Display for AliasInfo {
    /// Without the parentheses: `a!`, `a|b`, `a -> *`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_sets(f, &self.before)?;
        if self.is_write {
            f.write_str("!")?;
        }
        match &self.after {
            None => Ok(()),
            Some(AliasAfter::Wildcard) => f.write_str(" -> *"),
            Some(AliasAfter::Sets(sets)) => {
                f.write_str(" -> ")?;
                write_sets(f, sets)
            }
        }
    }
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Default::None => f.write_str("None"),
            Default::Bool(true) => f.write_str("True"),
            Default::Bool(false) => f.write_str("False"),
            Default::Int(value) => write!(f, "{value}"),
            Default::Float { text, .. } | Default::Str { text, .. } => f.write_str(text),
            Default::Symbol(word) => f.write_str(word),
            Default::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_type(f, &self.ty, self.alias.as_ref())?;
        write!(f, " {}", self.name)?;
        self.default.as_ref().map_or(Ok(()), |default| write!(f, "={default}"))
    }
}

impl fmt::Display for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_type(f, &self.ty, self.alias.as_ref())?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        let mut keyword_only = false;
        for (i, argument) in self.arguments.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            if argument.keyword_only && !keyword_only {
                keyword_only = true;
                f.write_str("*, ")?;
            }
            write!(f, "{argument}")?;
        }
        f.write_str(") -> ")?;
        if let [only] = self.returns.as_slice() {
            return write!(f, "{only}");
        }
        f.write_str("(")?;
        for (i, returned) in self.returns.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{returned}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for SchemaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SchemaKind::Functional => "functional",
            SchemaKind::Inplace => "inplace",
            SchemaKind::Out => "out",
            SchemaKind::Scratch => "scratch",
            SchemaKind::Mutable => "mutable",
        })
    }
}
