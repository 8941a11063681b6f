//! The overloads of one name: choice by the arguments, and the methods of `Tensor` made of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyway::schema::{BaseType, Type};
use keyway::{Error, ErrorKind, Operator, Stack};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::exceptions::to_exception;
use crate::object::AttachedCell;
use crate::overload::{OpOverload, Tried, call, of_operator, split_name};
use crate::tensor::{tensor_of, type_name};
use crate::values::is_integer;

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
        let objects =
            found.into_iter().map(|operator| of_operator(py, operator)).collect::<PyResult<Vec<_>>>()?;
        let objects = Arc::new(objects);
        self.overloads.replace(py, Some(objects.clone()));
        self.generation.replace(py, generation);
        Ok(objects)
    }

    fn qualified(&self) -> String {
        format!("{}::{}", self.namespace, self.name)
    }

    /// Nothing fits: what was given, and what would do.
    #[cold]
    fn no_match(
        &self,
        py: Python<'_>,
        overloads: &[Py<OpOverload>],
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyErr {
        let mut stack = Stack::new();
        let mut tries =
            overloads.iter().map(|overload| overload.get().try_take(py, args, kwargs, false, &mut stack));
        if overloads.len() == 1
            && let Some(Tried::Misfit(plan, misfit)) = tries.next()
        {
            return plan.exception(py, misfit, args.len());
        }
        let mut message = format!("{}() has no overload for ({})", self.qualified(), given(args, kwargs));
        for tried in tries {
            match tried {
                Tried::Misfit(plan, misfit) => {
                    let why = plan.describe(py, &misfit, args.len());
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
fn gathered<'py>(args: &Bound<'py, PyTuple>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let py = args.py();
    let tensor = args.get_item(0).ok().filter(|first| tensor_of(first).is_some());
    let integers = args.get_slice(usize::from(tensor.is_some()), args.len());
    if integers.is_empty() || integers.iter().any(|object| !is_integer(&object)) {
        return Ok(None);
    }
    Ok(Some(match tensor {
        Some(tensor) => PyTuple::new(py, [tensor, integers.into_any()])?,
        None => PyTuple::new(py, [integers])?,
    }))
}

/// The types of arguments, for messages.
fn given(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> String {
    let mut kinds: Vec<String> = args.iter().map(|object| type_name(&object)).collect();
    for (name, object) in kwargs.into_iter().flatten() {
        kinds.push(format!("{name}={}", type_name(&object)));
    }
    kinds.join(", ")
}

#[pymethods]
impl Packet {
    #[new]
    fn new(py: Python<'_>, namespace: String, name: String) -> PyResult<Packet> {
        let packet =
            Packet { namespace, name, overloads: AttachedCell::new(None), generation: AttachedCell::new(0) };
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
        let overloads = self.overloads(py)?;
        if overloads.is_empty() {
            let message = "its definition is gone";
            let error = Error::new(ErrorKind::MissingDef, message).in_operator(self.qualified());
            return Err(to_exception(py, error));
        }
        // As they are first, then with numbers for tensors; one overload need not be chosen.
        let mut stack = Stack::new();
        let rounds: &[bool] = if overloads.len() == 1 { &[false] } else { &[true, false] };
        for &strict in rounds {
            for overload in overloads.iter() {
                if let Tried::Fits(operator) = overload.get().try_take(py, args, kwargs, strict, &mut stack) {
                    return call(py, operator, &mut stack);
                }
            }
        }
        let gathered = match gathered(args)? {
            Some(gathered) if overloads.iter().any(|overload| overload.get().takes_spread_integers(py)) => {
                gathered
            }
            _ => return Err(self.no_match(py, &overloads, args, kwargs)),
        };
        for overload in overloads.iter().filter(|overload| overload.get().takes_spread_integers(py)) {
            if let Tried::Fits(operator) = overload.get().try_take(py, &gathered, kwargs, false, &mut stack) {
                return call(py, operator, &mut stack);
            }
        }
        Err(self.no_match(py, &overloads, &gathered, kwargs))
    }

    /// The names of the overloads.
    #[pyo3(name = "overloads")]
    fn overload_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let names = self.overloads(py)?;
        PyList::new(py, names.iter().map(|overload| split_name(overload.get().operator.name()).2))
    }

    fn __getattr__(&self, py: Python<'_>, overload: &str) -> PyResult<Py<OpOverload>> {
        let overloads = self.overloads(py)?;
        let found = overloads.iter().find(|object| split_name(object.get().operator.name()).2 == overload);
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

/// An operator's name as a method of `Tensor`: binds the tensor as the first argument.
#[pyclass(frozen, name = "_Method", module = "keyway")]
struct Method(Py<Packet>);

#[pymethods]
impl Method {
    #[new]
    fn new(packet: Py<Packet>) -> Method {
        Method(packet)
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        object: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let packet = slf.get().0.bind(slf.py());
        if object.is_none() {
            return Ok(packet.clone().into_any());
        }
        static METHOD: pyo3::sync::PyOnceLock<Py<pyo3::types::PyType>> = pyo3::sync::PyOnceLock::new();
        METHOD.import(slf.py(), "types", "MethodType")?.call1((packet, object))
    }
}

/// Adds the classes.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Packet>()?;
    module.add_class::<Method>()?;
    module.add_function(wrap_pyfunction!(_method_names, module)?)
}
