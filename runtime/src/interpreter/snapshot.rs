//! The snapshot of the thread's key sets at its entry into the dispatcher (P29 to P40).
//!
//! One optional pair per thread, set by the outermost entry and cleared by it, on return, error and panic. A handler that wants to
//! dispatch as its caller did runs under [`with_restored_snapshot`].

use std::cell::Cell;
use std::marker::PhantomData;

use crate::error::{Error, ErrorKind, Result};
use crate::local::{KeySetGuard, LocalKeySets, local_key_sets};

thread_local! {
    static ON_ENTRY: Cell<Option<LocalKeySets>> = const { Cell::new(None) };
}

/// The thread's snapshot, while it is inside the dispatcher on its way to a handler.
pub fn snapshot() -> Option<LocalKeySets> {
    ON_ENTRY.get()
}

/// Sets the snapshot unless there is one; clears it at the end if it did (P32).
#[must_use = "the snapshot is cleared when the guard is dropped"]
#[derive(Debug)]
pub struct SnapshotGuard {
    was_set_here: bool,
    not_send: PhantomData<*const ()>,
}

impl SnapshotGuard {
    /// Sets the snapshot to the thread's sets of now, unless there is one.
    #[inline]
    pub fn set_if_none() -> SnapshotGuard {
        let was_set_here = ON_ENTRY.get().is_none();
        if was_set_here {
            ON_ENTRY.set(Some(local_key_sets()));
        }
        SnapshotGuard { was_set_here, not_send: PhantomData }
    }
}

impl Drop for SnapshotGuard {
    #[inline]
    fn drop(&mut self) {
        if self.was_set_here {
            ON_ENTRY.set(None);
        }
    }
}

/// Takes the snapshot away for a scope and puts it back at the end (P39): for code that is not to see it.
#[must_use = "the snapshot is put back when the guard is dropped"]
#[derive(Debug)]
pub struct StashedSnapshotGuard {
    saved: Option<LocalKeySets>,
    not_send: PhantomData<*const ()>,
}

impl StashedSnapshotGuard {
    /// Empties the snapshot.
    pub fn stash() -> StashedSnapshotGuard {
        StashedSnapshotGuard { saved: ON_ENTRY.take(), not_send: PhantomData }
    }
}

impl Drop for StashedSnapshotGuard {
    fn drop(&mut self) {
        ON_ENTRY.set(self.saved);
    }
}

/// Re-entrant dispatch (P34): the thread's sets as they were at its entry into the dispatcher, and no snapshot, for a scope.
#[must_use = "the scope ends when the guard is dropped"]
#[derive(Debug)]
pub struct RestoredSnapshotGuard {
    // Fields drop in this order: the snapshot is back before the sets change.
    _snapshot: StashedSnapshotGuard,
    _sets: KeySetGuard,
}

impl RestoredSnapshotGuard {
    /// Enters the scope.
    ///
    /// # Errors
    /// `NoSnapshot` outside of a handler, and inside another such scope of the same handler (P36).
    pub fn enter() -> Result<RestoredSnapshotGuard> {
        let Some(sets) = ON_ENTRY.get() else {
            let message =
                "re-entrant dispatch is for code inside a handler, once: there is no snapshot to go back to";
            return Err(Error::new(ErrorKind::NoSnapshot, message));
        };
        let stashed = StashedSnapshotGuard::stash();
        Ok(RestoredSnapshotGuard { _snapshot: stashed, _sets: KeySetGuard::force(sets) })
    }
}

/// Runs `f` as if the handler's caller ran it: autograd, tracing and the rest are on again. Modes that are off stay off (P37).
///
/// # Errors
/// As [`RestoredSnapshotGuard::enter`].
pub fn with_restored_snapshot<R>(f: impl FnOnce() -> R) -> Result<R> {
    let _scope = RestoredSnapshotGuard::enter()?;
    Ok(f())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::DispatchKey;
    use crate::key_set::KeySet;
    use crate::local::with_excluded;

    /// P32, P40: the outermost guard sets and clears, also on a panic.
    #[test]
    fn the_outermost_guard_owns_the_snapshot() {
        let result = std::panic::catch_unwind(|| {
            let _outer = SnapshotGuard::set_if_none();
            with_excluded(KeySet::of(DispatchKey::Tracer), || {
                let _inner = SnapshotGuard::set_if_none();
                assert_eq!(snapshot(), Some(LocalKeySets::DEFAULT));
            });
            assert!(snapshot().is_some());
            panic!("on purpose");
        });
        assert!(result.is_err());
        assert_eq!(snapshot(), None);
    }

    /// P34, P36.
    #[test]
    fn restoring_goes_back_once() {
        assert_eq!(with_restored_snapshot(|| ()).unwrap_err().kind(), ErrorKind::NoSnapshot);
        let _entry = SnapshotGuard::set_if_none();
        with_excluded(KeySet::of(DispatchKey::Tracer), || {
            let inside = local_key_sets();
            let nested = with_restored_snapshot(|| {
                assert_eq!(local_key_sets(), LocalKeySets::DEFAULT);
                with_restored_snapshot(|| ()).unwrap_err().kind()
            });
            assert_eq!(nested.unwrap(), ErrorKind::NoSnapshot);
            assert_eq!(local_key_sets(), inside);
        });
        assert_eq!(snapshot(), Some(LocalKeySets::DEFAULT));
    }
}
