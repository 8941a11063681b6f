//! Schemas from Rust types: what a function's parameters and results are in the schema language.
//!
//! A kernel made from a Rust function carries the schema its type implies (dispatch.md D186, D187), and a typed handle
//! of an operator known only at run time is asked for by Rust types. Both are compared with the declared schema here
//! (D115, D116): counts, then each argument, then each result. Names, defaults and alias sets are not compared, and a
//! symbolic integer is an integer.

use std::fmt;

use keyway_schema::{BaseType, Schema, Type};

use crate::boxing::{Argument, Returns};
use crate::definition::Definition;
use crate::device::{Device, Layout, MemoryFormat};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::Kernel;
use crate::opaque::{Generator, QScheme, Stream};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::tensor::Tensor;

/// A type of a kernel function's parameter, whatever its lifetime: `&Tensor`, `i64`, `Option<&[f64]>`.
///
/// It stands for the [`Argument`]s of all lifetimes, so that a function with borrowed parameters can be named by one
/// type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an argument type of kernels",
    note = "argument types are &Tensor, i64, f64, bool, &str, Scalar, DType, Device, Layout, MemoryFormat, \
            slices of them such as &[Tensor] and &[i64], and Option of each"
)]
pub trait Parameter {
    /// The argument with a call's lifetime.
    type Argument<'a>: Argument<'a>;

    /// The type in the schema language (D187).
    fn argument_type() -> Type;
}

impl<P: Parameter> Parameter for Option<P> {
    type Argument<'a> = Option<P::Argument<'a>>;

    fn argument_type() -> Type {
        Type::Optional(Box::new(P::argument_type()))
    }
}

macro_rules! parameters {
    ($($t:ty => $base:ident;)*) => {$(
        impl Parameter for $t {
            type Argument<'a> = $t;

            fn argument_type() -> Type {
                Type::Base(BaseType::$base)
            }
        }
    )*};
    ($(& $t:ty => $ty:expr;)*) => {$(
        impl Parameter for &$t {
            type Argument<'a> = &'a $t;

            fn argument_type() -> Type {
                $ty
            }
        }
    )*};
}

parameters! {
    i64 => Int; f64 => Float; bool => Bool; Scalar => Scalar; DType => ScalarType; Layout => Layout;
    MemoryFormat => MemoryFormat; Device => Device; QScheme => QScheme; Stream => Stream;
}

parameters! {
    &Tensor => Type::Base(BaseType::Tensor);
    &str => Type::Base(BaseType::Str);
    &Generator => Type::Base(BaseType::Generator);
    &Storage => Type::Base(BaseType::Storage);
    &[Tensor] => list(BaseType::Tensor);
    &[Option<Tensor>] => list_of(Type::Optional(Box::new(Type::Base(BaseType::Tensor))));
    &[i64] => list(BaseType::Int);
    &[Option<i64>] => list_of(Type::Optional(Box::new(Type::Base(BaseType::Int))));
    &[f64] => list(BaseType::Float);
    &[bool] => list(BaseType::Bool);
    &[Scalar] => list(BaseType::Scalar);
    &[String] => list(BaseType::Str);
    &[DType] => list(BaseType::ScalarType);
    &[Layout] => list(BaseType::Layout);
    &[MemoryFormat] => list(BaseType::MemoryFormat);
    &[Device] => list(BaseType::Device);
}

fn list(element: BaseType) -> Type {
    list_of(Type::Base(element))
}

fn list_of(element: Type) -> Type {
    Type::List(Box::new(element), None)
}

/// A type of one result in the schema language.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a result type of kernels",
    note = "results are Tensor, i64, f64, bool, String, Scalar, DType, Device, Layout, MemoryFormat, Vec of them, \
            Option of one, or a tuple of up to nine"
)]
pub trait ResultType {
    /// The type (D187).
    fn result_type() -> Type;
}

macro_rules! result_types {
    ($($t:ty => $ty:expr;)*) => {$(
        impl ResultType for $t {
            fn result_type() -> Type {
                $ty
            }
        }
    )*};
}

