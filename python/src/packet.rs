//! The overloads of one name: choice by the arguments, and the methods of `Tensor` made of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyway::schema::{BaseType, Type};
use keyway::{Error, ErrorKind, Operator, Stack};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use smallvec::SmallVec;

use crate::exceptions::to_exception;
use crate::object::AttachedCell;
use crate::overload::{OpOverload, Tried, call, of_operator, split_name};
use crate::plan::{Given, is_word};
use crate::tensor::{tensor_of, type_name};
use crate::values::is_integer;
#[cfg(not(feature = "abi3"))]
use crate::vectorcall::{self, Called, Entry};

/// The operators by namespace and name.
type Index = HashMap<&'static str, HashMap<&'static str, Vec<&'static Operator>>>;

/// Looks into the index of all operators, which is made anew when operators came or went.
fn with_index<R>(generation: usize, f: impl FnOnce(&Index) -> R) -> R {
    static INDEX: Mutex<Option<(usize, Index)>> = Mutex::new(None);
    let mut held = INDEX.lock().unwrap_or_else(PoisonError::into_inner);
    if held.as_ref().is_none_or(|(made_at, _)| *made_at != generation) {
        let mut index = Index::new();
        for operator in keyway::operators() {
            let (namespace, name, _) = split_name(operator.name());
            index.entry(namespace).or_default().entry(name).or_default().push(operator);
        }
        *held = Some((generation, index));
    }
    f(&held.get_or_insert_with(Default::default).1)
}

/// The names in a namespace that have an overload whose first argument is a tensor `self`: the methods of `Tensor`.
#[pyfunction]
fn _method_names(namespace: &str) -> Vec<&'static str> {
    let is_method = |operator: &&'static Operator| {
        let first = operator.schema().and_then(|schema| schema.arguments.first());
        first.is_some_and(|first| first.name == "self" && first.ty == Type::Base(BaseType::Tensor))
    };
    with_index(crate::library::definitions(), |index| {
        let names = index.get(namespace).into_iter().flatten();
        names.filter(|(_, operators)| operators.iter().any(is_method)).map(|(name, _)| *name).collect()
    })
}

/// All overloads of an operator's name, `keyway.ops.aten.add`. Calling it calls the one that the arguments fit.
#[pyclass(frozen, name = "OpOverloadPacket", module = "keyway", weakref)]
pub(crate) struct Packet {
    namespace: String,
    name: String,
    overloads: AttachedCell<Option<Arc<Vec<Py<OpOverload>>>>>,
    generation: AttachedCell<usize>,
    #[cfg(not(feature = "abi3"))]
    entry: Entry,
}

impl Packet {
    /// The overloads there are: the default one first, then by name, those that write to `out` last.
    fn overloads(&self, py: Python<'_>) -> PyResult<Arc<Vec<Py<OpOverload>>>> {
        let generation = crate::library::definitions();
        if let Some(known) = self.overloads.get(py)
            && self.generation.get(py) == generation
        {
            return Ok(known);
        }
        let mut found = with_index(generation, |index| {
            let named = index.get(self.namespace.as_str()).and_then(|names| names.get(self.name.as_str()));
            named.cloned().unwrap_or_default()
        });
        found.sort_by_key(|operator| {
            let (_, _, overload) = split_name(operator.name());
            let writes = operator.schema().is_some_and(|schema| schema.arguments.iter().any(|a| a.is_out));
            // Overloads for tensors before those for numbers, as schemas list them.
            (writes, overload != "default", overload.starts_with("Scalar"), overload)
        });
        let objects = found.into_iter().map(|operator| of_operator(py, operator).map(Bound::unbind));
        let objects = objects.collect::<PyResult<Vec<_>>>()?;
        let objects = Arc::new(objects);
        self.overloads.replace(py, Some(objects.clone()));
        self.generation.replace(py, generation);
        Ok(objects)
    }

    fn qualified(&self) -> String {
        format!("{}::{}", self.namespace, self.name)
    }

