//! Calls of operators by CPython's vectorcall protocol (PEP 590): arguments where the caller has them, without a tuple made for them.
//!
//! PyO3 offers calls through `tp_call` only, and the limited API has vectorcall from 3.12 on, so this is for extensions built for one
//! version of Python; in a build with the feature `abi3` calls come through `__call__`.
#![expect(unsafe_code, reason = "the protocol hands over pointers, and PyO3 has no slot for it")]

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::impl_::trampoline::{MethodDef, fastcall_cfunction_with_keywords};
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::PyTuple;
use pyo3::{Borrowed, PyClass};

use crate::exceptions::of_panic;
use crate::plan::{Given, Named};

/// A class whose objects are called by the protocol.
pub(crate) trait Called: PyClass<Frozen = True> + Sync {
    /// The place in the object that CPython reads the function from.
    fn entry(&self) -> &Entry;

    /// A call.
    fn call<'py>(&self, py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// The function that CPython calls for an object, kept in the object.
#[repr(transparent)]
pub(crate) struct Entry(ffi::vectorcallfunc);

impl Entry {
    pub(crate) const fn of<T: Called>() -> Entry {
        Entry(called::<T>)
    }
}

/// Tells CPython where the objects of a class, of which this is one, have their [`Entry`]. A class with a `__call__` of its own is left
/// alone.
pub(crate) fn enable<T: Called>(object: &Bound<'_, T>) {
    let place = std::ptr::from_ref(object.get().entry()).addr() - object.as_ptr().addr();
    let class = object.as_any().get_type();
    let (class, base) = (class.as_type_ptr(), object.py().get_type::<T>().as_type_ptr());
    // SAFETY: the types are this module's own or derive from one; the thread is attached, so no other looks at them. At `place` every
    // object of the class has a function of the protocol, as objects of one class are laid out alike.
    unsafe {
        let is_inherited = match ((*class).tp_call, (*base).tp_call) {
            (Some(own), Some(inherited)) => std::ptr::fn_addr_eq(own, inherited),
            _ => false,
        };
        if !is_inherited {
            return;
        }
        (*class).tp_vectorcall_offset = place as ffi::Py_ssize_t;
        add_flags(class, ffi::Py_TPFLAGS_HAVE_VECTORCALL);
    }
}

/// Says of a class that its objects are methods: with one as a class's attribute, `tensor.name(...)` calls it with the tensor first and
/// makes no bound method for it.
pub(crate) fn enable_as_method<T: Called>(object: &Bound<'_, T>) {
    enable(object);
    let class = object.py().get_type::<T>();
    // SAFETY: as above; `__get__` of the class binds the first argument, which is what the flag stands for.
    unsafe { add_flags(class.as_type_ptr(), ffi::Py_TPFLAGS_METHOD_DESCRIPTOR) }
}

/// # Safety
/// The flags are right for the type, and the thread is attached.
unsafe fn add_flags(class: *mut ffi::PyTypeObject, flags: std::ffi::c_ulong) {
    // SAFETY: the caller's. The flags of a free-threaded build are atomic, but this module is not for it.
    unsafe {
        *(&raw mut (*class).tp_flags).cast::<std::ffi::c_ulong>() |= flags;
        ffi::PyType_Modified(class);
    }
}

/// What CPython calls.
///
/// # Safety
/// As the protocol has it: `callable` is an object of class `T`, `args` are as many objects as `flagged` says and one more for
/// each name in `names`, which is null or a tuple of strings, and the thread is attached.
unsafe extern "C" fn called<T: Called>(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // For `tp_call` CPython counts the levels itself; by this protocol whoever is called does, or endless recursion ends the process.
    // SAFETY: the thread is attached, and the text is one of C's.
    if unsafe { ffi::Py_EnterRecursiveCall(c" while an operator is called".as_ptr()) } != 0 {
        return null_mut();
    }
    // What PyO3 itself puts before methods: it notes that the thread is attached. Asking CPython, as `Python::attach` does, is an
    // eighth of what such a call costs.
    // SAFETY: the thread is attached, and `Put` takes what the protocol says.
    let result =
        unsafe { fastcall_cfunction_with_keywords::<Put<T>>(callable, args, flagged.cast_signed(), names) };
    // SAFETY: the thread is attached, and the level was entered above.
    unsafe { ffi::Py_LeaveRecursiveCall() };
    result
}

/// A call of objects of class `T` as PyO3's trampoline takes it.
struct Put<T>(PhantomData<T>);

impl<T: Called> MethodDef<fastcall_cfunction_with_keywords::Func> for Put<T> {
    const METH: fastcall_cfunction_with_keywords::Func = put::<T>;
}

/// # Safety
/// That of [`called`].
unsafe fn put<T: Called>(
    py: Python<'_>,
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    // SAFETY: `callable` is an object of class `T`, which the caller holds.
    let this = unsafe { Borrowed::from_ptr(py, callable).cast_unchecked::<T>() };
    // SAFETY: without its highest bit the number is that of the positional arguments.
    let count = unsafe { ffi::PyVectorcall_NARGS(flagged.cast_unsigned()) }.unsigned_abs();
    let slice = |from, count| match count {
        0 => &[][..],
        // SAFETY: there are as many; `Bound` is laid out as a pointer to an object, and borrowed it gives nothing back.
        _ => unsafe { std::slice::from_raw_parts(args.add(from).cast::<Bound<'_, PyAny>>(), count) },
    };
    // SAFETY: the names are null or a tuple that the caller holds.
    let names =
        unsafe { Borrowed::from_ptr_or_opt(py, names).map(|names| names.cast_unchecked::<PyTuple>()) };
    let named = match &names {
        None => Named::None,
        Some(names) => Named::Listed(names, slice(count, names.len())),
    };
    let given = Given { positional: slice(0, count), named };
    match catch_unwind(AssertUnwindSafe(|| this.get().call(py, given))) {
        Ok(outcome) => outcome.map(Bound::into_ptr),
        Err(panic) => Err(of_panic("a call", &*panic)),
    }
}
