//! The class `Tensor`, and the rule that a tensor has one Python object while either lives.
//!
//! The object owns a handle to its tensor, and the tensor's slot knows the object's address. When the last Python reference to an
//! object of a subclass goes while Rust still holds the tensor, the finaliser turns ownership round: the slot keeps the object, with
//! its class and attributes, and the object keeps only a weak handle; they turn back when the tensor comes to Python again
//! (P150). A plain `Tensor` has no attributes, so it is just made anew.

use keyway::{MetadataQuery, Tensor, WeakTensor};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple, PyType};

use crate::cpython::interpreter;
use crate::elements;
use crate::exceptions::OrRaise;
use crate::metadata::{answer, answered_list};
use crate::object::{AttachedCell, address_of, adopt, give_away, holders, new_of_class, object_at};
use crate::overload;
use crate::types::dtype_object;

/// A tensor.
///
/// `Tensor(data, dtype=None, device=None)` copies numbers, nested lists, NumPy arrays and tensors. Classes that derive from it and
/// have a `__torch_dispatch__` are handed every operator that is called with them.
#[pyclass(frozen, subclass, weakref, name = "Tensor", module = "keyway")]
pub(crate) struct PyTensor {
    held: AttachedCell<Held>,
}

/// How an object holds its tensor.
#[derive(Clone, Debug, Default)]
enum Held {
    /// It owns a handle, and the slot does not know of it yet.
    Unclaimed(Tensor),
    /// It owns a handle, and is the object in the tensor's slot.
    Claimed(Tensor),
    /// The slot keeps the object.
    Kept(WeakTensor),
    /// Another object took over.
    #[default]
    Nothing,
}

impl PyTensor {
    fn unclaimed(tensor: Tensor) -> PyTensor {
        PyTensor { held: AttachedCell::new(Held::Unclaimed(tensor)) }
    }
}

/// The tensor of an object, if it is one. Its slot knows the object from here on.
#[inline]
pub(crate) fn tensor_of(object: &Bound<'_, PyAny>) -> Option<Tensor> {
    let py = object.py();
    let this = object.cast::<PyTensor>().ok()?;
    match this.get().held.get(py) {
        Held::Claimed(tensor) => Some(tensor),
        held => claim(this, held),
    }
}

#[cold]
fn claim(this: &Bound<'_, PyTensor>, held: Held) -> Option<Tensor> {
    let py = this.py();
    match held {
        Held::Claimed(tensor) => Some(tensor),
        Held::Unclaimed(tensor) => {
            let address = address_of(this.as_any());
            let stands = tensor.object_slot().claim(interpreter(), address).ok()?;
            if stands == address {
                this.get().held.replace(py, Held::Claimed(tensor.clone()));
            }
            Some(tensor)
        }
        // A weak reference brought the object back while its slot keeps it.
        Held::Kept(weak) => {
            let tensor = weak.upgrade()?;
            this.get().held.replace(py, Held::Claimed(tensor.clone()));
            if tensor.object_slot().take_back() {
                drop(adopt(py, address_of(this.as_any())));
            }
            Some(tensor)
        }
        Held::Nothing => None,
    }
}

/// The tensor of an object.
///
/// # Errors
/// `TypeError` for what is no tensor.
pub(crate) fn expect_tensor(object: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    tensor_of(object)
        .ok_or_else(|| PyTypeError::new_err(format!("a Tensor is needed, not {}", type_name(object))))
}

