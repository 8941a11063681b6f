//! Memory shared with NumPy: arrays as storages, and tensors as what NumPy makes arrays of, without a copy.
//!
//! Views of one array share one storage, so that the runtime knows that they overlap. What NumPy itself does with the memory is not
//! held back by the storage's lock: code that writes an array while another thread computes with it races, as everywhere.
#![expect(unsafe_code, reason = "the memory of other libraries is known by address only")]

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use keyway::{DType, Device, Geometry, HostMemory, Storage, StoragePin, Tensor, WeakStorage};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::elements::readable;
use crate::exceptions::OrRaise;
use crate::interchange::{array_code, dtype_of_array_code, element_strides};
use crate::tensor::{PyTensor, type_name, wrap};

/// Bytes that an owner keeps in place until it is dropped.
pub(crate) struct BorrowedMemory<O> {
    address: usize,
    len: usize,
    is_writable: bool,
    _owner: O,
}

impl<O: Send + Sync + 'static> BorrowedMemory<O> {
    /// # Safety
    /// While `owner` lives, `len` bytes at `address` (whose provenance is exposed) stay valid for reads, and for writes if
    /// `is_writable`.
    pub(crate) unsafe fn new(address: usize, len: usize, is_writable: bool, owner: O) -> BorrowedMemory<O> {
        BorrowedMemory { address, len, is_writable, _owner: owner }
    }

    /// Where a slice starts; not null, as the address of no bytes may be.
    fn start(&self) -> *mut u8 {
        match self.len {
            // Aligned for every element.
            0 => std::ptr::NonNull::<u128>::dangling().as_ptr().cast(),
            _ => std::ptr::with_exposed_provenance_mut(self.address),
        }
    }
}

impl<O> std::fmt::Debug for BorrowedMemory<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes of another library", self.len)
    }
}

impl<O: Send + Sync + 'static> HostMemory for BorrowedMemory<O> {
    fn bytes(&self) -> &[u8] {
        // SAFETY: `new` demands that the bytes are valid while the owner lives, which `self` keeps.
        unsafe { std::slice::from_raw_parts(self.start(), self.len) }
    }

    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        // SAFETY: as for `bytes`, and they may be written; `&mut self` makes this the storage's only slice of them.
        self.is_writable.then(|| unsafe { std::slice::from_raw_parts_mut(self.start(), self.len) })
    }
}

/// What an array says of itself.
struct Described {
    address: usize,
    is_readonly: bool,
    /// The type string, `<f4`.
    code: String,
    sizes: Vec<i64>,
    /// In bytes.
    strides: Option<Vec<i64>>,
}

impl Described {
    /// What NumPy says of an array, whatever its class makes of the attribute.
    fn of(array: &Bound<'_, PyAny>) -> PyResult<Described> {
        let py = array.py();
        let name = intern!(py, "__array_interface__");
        let interface = ndarray(py)?.getattr(name)?.call_method1(intern!(py, "__get__"), (array,))?;
        let interface = interface.cast_into::<PyDict>()?;
        let entry = |name| interface.as_any().get_item(name);
        let (address, is_readonly) = entry("data")?.extract()?;
        let code = entry("typestr")?.cast_into::<PyString>()?.to_string();
        Ok(Described {
            address,
            is_readonly,
            code,
            sizes: entry("shape")?.extract()?,
            strides: entry("strides")?.extract()?,
        })
    }

    /// The addresses of its first byte and past its last one.
    fn bounds(&self, itemsize: usize) -> (usize, usize) {
        if self.sizes.contains(&0) {
            return (self.address, self.address);
        }
        let (mut low, mut high) = (self.address, self.address + itemsize);
        match &self.strides {
            None => high = self.address + itemsize * self.sizes.iter().product::<i64>() as usize,
            Some(strides) => {
                for (size, stride) in self.sizes.iter().zip(strides) {
                    let reach = (size - 1) * stride;
                    let end = if reach < 0 { &mut low } else { &mut high };
                    *end = end.wrapping_add_signed(reach as isize);
                }
            }
        }
        (low, high)
    }
}

fn ndarray(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static NDARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    NDARRAY.import(py, "numpy", "ndarray")
}

/// The array whose memory a view is of, or what else owns it.
fn owner_of<'py>(array: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Option<Bound<'py, Memory>>)> {
    let mut owner = array.clone();
    loop {
        let base = owner.getattr(intern!(array.py(), "base"))?;
        if let Ok(memory) = base.cast::<Memory>() {
            return Ok((owner, Some(memory.clone())));
        }
        if !base.is_instance(ndarray(array.py())?)? {
            return Ok((owner, None));
        }
        owner = base;
    }
}

/// The storages of arrays that are shared now, by the array's address and whether they may be written: where the memory starts, how
/// long it is.
type Shared = HashMap<(usize, bool), (usize, usize, WeakStorage)>;
static SHARED: Mutex<Option<Shared>> = Mutex::new(None);

/// The storage over the bytes of an array between two addresses: the one there is, or a new one.
fn storage_of(array: &Bound<'_, PyAny>, (low, high): (usize, usize), is_readonly: bool) -> Storage {
    let key = (array.as_ptr().addr(), is_readonly);
    // Dropped after the lock is free: the end of a storage may run Python code.
    let mut alive = Vec::new();
    let mut held = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = held.get_or_insert_default();
    if let Some((start, len, weak)) = shared.get(&key)
        && let Some(storage) = weak.upgrade()
    {
        if (*start, *len) == (low, high - low) {
            return storage;
        }
        alive.push(storage);
    }
    // SAFETY: NumPy keeps an array's memory in place while the array is referred to, and lets it be written unless it is read-only.
    let memory = unsafe { BorrowedMemory::new(low, high - low, !is_readonly, array.clone().unbind()) };
    let storage = Storage::host(memory);
    if shared.len() >= 64 && shared.len().is_power_of_two() {
        shared.retain(|_, (_, _, weak)| weak.upgrade().map(|storage| alive.push(storage)).is_some());
    }
    shared.insert(key, (low, high - low, storage.downgrade()));
    drop(held);
    storage
}

