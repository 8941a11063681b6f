//! Tensors from numbers, nested lists, arrays and tensors, and back.

use keyway::{DType, Device, Element, Geometry, Scalar, Tensor, with_element};
use pyo3::exceptions::{PyMemoryError, PyOverflowError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString, PyTuple};

use crate::exceptions::OrRaise;
use crate::interchange::dtype_of_array_code;
use crate::storages::filled;
use crate::tensor::{PyTensor, expect_tensor, tensor_of, type_name, wrap};
use crate::types::{device_of, dtype_of};
use crate::values::{Refusal, scalar, scalar_to_python};

/// What nested lists hold, read once.
#[derive(Default)]
struct Nested {
    sizes: Vec<i64>,
    numbers: Vec<Scalar>,
    /// Why an integer is held as a float: it does not fit. Only floating-point tensors take it.
    too_large: Option<PyErr>,
}

const DEEPEST: usize = 64;

impl Nested {
    fn read(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        let is_list = object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>();
        if !is_list {
            return self.number(object, depth);
        }
        if depth >= DEEPEST {
            return Err(PyValueError::new_err("lists are nested deeper than a tensor has dimensions"));
        }
        let len = object.len()? as i64;
        match self.sizes.get(depth) {
            None if self.numbers.is_empty() => self.sizes.push(len),
            Some(&expected) if expected == len => {}
            _ => return Err(ragged(depth)),
        }
        for item in object.try_iter()? {
            self.read(&item?, depth + 1)?;
        }
        Ok(())
    }

    fn number(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if depth != self.sizes.len() {
            return Err(ragged(depth));
        }
        let number = match scalar(object) {
            Ok(number) => number,
            Err(Refusal::Raised(error)) if object.is_instance_of::<PyInt>() => {
                let rounded = object.extract::<f64>()?;
                self.too_large = Some(error);
                Scalar::Float(rounded)
            }
            Err(Refusal::Raised(error)) => return Err(error),
            Err(Refusal::Kind) => match object.call_method0(intern!(object.py(), "item")).map(|n| scalar(&n))
            {
                Ok(Ok(number)) => number,
                _ => {
                    let message = format!("a tensor is made of numbers, not of {}", type_name(object));
                    return Err(PyTypeError::new_err(message));
                }
            },
        };
        self.numbers.push(number);
        Ok(())
    }

    fn tensor(self, py: Python<'_>, dtype: Option<DType>) -> PyResult<Tensor> {
        // Without a dtype an integer that does not fit is still no reason for another one.
        let takes_large = dtype.is_some_and(|dtype| dtype.is_floating_point() || dtype.is_complex());
        if let Some(error) = self.too_large.filter(|_| !takes_large) {
            let message = format!("{}; give a floating-point dtype to round it", error.value(py));
            return Err(PyOverflowError::new_err(message));
        }
        let (numbers, sizes) = (&self.numbers, &self.sizes[..]);
        let made = with_element!(dtype.unwrap_or_else(|| dtype_for(numbers)), T => {
            Tensor::from_slice(&numbers.iter().map(|&number| T::from_scalar(number)).collect::<Vec<T>>(), sizes)
        });
        made.or_raise(py)
    }
}

/// The dtype that holds all of these.
fn dtype_for(numbers: &[Scalar]) -> DType {
    let mut dtype = DType::Bool;
    for number in numbers {
        match number {
            Scalar::Complex(..) => return DType::Complex64,
            Scalar::Float(_) => dtype = DType::Float32,
            Scalar::Int(_) if dtype == DType::Bool => dtype = DType::Int64,
            Scalar::Int(_) | Scalar::Bool(_) => {}
        }
    }
    if numbers.is_empty() { DType::Float32 } else { dtype }
}

#[cold]
fn ragged(depth: usize) -> PyErr {
    PyValueError::new_err(format!("lists at depth {depth} differ in length; a tensor needs equal ones"))
}

