//! Values that are made where they stay: the heads of tensors, which would cost as much to move as to fill in.
//!
//! This is one of the few modules with unsafe code.
#![allow(unsafe_code, reason = "fills memory that is not a value yet; the block says why it is sound")]

use std::mem::MaybeUninit;
use std::sync::Arc;

/// A shared value, written to its place by `make`.
#[inline(always)]
pub(crate) fn arc<T>(make: impl FnOnce() -> T) -> Arc<T> {
    let mut place: Arc<MaybeUninit<T>> = Arc::new_uninit();
    Arc::get_mut(&mut place).expect("it was made here").write(make());
    // SAFETY: the value was written in the line above.
    unsafe { place.assume_init() }
}
