//! The stack of a boxed call.
//!
//! An operator with N arguments finds them as the last N values in schema order, removes them and pushes its results;
//! what lies below is left alone (dispatch.md D217). Up to eight values need no heap.

use std::ops::{Deref, DerefMut, Range};

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// A growable array of values; the last is the top.
#[derive(Clone, Debug, Default)]
pub struct Stack(SmallVec<[Value; 8]>);

impl Stack {
    /// An empty stack.
    pub const fn new() -> Stack {
        Stack(SmallVec::new_const())
    }

    /// Puts a value on top.
    #[inline]
    pub fn push(&mut self, value: impl Into<Value>) {
        self.0.push(value.into());
    }

    /// Puts a result on top that is taken off again soon. It is made on either way apart, so that where there is room its parts
    /// are written straight into their place: as a whole it would be read back at once from parts just written, for which a
    /// processor has to wait.
    #[inline]
    pub(crate) fn push_result(&mut self, result: impl FnOnce() -> Value) {
        if self.0.len() < self.0.capacity() {
            self.0.push(result());
        } else {
            self.push_beyond(result());
        }
    }

    #[cold]
    #[inline(never)]
    fn push_beyond(&mut self, value: Value) {
        self.0.push(value);
    }

    /// Takes the top value if `part` finds what it looks for in it. For values that own nothing: it is not dropped.
    #[inline]
    pub(crate) fn take_plain<T>(&mut self, part: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let found = part(self.0.last()?)?;
        std::mem::forget(self.0.pop());
        Some(found)
    }

    /// Takes the top value.
    ///
    /// # Errors
    /// `StackEmpty` (D218).
    #[inline]
    pub fn pop(&mut self) -> Result<Value> {
        self.0
            .pop()
            .ok_or_else(|| Error::new(ErrorKind::StackEmpty, "nothing can be taken from an empty stack"))
    }

    /// Drops everything from `len` upwards.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len < self.0.len() {
            self.0.truncate(len);
        }
    }

    /// The last `n` values: an operator's arguments.
    ///
    /// # Errors
    /// `StackTooShort` if there are fewer.
    pub fn last_n(&self, n: usize) -> Result<&[Value]> {
        Ok(&self.0[self.base_of(n)?..])
    }

    /// The position of the first of the last `n` values.
    ///
    /// # Errors
    /// `StackTooShort` if there are fewer.
    #[inline]
    pub fn base_of(&self, n: usize) -> Result<usize> {
        match self.0.len().checked_sub(n) {
            Some(base) => Ok(base),
            None => Err(too_short(n, self.0.len())),
        }
    }

    /// Drops the values of a range; those above move down.
    pub(crate) fn remove(&mut self, range: Range<usize>) {
        self.0.drain(range);
    }

    /// Takes everything from `base` upwards, in order.
    pub fn drain_from(&mut self, base: usize) -> impl Iterator<Item = Value> + '_ {
        self.0.drain(base..)
    }
}

#[cold]
pub(crate) fn too_short(needed: usize, held: usize) -> Error {
    Error::new(
        ErrorKind::StackTooShort,
        format!("{needed} values are needed on the stack, defaults included, but it holds {held}"),
    )
}

impl Deref for Stack {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl DerefMut for Stack {
    fn deref_mut(&mut self) -> &mut [Value] {
        &mut self.0
    }
}

impl<V: Into<Value>> FromIterator<V> for Stack {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Stack {
        Stack(values.into_iter().map(Into::into).collect())
    }
}
