//! Dispatch keys, by name, and sets of them.

use keyway::{DispatchKey, KeySet, RegistrationKey};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::exceptions::{OrRaise, of_unknown_key};
use crate::tensor::{PyTensor, expect_tensor};

/// A set of dispatch keys: `KeySet("CPU", "Python")`.
#[pyclass(frozen, name = "KeySet", module = "keyway", eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyKeySet(pub(crate) KeySet);

/// The key of a name.
///
/// # Errors
/// `UnknownKeyError` for a name that no key has.
pub(crate) fn dispatch_key(name: &str) -> PyResult<DispatchKey> {
    name.parse().map_err(|error| unknown(name, &error))
}

/// The key, alias keys included, that kernels are registered at.
///
/// # Errors
/// `UnknownKeyError` for a name that no key has.
pub(crate) fn registration_key(_py: Python<'_>, name: &str) -> PyResult<RegistrationKey> {
    name.parse().map_err(|error| unknown(name, &error))
}

#[cold]
fn unknown(name: &str, error: &keyway::Error) -> PyErr {
    of_unknown_key(format!("could not parse dispatch key: {name} ({error})"))
}

#[pymethods]
impl PyKeySet {
    #[new]
    #[pyo3(signature = (*keys))]
    fn new(keys: Vec<String>) -> PyResult<PyKeySet> {
        let mut set = KeySet::EMPTY;
        for key in keys {
            set = set.with(dispatch_key(&key)?);
        }
        Ok(PyKeySet(set))
    }

    /// Everything strictly below a key: what a kernel there masks its key set with before it redispatches.
    #[staticmethod]
    fn after(key: &str) -> PyResult<PyKeySet> {
        Ok(PyKeySet(KeySet::after(dispatch_key(key)?)))
    }

    /// Every key.
    #[staticmethod]
    fn full() -> PyKeySet {
        PyKeySet(KeySet::FULL)
    }

    /// The highest key's name.
    fn highest(&self) -> String {
        self.0.highest().to_string()
    }

    fn __or__(&self, other: &PyKeySet) -> PyKeySet {
        PyKeySet(self.0 | other.0)
    }

    fn __and__(&self, other: &PyKeySet) -> PyKeySet {
        PyKeySet(self.0 & other.0)
    }

    fn __sub__(&self, other: &PyKeySet) -> PyKeySet {
        PyKeySet(self.0 - other.0)
    }

    fn __contains__(&self, key: &str) -> PyResult<bool> {
        Ok(self.0.contains(dispatch_key(key)?))
    }

    fn __bool__(&self) -> bool {
        self.0 != KeySet::EMPTY
    }

    /// The names of the keys, ascending.
    fn keys(&self) -> Vec<String> {
        self.0.iter().map(|key| key.to_string()).collect()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        Ok((py.get_type::<PyKeySet>(), PyTuple::new(py, slf.get().keys())?))
    }

    fn __repr__(&self) -> String {
        format!("KeySet{}", self.0)
    }
}

/// The keys that a call with the tensor is dispatched by, before the thread's sets.
#[pyfunction]
fn _dispatch_keys(tensor: &Bound<'_, PyTensor>) -> PyResult<PyKeySet> {
    Ok(PyKeySet(expect_tensor(tensor.as_any())?.key_set()))
}

/// The keys that this thread adds to every dispatch.
#[pyfunction]
fn _included_dispatch_keys() -> PyKeySet {
    PyKeySet(keyway::local_key_sets().included)
}

/// The keys that this thread takes from every dispatch.
#[pyfunction]
fn _excluded_dispatch_keys() -> PyKeySet {
    PyKeySet(keyway::local_key_sets().excluded)
}

/// The name of the key under which a kernel's key is known, if there is such a key.
#[pyfunction]
fn _parse_dispatch_key(py: Python<'_>, name: &str) -> PyResult<String> {
    registration_key(py, name).map(|key| key.to_string())
}

/// The device types there are.
#[pyfunction]
fn _device_types() -> Vec<String> {
    keyway::Backend::all().map(|backend| backend.name().to_ascii_lowercase()).collect()
}

/// The key of kernels for a device type.
#[pyfunction]
fn _key_of_device(py: Python<'_>, device: &str) -> PyResult<String> {
    let device: keyway::Device = device.parse().or_raise(py)?;
    Ok(RegistrationKey::from(device).to_string())
}

/// Adds the class and the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyKeySet>()?;
    module.add_function(wrap_pyfunction!(_dispatch_keys, module)?)?;
    module.add_function(wrap_pyfunction!(_included_dispatch_keys, module)?)?;
    module.add_function(wrap_pyfunction!(_excluded_dispatch_keys, module)?)?;
    module.add_function(wrap_pyfunction!(_parse_dispatch_key, module)?)?;
    module.add_function(wrap_pyfunction!(_device_types, module)?)?;
    module.add_function(wrap_pyfunction!(_key_of_device, module)?)
}
