//! Operators as Python callables: one object for each overload, for ever (P98).

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway::schema::Schema;
use keyway::{KeySet, Operator, RegistrationKey, Stack, Value};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::exceptions::{OrRaise, of_panic, to_exception};
use crate::key_sets::{PyKeySet, registration_key};
use crate::object::{AddressMap, AttachedCell, give_away, object_at};
use crate::parked;
use crate::plan::{Given, Misfit, Plan};
use crate::py_impl::TablesCell;
use crate::values::{into_python, to_python};
#[cfg(not(feature = "abi3"))]
use crate::vectorcall::{self, Called, Entry};

/// An operator of one name and overload, `keyway.ops.aten.add.Tensor`.
#[pyclass(frozen, name = "OpOverload", module = "keyway", weakref)]
pub(crate) struct OpOverload {
    pub(crate) operator: &'static Operator,
    plan: AttachedCell<Option<&'static Plan>>,
    #[cfg(not(feature = "abi3"))]
    entry: Entry,
    /// What runs instead while the Python dispatcher is on.
    pub(crate) tables: TablesCell,
}

/// Elements from which on a call lets other Python threads run meanwhile: letting go of the interpreter lock and taking it again
/// costs about as much as a kernel needs for some hundred elements.
const LONG: usize = 1 << 13;

/// The objects of operators by the addresses of these; each is held for ever.
static OBJECTS: AddressMap = AddressMap::new();

/// The object of an operator.
#[inline]
pub(crate) fn of_operator<'py>(
    py: Python<'py>,
    operator: &'static Operator,
) -> PyResult<Bound<'py, OpOverload>> {
    match OBJECTS.find(py, std::ptr::from_ref(operator).addr()) {
        Some(address) => Ok(object_at(py, address).cast_into()?),
        None => make(py, operator),
    }
}

#[cold]
fn make<'py>(py: Python<'py>, operator: &'static Operator) -> PyResult<Bound<'py, OpOverload>> {
    let object = Bound::new(
        py,
        OpOverload {
            operator,
            plan: AttachedCell::new(None),
            #[cfg(not(feature = "abi3"))]
            entry: Entry::of::<OpOverload>(),
            tables: AttachedCell::new(None),
        },
    )?;
    let key = std::ptr::from_ref(operator).addr();
    // Making the object may have let another thread in, which made one too.
    if let Some(address) = OBJECTS.find(py, key) {
        return Ok(object_at(py, address).cast_into()?);
    }
    OBJECTS.insert(py, key, give_away(object.clone().into_any()));
    Ok(object)
}

/// The object of the operator of a name.
///
/// # Errors
/// What [`keyway::find_operator`] reports.
pub(crate) fn named<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, OpOverload>> {
    let operator = keyway::find_operator(name).or_raise(py)?;
    of_operator(py, operator)
}

impl OpOverload {
    /// How it is called, as it is defined now.
    #[inline]
    pub(crate) fn plan(&self, py: Python<'_>) -> PyResult<&'static Plan> {
        let defined = self.operator.schema();
        match (self.plan.get(py), defined) {
            (Some(plan), Some(schema)) if std::ptr::eq(plan.schema, schema) => Ok(plan),
            (_, Some(_)) => {
                let plan = Plan::of(py, self.operator)?;
                self.plan.replace(py, Some(plan));
                Ok(plan)
            }
            (_, None) => Err(PyRuntimeError::new_err(format!(
                "Could not find schema for {}: its definition is gone",
                self.operator.name()
            ))),
        }
    }

    /// Takes arguments from Python: as they are, or numbers for tensors.
    #[inline]
    fn take(&self, py: Python<'_>, given: Given<'_, '_>, stack: &mut Stack) -> PyResult<()> {
        let plan = self.plan(py)?;
        let taken = plan.take(given, false, stack);
        taken.map_err(|misfit| plan.exception(py, misfit, given.positional.len()))
    }

    /// A call.
    #[inline]
    pub(crate) fn call_with<'py>(
        &self,
        py: Python<'py>,
        given: Given<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut stack = Stack::new();
        self.take(py, given, &mut stack)?;
        call(py, self.operator, &mut stack)
    }
}

#[cfg(not(feature = "abi3"))]
impl Called for OpOverload {
    fn entry(&self) -> &Entry {
        &self.entry
    }

    #[inline]
    fn call<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        self.call_with(py, given)
    }
}

/// Calls an operator with a stack of arguments and returns its results as Python has them.
#[inline]
pub(crate) fn call<'py>(
    py: Python<'py>,
    operator: &'static Operator,
    stack: &mut Stack,
) -> PyResult<Bound<'py, PyAny>> {
    called(py, operator, stack, |operator, stack| operator.call_boxed(stack))
}