    /// Calls the overload that the arguments fit: as they are, or else with numbers for tensors.
    fn call_with<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let overloads = self.overloads(py)?;
        let mut stack = Stack::new();
        // One overload need not be chosen.
        let rounds: &[bool] = if overloads.len() == 1 { &[false] } else { &[true, false] };
        for &strict in rounds {
            for overload in overloads.iter() {
                if let Tried::Fits(operator) = overload.get().try_take(py, given, strict, &mut stack) {
                    return call(py, operator, &mut stack);
                }
            }
        }
        let takes_spread = |overload: &&Py<OpOverload>| overload.get().takes_spread_integers(py);
        let gathered = match gathered(py, given.positional)? {
            Some(gathered) if overloads.iter().any(|overload| takes_spread(&overload)) => gathered,
            _ => return Err(self.no_match(py, &overloads, given)),
        };
        let given = Given { positional: &gathered, ..given };
        for overload in overloads.iter().filter(takes_spread) {
            if let Tried::Fits(operator) = overload.get().try_take(py, given, false, &mut stack) {
                return call(py, operator, &mut stack);
            }
        }
        Err(self.no_match(py, &overloads, given))
    }

    /// Nothing fits: what was given, and what would do.
    #[cold]
    fn no_match(&self, py: Python<'_>, overloads: &[Py<OpOverload>], given: Given<'_, '_>) -> PyErr {
        if overloads.is_empty() {
            let message = "its definition is gone";
            let error = Error::new(ErrorKind::MissingDef, message).in_operator(self.qualified());
            return to_exception(py, error);
        }
        let (mut stack, count) = (Stack::new(), given.positional.len());
        let mut tries =
            overloads.iter().map(|overload| overload.get().try_take(py, given, false, &mut stack));
        if overloads.len() == 1
            && let Some(Tried::Misfit(plan, misfit)) = tries.next()
        {
            return plan.exception(py, misfit, count);
        }
        let mut message = format!("{}() has no overload for ({})", self.qualified(), kinds(given));
        for tried in tries {
            match tried {
                Tried::Misfit(plan, misfit) => {
                    let why = plan.describe(py, &misfit, count);
                    message.push_str(&format!("\n  {}\n    it {why}", plan.schema));
                }
                Tried::Undefined | Tried::Fits(..) => {}
            }
        }
        PyTypeError::new_err(message)
    }
}

/// Arguments whose integers were given one by one as one list, behind a tensor if that comes first: `view(x, 2, 3)` as
/// `view(x, (2, 3))`. None if there is anything else among them.
fn gathered<'py>(
    py: Python<'py>,
    given: &[Bound<'py, PyAny>],
) -> PyResult<Option<SmallVec<[Bound<'py, PyAny>; 2]>>> {
    let (tensor, integers) = match given {
        [first, rest @ ..] if tensor_of(first).is_some() => (Some(first), rest),
        all => (None, all),
    };
    if integers.is_empty() || integers.iter().any(|object| !is_integer(object)) {
        return Ok(None);
    }
    let list = PyTuple::new(py, integers)?.into_any();
    Ok(Some(tensor.cloned().into_iter().chain([list]).collect()))
}

/// The types of arguments, for messages.
fn kinds(given: Given<'_, '_>) -> String {
    let mut kinds: Vec<String> = given.positional.iter().map(type_name).collect();
    for (name, object) in given.named.items() {
        kinds.push(format!("{name}={}", type_name(&object)));
    }
    kinds.join(", ")
}

#[cfg(not(feature = "abi3"))]
impl Called for Packet {
    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn call<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        self.call_with(py, given)
    }
}

#[pymethods]
impl Packet {
    #[new]
    fn new(py: Python<'_>, namespace: String, name: String) -> PyResult<Packet> {
        let packet = Packet {
            namespace,
            name,
            overloads: AttachedCell::new(None),
            generation: AttachedCell::new(0),
            #[cfg(not(feature = "abi3"))]
            entry: Entry::of::<Packet>(),
        };
        if packet.overloads(py)?.is_empty() {
            let message = format!("there is no operator {}", packet.qualified());
            return Err(PyAttributeError::new_err(message));
        }
        Ok(packet)
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Given::with(args, kwargs, |given| self.call_with(py, given))
    }

