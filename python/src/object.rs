//! Python objects and the addresses that the runtime keeps of them; cells that are guarded by the interpreter lock.
#![expect(unsafe_code, reason = "the runtime knows Python objects by address only")]

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::num::NonZeroU32;

use foldhash::fast::FixedState;
use keyway::ObjectAddress;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::impl_::pymethods::tp_new_impl;
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyClass, PyClassInitializer};

/// The address of an object, for the runtime.
pub(crate) fn address_of(object: &Bound<'_, PyAny>) -> ObjectAddress {
    ObjectAddress::new(object.as_ptr().expose_provenance())
        .unwrap_or_else(|| unreachable!("objects have addresses"))
}

/// The object at an address, held once more.
///
/// The runtime hands out addresses of this interpreter only while their object is held: by its tensor's slot, by a handle, or by
/// the Python object that owns the tensor.
pub(crate) fn object_at(py: Python<'_>, address: ObjectAddress) -> Bound<'_, PyAny> {
    let object = std::ptr::with_exposed_provenance_mut::<ffi::PyObject>(address.get());
    // SAFETY: the address is that of an object of this interpreter that somebody holds (above), and the thread is attached.
    unsafe { Bound::from_borrowed_ptr(py, object) }
}

/// The address of an object together with one count of it, which [`adopt`] gives back.
pub(crate) fn give_away(object: Bound<'_, PyAny>) -> ObjectAddress {
    let address = object.into_ptr().expose_provenance();
    ObjectAddress::new(address).unwrap_or_else(|| unreachable!("objects have addresses"))
}

/// The object at an address whose count the caller owns.
pub(crate) fn adopt(py: Python<'_>, address: ObjectAddress) -> Bound<'_, PyAny> {
    let object = std::ptr::with_exposed_provenance_mut::<ffi::PyObject>(address.get());
    // SAFETY: the caller owns a count of the object at the address, and the thread is attached.
    unsafe { Bound::from_owned_ptr(py, object) }
}

/// The number of the interpreter that the thread is attached to.
pub(crate) fn interpreter_number(_py: Python<'_>) -> i64 {
    // SAFETY: the thread is attached, so there is a current interpreter, and its state lives as long as it is current.
    unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) }
}

/// How many hold an object.
pub(crate) fn holders(object: &Bound<'_, PyAny>) -> usize {
    // SAFETY: the object is alive, it is borrowed here.
    usize::try_from(unsafe { ffi::Py_REFCNT(object.as_ptr()) }).unwrap_or(0)
}

/// A new object with this value, of a class that derives from `T`. No `__new__` or `__init__` runs.
///
/// # Errors
/// `TypeError` for another class, or one that Python makes no objects of.
pub(crate) fn new_of_class<'py, T: PyClass>(
    class: &Bound<'py, PyType>,
    value: impl Into<PyClassInitializer<T>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let base = py.get_type::<T>();
    // SAFETY: both are types that are alive, and the thread is attached.
    if unsafe { ffi::PyType_IsSubtype(class.as_type_ptr(), base.as_type_ptr()) } == 0 {
        return Err(PyTypeError::new_err(format!("the class does not derive from {}", base.name()?)));
    }
    // What PyO3 has for `__new__`, which is not in its public interface: by way of `tp_new` the value would have to wait somewhere for it.
    // SAFETY: the class derives from `T`, and what is given has one count.
    unsafe {
        tp_new_impl::<_, T>(py, value.into(), class.as_type_ptr())
            .map(|object| Bound::from_owned_ptr(py, object))
    }
}

/// A number that stands for a class as it is now: after any change of it, or of a class that it derives from, it has another one. `None`
/// while Python has given it none, and where that cannot be seen (the feature `abi3`, and any CPython that does not mark the
/// number as valid).
#[inline]
pub(crate) fn state_of(class: &Bound<'_, PyType>) -> Option<NonZeroU32> {
    #[cfg(feature = "abi3")]
    {
        let _ = class;
        None
    }
    #[cfg(not(feature = "abi3"))]
    {
        // SAFETY: the type is alive, it is borrowed here, and the thread is attached, so no other changes it.
        let (flags, tag) = unsafe {
            let ty = class.as_type_ptr();
            (ffi::PyType_GetFlags(ty), (*ty).tp_version_tag)
        };
        NonZeroU32::new(tag).filter(|_| flags & ffi::Py_TPFLAGS_VALID_VERSION_TAG != 0)
    }
}

/// A cell whose contents are touched only by threads that are attached to the interpreter, that is, by one at a time: the module
/// declares that it needs the interpreter lock.
#[derive(Debug, Default)]
pub(crate) struct AttachedCell<T>(UnsafeCell<T>);

// SAFETY: every access takes proof that the thread is attached, which one thread is at a time, and no access runs other code while
// it borrows the contents (below).
unsafe impl<T: Send> Sync for AttachedCell<T> {}

impl<T> AttachedCell<T> {
    pub(crate) const fn new(value: T) -> AttachedCell<T> {
        AttachedCell(UnsafeCell::new(value))
    }

    /// A copy of the contents. `Clone` of what is kept in such cells runs no Python code and does not come back here.
    #[inline]
    pub(crate) fn get(&self, _py: Python<'_>) -> T
    where
        T: Clone,
    {
        // SAFETY: only this thread is attached, and nothing else borrows the contents while they are cloned.
        unsafe { (*self.0.get()).clone() }
    }

    /// The contents, for who owns the cell alone.
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Replaces the contents and returns the old ones.
    #[inline]
    pub(crate) fn replace(&self, _py: Python<'_>, value: T) -> T {
        // SAFETY: only this thread is attached, and nothing borrows the contents: `get` does not last.
        unsafe { std::mem::replace(&mut *self.0.get(), value) }
    }
}

/// Addresses of objects by other addresses, looked up without a lock.
pub(crate) struct AddressMap(AttachedCell<HashMap<usize, ObjectAddress, FixedState>>);

impl AddressMap {
    pub(crate) const fn new() -> AddressMap {
        AddressMap(AttachedCell::new(HashMap::with_hasher(FixedState::with_seed(0))))
    }

    #[inline]
    pub(crate) fn find(&self, _py: Python<'_>, key: usize) -> Option<ObjectAddress> {
        // SAFETY: only this thread is attached, and looking a number up runs no Python code.
        unsafe { (*self.0.0.get()).get(&key).copied() }
    }

    pub(crate) fn insert(&self, _py: Python<'_>, key: usize, object: ObjectAddress) {
        // SAFETY: as above, and nothing borrows the contents.
        unsafe { (*self.0.0.get()).insert(key, object) };
    }
}
