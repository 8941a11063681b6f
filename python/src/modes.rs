//! Python objects as modes on the runtime's stack.

use std::cell::RefCell;

use keyway::{ForeignModeTraits, ForeignObject, HandlerType, Mode, ModeSlot, ModeToken, OperatorSet};
use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::cpython::interpreter;
use crate::exceptions::OrRaise;
use crate::object::{address_of, object_at};
use crate::overload::operator_of;

thread_local! {
    /// What this thread's `with` blocks entered: the address of the mode object, and what takes it off.
    static ENTERED: RefCell<Vec<(usize, ModeToken)>> = const { RefCell::new(Vec::new()) };
}

/// A mode of the runtime for an object with a `__torch_dispatch__`.
fn mode_of(object: &Bound<'_, PyAny>) -> PyResult<Mode> {
    check_handler(object)?;
    let address = address_of(object);
    let class = object.get_type();
    let traits = ForeignModeTraits {
        name: object.repr()?.to_string(),
        ty: HandlerType::foreign(interpreter(), address_of(class.as_any())),
        operators: operators_named(object)?,
        slot: slot(object)?,
        is_pre_dispatch: flag(object, "_is_pre_dispatch")?,
        is_infrastructure: match object.getattr_opt(intern!(object.py(), "is_infra_mode"))? {
            Some(method) => method.call0()?.is_truthy()?,
            None => false,
        },
    };
    Ok(Mode::foreign(ForeignObject::acquire(interpreter(), address), traits))
}

/// The handler must be a bound method of the mode (P76).
fn check_handler(mode: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = mode.py();
    let Some(handler) = mode.getattr_opt(intern!(py, "__torch_dispatch__"))? else {
        let message = format!("{} is no mode: it has no __torch_dispatch__", mode.repr()?);
        return Err(PyTypeError::new_err(message));
    };
    let bound_to = handler.getattr_opt(intern!(py, "__self__"))?;
    if bound_to.is_some_and(|bound_to| bound_to.is(mode)) {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(
        "Defining your mode's `__torch_dispatch__` as a classmethod is not supported, please make it a plain method",
    ))
}

/// The operators that the attribute `dispatch_operators` of a mode, or of a class of tensors, names; `None` for all.
///
/// # Errors
/// What reading the attribute and looking operators up report.
pub(crate) fn operators_named(object: &Bound<'_, PyAny>) -> PyResult<Option<OperatorSet>> {
    let py = object.py();
    let declared =
        object.getattr_opt(intern!(py, "dispatch_operators"))?.filter(|declared| !declared.is_none());
    let Some(declared) = declared else { return Ok(None) };
    let mut operators = Vec::new();
    for operator in declared.try_iter()? {
        operators.push(operator_of(&operator?)?);
    }
    OperatorSet::new(operators).or_raise(py).map(Some)
}

fn slot(object: &Bound<'_, PyAny>) -> PyResult<Option<ModeSlot>> {
    let key = object.getattr_opt(intern!(object.py(), "_mode_key"))?.filter(|key| !key.is_none());
    key.map(|key| slot_named(&key.str()?.to_cow()?)).transpose()
}

fn slot_named(name: &str) -> PyResult<ModeSlot> {
    let found = ModeSlot::ALL.into_iter().find(|slot| slot.to_string().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        PyValueError::new_err(format!("'{name}' is no slot of a mode; they are FAKE, PROXY and FUNCTIONAL"))
    })
}

fn flag(object: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    object.getattr_opt(name)?.map_or(Ok(false), |value| value.is_truthy())
}

/// Puts a mode on this thread's stack for a `with` block of an object, until [`leave_scope`].
pub(crate) fn enter_scope(object: &Bound<'_, PyAny>, mode: &Mode) -> PyResult<()> {
    let token = keyway::enter_mode(mode).or_raise(object.py())?;
    ENTERED.with_borrow_mut(|entered| entered.push((address_of(object).get(), token)));
    Ok(())
}

/// Takes off the mode that this thread entered last with this object, and no other.
pub(crate) fn leave_scope(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let address = address_of(object).get();
    let token = ENTERED.with_borrow_mut(|entered| {
        let at = entered.iter().rposition(|&(held, _)| held == address)?;
        Some(entered.remove(at).1)
    });
    let Some(token) = token else {
        return Err(PyIndexError::new_err("the mode is left, but this thread did not enter it"));
    };
    keyway::leave_mode(token).or_raise(object.py())
}

/// Puts a mode of Python on this thread's stack.
#[pyfunction(name = "_enter_mode")]
fn enter(mode: &Bound<'_, PyAny>) -> PyResult<()> {
    enter_scope(mode, &mode_of(mode)?)
}

/// Takes off what [`enter`] put on.
#[pyfunction(name = "_leave_mode")]
fn leave(mode: &Bound<'_, PyAny>) -> PyResult<()> {
    leave_scope(mode)
}