result_types! {
    Tensor => Type::Base(BaseType::Tensor);
    i64 => Type::Base(BaseType::Int);
    f64 => Type::Base(BaseType::Float);
    bool => Type::Base(BaseType::Bool);
    String => Type::Base(BaseType::Str);
    Scalar => Type::Base(BaseType::Scalar);
    DType => Type::Base(BaseType::ScalarType);
    Layout => Type::Base(BaseType::Layout);
    MemoryFormat => Type::Base(BaseType::MemoryFormat);
    Device => Type::Base(BaseType::Device);
    QScheme => Type::Base(BaseType::QScheme);
    Generator => Type::Base(BaseType::Generator);
    Storage => Type::Base(BaseType::Storage);
}

impl<T: ResultType> ResultType for Vec<T> {
    fn result_type() -> Type {
        list_of(T::result_type())
    }
}

impl<T: ResultType> ResultType for Option<T> {
    fn result_type() -> Type {
        Type::Optional(Box::new(T::result_type()))
    }
}

/// What a function returns, in the schema language: nothing, one result, or several.
pub trait ResultTypes: Returns {
    /// The type of each result.
    fn types() -> Vec<Type>;
}

impl ResultTypes for () {
    fn types() -> Vec<Type> {
        Vec::new()
    }
}

impl<T: ResultType + Returns> ResultTypes for T {
    fn types() -> Vec<Type> {
        vec![T::result_type()]
    }
}

macro_rules! tuple_types {
    ($($($t:ident)*;)*) => {$(
        impl<$($t: ResultType),*> ResultTypes for ($($t,)*)
        where
            ($($t,)*): Returns,
        {
            fn types() -> Vec<Type> {
                vec![$($t::result_type()),*]
            }
        }
    )*};
}
tuple_types! {
    A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
}

/// The schema that a Rust function's type implies, without the operator's name. Prints as the rest of a schema:
/// `(Tensor _0, int _1) -> Tensor`.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredSchema {
    arguments: Vec<Type>,
    returns: Vec<Type>,
    names: Option<Vec<String>>,
}

impl InferredSchema {
    pub(crate) fn new(arguments: Vec<Type>, returns: Vec<Type>) -> InferredSchema {
        InferredSchema { arguments, returns, names: None }
    }

    /// The same with tensors for results that may be undefined tensors, as any result that a schema says is a tensor may be.
    pub(crate) fn with_undefined_results(mut self, declared: &Schema) -> InferredSchema {
        for (own, ret) in self.returns.iter_mut().zip(&declared.returns) {
            if let (Type::Optional(inner), Type::Base(BaseType::Tensor)) = (&*own, &ret.ty)
                && **inner == ret.ty
            {
                *own = ret.ty.clone();
            }
        }
        self
    }

    /// The types of the arguments, in order.
    pub fn arguments(&self) -> &[Type] {
        &self.arguments
    }

    /// The types of the results, in order.
    pub fn returns(&self) -> &[Type] {
        &self.returns
    }

    pub(crate) fn set_names(&mut self, names: &[&str]) {
        self.names = Some(names.iter().map(|&name| name.to_owned()).collect());
    }

    /// The names that were given, if they are as many as there are arguments.
    pub(crate) fn names_fit(&self) -> bool {
        self.names.as_ref().is_none_or(|names| names.len() == self.arguments.len())
    }

    /// What differs from a declared schema, in words, or nothing (D115, D116). Positions count from 1. Results that
    /// are written arguments may be left out: a kernel that returns nothing gives its arguments back.
    pub fn difference(&self, declared: &Schema) -> Option<String> {
        if self.arguments.len() != declared.arguments.len() {
            return Some(format!(
                "{} arguments are declared, not {}",
                declared.arguments.len(),
                self.arguments.len()
            ));
        }
        let gives_back = self.returns.is_empty()
            && declared.returns.iter().all(|ret| ret.is_write() && declared.aliased_argument(ret).is_some());
        if self.returns.len() != declared.returns.len() && !gives_back {
            return Some(format!(
                "{} results are declared, not {}",
                declared.returns.len(),
                self.returns.len()
            ));
        }
        let arguments = declared.arguments.iter().zip(&self.arguments).enumerate();
        for (position, (argument, own)) in arguments {
            if !is_same_type(&argument.ty, own) {
                let (number, declared) = (position + 1, &argument.ty);
                return Some(format!(
                    "argument {number} (`{}`) is declared {declared}, not {own}",
                    argument.name
                ));
            }
        }
        let mut returns = declared.returns.iter().zip(&self.returns).enumerate();
        let (position, (ret, own)) = returns.find(|(_, (ret, own))| !is_same_type(&ret.ty, own))?;
        Some(format!("result {} is declared {}, not {own}", position + 1, ret.ty))
    }
}

