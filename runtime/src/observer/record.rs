//! What an observer sees of a call (D253 to D256).

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::observer::scope::Scope;
use crate::operator::Operator;
use crate::schema::Schema;
use crate::value::Value;

/// What both the start and the end of a record know.
pub struct Record<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) scope: Scope,
    pub(super) thread: u64,
    pub(super) id: u64,
    pub(super) details: Details,
}

#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    Operator(&'static Operator, KeySet),
    Named(&'a str),
}

/// What a record by hand may be given (D253, D260).
#[derive(Clone, Copy)]
pub(super) struct Details {
    pub(super) sequence_number: i64,
    pub(super) forward_thread: u64,
    pub(super) debug_handle: i64,
    pub(super) is_async: bool,
}

impl Details {
    pub(super) const NONE: Details =
        Details { sequence_number: -1, forward_thread: 0, debug_handle: -1, is_async: false };
}

impl Record<'_> {
    /// The operator's name without its overload, or the name the record was opened with.
    pub fn name(&self) -> &str {
        let full = self.full_name();
        match self.subject {
            Subject::Operator(..) => full.split_once('.').map_or(full, |(name, _)| name),
            Subject::Named(_) => full,
        }
    }

    /// The operator's overload; empty for the default one and for records by hand.
    pub fn overload_name(&self) -> &str {
        match self.subject {
            Subject::Operator(operator, _) => operator.name().split_once('.').map_or("", |(_, name)| name),
            Subject::Named(_) => "",
        }
    }

    /// The operator's name with its overload (RF-20), or the name the record was opened with.
    pub fn full_name(&self) -> &str {
        match self.subject {
            Subject::Operator(operator, _) => operator.name(),
            Subject::Named(name) => name,
        }
    }

    /// The operator that is called; `None` for records by hand.
    pub fn operator(&self) -> Option<&'static Operator> {
        match self.subject {
            Subject::Operator(operator, _) => Some(operator),
            Subject::Named(_) => None,
        }
    }

    /// The operator's schema.
    pub fn schema(&self) -> Option<&'static Schema> {
        self.operator().and_then(|operator| operator.schema())
    }

    /// The keys the first kernel gets; empty for records by hand.
    pub fn keys(&self) -> KeySet {
        match self.subject {
            Subject::Operator(_, keys) => keys,
            Subject::Named(_) => KeySet::EMPTY,
        }
    }

    /// The key of the first kernel, `Undefined` for records by hand.
    pub fn key(&self) -> DispatchKey {
        self.keys().highest()
    }

    /// What kind of record it is.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The place in the order of the autograd layer's work, or -1: for an operator what
    /// [`set_sequence_numbers`] gives if autograd takes part (D256), for a record by hand what it was opened with.
    pub fn sequence_number(&self) -> i64 {
        self.details.sequence_number
    }

    /// The logical number of the thread, from 1 ([`logical_thread_id`](crate::observer::logical_thread_id)).
    pub fn thread(&self) -> u64 {
        self.thread
    }

    /// The thread of the forward call that a backward record belongs to, if it was opened with one; else 0.
    pub fn forward_thread(&self) -> u64 {
        self.details.forward_thread
    }

    /// What the record was opened with, or -1.
    pub fn debug_handle(&self) -> i64 {
        self.details.debug_handle
    }

    /// Whether the record was opened for work that goes on elsewhere.
    pub fn is_async(&self) -> bool {
        self.details.is_async
    }

    /// A number of its own in the process, from 1, if some observer of it asked for ids; else 0 (D255).
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The process's node, or -1 ([`set_default_node_id`]).
    pub fn node_id(&self) -> i64 {
        NODE.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("name", &self.full_name())
            .field("scope", &self.scope)
            .field("key", &self.key())
            .field("thread", &self.thread)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A record at its start, before the kernel runs.
#[derive(Debug)]
pub struct RecordStart<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) inputs: &'a [Value],
    pub(super) input_count: usize,
}

impl<'a> RecordStart<'a> {
    /// The arguments, in schema order, if this observer asked for them; else none. They are the operator's arguments
    /// and nothing else, in typed and in boxed calls (better than D250). Clone what is to be kept: they are gone
    /// before the kernel runs (D249).
    pub fn inputs(&self) -> &'a [Value] {
        self.inputs
    }

    /// The arguments with their names in the schema. Empty as [`RecordStart::inputs`], and for records by hand.
    pub fn named_inputs(&self) -> impl Iterator<Item = (&'static str, &'a Value)> + use<'a> {
        let arguments = self.schema().map_or(&[][..], |schema| &schema.arguments);
        arguments.iter().map(|argument| argument.name.as_str()).zip(self.inputs)
    }

    /// How many arguments there are: by the schema, or as given for records by hand; whether asked for or not.
    pub fn input_count(&self) -> usize {
        self.schema().map_or(self.input_count, |schema| schema.arguments.len())
    }

    /// How many results there will be by the schema; 0 for records by hand.
    pub fn output_count(&self) -> usize {
        self.schema().map_or(0, |schema| schema.returns.len())
    }
}

impl<'a> Deref for RecordStart<'a> {
    type Target = Record<'a>;

    fn deref(&self) -> &Record<'a> {
        self.record
    }
}

/// How what was recorded came to its end.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It returned.
    Returned,
    /// It reported an error, which the caller gets after the ends have run.
    Failed(&'a Error),
    /// It panicked; the panic goes on after the ends have run.
    Panicked,
}

/// A record at its end, when the kernel has returned, failed or panicked.
#[derive(Debug)]
pub struct RecordEnd<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) outputs: &'a [Value],
    pub(super) outcome: Outcome<'a>,
}

impl<'a> RecordEnd<'a> {
    /// The results, if this observer asked for them and the call returned; else none (D258). They are the operator's
    /// results and nothing else; those of in-place and out forms are the arguments.
    pub fn outputs(&self) -> &'a [Value] {
        self.outputs
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome<'a> {
        self.outcome
    }
}

impl<'a> Deref for RecordEnd<'a> {
    type Target = Record<'a>;

    fn deref(&self) -> &Record<'a> {
        self.record
    }
}

static SEQUENCE_NUMBERS: OnceLock<fn() -> i64> = OnceLock::new();

/// Says where [`Record::sequence_number`] of operators comes from: the calling thread's counter of the autograd layer,
/// or -1 while it does not record (D256). The function is asked, and must not advance the counter, when a call's keys
/// include an autograd key. While there is no such layer, numbers are -1.
///
/// # Errors
/// `Runtime` if another layer has said so already.
pub fn set_sequence_numbers(of_this_thread: fn() -> i64) -> Result<()> {
    SEQUENCE_NUMBERS.set(of_this_thread).map_err(|_| {
        Error::new(ErrorKind::Runtime, "sequence numbers come from another autograd layer already")
    })
}

/// The sequence number of a call with these keys.
pub(super) fn sequence_number(keys: KeySet) -> i64 {
    match SEQUENCE_NUMBERS.get() {
        Some(counter) if keys.shares_functionality(KeySet::AUTOGRAD) => counter(),
        _ => -1,
    }
}

static NODE: AtomicI64 = AtomicI64::new(-1);

/// Sets the process's node among those that work together, for [`Record::node_id`] (D260).
///
/// # Errors
/// `Value` for a negative number.
pub fn set_default_node_id(node: i64) -> Result<()> {
    if node < 0 {
        return Err(Error::value(format!("a node is a number from 0, not {node}")));
    }
    NODE.store(node, Ordering::Relaxed);
    Ok(())
}
