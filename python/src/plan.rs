//! How the arguments of an operator are taken from Python: worked out once for each definition of it.

use keyway::schema::{BaseType, Schema, Type};
use keyway::{Operator, Stack, Value};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::exceptions::OrRaise;
use crate::tensor::{tensor_of, type_name};
use crate::values::{Refusal, from_python};

/// The arguments of a call as Python gives them.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, 'py> {
    pub(crate) positional: &'a [Bound<'py, PyAny>],
    pub(crate) named: Named<'a, 'py>,
}

/// Arguments by name.
#[derive(Clone, Copy)]
pub(crate) enum Named<'a, 'py> {
    None,
    Dictionary(&'a Bound<'py, PyDict>),
    /// The names, and the values in the same order.
    #[cfg(not(feature = "abi3"))]
    Listed(&'a Bound<'py, PyTuple>, &'a [Bound<'py, PyAny>]),
}

impl<'py> Given<'_, 'py> {
    /// Has `f` see arguments that came as a tuple and a dictionary.
    #[inline]
    pub(crate) fn with<R>(
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
        f: impl FnOnce(Given<'_, 'py>) -> R,
    ) -> R {
        #[cfg(not(feature = "abi3"))]
        let positional = args.as_slice();
        #[cfg(feature = "abi3")]
        let positional = &args.iter().collect::<smallvec::SmallVec<[_; 6]>>()[..];
        let named = match kwargs {
            Some(kwargs) if !kwargs.is_empty() => Named::Dictionary(kwargs),
            _ => Named::None,
        };
        f(Given { positional, named })
    }
}

impl<'py> Named<'_, 'py> {
    pub(crate) fn len(self) -> usize {
        match self {
            Named::None => 0,
            Named::Dictionary(kwargs) => kwargs.len(),
            #[cfg(not(feature = "abi3"))]
            Named::Listed(_, values) => values.len(),
        }
    }

    /// The value of a name. The name is interned, as names in calls nearly always are.
    fn get(self, name: &Py<PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self {
            Named::None => Ok(None),
            Named::Dictionary(kwargs) => kwargs.get_item(name),
            #[cfg(not(feature = "abi3"))]
            Named::Listed(names, values) => {
                let name = name.bind(names.py());
                let mut at = names.as_slice().iter().position(|held| held.is(name));
                for (position, held) in names.as_slice().iter().enumerate() {
                    if at.is_none() && held.eq(name)? {
                        at = Some(position);
                    }
                }
                Ok(at.map(|at| values[at].clone()))
            }
        }
    }

    /// Names and values, for messages.
    pub(crate) fn items(self) -> Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        match self {
            Named::None => Vec::new(),
            Named::Dictionary(kwargs) => kwargs.iter().collect(),
            #[cfg(not(feature = "abi3"))]
            Named::Listed(names, values) => names.iter().zip(values.iter().cloned()).collect(),
        }
    }
}

/// A definition as calls from Python need it. Definitions live as long as the process, and so do their plans.
pub(crate) struct Plan {
    pub(crate) schema: &'static Schema,
    arguments: Vec<Taken>,
    positional: usize,
}

struct Taken {
    name: &'static str,
    /// The name as calls have it.
    interned: Py<PyString>,
    /// The name with a `_` behind it, for one that is a word of Python and could not be written.
    also: Option<Py<PyString>>,
    ty: &'static Type,
    default: Option<Value>,
    /// Whether it is one tensor.
    is_tensor: bool,
    /// Whether a number may stand for a tensor here.
    takes_numbers: bool,
}

/// Why arguments do not fit.
pub(crate) enum Misfit {
    TooMany,
    Missing(usize),
    Unknown(String),
    Twice(usize),
    WrongType(usize, Py<PyAny>),
    TooLarge(usize, PyErr),
    Raised(PyErr),
}

