//! DLPack, version 1: memory shared with every library that speaks it, both ways.
//!
//! A capsule made here and taken here gives a tensor over the same storage.
#![expect(unsafe_code, reason = "DLPack is a C structure behind a capsule")]

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

use keyway::{DType, Device, Geometry, Storage, StoragePin, Tensor};
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::elements::{copied, readable};
use crate::exceptions::OrRaise;
use crate::interchange::{dlpack_code, dtype_of_dlpack_code, element_strides};
use crate::memory::BorrowedMemory;
use crate::tensor::{PyTensor, type_name, wrap};

/// The device type of host memory.
const CPU: i32 = 1;
const VERSION: (u32, u32) = (1, 1);
const READ_ONLY: u64 = 1;
const IS_COPIED: u64 = 2;
const VERSIONED: (&CStr, &CStr) = (c"dltensor_versioned", c"used_dltensor_versioned");
const LEGACY: (&CStr, &CStr) = (c"dltensor", c"used_dltensor");

#[repr(C)]
struct DlTensor {
    data: *mut c_void,
    device_type: i32,
    device_id: i32,
    ndim: i32,
    code: u8,
    bits: u8,
    lanes: u16,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct Managed {
    tensor: DlTensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}

#[repr(C)]
struct ManagedVersioned {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut ManagedVersioned)>,
    flags: u64,
    tensor: DlTensor,
}

/// The two forms that a capsule has: how it is named, and where its parts are.
trait Form: Sized + 'static {
    const NAMES: (&'static CStr, &'static CStr);
    fn new(tensor: DlTensor, flags: u64, context: *mut c_void) -> Self;
    fn tensor(&self) -> &DlTensor;
    fn context(&self) -> *mut c_void;
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)>;
    fn version(&self) -> (u32, u32);
    fn flags(&self) -> u64;
}

impl Form for Managed {
    const NAMES: (&'static CStr, &'static CStr) = LEGACY;

    fn new(tensor: DlTensor, _flags: u64, context: *mut c_void) -> Managed {
        Managed { tensor, context, deleter: Some(delete::<Managed>) }
    }
    fn tensor(&self) -> &DlTensor {
        &self.tensor
    }
    fn context(&self) -> *mut c_void {
        self.context
    }
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Managed)> {
        self.deleter
    }
    fn version(&self) -> (u32, u32) {
        VERSION
    }
    fn flags(&self) -> u64 {
        0
    }
}

impl Form for ManagedVersioned {
    const NAMES: (&'static CStr, &'static CStr) = VERSIONED;

    fn new(tensor: DlTensor, flags: u64, context: *mut c_void) -> ManagedVersioned {
        let (major, minor) = VERSION;
        ManagedVersioned { major, minor, context, deleter: Some(delete::<ManagedVersioned>), flags, tensor }
    }
    fn tensor(&self) -> &DlTensor {
        &self.tensor
    }
    fn context(&self) -> *mut c_void {
        self.context
    }
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut ManagedVersioned)> {
        self.deleter
    }
    fn version(&self) -> (u32, u32) {
        (self.major, self.minor)
    }
    fn flags(&self) -> u64 {
        self.flags
    }
}

/// What a structure made here keeps until its deleter is called.
struct Exported {
    tensor: Tensor,
    _pin: StoragePin,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

/// The deleter of structures made here.
unsafe extern "C" fn delete<F: Form>(managed: *mut F) {
    // SAFETY: called once, with what `export` made of two boxes.
    unsafe {
        let managed = Box::from_raw(managed);
        drop(Box::from_raw(managed.context().cast::<Exported>()));
    }
}

/// Calls the deleter of a structure that nobody took out of its capsule.
unsafe extern "C" fn destroy_capsule<F: Form>(capsule: *mut ffi::PyObject) {
    // SAFETY: Python calls this with the capsule that is going; under the first name it holds a structure that nobody took.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, F::NAMES.0.as_ptr()) != 0 {
            let managed = ffi::PyCapsule_GetPointer(capsule, F::NAMES.0.as_ptr()).cast::<F>();
            if let Some(deleter) = (*managed).deleter() {
                deleter(managed);
            }
        }
    }
}

fn export<'py, F: Form>(
    py: Python<'py>,
    tensor: Tensor,
    pin: StoragePin,
    flags: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let dtype = tensor.dtype();
    let (code, bits) = dlpack_code(dtype)
        .ok_or_else(|| PyBufferError::new_err(format!("DLPack has no code for elements of {dtype}")))?;
    let address = pin.address() + tensor.storage_offset() as usize * dtype.size();
    let (shape, strides) = (tensor.sizes().to_vec(), tensor.strides().to_vec());
    let mut kept = Box::new(Exported { tensor, _pin: pin, shape, strides });
    let described = DlTensor {
        data: std::ptr::with_exposed_provenance_mut(address),
        device_type: CPU,
        device_id: 0,
        ndim: kept.shape.len() as i32,
        code,
        bits,
        lanes: 1,
        shape: kept.shape.as_mut_ptr(),
        strides: kept.strides.as_mut_ptr(),
        byte_offset: 0,
    };
    let managed = Box::into_raw(Box::new(F::new(described, flags, Box::into_raw(kept).cast())));
    // SAFETY: the thread is attached; the name is static; the destructor fits the form. A capsule that could not be made gives the
    // structure back to its deleter.
    unsafe {
        let capsule = ffi::PyCapsule_New(managed.cast(), F::NAMES.0.as_ptr(), Some(destroy_capsule::<F>));
        if capsule.is_null() {
            delete(managed);
        }
        Bound::from_owned_ptr_or_err(py, capsule)
    }
}

