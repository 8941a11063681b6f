//! Objects that Python code returned into a call from Python, kept until that call has its results.
//!
//! Between the two the result is a tensor on a stack of Rust. Without the object it would have to be made anew, or, for one of a
//! subclass, be kept by the tensor's slot and be replaced by a successor: slower, and not the object that the handler returned.
//!
//! One place is enough: a call that finds another thread's object there, or none, just makes its own.

use pyo3::prelude::*;

use crate::object::AttachedCell;

/// How many calls from Python are on their way. Objects are kept only for these.
static CALLS: AttachedCell<usize> = AttachedCell::new(0);
static PARKED: AttachedCell<Option<Py<PyAny>>> = AttachedCell::new(None);
static IS_PARKED: AttachedCell<bool> = AttachedCell::new(false);

/// A call begins.
#[inline]
pub(crate) fn enter(py: Python<'_>) {
    CALLS.replace(py, CALLS.get(py) + 1);
}

/// A call has its results.
#[inline]
pub(crate) fn leave(py: Python<'_>) {
    CALLS.replace(py, CALLS.get(py) - 1);
    if IS_PARKED.replace(py, false) {
        replace(py, None);
    }
}

/// Keeps what a handler or kernel returned for the call that waits for it.
#[inline]
pub(crate) fn park(result: Bound<'_, PyAny>) {
    let py = result.py();
    if CALLS.get(py) != 0 {
        IS_PARKED.replace(py, true);
        replace(py, Some(result.unbind()));
    }
}

fn replace(py: Python<'_>, object: Option<Py<PyAny>>) {
    if let Some(parked) = PARKED.replace(py, object) {
        parked.drop_ref(py);
    }
}
