//! Values of the boxed stack from Python objects and back, by schema type (P99 to P110).

use keyway::schema::{BaseType, Type};
use keyway::{List, Scalar, Tensor, Value};
use pyo3::Borrowed;
use pyo3::exceptions::{PyMemoryError, PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyList, PyNone, PySequence, PyString, PyTuple};

use smallvec::SmallVec;

use crate::tensor::{tensor_of, type_name, wrap};
use crate::types::{
    PyDevice, PyLayout, PyMemoryFormat, PyOpaque, device_of, dtype_object, dtype_of, layout_object,
    memory_format_object,
};

/// Why an object is no value of a type.
pub(crate) enum Refusal {
    /// It is of another kind.
    Kind,
    /// Looking at it failed.
    Raised(PyErr),
}

impl From<PyErr> for Refusal {
    fn from(error: PyErr) -> Refusal {
        Refusal::Raised(error)
    }
}

type Taken<T> = Result<T, Refusal>;

/// The value of an object as a schema type.
#[inline]
pub(crate) fn from_python(object: &Bound<'_, PyAny>, ty: &Type) -> Taken<Value> {
    match ty {
        Type::Base(BaseType::Tensor) => tensor_of(object).map(Value::Tensor).ok_or(Refusal::Kind),
        Type::Base(base) => of_base(object, *base),
        Type::Optional(_) if object.is_none() => Ok(Value::None),
        Type::Optional(inner) => from_python(object, inner),
        Type::List(element, size) => list_of(object, element, *size),
        Type::Class { .. } => opaque(object),
    }
}

fn of_base(object: &Bound<'_, PyAny>, base: BaseType) -> Taken<Value> {
    match base {
        BaseType::Tensor => tensor_of(object).map(Value::Tensor).ok_or(Refusal::Kind),
        BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => integer(object).map(Value::Int),
        BaseType::Float => float(object).map(Value::Float),
        BaseType::Bool | BaseType::SymBool => boolean(object).map(Value::Bool),
        BaseType::Str => Ok(object.cast::<PyString>().map_err(|_| Refusal::Kind)?.to_cow()?.as_ref().into()),
        BaseType::Scalar => scalar(object).map(Value::from),
        BaseType::ScalarType => dtype_of(object).map(Value::DType).ok_or(Refusal::Kind),
        BaseType::Device => device_of(object)?.map(Value::Device).ok_or(Refusal::Kind),
        BaseType::Layout => Ok(Value::Layout(object.cast::<PyLayout>().map_err(|_| Refusal::Kind)?.get().0)),
        BaseType::MemoryFormat => {
            Ok(Value::MemoryFormat(object.cast::<PyMemoryFormat>().map_err(|_| Refusal::Kind)?.get().0))
        }
        BaseType::QScheme | BaseType::Generator | BaseType::Storage | BaseType::Stream => opaque(object),
    }
}

fn opaque(object: &Bound<'_, PyAny>) -> Taken<Value> {
    Ok(object.cast::<PyOpaque>().map_err(|_| Refusal::Kind)?.get().0.clone())
}

/// An integer: `int`, but not `bool`, or what has `__index__` and is no tensor.
fn integer(object: &Bound<'_, PyAny>) -> Taken<i64> {
    if let Ok(number) = object.cast::<PyInt>() {
        if object.is_instance_of::<PyBool>() {
            return Err(Refusal::Kind);
        }
        return Ok(whole(number)?);
    }
    if tensor_of(object).is_some() || !object.hasattr(intern!(object.py(), "__index__"))? {
        return Err(Refusal::Kind);
    }
    match object.extract::<i64>() {
        Ok(number) => Ok(number),
        Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => Err(Refusal::Raised(error)),
        Err(_) => Err(Refusal::Kind),
    }
}

/// Whether an object is taken as an integer, fitting or not.
pub(crate) fn is_integer(object: &Bound<'_, PyAny>) -> bool {
    !matches!(integer(object), Err(Refusal::Kind))
}

/// An `int` as an integer of 64 bits.
#[inline]
fn whole(number: &Bound<'_, PyInt>) -> PyResult<i64> {
    number.extract::<i64>().map_err(|error| {
        let bits = number.call_method0("bit_length").and_then(|bits| bits.extract::<u64>());
        bits.map_or(error, |bits| {
            PyOverflowError::new_err(format!("an integer of {bits} bits does not fit int64"))
        })
    })
}