#[pymethods]
impl PyTensor {
    /// A DLPack capsule over the tensor's memory: the versioned one for `max_version` of (1, 0) or more, else the old one.
    ///
    /// `copy=True` exports a copy. Raises BufferError for what cannot be exported: another device, or read-only memory in a capsule of the
    /// old kind, which could not say so.
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        slf: &Bound<'py, PyTensor>,
        stream: Option<&Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(i32, i32)>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if stream.is_some() {
            return Err(PyValueError::new_err("stream must be None: tensors on the host have no streams"));
        }
        if let Some(device) = dl_device.filter(|&device| device != (CPU, 0)) {
            return Err(PyBufferError::new_err(format!(
                "a host tensor is not exported to device {device:?}"
            )));
        }
        let mut tensor = readable(slf.as_any(), "__dlpack__")?;
        let mut flags = 0;
        if copy == Some(true) {
            tensor = copied(&tensor).or_raise(py)?;
            flags |= IS_COPIED;
        }
        let pin = tensor.storage().pin();
        let pin = pin.map_err(|error| PyBufferError::new_err(error.to_string()))?;
        if !pin.is_writable() {
            flags |= READ_ONLY;
        }
        match max_version {
            Some((1.., _)) => export::<ManagedVersioned>(py, tensor, pin, flags),
            _ if flags & READ_ONLY != 0 => Err(PyBufferError::new_err(
                "read-only memory needs a consumer of DLPack 1.0 or later; pass copy=True",
            )),
            _ => export::<Managed>(py, tensor, pin, flags),
        }
    }

    /// DLPack's device type and number.
    fn __dlpack_device__(slf: &Bound<'_, PyTensor>) -> PyResult<(i32, i32)> {
        let tensor = readable(slf.as_any(), "__dlpack_device__")?;
        match tensor.device().backend == keyway::Backend::CPU {
            true => Ok((CPU, 0)),
            false => Err(PyBufferError::new_err(format!("DLPack has no device for {}", tensor.device()))),
        }
    }
}

/// A structure that was taken out of its capsule; its deleter is called at the end.
struct Taken<F: Form>(NonNull<F>);

// SAFETY: the structure is only read, and DLPack lets its deleter be called on any thread.
unsafe impl<F: Form> Send for Taken<F> {}
// SAFETY: as above.
unsafe impl<F: Form> Sync for Taken<F> {}

impl<F: Form> Drop for Taken<F> {
    fn drop(&mut self) {
        // SAFETY: taken once, so that this is the deleter's only call; nothing refers to the structure any more.
        unsafe {
            if let Some(deleter) = self.0.as_ref().deleter() {
                deleter(self.0.as_ptr());
            }
        }
    }
}

/// What a foreign structure describes.
struct Foreign {
    address: usize,
    dtype: DType,
    sizes: Vec<i64>,
    strides: Vec<i64>,
}

/// Reads a structure.
///
/// # Safety
/// It must be as DLPack says.
unsafe fn read(described: &DlTensor) -> PyResult<Foreign> {
    let fail = |message: String| Err(PyBufferError::new_err(message));
    if described.device_type != CPU {
        return fail(format!("the memory is on device type {}, not on the host", described.device_type));
    }
    let code = (described.code, described.bits);
    let Some(dtype) = dtype_of_dlpack_code(code).filter(|_| described.lanes == 1) else {
        return fail(format!("elements of DLPack's type {code:?} x {} have no dtype", described.lanes));
    };
    let count = described.ndim.max(0) as usize;
    let list = |start: *const i64| match count {
        0 => Vec::new(),
        // SAFETY: the caller's: there are so many entries.
        _ => unsafe { std::slice::from_raw_parts(start, count) }.to_vec(),
    };
    let sizes = list(described.shape);
    let strides = (!described.strides.is_null()).then(|| list(described.strides));
    let strides = element_strides(&sizes, strides.as_deref(), 1).map_err(PyBufferError::new_err)?;
    let address = described.data.expose_provenance().wrapping_add(described.byte_offset as usize);
    if !address.is_multiple_of(dtype.size().min(16)) {
        return fail("the elements are not aligned; export a copy".to_owned());
    }
    Ok(Foreign { address, dtype, sizes, strides })
}

