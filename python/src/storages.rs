//! The memory of tensors as objects of their own, for saving and copying: tensors that share memory do so afterwards too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway::{Device, Geometry, MetadataPolicy, Storage, Tensor};
use pyo3::exceptions::{PyMemoryError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::exceptions::OrRaise;
use crate::tensor::{PyTensor, expect_tensor, type_name, wrap};
use crate::types::dtype_of;
use crate::values::Integers;

/// The memory behind a tensor.
#[pyclass(frozen, name = "_Storage", module = "keyway._keyway", weakref)]
struct PyStorage(Storage);

#[pymethods]
impl PyStorage {
    /// A number that no other memory has while this object lives.
    #[getter]
    fn address(&self) -> usize {
        self.0.address()
    }

    /// Whether there are bytes on the host.
    #[getter]
    fn has_bytes(&self) -> bool {
        self.0.is_on_the_host()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let bytes = PyBytes::new(py, slf.get().0.read().or_raise(py)?.bytes());
        let rebuild = py.import("keyway._keyway")?.getattr("_storage_of_bytes")?;
        Ok((rebuild, PyTuple::new(py, [bytes])?))
    }

    /// Other memory with the same bytes.
    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> PyResult<PyStorage> {
        filled(self.0.read().or_raise(py)?.bytes()).map(PyStorage)
    }
}

/// New memory with these bytes.
///
/// # Errors
/// `MemoryError` if there is not enough for them.
pub(crate) fn filled(bytes: &[u8]) -> PyResult<Storage> {
    let made = catch_unwind(AssertUnwindSafe(|| Storage::from_slice(bytes)));
    made.map_err(|_| PyMemoryError::new_err(format!("there is not enough memory for {} bytes", bytes.len())))
}

/// The memory of a tensor.
#[pyfunction]
fn _storage(tensor: &Bound<'_, PyTensor>) -> PyResult<PyStorage> {
    Ok(PyStorage(expect_tensor(tensor.as_any())?.storage().clone()))
}

#[pyfunction]
fn _storage_of_bytes(bytes: &Bound<'_, PyBytes>) -> PyResult<PyStorage> {
    filled(bytes.as_bytes()).map(PyStorage)
}

/// A tensor over memory.
#[pyfunction]
fn _over_storage<'py>(
    storage: &Bound<'py, PyStorage>,
    dtype: &Bound<'py, PyAny>,
    size: Integers,
    stride: Integers,
    storage_offset: i64,
) -> PyResult<Bound<'py, PyAny>> {
    let py = storage.py();
    let dtype = dtype_of(dtype)
        .ok_or_else(|| PyTypeError::new_err(format!("a dtype is needed, not {}", type_name(dtype))))?;
    let geometry = Geometry::new(&size, &stride, storage_offset).or_raise(py)?;
    let storage = storage.get().0.clone();
    wrap(py, Tensor::from_storage(storage, dtype, Device::CPU, geometry).or_raise(py)?)
}

/// The arguments of `_make_wrapper_subclass` that make a wrapper like this one, beside its class: what it stores, not what its
/// class answers.
#[pyfunction]
fn _wrapper_arguments<'py>(tensor: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyDict>> {
    let py = tensor.py();
    let tensor = expect_tensor(tensor.as_any())?;
    let (arguments, policy) = (PyDict::new(py), tensor.metadata_policy());
    arguments.set_item("size", PyTuple::new(py, tensor.sizes())?)?;
    arguments.set_item("strides", PyTuple::new(py, tensor.strides())?)?;
    arguments.set_item("storage_offset", tensor.storage_offset())?;
    arguments.set_item("dtype", crate::types::dtype_object(py, tensor.dtype())?)?;
    arguments.set_item("device", tensor.device().to_string())?;
    arguments.set_item("dispatch_sizes_strides_policy", sizes_strides(&policy))?;
    arguments.set_item("dispatch_device", policy.device)?;
    arguments.set_item("dispatch_layout", policy.layout)?;
    Ok(arguments)
}

fn sizes_strides(policy: &MetadataPolicy) -> Option<&'static str> {
    match (policy.sizes, policy.strides) {
        (true, _) => Some("sizes"),
        (false, true) => Some("strides"),
        (false, false) => None,
    }
}

/// Adds the class and the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyStorage>()?;
    module.add_function(wrap_pyfunction!(_storage, module)?)?;
    module.add_function(wrap_pyfunction!(_storage_of_bytes, module)?)?;
    module.add_function(wrap_pyfunction!(_over_storage, module)?)?;
    module.add_function(wrap_pyfunction!(_wrapper_arguments, module)?)
}