impl Plan {
    /// The plan of an operator as it is defined now.
    ///
    /// # Errors
    /// `RuntimeError` if it is not defined.
    pub(crate) fn of(py: Python<'_>, operator: &'static Operator) -> PyResult<&'static Plan> {
        let defaults = operator.argument_defaults().or_raise(py)?;
        let Some(schema) = operator.schema() else {
            return Err(pyo3::exceptions::PyRuntimeError::new_err(format!(
                "{} is not defined",
                operator.name()
            )));
        };
        // A number stands for a tensor beside another tensor, which it follows in dtype.
        let is_tensor = |ty: &Type| *ty == Type::Base(BaseType::Tensor);
        let has_several = schema.arguments.iter().filter(|argument| is_tensor(&argument.ty)).count() > 1;
        let taken = schema.arguments.iter().zip(defaults).map(|(argument, default)| Taken {
            name: &argument.name,
            interned: PyString::intern(py, &argument.name).unbind(),
            also: is_word(py, &argument.name)
                .then(|| PyString::intern(py, &format!("{}_", argument.name)).unbind()),
            ty: &argument.ty,
            default,
            is_tensor: is_tensor(&argument.ty),
            takes_numbers: has_several && argument.alias.is_none() && is_tensor(&argument.ty),
        });
        let plan = Plan { schema, arguments: taken.collect(), positional: schema.positional().count() };
        Ok(Box::leak(Box::new(plan)))
    }

    /// Puts the arguments of a call on an empty stack. `strict` takes values as they are; otherwise numbers may stand for tensors.
    #[inline]
    pub(crate) fn take(&self, given: Given<'_, '_>, strict: bool, stack: &mut Stack) -> Result<(), Misfit> {
        let count = given.positional.len();
        if count > self.positional {
            return Err(Misfit::TooMany);
        }
        for (position, (taken, object)) in self.arguments.iter().zip(given.positional).enumerate() {
            stack.push(taken.value(position, object, strict)?);
        }
        match given.named {
            Named::None => self.fill(count, stack),
            named => self.take_named(count, named, strict, stack),
        }
    }

    /// Whether the arguments by position are one list of integers, or a tensor and that.
    pub(crate) fn takes_spread_integers(&self) -> bool {
        let positional = &self.arguments[..self.positional];
        let positional = match positional {
            [first, rest @ ..] if first.is_tensor => rest,
            all => all,
        };
        matches!(positional, [list] if is_integers(list.ty))
    }

    #[inline]
    fn fill(&self, from: usize, stack: &mut Stack) -> Result<(), Misfit> {
        for (position, taken) in self.arguments.iter().enumerate().skip(from) {
            stack.push(taken.default.clone().ok_or(Misfit::Missing(position))?);
        }
        Ok(())
    }

    fn take_named(
        &self,
        from: usize,
        named: Named<'_, '_>,
        strict: bool,
        stack: &mut Stack,
    ) -> Result<(), Misfit> {
        let mut left = named.len();
        for (position, taken) in self.arguments.iter().enumerate().skip(from) {
            let object = match left {
                0 => None,
                _ => taken.named(named).map_err(Misfit::Raised)?,
            };
            stack.push(match object {
                Some(object) => {
                    left -= 1;
                    taken.value(position, &object, strict)?
                }
                None => taken.default.clone().ok_or(Misfit::Missing(position))?,
            });
        }
        if left == 0 {
            return Ok(());
        }
        Err(self.surplus(from, named))
    }

    /// A keyword that no argument took.
    #[cold]
    fn surplus(&self, given: usize, named: Named<'_, '_>) -> Misfit {
        for (name, _) in named.items() {
            let name = name.cast::<PyString>().map(|name| name.to_string()).unwrap_or_default();
            let is_it = |taken: &Taken| {
                taken.name == name || taken.also.is_some() && name.strip_suffix('_') == Some(taken.name)
            };
            match self.arguments.iter().position(is_it) {
                Some(position) if position < given => return Misfit::Twice(position),
                Some(_) => {}
                None => return Misfit::Unknown(name),
            }
        }
        Misfit::TooMany
    }

    /// What is wrong, in words.
    #[cold]
    pub(crate) fn describe(&self, py: Python<'_>, misfit: &Misfit, given: usize) -> String {
        let name = |position: &usize| self.arguments[*position].name;
        match misfit {
            Misfit::TooMany => {
                format!("takes {} positional argument(s) but {given} were given", self.positional)
            }
            Misfit::Missing(position) => {
                format!(
                    "is missing value for argument '{}' ({})",
                    name(position),
                    self.arguments[*position].ty
                )
            }
            Misfit::Unknown(name) => format!("has no argument '{name}'"),
            Misfit::Twice(position) => format!("got argument '{}' by position and by name", name(position)),
            Misfit::WrongType(position, object) => format!(
                "expected a value of type '{}' for argument '{}' (position {position}) but found type '{}'",
                self.arguments[*position].ty,
                name(position),
                type_name(object.bind(py))
            ),
            Misfit::TooLarge(position, error) => format!(
                "got a value for argument '{}' (position {position}) that is too large: {}",
                name(position),
                error.value(py)
            ),
            Misfit::Raised(error) => error.to_string(),
        }
    }

    /// The exception for a call of this operator alone.
    #[cold]
    pub(crate) fn exception(&self, py: Python<'_>, misfit: Misfit, given: usize) -> PyErr {
        if let Misfit::Raised(error) = misfit {
            return error;
        }
        let problem = self.describe(py, &misfit, given);
        let message = format!("{}() {problem}. Schema: {}", self.schema.name, self.schema);
        match misfit {
            Misfit::TooLarge(..) => PyOverflowError::new_err(message),
            _ => PyTypeError::new_err(message),
        }
    }
}