/// Takes the tensor out of a capsule, which is empty then.
fn take<F: Form>(capsule: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let py = capsule.py();
    // SAFETY: the caller checked the name, which DLPack gives to capsules with such a structure. It is ours once the capsule is
    // renamed; whatever fails before leaves it in the capsule.
    let (taken, foreign) = unsafe {
        let managed = ffi::PyCapsule_GetPointer(capsule.as_ptr(), F::NAMES.0.as_ptr()).cast::<F>();
        let Some(managed) = NonNull::new(managed) else { return Err(PyErr::fetch(py)) };
        if managed.as_ref().version().0 != VERSION.0 {
            let (major, minor) = managed.as_ref().version();
            let message = format!("the capsule is of DLPack {major}.{minor}, this is {}.x", VERSION.0);
            return Err(PyBufferError::new_err(message));
        }
        let foreign = read(managed.as_ref().tensor())?;
        if ffi::PyCapsule_SetName(capsule.as_ptr(), F::NAMES.1.as_ptr()) != 0 {
            return Err(PyErr::fetch(py));
        }
        (Taken(managed), foreign)
    };
    // SAFETY: `taken` keeps the structure.
    let (deleter, context, flags) = unsafe {
        let managed = taken.0.as_ref();
        (managed.deleter(), managed.context(), managed.flags())
    };
    if deleter
        .is_some_and(|deleter| std::ptr::fn_addr_eq(deleter, delete::<F> as unsafe extern "C" fn(*mut F)))
    {
        // SAFETY: the deleter says that `export` made it, with this context, which `taken` keeps.
        let tensor = unsafe { &(*context.cast::<Exported>()).tensor };
        return tensor.view_as(tensor.geometry().clone()).or_raise(py);
    }
    let geometry = Geometry::new(&foreign.sizes, &foreign.strides, 0).or_raise(py)?;
    let len = geometry.storage_len().or_raise(py)?.saturating_mul(foreign.dtype.size());
    // SAFETY: the structure's owner keeps the described elements until the deleter is called, which `taken` does.
    let memory = unsafe { BorrowedMemory::new(foreign.address, len, flags & READ_ONLY == 0, taken) };
    Tensor::from_storage(Storage::host(memory), foreign.dtype, Device::CPU, geometry).or_raise(py)
}

fn is_capsule(object: &Bound<'_, PyAny>, name: &CStr) -> bool {
    // SAFETY: the object is alive, and any object may be asked.
    unsafe { ffi::PyCapsule_IsValid(object.as_ptr(), name.as_ptr()) != 0 }
}

/// Asks an object for its capsule, in the newest form that it knows.
fn capsule_of<'py>(object: &Bound<'py, PyAny>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let Some(method) = object.getattr_opt(intern!(py, "__dlpack__"))? else {
        return Err(PyTypeError::new_err(format!(
            "{} has no __dlpack__, and is no DLPack capsule, or one that was taken already",
            type_name(object)
        )));
    };
    if let Some(device) = object.getattr_opt(intern!(py, "__dlpack_device__"))? {
        let device = device.call0()?.cast_into::<PyTuple>()?;
        let kind: i32 = device.get_item(0)?.call_method0(intern!(py, "__int__"))?.extract()?;
        if kind != CPU {
            return Err(PyBufferError::new_err(format!(
                "the memory is on device type {kind}, not on the host"
            )));
        }
    }
    let named = PyDict::new(py);
    named.set_item("max_version", VERSION)?;
    if let Some(copy) = copy {
        named.set_item("copy", copy)?;
    }
    match method.call((), Some(&named)) {
        // Before version 1 there were no such arguments.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => method.call0(),
        other => other,
    }
}

/// A tensor over the memory of whatever has `__dlpack__`, or of a capsule. The owner keeps the memory while the tensor lives, and a
/// read-only owner gives a tensor that refuses to be written. `copy=True` copies; `copy=False` and None share.
#[pyfunction]
#[pyo3(signature = (object, /, *, copy=None))]
fn from_dlpack<'py>(object: &Bound<'py, PyAny>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let known = |object: &Bound<'_, PyAny>| [VERSIONED.0, LEGACY.0].map(|name| is_capsule(object, name));
    let capsule = match known(object).contains(&true) {
        true => object.clone(),
        false => capsule_of(object, copy)?,
    };
    let tensor = match known(&capsule) {
        [true, _] => take::<ManagedVersioned>(&capsule)?,
        [_, true] => take::<Managed>(&capsule)?,
        _ => {
            return Err(PyTypeError::new_err(format!(
                "{} is no DLPack capsule, or one that was taken already",
                type_name(&capsule)
            )));
        }
    };
    // Whether or not the owner copied, the tensor is to be free of it.
    let tensor = if copy == Some(true) { copied(&tensor).or_raise(py)? } else { tensor };
    wrap(py, tensor)
}

/// Adds the function.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(from_dlpack, module)?)
}