/// Whether a kernel that carries a schema is what a definition says (D115 to D117).
///
/// # Errors
/// `SchemaMismatch`, with the first difference, both types and both places.
pub(crate) fn check_kernel(definition: &Definition, kernel: &Kernel) -> Result<()> {
    let Some(inferred) = kernel.inferred() else { return Ok(()) };
    let Some(difference) = inferred.difference(&definition.schema) else { return Ok(()) };
    let place = definition.place.map_or("in an operator list".to_owned(), |place| format!("at {place}"));
    let message = format!(
        "{difference}; the definition {place} is `{}`, the type of {kernel:?} is `{inferred}`",
        definition.schema
    );
    Err(Error::new(ErrorKind::SchemaMismatch, message).in_operator(definition.schema.name.to_string()))
}

/// Whether a declared type is the inferred one: symbolic numbers count as numbers, the size of a list does not count.
fn is_same_type(declared: &Type, inferred: &Type) -> bool {
    match (declared, inferred) {
        (Type::Base(declared), Type::Base(inferred)) => concrete(*declared) == *inferred,
        (Type::Optional(declared), Type::Optional(inferred)) => is_same_type(declared, inferred),
        (Type::List(declared, _), Type::List(inferred, _)) => is_same_type(declared, inferred),
        _ => false,
    }
}

fn concrete(base: BaseType) -> BaseType {
    match base {
        BaseType::SymInt | BaseType::DeviceIndex => BaseType::Int,
        BaseType::SymBool => BaseType::Bool,
        base => base,
    }
}

impl fmt::Display for InferredSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (position, ty) in self.arguments.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            match self.names.as_ref().and_then(|names| names.get(position)) {
                Some(name) => write!(f, "{separator}{ty} {name}")?,
                None => write!(f, "{separator}{ty} _{position}")?,
            }
        }
        match &self.returns[..] {
            [one] => write!(f, ") -> {one}"),
            several => {
                let several: Vec<String> = several.iter().map(Type::to_string).collect();
                write!(f, ") -> ({})", several.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(arguments: Vec<Type>, returns: Vec<Type>) -> InferredSchema {
        InferredSchema::new(arguments, returns)
    }

    /// D115: symbolic numbers are numbers, sizes of lists, names and defaults do not count.
    #[test]
    fn what_is_the_same_type() {
        let own = inferred(
            vec![<&[i64]>::argument_type(), i64::argument_type(), Option::<&Tensor>::argument_type()],
            vec![Vec::<Tensor>::result_type()],
        );
        for declared in [
            "n::f(SymInt[2] size, SymInt dim=0, *, Tensor? x=None) -> Tensor[]",
            "n::f(int[] a, int b, Tensor? c) -> Tensor[]",
        ] {
            assert_eq!(own.difference(&declared.parse().unwrap()), None, "{declared}");
        }
        let declared = "n::f(int[] a, int b, Tensor c) -> Tensor[]".parse().unwrap();
        assert!(own.difference(&declared).unwrap().contains("argument 3 (`c`) is declared Tensor"));
    }

    /// D186: printed as a schema that parses.
    #[test]
    fn an_inferred_schema_parses() {
        for returns in [vec![], vec![i64::result_type()], vec![i64::result_type(), Tensor::result_type()]] {
            let own = inferred(vec![<&Tensor>::argument_type(), f64::argument_type()], returns);
            let schema: Schema = format!("n::f{own}").parse().unwrap();
            assert_eq!(own.difference(&schema), None);
            assert_eq!(schema.arguments[1].name, "_1");
        }
    }
}
