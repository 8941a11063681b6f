//! The Python dispatcher's state: which interpreter decides, on this thread, what runs for every key (P41 to P44).

use std::cell::Cell;
use std::marker::PhantomData;

use crate::interpreter::InterpreterRef;
use crate::key::DispatchKey;
use crate::local::set_included;

thread_local! {
    static DISPATCHER: Cell<Option<InterpreterRef>> = const { Cell::new(None) };
}

/// The interpreter that decides on this thread, if one does.
pub fn python_dispatcher() -> Option<InterpreterRef> {
    DISPATCHER.get()
}

fn set(interpreter: Option<InterpreterRef>) {
    DISPATCHER.set(interpreter);
    set_included(DispatchKey::PythonDispatcher, interpreter.is_some());
}

/// Has an interpreter decide, or none, until dropped (P43). Scopes must be left in the reverse order of their creation.
#[must_use = "the scope ends when the guard is dropped"]
#[derive(Debug)]
pub struct PythonDispatcherGuard {
    saved: Option<InterpreterRef>,
    not_send: PhantomData<*const ()>,
}

impl PythonDispatcherGuard {
    /// From now on this interpreter decides; none switches it off.
    pub fn set(interpreter: Option<InterpreterRef>) -> PythonDispatcherGuard {
        let saved = DISPATCHER.get();
        set(interpreter);
        PythonDispatcherGuard { saved, not_send: PhantomData }
    }
}

impl Drop for PythonDispatcherGuard {
    fn drop(&mut self) {
        set(self.saved);
    }
}

/// Runs `f` while an interpreter decides what runs for every key, or, with `None`, while none does.
pub fn with_python_dispatcher<R>(interpreter: Option<InterpreterRef>, f: impl FnOnce() -> R) -> R {
    let _scope = PythonDispatcherGuard::set(interpreter);
    f()
}