fn float(object: &Bound<'_, PyAny>) -> Taken<f64> {
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(number.value());
    }
    if object.is_instance_of::<PyInt>() && !object.is_instance_of::<PyBool>() {
        return Ok(object.extract::<f64>()?);
    }
    match number_of_array(object)? {
        Scalar::Float(value) => Ok(value),
        Scalar::Int(value) => Ok(value as f64),
        Scalar::Bool(_) | Scalar::Complex(..) => Err(Refusal::Kind),
    }
}

fn boolean(object: &Bound<'_, PyAny>) -> Taken<bool> {
    object.cast::<PyBool>().map(|value| value.is_true()).map_err(|_| Refusal::Kind)
}

/// A number of any kind, which it keeps. Those of NumPy are numbers too.
pub(crate) fn scalar(object: &Bound<'_, PyAny>) -> Taken<Scalar> {
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(Scalar::Float(value.value()));
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Scalar::Bool(value.is_true()));
    }
    if let Ok(value) = object.cast::<PyInt>() {
        return Ok(Scalar::Int(whole(value)?));
    }
    match object.cast::<PyComplex>() {
        Ok(value) => Ok(Scalar::Complex(value.real(), value.imag())),
        Err(_) => number_of_array(object),
    }
}

/// A number of NumPy, or that of an array without dimensions.
#[cold]
fn number_of_array(object: &Bound<'_, PyAny>) -> Taken<Scalar> {
    let py = object.py();
    let is_number = object.hasattr(intern!(py, "__array_interface__"))?
        && object.getattr(intern!(py, "shape"))?.cast::<PyTuple>().is_ok_and(|shape| shape.is_empty());
    if !is_number {
        return Err(Refusal::Kind);
    }
    let number = object.call_method0(intern!(py, "item"))?;
    match number.hasattr(intern!(py, "__array_interface__"))? {
        true => Err(Refusal::Kind),
        false => scalar(&number),
    }
}

/// Whether an object is taken as a list: any sequence but text and tensors.
fn is_list(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PyList>()
        || (!object.is_instance_of::<PyString>()
            && tensor_of(object).is_none()
            && object.cast::<PySequence>().is_ok_and(|sequence| sequence.len().is_ok()))
}

/// The most elements of a list that room is made for ahead.
const LIKELY: usize = 64;

fn list_of(object: &Bound<'_, PyAny>, element: &Type, size: Option<u32>) -> Taken<Value> {
    if let Type::Base(BaseType::Int | BaseType::SymInt) = element
        && let Some(integers) = tuple_of_integers::<Vec<i64>>(object)
    {
        return Ok(Value::from(integers));
    }
    // `int[2]` takes one number for all places (D229).
    if let Some(size) = size
        && !is_list(object)
    {
        let one = from_python(object, element)?;
        return Value::list(element, &vec![one; size as usize]).ok_or(Refusal::Kind);
    }
    if !is_list(object) {
        return Err(Refusal::Kind);
    }
    // The length is what the object says; room is made for what it gives.
    let mut values = Vec::with_capacity(object.len()?.min(LIKELY));
    for item in object.try_iter()? {
        let value = from_python(&item?, element)?;
        values
            .try_reserve(1)
            .map_err(|_| PyMemoryError::new_err("a list is longer than there is memory for"))?;
        values.push(value);
    }
    Value::list(element, &values).ok_or(Refusal::Kind)
}

/// The integers of a tuple of them, as sizes come; none if there is anything else in it.
#[inline]
fn tuple_of_integers<C: FromIterator<i64>>(object: &Bound<'_, PyAny>) -> Option<C> {
    let integer = |item: Borrowed<'_, '_, PyAny>| {
        let number = item.cast_exact::<PyInt>().ok()?;
        number.extract::<i64>().ok()
    };
    object.cast_exact::<PyTuple>().ok()?.iter_borrowed().map(integer).collect()
}

/// A sequence of integers as an argument of a function. Unlike `Vec`, it makes room for what the sequence gives, not for the length it claims.
pub(crate) struct Integers(SmallVec<[i64; 6]>);

impl std::ops::Deref for Integers {
    type Target = [i64];

    fn deref(&self) -> &[i64] {
        &self.0
    }
}

