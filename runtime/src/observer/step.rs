//! One observed step: the starts that ran, waiting for their ends.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::observer::plan::Chosen;
use crate::observer::record::{Details, Outcome, Record, RecordEnd, RecordStart, Subject};
use crate::observer::registration::{Context, Entry};
use crate::observer::scope::Scope;
use crate::observer::thread::{self, logical_thread_id};
use crate::value::Value;

/// A step whose starts have run. Runs the ends once: told how it ended, or when dropped, which is on a panic (D258).
pub(super) struct Step<'a> {
    record: Record<'a>,
    chosen: Rc<Chosen>,
    /// What the start returned, nothing if it failed; where there are several observers, `Contexts`.
    context: Option<Context>,
    has_ended: bool,
}

impl<'a> Step<'a> {
    #[inline(always)]
    pub(super) fn new(chosen: Rc<Chosen>, subject: Subject<'a>, scope: Scope, details: Details) -> Step<'a> {
        let id = if chosen.needs.ids { next_id() } else { 0 };
        let record = Record { subject, scope, thread: logical_thread_id(), id, details };
        Step { record, chosen, context: None, has_ended: false }
    }

    #[inline]
    pub(super) fn needs_inputs(&self) -> bool {
        self.chosen.needs.inputs
    }

    #[inline]
    pub(super) fn needs_outputs(&self) -> bool {
        self.chosen.needs.outputs
    }

    /// Runs the starts.
    pub(super) fn start(&mut self, inputs: &[Value]) {
        let _busy = thread::Busy::enter();
        self.context = match self.chosen.more.is_empty() {
            true => start(&self.chosen.first, &self.record, inputs),
            false => Some(self.start_all(inputs)),
        };
    }

    #[cold]
    fn start_all(&self, inputs: &[Value]) -> Context {
        let contexts: Contexts = self.chosen.all().map(|entry| start(entry, &self.record, inputs)).collect();
        Box::new(contexts)
    }

    /// Runs the ends of a step that returned.
    #[inline]
    pub(super) fn returned(&mut self, outputs: &[Value]) {
        self.end(outputs, Outcome::Returned);
    }

    /// Runs the ends of a step that failed.
    #[cold]
    pub(super) fn failed(&mut self, error: &Error) {
        self.end(&[], Outcome::Failed(error));
    }

    fn end(&mut self, outputs: &[Value], outcome: Outcome<'_>) {
        self.has_ended = true;
        let _busy = thread::Busy::enter();
        let context = self.context.take();
        match self.chosen.more.is_empty() {
            true => end(&self.chosen.first, &self.record, outputs, outcome, context),
            false => self.end_all(outputs, outcome, context),
        }
    }

    #[cold]
    fn end_all(&self, outputs: &[Value], outcome: Outcome<'_>, contexts: Option<Context>) {
        let contexts = contexts.and_then(|contexts| contexts.downcast::<Contexts>().ok());
        for (entry, context) in self.chosen.all().zip(contexts.into_iter().flat_map(|contexts| *contexts)) {
            end(entry, &self.record, outputs, outcome, context);
        }
    }
}

/// What each of several starts returned, in order; nothing where it failed.
type Contexts = Vec<Option<Context>>;

#[inline(always)]
fn start(entry: &Entry, record: &Record<'_>, inputs: &[Value]) -> Option<Context> {
    let seen = if entry.needs().inputs { inputs } else { &[] };
    entry.start(&RecordStart { record, inputs: seen, input_count: inputs.len() })
}

#[inline(always)]
fn end(
    entry: &Entry,
    record: &Record<'_>,
    outputs: &[Value],
    outcome: Outcome<'_>,
    context: Option<Context>,
) {
    let outputs = if entry.needs().outputs { outputs } else { &[] };
    entry.end(&RecordEnd { record, outputs, outcome }, context);
}

impl Drop for Step<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(&[], Outcome::Panicked);
        }
    }
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