/// Whether a type is a list of integers, or that or none.
fn is_integers(ty: &Type) -> bool {
    match ty {
        Type::Optional(inner) => is_integers(inner),
        Type::List(element, _) => matches!(**element, Type::Base(BaseType::Int | BaseType::SymInt)),
        Type::Base(_) | Type::Class { .. } => false,
    }
}

/// Whether a name is a word of Python, which a caller cannot write as a keyword.
pub(crate) fn is_word(py: Python<'_>, name: &str) -> bool {
    let is_keyword = py.import("keyword").and_then(|words| words.call_method1("iskeyword", (name,)));
    is_keyword.and_then(|answer| answer.is_truthy()).unwrap_or(false)
}

impl Taken {
    /// What is given by name.
    #[inline]
    fn named<'py>(&self, named: Named<'_, 'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match (named.get(&self.interned)?, &self.also) {
            (None, Some(also)) => named.get(also),
            (found, _) => Ok(found),
        }
    }

    #[inline]
    fn value(&self, position: usize, object: &Bound<'_, PyAny>, strict: bool) -> Result<Value, Misfit> {
        if self.is_tensor
            && let Some(tensor) = tensor_of(object)
        {
            return Ok(Value::Tensor(tensor));
        }
        match from_python(object, self.ty) {
            Ok(value) => Ok(value),
            Err(Refusal::Kind) if self.takes_numbers && !strict => {
                let number = from_python(object, &Type::Base(BaseType::Scalar));
                let number = number.ok().and_then(|value| value.as_scalar());
                let tensor = number.and_then(|number| keyway::Tensor::wrapped_number(number).ok());
                tensor.map(Value::Tensor).ok_or_else(|| Misfit::WrongType(position, object.clone().unbind()))
            }
            Err(Refusal::Kind) => Err(Misfit::WrongType(position, object.clone().unbind())),
            Err(Refusal::Raised(error)) if error.is_instance_of::<PyOverflowError>(object.py()) => {
                Err(Misfit::TooLarge(position, error))
            }
            Err(Refusal::Raised(error)) => Err(Misfit::Raised(error)),
        }
    }
}