    /// The names of the overloads.
    #[pyo3(name = "overloads")]
    fn overload_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let names = self.overloads(py)?;
        PyList::new(py, names.iter().map(|overload| split_name(overload.get().operator.name()).2))
    }

    fn __getattr__(&self, py: Python<'_>, overload: &str) -> PyResult<Py<OpOverload>> {
        let overloads = self.overloads(py)?;
        // `from_` for the overload `from`, which is a word of Python.
        let word = overload.strip_suffix('_').filter(|word| is_word(py, word));
        let is_it = |name: &str| name == overload || Some(name) == word;
        let found = overloads.iter().find(|object| is_it(split_name(object.get().operator.name()).2));
        found.map(|object| object.clone_ref(py)).ok_or_else(|| {
            let known = overloads.iter().map(|object| split_name(object.get().operator.name()).2);
            let known = known.collect::<Vec<_>>().join(", ");
            PyAttributeError::new_err(format!(
                "{} has no overload '{overload}'; it has {known}",
                self.qualified()
            ))
        })
    }

    fn __dir__(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        Ok(self.overloads(py)?.iter().map(|object| split_name(object.get().operator.name()).2).collect())
    }

    /// The name with its namespace, `aten::add`.
    #[getter]
    fn name(&self) -> String {
        self.qualified()
    }

    #[getter]
    fn __name__(&self) -> String {
        self.name.clone()
    }

    /// The schemas, which `keyway/_ops.py` makes the documentation: that of the class would hide a `__doc__` here.
    #[getter]
    fn _schemas(&self, py: Python<'_>) -> PyResult<String> {
        let overloads = self.overloads(py)?;
        let schemas = overloads.iter().filter_map(|overload| overload.get().operator.schema());
        Ok(schemas.map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String, String))> {
        let named = py.import("keyway._ops")?.getattr("packet")?;
        Ok((named, (self.namespace.clone(), self.name.clone())))
    }

    fn __repr__(&self) -> String {
        format!("<OpOverloadPacket(op='{}.{}')>", self.namespace, self.name)
    }
}

/// An operator's name as a method of `Tensor`: binds the tensor as the first argument, and is called with it first.
#[pyclass(frozen, name = "_Method", module = "keyway")]
struct Method {
    packet: Py<Packet>,
    #[cfg(not(feature = "abi3"))]
    entry: Entry,
}

#[cfg(not(feature = "abi3"))]
impl Called for Method {
    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn call<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        self.packet.get().call_with(py, given)
    }
}

#[pymethods]
impl Method {
    #[new]
    fn new(packet: Py<Packet>) -> Method {
        Method {
            packet,
            #[cfg(not(feature = "abi3"))]
            entry: Entry::of::<Method>(),
        }
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        object: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let packet = slf.get().packet.bind(slf.py());
        if object.is_none() {
            return Ok(packet.clone().into_any());
        }
        static METHOD: pyo3::sync::PyOnceLock<Py<pyo3::types::PyType>> = pyo3::sync::PyOnceLock::new();
        METHOD.import(slf.py(), "types", "MethodType")?.call1((packet, object))
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.packet.get().__call__(py, args, kwargs)
    }
}

/// Adds the classes.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Packet>()?;
    module.add_class::<Method>()?;
    #[cfg(not(feature = "abi3"))]
    {
        let packet = Packet::new(module.py(), "aten".to_owned(), "detach".to_owned())?;
        let packet = Bound::new(module.py(), packet)?;
        vectorcall::enable(&packet);
        vectorcall::enable_as_method(&Bound::new(module.py(), Method::new(packet.unbind()))?);
    }
    module.add_function(wrap_pyfunction!(_method_names, module)?)
}
