//! Context managers over the runtime's guards: interception off, re-entrant dispatch, key sets, modes off.
//!
//! A guard belongs to its thread and to its place on the thread's pile, so the pile is kept here, and an object only knows its place.

use std::any::Any;
use std::cell::RefCell;

use keyway::{KeySetGuard, ModeStackGuard, PythonDispatcherGuard, RestoredSnapshotGuard};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::cpython::interpreter;
use crate::exceptions::OrRaise;
use crate::key_sets::PyKeySet;
use crate::object::AttachedCell;

thread_local! {
    static OPEN: RefCell<Vec<(u64, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// What a scope does to its thread.
#[derive(Clone, Copy)]
enum Effect {
    DispatchDisabled,
    Reentrant,
    ModesDisabled,
    PythonDispatcher,
    Included(keyway::KeySet),
    Excluded(keyway::KeySet),
}

/// A scope that is entered by `with`.
#[pyclass(frozen, name = "_Scope", module = "keyway")]
pub(crate) struct Scope {
    effect: Effect,
    open: AttachedCell<Vec<u64>>,
}

impl Scope {
    fn new(effect: Effect) -> Scope {
        Scope { effect, open: AttachedCell::new(Vec::new()) }
    }

    fn guard(&self) -> keyway::Result<Box<dyn Any>> {
        Ok(match self.effect {
            Effect::DispatchDisabled => Box::new(keyway::disable_dispatch()),
            Effect::Reentrant => Box::new(RestoredSnapshotGuard::enter()?),
            Effect::ModesDisabled => Box::new(ModeStackGuard::install(keyway::ModeStack::default())),
            Effect::PythonDispatcher => Box::new(PythonDispatcherGuard::set(Some(interpreter()))),
            Effect::Included(keys) => Box::new(KeySetGuard::include(keys)),
            Effect::Excluded(keys) => Box::new(KeySetGuard::exclude(keys)),
        })
    }
}

static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

#[pymethods]
impl Scope {
    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let guard = slf.get().guard().or_raise(py)?;
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        OPEN.with_borrow_mut(|open| open.push((number, guard)));
        let mut numbers = slf.get().open.get(py);
        numbers.push(number);
        slf.get().open.replace(py, numbers);
        Ok(slf.clone())
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        let py = slf.py();
        let mut numbers = slf.get().open.get(py);
        let number = numbers.pop();
        slf.get().open.replace(py, numbers);
        let at = OPEN.with_borrow(|open| open.iter().rposition(|(held, _)| Some(*held) == number));
        let Some(at) = at else {
            return Err(PyRuntimeError::new_err("the scope is left, but this thread is not in it"));
        };
        // Later ones come off first: a guard restores what it saved.
        let mut taken = OPEN.with_borrow_mut(|open| open.split_off(at));
        let is_in_order = taken.len() == 1;
        while let Some(last) = taken.pop() {
            drop(last);
        }
        match is_in_order {
            true => Ok(()),
            false => Err(PyRuntimeError::new_err(
                "scopes entered later were still open and are left now too; leave scopes in the reverse order of entering",
            )),
        }
    }
}

/// Switches interception off: modes stay on and tensors keep their classes, but operators pass them (P114).
#[pyfunction]
fn _disable_dispatch() -> Scope {
    Scope::new(Effect::DispatchDisabled)
}

/// Re-entrant dispatch: inside a handler, dispatches as the handler's caller did (P34).
#[pyfunction]
fn enable_reentrant_dispatch() -> Scope {
    Scope::new(Effect::Reentrant)
}

/// Takes all modes off for a while (P85).
#[pyfunction]
fn _disable_current_modes() -> Scope {
    Scope::new(Effect::ModesDisabled)
}

/// Has the functions of `py_impl` run, in every dispatch of this thread, before the kernels of Rust (P163).
#[pyfunction]
fn enable_python_dispatcher() -> Scope {
    Scope::new(Effect::PythonDispatcher)
}

/// Adds keys to every dispatch of this thread for a while.
#[pyfunction]
fn _include_dispatch_keys(keys: &PyKeySet) -> Scope {
    Scope::new(Effect::Included(keys.0))
}

/// Takes keys from every dispatch of this thread for a while.
#[pyfunction]
fn _exclude_dispatch_keys(keys: &PyKeySet) -> Scope {
    Scope::new(Effect::Excluded(keys.0))
}

/// Adds the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Scope>()?;
    module.add_function(wrap_pyfunction!(_disable_dispatch, module)?)?;
    module.add_function(wrap_pyfunction!(enable_reentrant_dispatch, module)?)?;
    module.add_function(wrap_pyfunction!(enable_python_dispatcher, module)?)?;
    module.add_function(wrap_pyfunction!(_disable_current_modes, module)?)?;
    module.add_function(wrap_pyfunction!(_include_dispatch_keys, module)?)?;
    module.add_function(wrap_pyfunction!(_exclude_dispatch_keys, module)?)
}
