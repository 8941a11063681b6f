//! Errors of Rust as Python exceptions, and Python exceptions on their way through Rust.
//!
//! An exception that a handler raises travels as the origin of an [`Error`] and comes out as the same object (P23).

use std::sync::Arc;

use keyway::{Error, ErrorKind};
use pyo3::exceptions::{PyIndexError, PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

static UNKNOWN_KEY: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The class of exceptions for names that no dispatch key has. It is a value that is wrong, and what PyTorch raises is a `RuntimeError`.
///
/// # Errors
/// What making a class raises.
fn unknown_key(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let made = UNKNOWN_KEY.get_or_try_init(py, || {
        let (bases, members) =
            ((py.get_type::<PyValueError>(), py.get_type::<PyRuntimeError>()), PyDict::new(py));
        members.set_item("__module__", "keyway")?;
        members.set_item(
            "__doc__",
            "A name that no dispatch key has, or that of a key which cannot stand there.",
        )?;
        let class = py.get_type::<PyType>().call1(("UnknownKeyError", bases, members))?;
        PyResult::Ok(class.cast_into::<PyType>()?.unbind())
    });
    made.map(|class| class.bind(py))
}

/// The exception for a name that no dispatch key has.
#[cold]
pub(crate) fn of_unknown_key(message: String) -> PyErr {
    Python::attach(|py| match unknown_key(py) {
        Ok(class) => PyErr::from_type(class.clone(), message),
        Err(error) => error,
    })
}

/// Adds the classes of exceptions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("UnknownKeyError", unknown_key(module.py())?)
}

/// An exception inside an [`Error`].
struct Raised(Py<pyo3::exceptions::PyBaseException>);

/// An exception as an error that carries it.
#[cold]
pub(crate) fn to_error(py: Python<'_>, raised: PyErr) -> Error {
    let kind = if raised.is_instance_of::<PyNotImplementedError>(py) {
        ErrorKind::NotImplemented
    } else if raised.is_instance_of::<PyTypeError>(py) {
        ErrorKind::Type
    } else if raised.is_instance_of::<PyIndexError>(py) {
        ErrorKind::Index
    } else if raised.is_instance_of::<PyValueError>(py) {
        ErrorKind::Value
    } else {
        ErrorKind::Runtime
    };
    let message = format!("raised in Python: {raised}");
    Error::new(kind, message).with_origin(Arc::new(Raised(raised.into_value(py))))
}

/// An error as an exception: the one it carries, or one of the fitting class.
#[cold]
pub(crate) fn to_exception(py: Python<'_>, error: Error) -> PyErr {
    if let Some(Raised(exception)) = error.origin::<Raised>() {
        return PyErr::from_value(exception.bind(py).clone().into_any());
    }
    let message = error.to_string();
    match error.kind() {
        ErrorKind::WrongInputType
        | ErrorKind::TooManyInputs
        | ErrorKind::MissingInput
        | ErrorKind::UnknownInput
        | ErrorKind::WrongValueKind
        | ErrorKind::SignatureMismatch
        | ErrorKind::AllDeclined
        | ErrorKind::Type => PyTypeError::new_err(message),
        ErrorKind::UnknownKey => of_unknown_key(message),
        ErrorKind::Value
        | ErrorKind::SchemaSyntax
        | ErrorKind::SchemaInvalid
        | ErrorKind::IllegalOverload
        | ErrorKind::SchemaExpected
        | ErrorKind::NameExpected => PyValueError::new_err(message),
        ErrorKind::Index => PyIndexError::new_err(message),
        ErrorKind::NotImplemented
        | ErrorKind::NoKernel
        | ErrorKind::NoKernelAtKey
        | ErrorKind::NoKernelForUndefined
        | ErrorKind::NoMetaKernel
        | ErrorKind::FakeImplNotLoaded => PyNotImplementedError::new_err(message),
        _ => PyRuntimeError::new_err(message),
    }
}

/// `Result` of Rust to `PyResult`.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception for the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for keyway::Result<T> {
    #[inline]
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| to_exception(py, error))
    }
}

/// The exception for a panic: never one that `except Exception` misses, and never the end of the process.
#[cold]
pub(crate) fn of_panic(operator: &str, panic: &(dyn std::any::Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    // The runtime's allocations have no other way to fail.
    match text.starts_with("there is not enough memory") {
        true => PyRuntimeError::new_err(format!("{operator}: {text}")),
        false => PyRuntimeError::new_err(format!("{operator}: a kernel panicked: {text}")),
    }
}