#[inline]
fn called<'py>(
    py: Python<'py>,
    operator: &'static Operator,
    stack: &mut Stack,
    f: impl Fn(&'static Operator, &mut Stack) -> keyway::Result<()> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    parked::enter(py);
    let outcome = run(py, operator, stack, f).and_then(|()| results(py, stack));
    parked::leave(py);
    outcome
}

/// How many elements an argument brings.
#[inline]
fn elements_of(value: &Value) -> usize {
    match value {
        Value::Tensor(tensor) => tensor.numel(),
        Value::List(_) => value.tensors().map(|tensor| tensor.numel()).sum(),
        _ => 0,
    }
}

/// Runs an operator, attached or, for large tensors, detached. A panic becomes an exception.
#[inline]
fn run(
    py: Python<'_>,
    operator: &'static Operator,
    stack: &mut Stack,
    f: impl Fn(&'static Operator, &mut Stack) -> keyway::Result<()> + Send,
) -> PyResult<()> {
    let elements: usize = stack.iter().map(elements_of).sum();
    let mut guarded = move || catch_unwind(AssertUnwindSafe(|| f(operator, stack)));
    let outcome = if elements < LONG { guarded() } else { py.detach(guarded) };
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(to_exception(py, error)),
        Err(panic) => Err(of_panic(operator.name(), &*panic)),
    }
}

/// Results as Python has them: None, the one, or a tuple.
#[inline]
fn results<'py>(py: Python<'py>, stack: &mut Stack) -> PyResult<Bound<'py, PyAny>> {
    match &stack[..] {
        [_] => into_python(py, stack.pop().or_raise(py)?),
        [] => Ok(py.None().into_bound(py)),
        several => {
            let values = several.iter().map(|value| to_python(py, value)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyTuple::new(py, values)?.into_any())
        }
    }
}

/// A try at an overload: whether the arguments fit, and if not, why.
pub(crate) enum Tried {
    Fits(&'static Operator),
    Misfit(&'static Plan, Misfit),
    Undefined,
}

impl OpOverload {
    /// Whether arguments fit, for the choice among overloads.
    pub(crate) fn try_take(
        &self,
        py: Python<'_>,
        given: Given<'_, '_>,
        strict: bool,
        stack: &mut Stack,
    ) -> Tried {
        let Ok(plan) = self.plan(py) else { return Tried::Undefined };
        stack.truncate(0);
        match plan.take(given, strict, stack) {
            Ok(()) => Tried::Fits(self.operator),
            Err(misfit) => Tried::Misfit(plan, misfit),
        }
    }

    /// Whether the integers of its only list may be given one by one: it takes nothing else by position but a tensor `self` before it.
    pub(crate) fn takes_spread_integers(&self, py: Python<'_>) -> bool {
        self.plan(py).is_ok_and(Plan::takes_spread_integers)
    }

    fn schema_of(&self) -> PyResult<&'static Schema> {
        self.operator.schema().ok_or_else(|| {
            PyRuntimeError::new_err(format!("Could not find schema for {}", self.operator.name()))
        })
    }
}

#[pymethods]
impl OpOverload {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Given::with(args, kwargs, |given| self.call_with(py, given))
    }

    /// Calls the kernel at the highest key of a key set, without a look at the thread's sets (P177).
    #[pyo3(signature = (keyset, /, *args, **kwargs))]
    fn redispatch<'py>(
        &self,
        py: Python<'py>,
        keyset: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(keys) = keyset.cast::<PyKeySet>() else {
            return Err(PyTypeError::new_err("redispatch needs a KeySet as its first argument"));
        };
        let keys: KeySet = keys.get().0;
        let mut stack = Stack::new();
        Given::with(args, kwargs, |given| self.take(py, given, &mut stack))?;
        called(py, self.operator, &mut stack, |operator, stack| operator.redispatch_boxed(keys, stack))
    }

    /// The schema as text.
    #[getter]
    fn schema(&self) -> PyResult<String> {
        Ok(self.schema_of()?.to_string())
    }

    /// The tags of the definition.
    #[getter]
    fn tags(&self) -> Vec<&'static str> {
        self.operator.tags().to_vec()
    }

    /// The full name, `aten::add.Tensor`.
    #[getter]
    fn name(&self) -> &'static str {
        self.operator.name()
    }

    /// The namespace, `aten`.
    #[getter]
    fn namespace(&self) -> &'static str {
        self.operator.name().split("::").next().unwrap_or_default()
    }

    /// The overload's name; that of the empty overload is `default`.
    #[getter]
    fn overload(&self) -> &'static str {
        split_name(self.operator.name()).2
    }

    #[getter]
    fn __name__(&self) -> String {
        let (_, name, overload) = split_name(self.operator.name());
        format!("{name}.{overload}")
    }

    #[getter]
    fn __module__(&self) -> String {
        format!("keyway.ops.{}", self.namespace())
    }

    /// Whether a kernel is registered at exactly this key.
    fn has_kernel_for_dispatch_key(&self, py: Python<'_>, key: &str) -> PyResult<bool> {
        let key: RegistrationKey = registration_key(py, key)?;
        Ok(self.operator.has_kernel_at(key))
    }

    /// The names of the keys that kernels are registered at.
    fn kernel_keys(&self) -> Vec<String> {
        self.operator.kernel_keys().iter().map(ToString::to_string).collect()
    }

    /// The dispatch table: for each key what runs there, and why.
    fn dump_table(&self) -> String {
        self.operator.dump_table()
    }

    /// The way a call with these keys takes, step by step.
    fn explain(&self, keys: &PyKeySet) -> String {
        self.operator.explain(keys.0, keyway::local_key_sets()).to_string()
    }

    fn __repr__(&self) -> String {
        let (namespace, name, overload) = split_name(self.operator.name());
        format!("<OpOverload(op='{namespace}.{name}', overload='{overload}')>")
    }

    fn __str__(&self) -> String {
        let (namespace, name, overload) = split_name(self.operator.name());
        format!("{namespace}.{name}.{overload}")
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (&'static str,))> {
        Ok((py.import("keyway._keyway")?.getattr("_operator")?, (self.operator.name(),)))
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }
}