/// The name of an object's type, for messages.
pub(crate) fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// The object of a tensor: the one there is, or a new plain one.
///
/// # Errors
/// `RuntimeError` if the tensor is another interpreter's.
#[inline]
pub(crate) fn wrap(py: Python<'_>, tensor: Tensor) -> PyResult<Bound<'_, PyAny>> {
    let slot = tensor.object_slot();
    if let Some(address) = slot.load(interpreter()).or_raise(py)? {
        let object = object_at(py, address);
        return if slot.is_keeping() { take_back(object, tensor) } else { Ok(object) };
    }
    let object = Bound::new(py, PyTensor::unclaimed(tensor))?;
    settle(&object)?;
    Ok(object.into_any())
}

/// Puts a new object into the slot of its tensor. Says whether it is there: another may have come first.
#[inline]
fn settle(object: &Bound<'_, PyTensor>) -> PyResult<bool> {
    let (py, held) = (object.py(), &object.get().held);
    let tensor = match held.replace(py, Held::Nothing) {
        Held::Unclaimed(tensor) => tensor,
        other => {
            let is_claimed = matches!(other, Held::Claimed(_));
            held.replace(py, other);
            return Ok(is_claimed);
        }
    };
    let (slot, address) = (tensor.object_slot(), address_of(object.as_any()));
    let is_there = if tensor.handles() == 1 {
        slot.fill(interpreter(), address);
        true
    } else {
        slot.claim(interpreter(), address).or_raise(py)? == address
    };
    held.replace(py, if is_there { Held::Claimed(tensor) } else { Held::Unclaimed(tensor) });
    Ok(is_there)
}

/// The object that a tensor's slot keeps owns its tensor again. Python finalises an object once only, so one that nobody else
/// holds hands its class and attributes to a successor that can be kept again.
#[cold]
fn take_back(object: Bound<'_, PyAny>, tensor: Tensor) -> PyResult<Bound<'_, PyAny>> {
    let py = object.py();
    let slot = tensor.object_slot();
    if !slot.take_back() {
        return Ok(object);
    }
    let count_of_slot = adopt(py, address_of(&object));
    let is_held_elsewhere = holders(&object) > 2;
    drop(count_of_slot);
    let this = object.cast::<PyTensor>()?;
    if is_held_elsewhere {
        this.get().held.replace(py, Held::Claimed(tensor));
        return Ok(object);
    }
    this.get().held.replace(py, Held::Nothing);
    slot.clear();
    let successor = of_class(&object.get_type(), tensor)?;
    successor.setattr(intern!(py, "__dict__"), object.getattr(intern!(py, "__dict__"))?)?;
    copy_slots(&object, &successor)?;
    Ok(successor)
}

/// Copies what `__slots__` of the class hold.
fn copy_slots(from: &Bound<'_, PyAny>, to: &Bound<'_, PyAny>) -> PyResult<()> {
    let names = from.py().import("copyreg")?.call_method1("_slotnames", (from.get_type(),))?;
    for name in names.try_iter()? {
        let name = name?.cast_into::<pyo3::types::PyString>()?;
        if let Ok(value) = from.getattr(&name) {
            to.setattr(&name, value)?;
        }
    }
    Ok(())
}

/// A new object of a class for a tensor that has none. The class's own `__new__` and `__init__` do not run.
///
/// # Errors
/// `TypeError` if the class does not derive from `Tensor`; `RuntimeError` if the tensor has an object.
pub(crate) fn of_class<'py>(class: &Bound<'py, PyType>, tensor: Tensor) -> PyResult<Bound<'py, PyAny>> {
    let object = new_of_class(class, PyTensor::unclaimed(tensor))?;
    if !settle(object.cast::<PyTensor>()?)? {
        return Err(PyRuntimeError::new_err(format!(
            "Creating a new Tensor subclass {} but the raw Tensor object is already associated to a python object",
            class.repr()?
        )));
    }
    Ok(object)
}