/// A new tensor with a copy of what Python has.
///
/// # Errors
/// `TypeError` for what is no number, list, array or tensor; `ValueError` for ragged lists.
pub(crate) fn construct(
    py: Python<'_>,
    data: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<Tensor> {
    let dtype = dtype.filter(|dtype| !dtype.is_none()).map(|object| {
        dtype_of(object).ok_or_else(|| PyTypeError::new_err(format!("{} is no dtype", type_name(object))))
    });
    let dtype = dtype.transpose()?;
    let device = match device.filter(|device| !device.is_none()) {
        None => Device::CPU,
        Some(object) => device_of(object)?
            .ok_or_else(|| PyTypeError::new_err(format!("{} is no device", type_name(object))))?,
    };
    let Some(data) = data else {
        return Tensor::zeros(&[0], dtype.unwrap_or(DType::Float32), device).or_raise(py);
    };
    let tensor = match tensor_of(data) {
        Some(tensor) => copied(&tensor).or_raise(py)?,
        None if data.hasattr(intern!(py, "__array_interface__"))? => of_array(data)?,
        None => {
            let mut nested = Nested::default();
            nested.read(data, 0)?;
            nested.tensor(py, dtype)?
        }
    };
    converted(py, tensor, dtype, device)
}

/// The tensor as another dtype or on another device, by the operator for it.
fn converted(py: Python<'_>, tensor: Tensor, dtype: Option<DType>, device: Device) -> PyResult<Tensor> {
    let wanted = dtype.unwrap_or(tensor.dtype());
    if wanted == tensor.dtype() && device == tensor.device() {
        return Ok(tensor);
    }
    let operator = keyway::find_operator("aten::_to_copy").or_raise(py)?;
    let named = [("dtype", wanted.into()), ("device", device.into())];
    let mut results = operator.call_named([tensor.into()], named).or_raise(py)?;
    let result = results.pop().or_raise(py)?;
    result.as_tensor().cloned().ok_or_else(|| PyRuntimeError::new_err("a conversion gave no tensor"))
}

/// A copy with memory of its own.
pub(crate) fn copied(tensor: &Tensor) -> keyway::Result<Tensor> {
    let sizes = tensor.sizes();
    with_element!(tensor.dtype(), T => Tensor::from_slice(&tensor.to_vec::<T>()?, sizes))
}

/// A copy of a NumPy array, or of a NumPy number.
fn of_array(array: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let py = array.py();
    let dtype = array.getattr(intern!(py, "dtype"))?;
    let code = dtype.getattr(intern!(py, "str"))?.cast_into::<PyString>()?.to_string();
    let Some(dtype) = dtype_of_array_code(&code) else {
        return Err(PyTypeError::new_err(format!("an array of dtype {dtype} has no fitting tensor dtype")));
    };
    let sizes: Vec<i64> = array.getattr(intern!(py, "shape"))?.extract()?;
    let bytes = array.call_method0(intern!(py, "tobytes"))?.cast_into::<PyBytes>()?;
    let storage = filled(bytes.as_bytes())?;
    let geometry = Geometry::contiguous(&sizes).or_raise(py)?;
    Tensor::from_storage(storage, dtype, Device::CPU, geometry).or_raise(py)
}

/// A plain tensor whose elements are read here. Classes that handle operators themselves have none (SUB-57).
pub(crate) fn readable(object: &Bound<'_, PyAny>, what: &str) -> PyResult<Tensor> {
    let tensor = expect_tensor(object)?;
    if tensor.key_set().contains(keyway::DispatchKey::Python) {
        return Err(PyRuntimeError::new_err(format!("{what} is not supported for tensor subclasses.")));
    }
    Ok(tensor)
}

/// Bytes of a number of Python, or of an empty list, and its place in a list.
const OF_AN_OBJECT: usize = 40;

/// How many numbers and lists nested lists of these sizes have. Without a number there may be lists all the same.
fn objects_of(sizes: &[i64]) -> usize {
    let counts = sizes.iter().scan(1usize, |count, &size| {
        *count = count.saturating_mul(size as usize);
        Some(*count)
    });
    counts.fold(1, usize::saturating_add)
}

/// The elements as numbers in nested lists; a number for a tensor without dimensions.
#[pyfunction]
fn _tolist<'py>(tensor: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
    let py = tensor.py();
    let tensor = readable(tensor.as_any(), ".tolist()")?;
    // Python's objects take several times the room of the elements, and there is no way back once it is gone.
    let bytes = objects_of(tensor.sizes()).saturating_mul(OF_AN_OBJECT);
    if Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
        let message = format!("there is not enough memory for a list of {} numbers", tensor.numel());
        return Err(PyMemoryError::new_err(message));
    }
    let numbers = numbers(&tensor).or_raise(py)?;
    nested(py, &numbers, tensor.sizes())
}

