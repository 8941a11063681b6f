//! Records opened by hand, with a name (D260).

use std::fmt;

use crate::observer::call;
use crate::observer::record::{Details, Subject};
use crate::observer::scope::Scope;
use crate::observer::step::Step;
use crate::observer::thread;
use crate::value::Value;

/// What a record opened by hand has besides its name. Costs nothing where there is no observer.
///
/// ```
/// use keyway::{RecordBuilder, Scope, Value};
/// let inputs = [Value::Int(1)];
/// let record = RecordBuilder::new("step").scope(Scope::BackwardFunction).inputs(&inputs).sequence_number(7).open();
/// record.finish(&[Value::Int(2)]);
/// ```
#[derive(Clone, Copy)]
#[must_use = "nothing is recorded until it is opened"]
pub struct RecordBuilder<'a> {
    name: &'a str,
    scope: Scope,
    inputs: &'a [Value],
    details: Details,
}

impl<'a> RecordBuilder<'a> {
    /// A record of a name, in [`Scope::User`].
    pub fn new(name: &'a str) -> RecordBuilder<'a> {
        RecordBuilder { name, scope: Scope::User, inputs: &[], details: Details::NONE }
    }

    /// In another scope.
    pub fn scope(mut self, scope: Scope) -> RecordBuilder<'a> {
        self.scope = scope;
        self
    }

    /// With inputs, for the observers that ask for them.
    pub fn inputs(mut self, inputs: &'a [Value]) -> RecordBuilder<'a> {
        self.inputs = inputs;
        self
    }

    /// With a sequence number; else it is -1 (D260).
    pub fn sequence_number(mut self, number: i64) -> RecordBuilder<'a> {
        self.details.sequence_number = number;
        self
    }

    /// With the logical number of the thread of the forward call.
    pub fn forward_thread(mut self, thread: u64) -> RecordBuilder<'a> {
        self.details.forward_thread = thread;
        self
    }

    /// With a debug handle; else it is -1.
    pub fn debug_handle(mut self, handle: i64) -> RecordBuilder<'a> {
        self.details.debug_handle = handle;
        self
    }

    /// Marked as work that goes on elsewhere.
    pub fn asynchronous(mut self) -> RecordBuilder<'a> {
        self.details.is_async = true;
        self
    }

    /// Runs the starts.
    pub fn open(self) -> RecordGuard<'a> {
        RecordGuard(if call::is_observing() { self.begin() } else { None })
    }

    /// Runs the starts with inputs that need not live as long as the record.
    pub(crate) fn open_with(self, inputs: &[Value]) -> RecordGuard<'a> {
        RecordGuard(if call::is_observing() { self.begin_with(inputs) } else { None })
    }

    fn begin(self) -> Option<Step<'a>> {
        let inputs = self.inputs;
        self.begin_with(inputs)
    }

    #[cold]
    fn begin_with(self, inputs: &[Value]) -> Option<Step<'a>> {
        let chosen = thread::choose(self.scope)?;
        let mut step = Step::new(chosen, Subject::Named(self.name), self.scope, self.details);
        step.start(inputs);
        Some(step)
    }
}

impl fmt::Debug for RecordBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBuilder")
            .field("name", &self.name)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// An open record. Dropping it ends the record, on a panic with [`Outcome::Panicked`](crate::Outcome).
#[must_use = "the record ends when the guard is dropped"]
pub struct RecordGuard<'a>(Option<Step<'a>>);

impl RecordGuard<'_> {
    /// Ends the record with outputs, for the observers that ask for them.
    pub fn finish(mut self, outputs: &[Value]) {
        if let Some(mut step) = self.0.take() {
            step.returned(outputs);
        }
    }
}

impl Drop for RecordGuard<'_> {
    fn drop(&mut self) {
        // On a panic the step's own drop says so.
        if let Some(step) = &mut self.0
            && !std::thread::panicking()
        {
            step.returned(&[]);
        }
    }
}

impl fmt::Debug for RecordGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordGuard").finish_non_exhaustive()
    }
}

/// Runs `f` inside a record of a name in [`Scope::User`].
pub fn with_record<R>(name: &str, f: impl FnOnce() -> R) -> R {
    let _record = RecordBuilder::new(name).open();
    f()
}
