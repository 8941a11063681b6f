//! CPython behind the runtime's interpreter vtable (interpreter.md P139).

use std::sync::OnceLock;

use keyway::{
    Answer, Call, Error, ErrorKind, Handler, Interpreter, InterpreterRef, KeySet, MetadataAnswer,
    MetadataQuery, ObjectAddress, Operator, Result, Stack, Tensor,
};
use pyo3::exceptions::{PyImportError, PyRecursionError};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyType};

use crate::exceptions::to_error;
use crate::handlers;
use crate::metadata;
use crate::object::{adopt, give_away, holders, interpreter_number, object_at};
use crate::py_impl;
use crate::subclass;
use crate::tensor;

/// The one interpreter of the process that may import the module.
static CPYTHON: OnceLock<InterpreterRef> = OnceLock::new();
static NUMBER: OnceLock<i64> = OnceLock::new();

/// Registers CPython with the runtime, and that it is gone with the end of the interpreter (P140).
///
/// # Errors
/// `ImportError` in a second interpreter of the process: objects of two would meet in one registry (P146).
pub(crate) fn start(py: Python<'_>) -> PyResult<()> {
    let number = interpreter_number(py);
    if *NUMBER.get_or_init(|| number) != number {
        return Err(PyImportError::new_err(
            "keyway is imported by another interpreter of this process; subinterpreters are not supported, \
             use threads or processes",
        ));
    }
    if CPYTHON.get().is_none() {
        let registered = keyway::register_interpreter(CPython);
        let interpreter = registered.map_err(|error| PyImportError::new_err(error.to_string()))?;
        let _ = CPYTHON.set(interpreter);
    }
    let retire = PyCFunction::new_closure(py, None, None, |_, _| {
        if let Some(interpreter) = CPYTHON.get() {
            interpreter.retire();
        }
    })?;
    py.import("atexit")?.call_method1("register", (retire,))?;
    Ok(())
}

/// The handle by which the runtime knows CPython.
#[inline]
pub(crate) fn interpreter() -> InterpreterRef {
    *CPYTHON
        .get()
        .unwrap_or_else(|| unreachable!("the module registers the interpreter before anything else"))
}

struct CPython;

/// So many bytes of stack are left for whatever a call of Python code does before it calls an operator again. CPython counts its own
/// frames, but not what each level takes here, nor how small a thread's stack is.
const STACK_KEPT: usize = 128 << 10;

/// Runs Python code attached, or says that Python is going away.
///
/// # Errors
/// What the code raises; `RecursionError` if the stack is nearly used up; `InterpreterGone`.
#[inline]
pub(crate) fn attached<R>(f: impl FnOnce(Python<'_>) -> PyResult<R>) -> Result<R> {
    let called = Python::try_attach(|py| {
        let is_deep = stacker::remaining_stack().is_some_and(|left| left < STACK_KEPT);
        let outcome = if is_deep { Err(too_deep()) } else { f(py) };
        outcome.map_err(|raised| to_error(py, raised))
    });
    called.unwrap_or_else(|| {
        Err(Error::new(ErrorKind::InterpreterGone, "Python is shutting down and takes no calls any more"))
    })
}

#[cold]
fn too_deep() -> PyErr {
    PyRecursionError::new_err(
        "the stack is used up: Python code calls operators that call Python code, again and again",
    )
}

impl Interpreter for CPython {
    fn name(&self) -> &str {
        "CPython"
    }

    fn acquire(&self, object: ObjectAddress) {
        Python::try_attach(|py| give_away(object_at(py, object)));
    }

    fn release(&self, object: ObjectAddress) {
        // Without an interpreter the object is left alone (P142).
        Python::try_attach(|py| drop(adopt(py, object)));
    }

    fn try_acquire(&self, object: ObjectAddress) -> bool {
        let acquired = Python::try_attach(|py| {
            let object = object_at(py, object);
            let is_alive = holders(&object) > 1;
            is_alive.then(|| give_away(object)).is_some()
        });
        acquired.unwrap_or(false)
    }

    fn holders(&self, object: ObjectAddress) -> usize {
        Python::try_attach(|py| holders(&object_at(py, object)) - 1).unwrap_or(0)
    }

    fn type_of(&self, object: ObjectAddress) -> ObjectAddress {
        let ty =
            Python::try_attach(|py| crate::object::address_of(object_at(py, object).get_type().as_any()));
        ty.unwrap_or(object)
    }

    fn type_name(&self, ty: ObjectAddress) -> String {
        let name = Python::try_attach(|py| object_at(py, ty).repr().map(|name| name.to_string()));
        name.and_then(std::result::Result::ok).unwrap_or_else(|| "a Python class".to_owned())
    }

    fn is_subtype(&self, ty: ObjectAddress, of: ObjectAddress) -> bool {
        let answer = Python::try_attach(|py| -> PyResult<bool> {
            let (ty, of) = (object_at(py, ty), object_at(py, of));
            ty.cast::<PyType>()?.is_subclass(&of)
        });
        matches!(answer, Some(Ok(true)))
    }

    fn wants(&self, ty: ObjectAddress, operator: &'static Operator) -> bool {
        Python::try_attach(|py| subclass::wants(&object_at(py, ty), operator)).unwrap_or(true)
    }

    fn dispatch(&self, handler: Handler<'_>, call: &mut Call<'_>) -> Result<Answer> {
        attached(|py| handlers::offer(py, handler, call))
    }

    fn python_dispatcher(&self, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
        attached(|py| py_impl::dispatch(py, operator, keys, stack))
    }

    fn metadata(
        &self,
        handler: Handler<'_>,
        tensor: &Tensor,
        query: MetadataQuery,
    ) -> Result<MetadataAnswer> {
        attached(|py| metadata::ask(py, handler, tensor, query))
    }

    fn detach(&self, tensor: &Tensor) -> Result<Option<Tensor>> {
        attached(|py| tensor::detach_of_class(py, tensor))
    }
}