/// The elements near the edges as numbers in nested lists: of a dimension longer than twice `edge`, so many from either end. Reads no
/// others, of which an expanded tensor may have more than memory holds.
#[pyfunction]
fn _edges<'py>(tensor: &Bound<'py, PyTensor>, edge: i64) -> PyResult<Bound<'py, PyAny>> {
    let py = tensor.py();
    let tensor = readable(tensor.as_any(), "printing")?;
    let of_dimension = |&len: &i64| match len > 2 * edge {
        true => (0..edge).chain(len - edge..len).collect::<Vec<i64>>(),
        false => (0..len).collect(),
    };
    let kept: Vec<Vec<i64>> = tensor.sizes().iter().map(of_dimension).collect();
    let mut positions = vec![tensor.geometry().offset()];
    for (indices, stride) in kept.iter().zip(tensor.strides()) {
        positions =
            positions.iter().flat_map(|at| indices.iter().map(move |index| at + index * stride)).collect();
    }
    let numbers = with_element!(tensor.dtype(), T => elements_at::<T>(&tensor, &positions)).or_raise(py)?;
    nested(py, &numbers, &kept.iter().map(|indices| indices.len() as i64).collect::<Vec<_>>())
}

fn elements_at<T: Element + Into<Scalar>>(tensor: &Tensor, positions: &[i64]) -> keyway::Result<Vec<Scalar>> {
    let read = tensor.storage().read()?;
    let elements = read.elements::<T>()?;
    Ok(positions.iter().map(|&position| elements[position as usize].into()).collect())
}

fn numbers(tensor: &Tensor) -> keyway::Result<Vec<Scalar>> {
    with_element!(tensor.dtype(), T => Ok(tensor.to_vec::<T>()?.into_iter().map(Into::into).collect()))
}

fn nested<'py>(py: Python<'py>, numbers: &[Scalar], sizes: &[i64]) -> PyResult<Bound<'py, PyAny>> {
    let Some((&len, inner)) = sizes.split_first() else {
        return scalar_to_python(py, numbers[0]);
    };
    let step = inner.iter().product::<i64>() as usize;
    let items = (0..len as usize).map(|at| nested(py, &numbers[at * step..(at + 1) * step], inner));
    Ok(PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
}

/// A new plain tensor with a copy of numbers, nested lists, an array or a tensor.
#[pyfunction]
#[pyo3(signature = (data, dtype=None, device=None))]
fn tensor<'py>(
    data: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    device: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    wrap(data.py(), construct(data.py(), Some(data), dtype, device)?)
}

/// Tensors that Rust holds and Python need not: what a kernel's state or a tape does.
#[pyclass(frozen, name = "_Held", module = "keyway")]
struct HeldTensors(Vec<Tensor>);

#[pymethods]
impl HeldTensors {
    #[new]
    fn new(tensors: Vec<Bound<'_, PyAny>>) -> PyResult<HeldTensors> {
        tensors.iter().map(expect_tensor).collect::<PyResult<_>>().map(HeldTensors)
    }

    /// One of them.
    fn get<'py>(&self, py: Python<'py>, at: usize) -> PyResult<Bound<'py, PyAny>> {
        let tensor =
            self.0.get(at).ok_or_else(|| pyo3::exceptions::PyIndexError::new_err("there are not so many"))?;
        wrap(py, tensor.clone())
    }
}

/// Adds the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<HeldTensors>()?;
    module.add_function(wrap_pyfunction!(tensor, module)?)?;
    module.add_function(wrap_pyfunction!(_edges, module)?)?;
    module.add_function(wrap_pyfunction!(_tolist, module)?)
}
