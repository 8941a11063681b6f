//! The whole of a thread's dispatch state, to be carried to another thread.
//!
//! New threads inherit nothing (dispatch.md D74). Whatever gives a thread state of its own adds it to [`ThreadState`],
//! so that a worker that installs it dispatches as the thread that gave it the work.

use crate::local::{LocalKeySets, local_key_sets, with_key_sets};
use crate::observer::ThreadObservers;

/// A copy of the calling thread's state: its included and excluded key sets, and its observers.
///
/// ```
/// use keyway::{DispatchKey, KeySet, ThreadState, local_key_sets, with_included};
/// let tracer = KeySet::of(DispatchKey::Tracer);
/// let state = with_included(tracer, ThreadState::capture);
/// std::thread::spawn(move || state.with(|| assert!(local_key_sets().included.contains_all(tracer)))).join().unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ThreadState {
    key_sets: LocalKeySets,
    observers: ThreadObservers,
}

impl ThreadState {
    /// The calling thread's state as it is now.
    pub fn capture() -> ThreadState {
        ThreadState { key_sets: local_key_sets(), observers: ThreadObservers::capture() }
    }

    /// Runs `f` with this state, and gives the thread its own back, also after a panic.
    pub fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        let _observers = self.observers.install();
        with_key_sets(self.key_sets, f)
    }
}