/// Namespace, name and overload of an operator's full name.
pub(crate) fn split_name(full: &'static str) -> (&'static str, &'static str, &'static str) {
    let (namespace, rest) = full.split_once("::").unwrap_or(("", full));
    let (name, overload) = rest.split_once('.').unwrap_or((rest, "default"));
    (namespace, name, overload)
}

/// The object of the operator with this full name.
#[pyfunction]
fn _operator<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, OpOverload>> {
    named(py, name)
}

/// The full names of all defined operators, in order of name.
#[pyfunction]
fn _operator_names(py: Python<'_>) -> Vec<Bound<'_, PyString>> {
    let mut names: Vec<_> = keyway::operators().iter().map(|operator| operator.name()).collect();
    names.sort_unstable();
    names.into_iter().map(|name| PyString::new(py, name)).collect()
}

/// The operator that an object names: an overload, or a full name.
///
/// # Errors
/// `TypeError` for another object; what look-up reports.
pub(crate) fn operator_of(object: &Bound<'_, PyAny>) -> PyResult<&'static Operator> {
    if let Ok(overload) = object.cast::<OpOverload>() {
        return Ok(overload.get().operator);
    }
    let Ok(name) = object.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!(
            "an operator is named by an overload such as ops.aten.add.Tensor or by a string, not by {}",
            crate::tensor::type_name(object)
        )));
    };
    keyway::find_operator(&name.to_cow()?).or_raise(object.py())
}

/// What is called like an overload, and may have more to it.
#[pyclass(frozen, subclass, name = "_CallsOverload", module = "keyway", weakref, dict)]
struct CallsOverload {
    overload: PyOnceLock<Py<OpOverload>>,
    #[cfg(not(feature = "abi3"))]
    entry: Entry,
}

impl CallsOverload {
    fn call_with<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.overload.get(py) {
            Some(overload) => overload.get().call_with(py, given),
            None => Err(PyRuntimeError::new_err("the operator is not defined yet")),
        }
    }
}

#[cfg(not(feature = "abi3"))]
impl Called for CallsOverload {
    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn call<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        self.call_with(py, given)
    }
}

#[pymethods]
impl CallsOverload {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> CallsOverload {
        CallsOverload {
            overload: PyOnceLock::new(),
            #[cfg(not(feature = "abi3"))]
            entry: Entry::of::<CallsOverload>(),
        }
    }

    /// From now on a call is one of this overload.
    fn _bind(slf: &Bound<'_, Self>, overload: &Bound<'_, OpOverload>) -> PyResult<()> {
        let bound = slf.get().overload.set(slf.py(), overload.clone().unbind());
        bound.map_err(|_| PyRuntimeError::new_err("the operator is bound already"))?;
        // Classes that Python code derives do not take the protocol over.
        #[cfg(not(feature = "abi3"))]
        vectorcall::enable(slf);
        Ok(())
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
}

/// Adds the class and the look-ups.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<CallsOverload>()?;
    module.add_class::<OpOverload>()?;
    #[cfg(not(feature = "abi3"))]
    vectorcall::enable(&named(module.py(), "aten::detach")?);
    module.add_function(wrap_pyfunction!(_operator, module)?)?;
    module.add_function(wrap_pyfunction!(_operator_names, module)?)
}
