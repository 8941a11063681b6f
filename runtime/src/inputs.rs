//! The arguments of a boxed call from what a user gave: by position, by name, the rest from defaults (D221).

use keyway_schema::{Argument, BaseType, Default, Schema, Type, words};

use crate::definition::Definition;
use crate::device::{Layout, MemoryFormat};
use crate::error::{Error, ErrorKind, Result};
use crate::operator::Operator;
use crate::stack::Stack;
use crate::value::Value;

impl Operator {
    /// The stack for a call: leading positional values, named ones, and defaults for the rest. For values that come from
    /// a user; they are checked by the schema, and nothing is converted.
    ///
    /// ```
    /// use keyway::{ErrorKind, Library, Value};
    /// let mut library = Library::define("inputs")?;
    /// let f = library.def("f(int x, *, str how='fast') -> int")?;
    /// let stack = f.inputs([Value::Int(1)], [("how", "well".into())])?;
    /// assert!(matches!(&stack[..], [Value::Int(1), Value::Str(how)] if **how == "well"));
    /// assert_eq!(f.inputs([Value::Float(1.0)], []).unwrap_err().kind(), ErrorKind::WrongInputType);
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// `TooManyInputs`, `MissingInput`, `UnknownInput` (also for a name given twice or by position too, better than
    /// D221), `WrongInputType`, each naming the argument and the schema; `MissingDef`.
    pub fn inputs<'a>(
        &'static self,
        positional: impl IntoIterator<Item = Value>,
        named: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Result<Stack> {
        let definition = self.definition().ok_or_else(|| self.undefined())?;
        let schema = &definition.schema;
        let mut given: Vec<Option<Value>> = positional.into_iter().map(Some).collect();
        let limit = definition.positional;
        if given.len() > limit {
            let message = format!("it takes {limit} arguments by position, {} were given", given.len());
            return Err(self.wrong_input(ErrorKind::TooManyInputs, &message, schema));
        }
        given.resize(schema.arguments.len(), None);
        for (name, value) in named {
            let position = schema.arguments.iter().position(|argument| argument.name == name);
            let problem = match position.map(|position| &mut given[position]) {
                Some(slot @ None) => {
                    *slot = Some(value);
                    continue;
                }
                Some(Some(_)) => "is given twice",
                None => "is not in its schema",
            };
            let message = format!("the argument `{name}` {problem}");
            return Err(self.wrong_input(ErrorKind::UnknownInput, &message, schema));
        }
        let values = given.into_iter().enumerate();
        values.map(|(position, value)| self.input(definition, position, value)).collect()
    }

    /// The defaults of its arguments in schema order, for front ends that fill in what a user left out.
    ///
    /// # Errors
    /// `MissingDef`.
    pub fn argument_defaults(&'static self) -> Result<Vec<Option<Value>>> {
        let definition = self.definition().ok_or_else(|| self.undefined())?;
        Ok(definition.defaults.0.to_vec())
    }

    /// One argument: the value given, if it is of its type, or the default.
    fn input(&self, definition: &Definition, position: usize, value: Option<Value>) -> Result<Value> {
        let schema = &definition.schema;
        let argument = &schema.arguments[position];
        let (name, ty) = (&argument.name, &argument.ty);
        match value {
            Some(value) if value.tag() & definition.arguments[position].accepts == 0 => {
                let kind = value.kind_name();
                let message =
                    format!("argument `{name}` (position {position}) must be {ty}, {kind} was given");
                Err(self.wrong_input(ErrorKind::WrongInputType, &message, schema))
            }
            Some(value) => Ok(value),
            None => definition.defaults.0[position].clone().ok_or_else(|| {
                let message = format!("the argument `{name}` ({ty}) is missing");
                self.wrong_input(ErrorKind::MissingInput, &message, schema)
            }),
        }
    }

    /// Calls it with values by position and defaults for the rest; the results are on the returned stack.
    ///
    /// # Errors
    /// As [`Operator::inputs`] and [`Operator::call_boxed`].
    pub fn call(&'static self, positional: impl IntoIterator<Item = Value>) -> Result<Stack> {
        self.call_named(positional, [])
    }

    /// Calls it with values by position and by name, and defaults for the rest; the results are on the returned stack.
    ///
    /// # Errors
    /// As [`Operator::inputs`] and [`Operator::call_boxed`].
    pub fn call_named<'a>(
        &'static self,
        positional: impl IntoIterator<Item = Value>,
        named: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Result<Stack> {
        let mut stack = self.inputs(positional, named)?;
        self.call_boxed(&mut stack)?;
        Ok(stack)
    }

    #[cold]
    fn wrong_input(&self, kind: ErrorKind, problem: &str, schema: &Schema) -> Error {
        Error::new(kind, format!("{problem}; it is `{schema}`")).in_operator(self.name())
    }
}

/// An argument's default as a value of its type.
pub(crate) fn default_value(argument: &Argument) -> Option<Value> {
    value_of(argument.default.as_ref()?, &argument.ty)
}

fn value_of(default: &Default, ty: &Type) -> Option<Value> {
    match (default, ty) {
        (Default::None, _) => Some(Value::None),
        (default, Type::Optional(inner)) => value_of(default, inner),
        (Default::List(elements), Type::List(element, _)) => list_of(elements, element),
        (one, Type::List(element, Some(n))) => list_of(&vec![one.clone(); *n as usize], element),
        (Default::Bool(v), _) => Some(Value::Bool(*v)),
        (Default::Int(v), Type::Base(BaseType::Float)) => Some(Value::Float(*v as f64)),
        (Default::Int(v), _) => Some(Value::Int(*v)),
        (Default::Float { value, .. }, _) => Some(Value::Float(*value)),
        (Default::Str { value, .. }, Type::Base(BaseType::Device)) => value.parse().ok().map(Value::Device),
        (Default::Str { value, .. }, _) => Some(value.as_str().into()),
        (Default::Symbol(symbol), _) => symbol_value(symbol),
        (Default::List(_), _) => None,
    }
}

fn list_of(elements: &[Default], ty: &Type) -> Option<Value> {
    let values: Option<Vec<Value>> = elements.iter().map(|element| value_of(element, ty)).collect();
    Value::list(ty, &values?)
}

/// Symbols stand for reduction codes (Y53), memory formats, layouts and dtypes (Y55).
fn symbol_value(symbol: &str) -> Option<Value> {
    match symbol {
        "Mean" => Some(Value::Int(1)),
        "contiguous_format" => Some(Value::MemoryFormat(MemoryFormat::Contiguous)),
        "strided" => Some(Value::Layout(Layout::Strided)),
        name => words::dtype(name)?.parse().ok().map(Value::DType),
    }
}