/// Whether a class has a handler of its own: a `__torch_dispatch__` other than that of `Tensor` (P117).
pub(crate) fn has_handler(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let name = intern!(class.py(), "__torch_dispatch__");
    // That of `Tensor` is a builtin function, and hardly any other is.
    if !class.getattr(name)?.is_instance_of::<PyCFunction>() {
        return Ok(true);
    }
    let base = class.py().get_type::<PyTensor>();
    for ancestor in class.mro() {
        if ancestor.is(&base) {
            return Ok(false);
        }
        if ancestor.getattr(intern!(class.py(), "__dict__"))?.contains(name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the class of a tensor makes of a shallow copy: the operator `detach` is put to it (P132).
pub(crate) fn detach_of_class(py: Python<'_>, tensor: &Tensor) -> PyResult<Option<Tensor>> {
    let detach = overload::named(py, "aten::detach")?;
    let result = detach.call1((wrap(py, tensor.clone())?,))?;
    expect_tensor(&result).map(Some)
}

#[pymethods]
impl PyTensor {
    #[new]
    #[classmethod]
    #[pyo3(signature = (data=None, *, dtype=None, device=None))]
    fn new(
        cls: &Bound<'_, PyType>,
        data: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        device: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyTensor> {
        let tensor = elements::construct(cls.py(), data, dtype, device)?;
        match !cls.is(cls.py().get_type::<PyTensor>()) && has_handler(cls)? {
            true => Ok(PyTensor::unclaimed(crate::subclass::intercepted(&tensor))),
            false => Ok(PyTensor::unclaimed(tensor)),
        }
    }

    /// What a subclass's handler may pass a call on to: runs `func` with interception switched off (P116).
    #[classmethod]
    #[pyo3(signature = (func, types, args=None, kwargs=None))]
    fn __torch_dispatch__<'py>(
        _cls: &Bound<'py, PyType>,
        func: &Bound<'py, PyAny>,
        types: &Bound<'py, PyAny>,
        args: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = types;
        let args = match args {
            None => PyTuple::empty(func.py()),
            Some(args) => match args.cast::<PyTuple>() {
                Ok(args) => args.clone(),
                Err(_) => args.cast::<pyo3::types::PyList>().map(|list| list.to_tuple()).map_err(|_| {
                    PyTypeError::new_err(format!("expected List or Tuple (got {})", type_name(args)))
                })?,
            },
        };
        keyway::with_dispatch_disabled(|| func.call(args, kwargs))
    }

    /// Keeps the object of a subclass while Rust holds its tensor. A subclass with a `__del__` of its own calls this one.
    fn __del__(slf: &Bound<'_, PyTensor>) {
        let py = slf.py();
        let Held::Claimed(tensor) = slf.get().held.get(py) else { return };
        // One handle is the object's, one is the copy here.
        if tensor.handles() <= 2 || slf.as_any().get_type().is(py.get_type::<PyTensor>()) {
            return;
        }
        if tensor.object_slot().keep() {
            slf.get().held.replace(py, Held::Kept(tensor.downgrade()));
            give_away(slf.as_any().clone());
        }
        // If Rust let go of it meanwhile, the tensor goes here, and the object with it.
        drop(tensor);
    }

    /// Sizes of the dimensions.
    #[getter]
    fn shape<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyTuple>> {
        let tensor = expect_tensor(slf.as_any())?;
        match answered_list(slf.py(), &tensor, MetadataQuery::Sizes)? {
            Some(sizes) => PyTuple::new(slf.py(), sizes),
            None => PyTuple::new(slf.py(), tensor.sizes()),
        }
    }

    /// The size of a dimension, or all sizes.
    #[pyo3(signature = (dim=None))]
    fn size<'py>(slf: &Bound<'py, PyTensor>, dim: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
        let tensor = expect_tensor(slf.as_any())?;
        let answered = answered_list(slf.py(), &tensor, MetadataQuery::Sizes)?;
        one_or_all(slf.py(), answered.as_deref().unwrap_or(tensor.sizes()), dim)
    }

    /// The stride of a dimension, or all strides, in elements.
    #[pyo3(signature = (dim=None))]
    fn stride<'py>(slf: &Bound<'py, PyTensor>, dim: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
        let tensor = expect_tensor(slf.as_any())?;
        let answered = answered_list(slf.py(), &tensor, MetadataQuery::Strides)?;
        one_or_all(slf.py(), answered.as_deref().unwrap_or(tensor.strides()), dim)
    }

    /// Where the first element lies in the storage, in elements.
    fn storage_offset<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        answer(slf.py(), &expect_tensor(slf.as_any())?, MetadataQuery::StorageOffset)
    }

    /// The number of dimensions.
    fn dim<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        answer(slf.py(), &expect_tensor(slf.as_any())?, MetadataQuery::Dim)
    }

    /// The number of dimensions.
    #[getter]
    fn ndim<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        PyTensor::dim(slf)
    }

    /// The number of elements.
    fn numel<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        answer(slf.py(), &expect_tensor(slf.as_any())?, MetadataQuery::Numel)
    }

    /// The element type.
    #[getter]
    fn dtype<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        dtype_object(slf.py(), expect_tensor(slf.as_any())?.dtype())
    }

    /// Where the data is.
    #[getter]
    fn device<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        answer(slf.py(), &expect_tensor(slf.as_any())?, MetadataQuery::Device)
    }

    /// How elements are laid out.
    #[getter]
    fn layout<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        answer(slf.py(), &expect_tensor(slf.as_any())?, MetadataQuery::Layout)
    }

    /// Whether elements lie in row-major order without gaps.
    fn is_contiguous<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
        let query = MetadataQuery::IsContiguous(keyway::MemoryFormat::Contiguous);
        answer(slf.py(), &expect_tensor(slf.as_any())?, query)
    }

    /// Whether elements are quantised.
    #[getter]
    fn is_quantized(slf: &Bound<'_, PyTensor>) -> PyResult<bool> {
        Ok(expect_tensor(slf.as_any())?.dtype().is_quantized())
    }

    /// How often the memory was written to, through whichever tensor over it.
    #[getter]
    fn _version(slf: &Bound<'_, PyTensor>) -> PyResult<u64> {
        Ok(expect_tensor(slf.as_any())?.version())
    }

    /// Bytes per element.
    fn element_size(slf: &Bound<'_, PyTensor>) -> PyResult<usize> {
        Ok(expect_tensor(slf.as_any())?.dtype().size())
    }

    /// Whether both tensors share their memory.
    fn shares_storage(slf: &Bound<'_, PyTensor>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(expect_tensor(slf.as_any())?.shares_storage(&expect_tensor(other)?))
    }

    fn __hash__(slf: &Bound<'_, PyTensor>) -> isize {
        (address_of(slf.as_any()).get() >> 4) as isize
    }
}

fn one_or_all<'py>(py: Python<'py>, values: &[i64], dim: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
    let Some(dim) = dim else { return Ok(PyTuple::new(py, values)?.into_any()) };
    let wrapped = if dim < 0 { dim + values.len() as isize } else { dim };
    let value = usize::try_from(wrapped).ok().and_then(|at| values.get(at));
    let value = value.ok_or_else(|| {
        pyo3::exceptions::PyIndexError::new_err(format!(
            "there is no dimension {dim}, the tensor has {}",
            values.len()
        ))
    })?;
    Ok(value.into_pyobject(py)?.into_any())
}

impl Drop for PyTensor {
    fn drop(&mut self) {
        if let Held::Claimed(tensor) = self.held.get_mut() {
            tensor.object_slot().clear();
        }
    }
}

/// Adds the class.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTensor>()
}
