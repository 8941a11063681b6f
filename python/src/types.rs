//! dtypes, devices, layouts, memory formats and opaque values as Python objects.

use keyway::{DType, Device, Layout, MemoryFormat, Value};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyString, PyType};

use crate::exceptions::OrRaise;

/// An element type, `keyway.float32` and so on. There is one object for each, so `is` compares.
#[pyclass(frozen, name = "dtype", module = "keyway", eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyDType(pub(crate) DType);

#[pymethods]
impl PyDType {
    /// Bytes per element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.0.size()
    }

    /// Whether it is a floating-point type.
    #[getter]
    fn is_floating_point(&self) -> bool {
        self.0.is_floating_point()
    }

    /// Whether its elements are complex numbers.
    #[getter]
    fn is_complex(&self) -> bool {
        self.0.is_complex()
    }

    /// Whether its elements can be below zero.
    #[getter]
    fn is_signed(&self) -> bool {
        self.0.is_signed()
    }

    fn __repr__(&self) -> String {
        format!("keyway.{}", self.0.name())
    }

    fn __reduce__(&self) -> String {
        self.0.name().to_owned()
    }
}

static DTYPES: PyOnceLock<Vec<(DType, Py<PyDType>)>> = PyOnceLock::new();

fn dtypes(py: Python<'_>) -> PyResult<&Vec<(DType, Py<PyDType>)>> {
    DTYPES.get_or_try_init(py, || {
        DType::ALL.into_iter().map(|dtype| Ok((dtype, Py::new(py, PyDType(dtype))?))).collect()
    })
}

/// The object of a dtype.
pub(crate) fn dtype_object(py: Python<'_>, dtype: DType) -> PyResult<Bound<'_, PyAny>> {
    let held = dtypes(py)?.iter().find(|(held, _)| *held == dtype);
    match held {
        Some((_, object)) => Ok(object.bind(py).clone().into_any()),
        None => Ok(Bound::new(py, PyDType(dtype))?.into_any()),
    }
}

/// The dtype that an object stands for: a dtype, or Python's own `float`, `int`, `bool`.
pub(crate) fn dtype_of(object: &Bound<'_, PyAny>) -> Option<DType> {
    if let Ok(dtype) = object.cast::<PyDType>() {
        return Some(dtype.get().0);
    }
    let py = object.py();
    let ty = object.cast::<PyType>().ok()?;
    if ty.is(py.get_type::<PyFloat>()) {
        return Some(DType::Float32);
    }
    if ty.is(py.get_type::<pyo3::types::PyBool>()) {
        return Some(DType::Bool);
    }
    ty.is(py.get_type::<PyInt>()).then_some(DType::Int64)
}

/// Where a tensor is: `keyway.device("cpu")`, `keyway.device("cuda", 1)`.
#[pyclass(frozen, name = "device", module = "keyway", eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyDevice(pub(crate) Device);

#[pymethods]
impl PyDevice {
    #[new]
    #[pyo3(signature = (device, index=None))]
    fn new(device: &Bound<'_, PyAny>, index: Option<u8>) -> PyResult<PyDevice> {
        let Some(mut held) = device_of(device)? else {
            return Err(PyTypeError::new_err("a device is made of a string such as 'cpu' or of a device"));
        };
        if index.is_some() {
            held.index = index;
        }
        Ok(PyDevice(held))
    }

    /// The backend's name in small letters.
    #[getter]
    fn r#type(&self) -> String {
        self.0.backend.name().to_ascii_lowercase()
    }

    /// Which device of the backend; None is the current one.
    #[getter]
    fn index(&self) -> Option<u8> {
        self.0.index
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("device({:?})", self.0.to_string())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (String,)) {
        (py.get_type::<PyDevice>(), (self.0.to_string(),))
    }
}

/// The device that an object stands for: a device, or a string.
///
/// # Errors
/// `ValueError` for a string that is no device.
pub(crate) fn device_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Device>> {
    if let Ok(device) = object.cast::<PyDevice>() {
        return Ok(Some(device.get().0));
    }
    match object.cast::<PyString>() {
        Ok(text) => text.to_cow()?.parse::<Device>().or_raise(object.py()).map(Some),
        Err(_) => Ok(None),
    }
}

/// How elements are laid out: `keyway.strided`.
#[pyclass(frozen, name = "layout", module = "keyway", eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyLayout(pub(crate) Layout);

#[pymethods]
impl PyLayout {
    fn __repr__(&self) -> String {
        format!("keyway.{}", self.__reduce__())
    }