/// The storage of an array and where in it the array starts, in bytes. Elements of the array must be elements of all of the
/// storage, or the storage is of the array alone.
fn storage_and_offset(
    array: &Bound<'_, PyAny>,
    described: &Described,
    dtype: DType,
) -> PyResult<(Storage, usize)> {
    let size = dtype.size();
    let (low, high) = described.bounds(size);
    let fits = |start: usize, len: usize| {
        start <= low && high <= start + len && len.is_multiple_of(size) && (low - start).is_multiple_of(size)
    };
    let (owner, exported) = owner_of(array)?;
    if let Some(memory) = exported {
        let memory = memory.get();
        let len = memory.pin.storage().byte_len().unwrap_or(0);
        let is_whole = memory.tensor.dtype() == dtype && memory.pin.is_writable() != described.is_readonly;
        if is_whole && fits(memory.pin.address(), len) {
            return Ok((memory.pin.storage().clone(), low - memory.pin.address()));
        }
    } else {
        let whole = Described::of(&owner)?;
        let (start, end) = whole.bounds(size);
        let is_whole = whole.code == described.code && whole.is_readonly == described.is_readonly;
        if is_whole && start.is_multiple_of(size) && fits(start, end - start) {
            return Ok((storage_of(&owner, (start, end), described.is_readonly), low - start));
        }
    }
    Ok((storage_of(array, (low, high), described.is_readonly), 0))
}

/// A tensor over the memory of a NumPy array, which is kept alive. A read-only array gives a tensor that refuses to be written.
#[pyfunction]
fn from_numpy<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match of_array(array)? {
        Some(tensor) => wrap(array.py(), tensor),
        None => Err(PyTypeError::new_err(format!("expected np.ndarray (got {})", type_name(array)))),
    }
}

/// As [`from_numpy`]; none for what is no array.
///
/// # Errors
/// `TypeError` for an array of a dtype that tensors do not have, `ValueError` for one that lies in memory as tensors do not.
pub(crate) fn of_array(array: &Bound<'_, PyAny>) -> PyResult<Option<Tensor>> {
    let py = array.py();
    // Most of what is no array is known as such without NumPy.
    let is_array = array.hasattr(intern!(py, "__array_interface__"))?
        && ndarray(py).is_ok_and(|class| array.is_instance(class).unwrap_or(false));
    if !is_array {
        return Ok(None);
    }
    let described = Described::of(array)?;
    let dtype = dtype_of_array_code(&described.code).ok_or_else(|| {
        PyTypeError::new_err(format!("an array of dtype {} has no fitting tensor dtype", described.code))
    })?;
    let strides = element_strides(&described.sizes, described.strides.as_deref(), dtype.size());
    let strides = strides.map_err(|why| PyValueError::new_err(format!("{why}; copy the array first")))?;
    if !described.address.is_multiple_of(dtype.size().min(16)) && !described.sizes.contains(&0) {
        return Err(PyValueError::new_err("the array's elements are not aligned; copy the array first"));
    }
    let (storage, offset) = storage_and_offset(array, &described, dtype)?;
    let geometry = Geometry::new(&described.sizes, &strides, (offset / dtype.size()) as i64).or_raise(py)?;
    Tensor::from_storage(storage, dtype, Device::CPU, geometry).or_raise(py).map(Some)
}

/// A tensor's memory as NumPy sees it. The array that NumPy makes of it keeps it, and with it the tensor.
#[pyclass(frozen, name = "_Memory", module = "keyway")]
struct Memory {
    pin: StoragePin,
    tensor: Tensor,
    code: &'static str,
}

#[pymethods]
impl Memory {
    /// NumPy's description of memory, version 3.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let size = self.tensor.dtype().size();
        let address = self.pin.address() + self.tensor.storage_offset() as usize * size;
        let strides = self.tensor.strides().iter().map(|stride| stride * size as i64);
        let order = if cfg!(target_endian = "big") { '>' } else { '<' };
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("data", (address, !self.pin.is_writable()))?;
        interface.set_item("typestr", format!("{order}{}", self.code))?;
        interface.set_item("shape", PyTuple::new(py, self.tensor.sizes())?)?;
        interface.set_item("strides", PyTuple::new(py, strides.collect::<Vec<_>>())?)?;
        Ok(interface)
    }
}

/// The memory of a plain host tensor.
#[pyfunction]
fn _memory(tensor: &Bound<'_, PyTensor>) -> PyResult<Memory> {
    let py = tensor.py();
    let tensor = readable(tensor.as_any(), ".numpy()")?;
    let code = array_code(tensor.dtype()).ok_or_else(|| {
        PyTypeError::new_err(format!(
            "NumPy has no dtype for {}; convert the tensor first, with .to(keyway.float32) say",
            tensor.dtype()
        ))
    })?;
    Ok(Memory { pin: tensor.storage().pin().or_raise(py)?, tensor, code })
}

/// Adds the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Memory>()?;
    module.add_function(wrap_pyfunction!(from_numpy, module)?)?;
    module.add_function(wrap_pyfunction!(_memory, module)?)
}
