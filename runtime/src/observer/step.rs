//! One observed step: the starts that ran, waiting for their ends.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use crate::error::Error;
use crate::observer::plan::Chosen;
use crate::observer::record::{Details, Outcome, Record, RecordEnd, RecordStart, Subject};
use crate::observer::registration::Context;
use crate::observer::scope::Scope;
use crate::observer::thread::{self, logical_thread_id};
use crate::value::Value;

/// A step whose starts have run, or that nobody observes. Runs the ends once: told how it ended, or when dropped,
/// which is on a panic (D258). It is started where it stands and not moved, since it is large.
pub(super) struct Step<'a>(Option<Running<'a>>);

struct Running<'a> {
    record: Record<'a>,
    chosen: Rc<Chosen>,
    /// What each start returned, in order; `None` where it failed.
    contexts: SmallVec<[Option<Context>; 2]>,
}

impl<'a> Step<'a> {
    /// A step that nobody observes.
    pub(super) const fn idle() -> Step<'a> {
        Step(None)
    }

    /// Takes the observers of the step, whose starts [`Step::start`] runs.
    #[inline]
    pub(super) fn prepare(
        &mut self,
        chosen: Rc<Chosen>,
        subject: Subject<'a>,
        scope: Scope,
        details: Details,
    ) {
        let id = if chosen.needs.ids { next_id() } else { 0 };
        let record = Record { subject, scope, thread: logical_thread_id(), id, details };
        self.0 = Some(Running { record, chosen, contexts: SmallVec::new() });
    }

    pub(super) fn needs_inputs(&self) -> bool {
        self.0.as_ref().is_some_and(|running| running.chosen.needs.inputs)
    }

    pub(super) fn needs_outputs(&self) -> bool {
        self.0.as_ref().is_some_and(|running| running.chosen.needs.outputs)
    }

    /// Runs the starts.
    pub(super) fn start(&mut self, inputs: &[Value]) {
        let Some(Running { record, chosen, contexts }) = &mut self.0 else { return };
        let _busy = thread::Busy::enter();
        for entry in &chosen.entries {
            let seen = if entry.needs().inputs { inputs } else { &[] };
            contexts.push(entry.start(&RecordStart { record, inputs: seen, input_count: inputs.len() }));
        }
    }

    /// Runs the ends of a step that returned.
    pub(super) fn returned(&mut self, outputs: &[Value]) {
        self.end(outputs, Outcome::Returned);
    }

    /// Runs the ends of a step that failed.
    pub(super) fn failed(&mut self, error: &Error) {
        self.end(&[], Outcome::Failed(error));
    }

    fn end(&mut self, outputs: &[Value], outcome: Outcome<'_>) {
        if let Some(Running { record, chosen, contexts }) = &mut self.0 {
            let busy = thread::Busy::enter();
            for (entry, context) in chosen.entries.iter().zip(&mut *contexts) {
                let outputs = if entry.needs().outputs { outputs } else { &[] };
                entry.end(&RecordEnd { record, outputs, outcome }, context.take());
            }
            drop(busy);
            self.0 = None;
        }
    }
}

impl Drop for Step<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.end(&[], Outcome::Panicked);
        }
    }
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
