//! The whole of a thread's dispatch state, to be carried to another thread.
//!
//! New threads inherit nothing (dispatch.md D74). Whatever gives a thread state of its own adds it to [`ThreadState`],
//! so that a worker that installs it dispatches as the thread that gave it the work.

use crate::interpreter::{InterpreterRef, PythonDispatcherGuard, python_dispatcher};
use crate::local::{LocalKeySets, local_key_sets, with_key_sets};
use crate::mode::{self, DeclineRule, ModeStack, ModeStackGuard, capture_modes, with_decline_rule};
use crate::observer::ThreadObservers;

/// A copy of the calling thread's state: its included and excluded key sets, its observers, its modes, and which interpreter's
/// dispatcher is on. Not the snapshot of its entry into the dispatcher, which belongs to the calls it is in (P209).
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
    modes: ModeStack,
    decline_rule: DeclineRule,
    python_dispatcher: Option<InterpreterRef>,
}

impl ThreadState {
    /// The calling thread's state as it is now.
    pub fn capture() -> ThreadState {
        ThreadState {
            key_sets: local_key_sets(),
            observers: ThreadObservers::capture(),
            modes: capture_modes(),
            decline_rule: mode::decline_rule(),
            python_dispatcher: python_dispatcher(),
        }
    }

    /// Runs `f` with this state, and gives the thread its own back, also after a panic.
    pub fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        let _observers = self.observers.install();
        let _modes = ModeStackGuard::install(self.modes.clone());
        let _dispatcher = PythonDispatcherGuard::set(self.python_dispatcher);
        with_decline_rule(self.decline_rule, || with_key_sets(self.key_sets, f))
    }
}