/// Puts a mode on the stack without a scope (P59). None is ignored.
#[pyfunction]
fn _push_on_torch_dispatch_stack(mode: &Bound<'_, PyAny>) -> PyResult<()> {
    match mode.is_none() {
        true => Ok(()),
        false => keyway::put_mode(&mode_of(mode)?).or_raise(mode.py()),
    }
}

/// Takes off the topmost mode, or the one in a slot (P59).
#[pyfunction]
#[pyo3(signature = (key=None))]
fn _pop_torch_dispatch_stack<'py>(py: Python<'py>, key: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    let popped = match key {
        None => keyway::pop_mode().or_raise(py)?,
        Some(key) => keyway::unset_mode(slot_named(key)?).ok_or_else(|| {
            PyRuntimeError::new_err(format!(
                "Attempted to unset the {key} mode, but there wasn't one active."
            ))
        })?,
    };
    object_of(py, &popped)
}

/// The mode at a place of the stack, 0 being the bottom.
#[pyfunction]
fn _get_dispatch_stack_at(py: Python<'_>, index: i64) -> PyResult<Bound<'_, PyAny>> {
    let Ok(place) = usize::try_from(index) else {
        return Err(PyRuntimeError::new_err(format!("Tried to get stack at a negative idx: {index}")));
    };
    object_of(py, &keyway::mode_at(place).or_raise(py)?)
}

/// How many modes are on.
#[pyfunction]
fn _len_torch_dispatch_stack() -> usize {
    keyway::mode_stack_len()
}

/// Puts a mode of infrastructure into its slot (P59).
#[pyfunction]
fn _set_dispatch_mode(mode: &Bound<'_, PyAny>) -> PyResult<()> {
    if slot(mode)?.is_none() {
        return Err(PyRuntimeError::new_err(
            "set_dispatch_mode() called with a mode that does not contain a _mode_key attribute!",
        ));
    }
    keyway::set_mode(&mode_of(mode)?).or_raise(mode.py())
}

/// The mode in a slot, or None.
#[pyfunction]
fn _get_dispatch_mode<'py>(py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    keyway::mode_in_slot(slot_named(key)?).map(|mode| object_of(py, &mode)).transpose()
}

/// Takes the mode out of a slot and returns it, or None.
#[pyfunction]
fn _unset_dispatch_mode<'py>(py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    keyway::unset_mode(slot_named(key)?).map(|mode| object_of(py, &mode)).transpose()
}

/// The topmost mode, or None.
#[pyfunction]
fn _get_current_dispatch_mode(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    keyway::current_mode().map(|mode| object_of(py, &mode)).transpose()
}

/// The modes from the bottom to the top.
#[pyfunction]
fn _get_current_dispatch_mode_stack(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let modes = keyway::mode_stack();
    PyList::new(py, modes.iter().map(|mode| object_of(py, mode)).collect::<PyResult<Vec<_>>>()?)
}

/// Whether a mode is on; those of infrastructure need not count.
#[pyfunction]
#[pyo3(signature = (include_infra_modes=true))]
fn is_in_torch_dispatch_mode(include_infra_modes: bool) -> bool {
    keyway::any_modes_set(!include_infra_modes)
}

/// A mode of Rust on the stack, as Python sees it.
#[pyclass(frozen, name = "RustMode", module = "keyway")]
pub(crate) struct RustMode(Mode);

#[pymethods]
impl RustMode {
    fn __repr__(&self) -> String {
        format!("<mode {} of Rust>", self.0.handler().name())
    }
}

fn object_of<'py>(py: Python<'py>, mode: &Mode) -> PyResult<Bound<'py, PyAny>> {
    match mode.as_foreign() {
        Some(object) => Ok(object_at(py, object.address(interpreter()).or_raise(py)?)),
        None => Ok(Bound::new(py, RustMode(mode.clone()))?.into_any()),
    }
}

/// Adds the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RustMode>()?;
    module.add_function(wrap_pyfunction!(enter, module)?)?;
    module.add_function(wrap_pyfunction!(leave, module)?)?;
    module.add_function(wrap_pyfunction!(_push_on_torch_dispatch_stack, module)?)?;
    module.add_function(wrap_pyfunction!(_pop_torch_dispatch_stack, module)?)?;
    module.add_function(wrap_pyfunction!(_get_dispatch_stack_at, module)?)?;
    module.add_function(wrap_pyfunction!(_len_torch_dispatch_stack, module)?)?;
    module.add_function(wrap_pyfunction!(_set_dispatch_mode, module)?)?;
    module.add_function(wrap_pyfunction!(_get_dispatch_mode, module)?)?;
    module.add_function(wrap_pyfunction!(_unset_dispatch_mode, module)?)?;
    module.add_function(wrap_pyfunction!(_get_current_dispatch_mode, module)?)?;
    module.add_function(wrap_pyfunction!(_get_current_dispatch_mode_stack, module)?)?;
    module.add_function(wrap_pyfunction!(is_in_torch_dispatch_mode, module)?)
}
