//! Calls of operators by CPython's vectorcall protocol (PEP 590): arguments where the caller has them, without a tuple made for them.
//!
//! PyO3 offers calls through `tp_call` only, and the limited API has vectorcall from 3.12 on, so this is for extensions built for one
//! version of Python; in a build with the feature `abi3` calls come through `__call__`.
#![expect(unsafe_code, reason = "the protocol hands over pointers, and PyO3 has no slot for it")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{Borrowed, PyClass};

use crate::exceptions::of_panic;

/// A class whose objects are called by the protocol.
pub(crate) trait Called: PyClass<Frozen = True> + Sync {
    /// The place in the object that CPython reads the function from.
    fn entry(&self) -> &Entry;

    /// A call with positional arguments alone.
    fn call_positional<'py>(
        &self,
        py: Python<'py>,
        args: &[Bound<'py, PyAny>],
    ) -> PyResult<Bound<'py, PyAny>>;

    /// A call with keywords.
    fn call_named<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>>;
}

/// The function that CPython calls for an object, kept in the object.
#[repr(transparent)]
pub(crate) struct Entry(ffi::vectorcallfunc);

impl Entry {
    pub(crate) const fn of<T: Called>() -> Entry {
        Entry(called::<T>)
    }
}

/// Tells CPython where the objects of a class, of which this is one, have their [`Entry`].
pub(crate) fn enable<T: Called>(object: &Bound<'_, T>) {
    let place = std::ptr::from_ref(object.get().entry()).addr() - object.as_ptr().addr();
    let class = object.as_any().get_type();
    let class = class.as_type_ptr();
    // SAFETY: the type is this module's own and has no subclass yet; the thread is attached, and no other calls its objects while
    // the module is being imported. At `place` every object of the class has a function of the protocol, as objects of one class
    // are laid out alike.
    unsafe {
        (*class).tp_vectorcall_offset = place as ffi::Py_ssize_t;
        // The flags of a free-threaded build are atomic, which no other thread can see yet.
        *(&raw mut (*class).tp_flags).cast::<std::ffi::c_ulong>() |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
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
    let result = Python::attach(|py| {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the arguments are what the protocol says, and the caller holds them for as long as the call takes.
            unsafe { put::<T>(py, callable, args, flagged, names) }
        }));
        let raised = match outcome {
            Ok(Ok(result)) => return result.into_ptr(),
            Ok(Err(raised)) => raised,
            Err(panic) => of_panic("a call", &*panic),
        };
        raised.restore(py);
        null_mut()
    });
    // SAFETY: the thread is attached, and the level was entered above.
    unsafe { ffi::Py_LeaveRecursiveCall() };
    result
}

/// # Safety
/// That of [`called`].
#[inline]
unsafe fn put<'py, T: Called>(
    py: Python<'py>,
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged: usize,
    names: *mut ffi::PyObject,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: `callable` is an object of class `T`, which the caller holds.
    let this = unsafe { Borrowed::from_ptr(py, callable).cast_unchecked::<T>() };
    // SAFETY: without its highest bit the number is that of the positional arguments.
    let count = unsafe { ffi::PyVectorcall_NARGS(flagged) }.unsigned_abs();
    let slice = |from, count| match count {
        0 => &[][..],
        // SAFETY: there are as many; `Bound` is laid out as a pointer to an object, and borrowed it gives nothing back.
        _ => unsafe { std::slice::from_raw_parts(args.add(from).cast::<Bound<'py, PyAny>>(), count) },
    };
    let positional = slice(0, count);
    // SAFETY: the names are null or an object that the caller holds.
    let names = unsafe { Borrowed::from_ptr_or_opt(py, names) };
    let Some(names) = names else { return this.get().call_positional(py, positional) };
    // SAFETY: they are a tuple.
    let names = unsafe { names.cast_unchecked::<PyTuple>() };
    let kwargs = PyDict::new(py);
    for (name, value) in names.as_slice().iter().zip(slice(count, names.len())) {
        kwargs.set_item(name, value)?;
    }
    this.get().call_named(py, &PyTuple::new(py, positional)?, &kwargs)
}
