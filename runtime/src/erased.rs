//! A kernel's function pointer without its type.
//!
//! One of the few modules with unsafe code: a pointer is erased here and restored here, and the pairing rule stands
//! at [`Erased::restore`].
#![allow(unsafe_code, reason = "erases and restores function pointers; each block says why it is sound")]

use std::ptr::NonNull;

/// A function pointer whose type is known elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Erased(NonNull<()>);

// SAFETY: `Erased::of` takes only values that are `Send` and `Sync` themselves.
unsafe impl Send for Erased {}
// SAFETY: as above.
unsafe impl Sync for Erased {}

impl Erased {
    pub(crate) const fn of<F: Copy + Send + Sync + 'static>(f: F) -> Erased {
        const { assert!(size_of::<F>() == size_of::<*const ()>(), "a signature's Fn is a function pointer") };
        // SAFETY: both are `Copy` and of the same size, and any bit pattern is a valid raw pointer.
        let pointer: *mut () = unsafe { std::mem::transmute_copy(&f) };
        match NonNull::new(pointer) {
            Some(pointer) => Erased(pointer),
            None => panic!("a signature's Fn is a function pointer, which is never null"),
        }
    }

    /// The value as it was.
    ///
    /// # Safety
    /// `F` must be the type the value was erased from.
    #[inline]
    pub(crate) unsafe fn restore<F: Copy + Send + Sync + 'static>(self) -> F {
        // SAFETY: by the caller's promise these bytes were an `F`.
        unsafe { std::mem::transmute_copy(&self.0) }
    }
}
