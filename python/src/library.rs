//! Registration from Python: blocks of definitions, kernels and fallbacks, as `keyway/_library.py` offers them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyway::{Kernel, Library, LibraryKind, Place, RegistrationKey};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::exceptions::OrRaise;
use crate::handlers::{self, Calling};
use crate::key_sets::registration_key;
use crate::overload::{OpOverload, of_operator};
use crate::tensor::type_name;

/// How often operators were defined or taken away from Python, so that packets know when to look again.
static DEFINITIONS: AtomicUsize = AtomicUsize::new(1);

/// The number of changes so far.
#[inline]
pub(crate) fn definitions() -> usize {
    DEFINITIONS.load(Ordering::Relaxed)
}

/// A block of registrations that is undone when it is destroyed or dropped.
#[pyclass(frozen, name = "_Library", module = "keyway", weakref)]
struct PyLibrary(Mutex<Option<Library>>);

impl PyLibrary {
    fn with<R>(&self, f: impl FnOnce(&mut Library) -> PyResult<R>) -> PyResult<R> {
        let mut held = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let library = held.as_mut().ok_or_else(|| {
            pyo3::exceptions::PyAssertionError::new_err("Library object has been destroyed")
        })?;
        f(library)
    }
}

/// A place in Python code; its file's name is kept for the process, once for each file.
fn place(file: &str, line: u32) -> Place {
    static FILES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut files = FILES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let file = match files.iter().find(|known| **known == file) {
        Some(known) => known,
        None => {
            files.push(String::leak(file.to_owned()));
            files[files.len() - 1]
        }
    };
    Place { file, line }
}

fn function_kernel(function: &Bound<'_, PyAny>, how: Calling, at: Place) -> PyResult<Kernel> {
    if !function.is_callable() {
        return Err(PyTypeError::new_err(format!(
            "Input function is required to be a callable but found type {}",
            type_name(function)
        )));
    }
    Ok(handlers::kernel(function.clone().unbind(), how).at(at.file, at.line))
}

#[pymethods]
impl PyLibrary {
    #[new]
    #[pyo3(signature = (namespace, kind, key, file, line))]
    fn new(
        py: Python<'_>,
        namespace: &str,
        kind: &str,
        key: Option<&str>,
        file: &str,
        line: u32,
    ) -> PyResult<PyLibrary> {
        let kind = match kind {
            "DEF" => LibraryKind::Definitions,
            "FRAGMENT" => LibraryKind::Fragment,
            "IMPL" => LibraryKind::Kernels,
            other => return Err(PyValueError::new_err(format!("Unsupported kind: {other}"))),
        };
        let key = key.map(|key| registration_key(py, key)).transpose()?;
        let library = Library::open_at(kind, namespace, key, place(file, line));
        Ok(PyLibrary(Mutex::new(Some(library.or_raise(py)?))))
    }

    /// Defines an operator and returns it.
    fn define(
        &self,
        py: Python<'_>,
        schema: &str,
        tags: Vec<String>,
        file: &str,
        line: u32,
    ) -> PyResult<Py<OpOverload>> {
        let at = place(file, line);
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let operator = self.with(|library| {
            library.set_place(at);
            library.def_tagged(schema, &tags).or_raise(py)
        })?;
        DEFINITIONS.fetch_add(1, Ordering::Relaxed);
        of_operator(py, operator).map(Bound::unbind)
    }

    /// Registers a function as a kernel, above the one that is there. With a module its results may not alias anything.
    #[pyo3(signature = (name, function, key, with_keyset, module, file, line))]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the Python function")]
    fn r#impl(
        &self,
        py: Python<'_>,
        name: &str,
        function: Option<&Bound<'_, PyAny>>,
        key: &str,
        with_keyset: bool,
        module: Option<String>,
        file: &str,
        line: u32,
    ) -> PyResult<()> {
        let key: RegistrationKey = registration_key(py, key)?;
        let how = Calling { with_keyset, module, ..Calling::default() };
        let kernel = match function {
            Some(function) => function_kernel(function, how, place(file, line))?,
            None => Kernel::fallthrough(),
        };
        self.with(|library| library.override_kernel(name, key, kernel).or_raise(py))
    }

    /// Registers a function as the fallback at a key: `function([keyset,] op, *args, **kwargs)`.
    #[pyo3(signature = (function, key, with_keyset, file, line))]
    fn fallback(
        &self,
        py: Python<'_>,
        function: Option<&Bound<'_, PyAny>>,
        key: &str,
        with_keyset: bool,
        file: &str,
        line: u32,
    ) -> PyResult<()> {
        let key: RegistrationKey = registration_key(py, key)?;
        let kernel = match function {
            Some(function) => function_kernel(
                function,
                Calling { with_keyset, with_operator: true, module: None },
                place(file, line),
            )?,
            None => Kernel::fallthrough(),
        };
        self.with(|library| library.fallback_at(key, kernel).or_raise(py))
    }

    /// Undoes all registrations.
    fn destroy(&self) {
        let taken = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        // The lock is free by now: what is undone may run Python code.
        drop(taken);
        DEFINITIONS.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for PyLibrary {
    fn drop(&mut self) {
        self.destroy();
    }
}

/// Whether an operator is defined.
#[pyfunction]
fn _is_defined(name: &str) -> bool {
    // Look-up would search for the nearest name, which nobody is going to read.
    keyway::operators().iter().any(|operator| operator.name() == name)
}

/// Where an operator is defined: file and line.
#[pyfunction]
fn _definition_place(name: &str) -> PyResult<Option<(String, u32)>> {
    let operator = keyway::find_operator(name).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(operator.definition_place().map(|place| (place.file.to_owned(), place.line)))
}

/// Adds the class.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyLibrary>()?;
    module.add_function(wrap_pyfunction!(_is_defined, module)?)?;
    module.add_function(wrap_pyfunction!(_definition_place, module)?)
}