    fn __reduce__(&self) -> String {
        format!("{:?}", self.0).to_ascii_lowercase()
    }
}

const LAYOUTS: [(&str, Layout); 2] = [("strided", Layout::Strided), ("sparse", Layout::Sparse)];
static LAYOUT_OBJECTS: PyOnceLock<Vec<Py<PyLayout>>> = PyOnceLock::new();

/// The object of a layout: one for each, so that `is` compares.
pub(crate) fn layout_object(py: Python<'_>, layout: Layout) -> PyResult<Bound<'_, PyAny>> {
    let objects = LAYOUT_OBJECTS.get_or_try_init(py, || {
        LAYOUTS.iter().map(|(_, layout)| Py::new(py, PyLayout(*layout))).collect::<PyResult<Vec<_>>>()
    })?;
    match objects.iter().find(|object| object.get().0 == layout) {
        Some(object) => Ok(object.bind(py).clone().into_any()),
        None => Ok(Bound::new(py, PyLayout(layout))?.into_any()),
    }
}

/// The order of dimensions in memory: `keyway.contiguous_format` and so on.
#[pyclass(frozen, name = "memory_format", module = "keyway", eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyMemoryFormat(pub(crate) MemoryFormat);

const MEMORY_FORMATS: [(&str, MemoryFormat); 4] = [
    ("contiguous_format", MemoryFormat::Contiguous),
    ("preserve_format", MemoryFormat::Preserve),
    ("channels_last", MemoryFormat::ChannelsLast),
    ("channels_last_3d", MemoryFormat::ChannelsLast3d),
];

#[pymethods]
impl PyMemoryFormat {
    fn __repr__(&self) -> String {
        format!("keyway.{}", self.__reduce__())
    }

    fn __reduce__(&self) -> &'static str {
        let named = MEMORY_FORMATS.iter().find(|(_, format)| *format == self.0);
        named.map_or("memory_format", |(name, _)| name)
    }
}

static MEMORY_FORMAT_OBJECTS: PyOnceLock<Vec<Py<PyMemoryFormat>>> = PyOnceLock::new();

/// The object of a memory format: one for each, so that `is` compares.
pub(crate) fn memory_format_object(py: Python<'_>, format: MemoryFormat) -> PyResult<Bound<'_, PyAny>> {
    let objects = MEMORY_FORMAT_OBJECTS.get_or_try_init(py, || {
        let formats = MEMORY_FORMATS.iter();
        formats.map(|(_, format)| Py::new(py, PyMemoryFormat(*format))).collect::<PyResult<Vec<_>>>()
    })?;
    match objects.iter().find(|object| object.get().0 == format) {
        Some(object) => Ok(object.bind(py).clone().into_any()),
        None => Ok(Bound::new(py, PyMemoryFormat(format))?.into_any()),
    }
}

/// A value that Python only passes along: a generator, a stream, a storage, a quantisation scheme, an object of Rust.
#[pyclass(frozen, name = "Opaque", module = "keyway")]
pub(crate) struct PyOpaque(pub(crate) Value);

#[pymethods]
impl PyOpaque {
    fn __repr__(&self) -> String {
        format!("<keyway {}>", self.0)
    }
}

/// A source of random numbers: `keyway.Generator(seed=0, device="cpu")`.
#[pyfunction(name = "Generator")]
#[pyo3(signature = (seed=0, device=None))]
fn generator(seed: u64, device: Option<&Bound<'_, PyAny>>) -> PyResult<PyOpaque> {
    let device = match device {
        None => Device::CPU,
        Some(object) => {
            device_of(object)?.ok_or_else(|| PyValueError::new_err("a device is a string or a device"))?
        }
    };
    Ok(PyOpaque(Value::Generator(keyway::Generator::new(device, seed))))
}

/// Adds the classes and their constants.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<PyDType>()?;
    module.add_class::<PyDevice>()?;
    module.add_class::<PyLayout>()?;
    module.add_class::<PyMemoryFormat>()?;
    module.add_class::<PyOpaque>()?;
    module.add_function(wrap_pyfunction!(generator, module)?)?;
    for (dtype, object) in dtypes(py)? {
        module.add(dtype.name(), object)?;
    }
    for (name, layout) in LAYOUTS {
        module.add(name, layout_object(py, layout)?)?;
    }
    for (name, format) in MEMORY_FORMATS {
        module.add(name, memory_format_object(py, format)?)?;
    }
    Ok(())
}