impl<'py> FromPyObject<'_, 'py> for Integers {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Integers> {
        if let Some(integers) = tuple_of_integers(&object) {
            return Ok(Integers(integers));
        }
        match list_of(&object, &Type::Base(BaseType::Int), None) {
            Ok(value) => Ok(Integers(value.as_ints().map(SmallVec::from_slice).unwrap_or_default())),
            Err(Refusal::Raised(error)) => Err(error),
            Err(Refusal::Kind) => Err(PyTypeError::new_err(format!(
                "a sequence of integers is needed, not {}",
                type_name(&object)
            ))),
        }
    }
}

/// The object of a value. A tensor that stands for a plain number becomes that number again (P102).
#[inline]
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => PyNone::get(py).to_owned().into_any(),
        Value::Tensor(tensor) => return tensor_to_python(py, tensor),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Complex(_) => {
            let number = value.as_scalar().unwrap_or(Scalar::Int(0));
            return scalar_to_python(py, number);
        }
        Value::Str(text) => PyString::new(py, text).into_any(),
        Value::DType(dtype) => return dtype_object(py, *dtype),
        Value::Layout(layout) => return layout_object(py, *layout),
        Value::MemoryFormat(format) => return memory_format_object(py, *format),
        Value::Device(device) => Bound::new(py, PyDevice(*device))?.into_any(),
        Value::List(list) => return list_to_python(py, list),
        other => Bound::new(py, PyOpaque(other.clone()))?.into_any(),
    })
}

/// As [`to_python`] for a value that is not needed any more.
#[inline]
pub(crate) fn into_python(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Value::Tensor(tensor) if !tensor.is_wrapped_number() => wrap(py, tensor),
        other => to_python(py, &other),
    }
}

#[inline]
fn tensor_to_python<'py>(py: Python<'py>, tensor: &Tensor) -> PyResult<Bound<'py, PyAny>> {
    match tensor.is_wrapped_number() {
        true => match tensor.item() {
            Ok(number) => scalar_to_python(py, number),
            Err(_) => wrap(py, tensor.clone()),
        },
        false => wrap(py, tensor.clone()),
    }
}

/// A number as Python has it.
pub(crate) fn scalar_to_python(py: Python<'_>, number: Scalar) -> PyResult<Bound<'_, PyAny>> {
    Ok(match number {
        Scalar::Int(v) => v.into_pyobject(py)?.into_any(),
        Scalar::Float(v) => PyFloat::new(py, v).into_any(),
        Scalar::Bool(v) => PyBool::new(py, v).to_owned().into_any(),
        Scalar::Complex(re, im) => PyComplex::from_doubles(py, re, im).into_any(),
    })
}

fn list_to_python<'py>(py: Python<'py>, list: &List) -> PyResult<Bound<'py, PyAny>> {
    let list = match list {
        List::Int(values) => PyList::new(py, values)?,
        List::OptionalInt(values) => PyList::new(py, values)?,
        List::Float(values) => PyList::new(py, values)?,
        List::Bool(values) => PyList::new(py, values)?,
        List::Str(values) => PyList::new(py, values)?,
        List::Scalar(values) => each(py, values, |&value| scalar_to_python(py, value))?,
        List::Tensor(tensors) => each(py, tensors, |tensor| wrap(py, tensor.clone()))?,
        List::OptionalTensor(tensors) => {
            each(py, tensors, |tensor| tensor.clone().map(|tensor| wrap(py, tensor)).transpose())?
        }
        List::DType(values) => each(py, values, |&value| to_python(py, &Value::DType(value)))?,
        List::Layout(values) => each(py, values, |&value| to_python(py, &Value::Layout(value)))?,
        List::MemoryFormat(values) => each(py, values, |&value| to_python(py, &Value::MemoryFormat(value)))?,
        List::Device(values) => each(py, values, |&value| to_python(py, &Value::Device(value)))?,
        _ => {
            return Err(pyo3::exceptions::PyTypeError::new_err(
                "a list of a kind that Python does not know yet",
            ));
        }
    };
    Ok(list.into_any())
}

fn each<'py, T, O: IntoPyObject<'py>>(
    py: Python<'py>,
    values: &[T],
    object: impl Fn(&T) -> PyResult<O>,
) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, values.iter().map(object).collect::<PyResult<Vec<_>>>()?)
}
