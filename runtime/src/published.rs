//! A value that can be replaced while other threads read it.
//!
//! Calls read an operator's table and definition through this: one load, no lock. What is published lives as long as the
//! process, so a reader may keep what it read. One of the few files with unsafe code; `tests/model/` checks this very
//! file in every interleaving.
#![allow(unsafe_code, reason = "reads a value by pointer; the block says why it is sound")]

use std::marker::PhantomData;

use sync::{AtomicPtr, Ordering};

/// The atomics, which the model checker swaps for its own.
#[cfg(not(keyway_model))]
mod sync {
    pub(super) use std::sync::atomic::{AtomicPtr, Ordering};
}
#[cfg(keyway_model)]
use crate::sync;

/// A reference to a value that lives as long as the process.
pub(crate) struct Published<T: Sync + 'static> {
    pointer: AtomicPtr<T>,
    value: PhantomData<&'static T>,
}

impl<T: Sync + 'static> Published<T> {
    #[cfg(not(keyway_model))]
    pub(crate) const fn new(value: &'static T) -> Self {
        Published { pointer: AtomicPtr::new(pointer_to(value)), value: PhantomData }
    }

    #[cfg(keyway_model)]
    pub(crate) fn new(value: &'static T) -> Self {
        Published { pointer: AtomicPtr::new(pointer_to(value)), value: PhantomData }
    }

    /// What was published last, with everything that was written to it before.
    #[inline]
    pub(crate) fn get(&self) -> &'static T {
        // SAFETY: the pointer was made from a `&'static T` in `new` or `set`, stored with `Release` after the value was
        // complete; `T: Sync` allows any thread to read it.
        unsafe { &*self.pointer.load(Ordering::Acquire) }
    }

    /// Replaces it. Readers see the old value or the new one.
    pub(crate) fn set(&self, value: &'static T) {
        self.pointer.store(pointer_to(value), Ordering::Release);
    }
}

const fn pointer_to<T>(value: &'static T) -> *mut T {
    std::ptr::from_ref(value).cast_mut()
}
