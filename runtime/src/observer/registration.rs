//! Adding observers, to the process or to a thread, and the guards that take them away (D240 to D244).

use std::any::Any;
use std::fmt;
use std::io::Write;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::error::{Error, Result};
use crate::observer::call;
use crate::observer::failure::{ObserverFailure, quietly};
use crate::observer::record::{RecordEnd, RecordStart};
use crate::observer::scope::{Scope, Scopes};
use crate::observer::thread;

/// What a start function hands to its end function.
pub(super) type Context = Box<dyn Any>;

trait Callbacks: Send + Sync {
    fn start(&self, record: &RecordStart<'_>) -> Result<Context>;
    fn end(&self, record: &RecordEnd<'_>, context: Option<Context>) -> Result<()>;
}

struct Pair<S, E, C> {
    start: S,
    end: E,
    context: PhantomData<fn() -> C>,
}

impl<C, S, E> Callbacks for Pair<S, E, C>
where
    C: 'static,
    S: Fn(&RecordStart<'_>) -> Result<C> + Send + Sync,
    E: Fn(&RecordEnd<'_>, Option<C>) -> Result<()> + Send + Sync,
{
    fn start(&self, record: &RecordStart<'_>) -> Result<Context> {
        Ok(Box::new((self.start)(record)?))
    }

    fn end(&self, record: &RecordEnd<'_>, context: Option<Context>) -> Result<()> {
        (self.end)(record, context.and_then(|context| context.downcast().ok()).map(|context| *context))
    }
}

type FailureHook = Box<dyn Fn(&ObserverFailure<'_>) + Send + Sync>;

/// A pair of functions to run around what is recorded, with what they need. See [`crate::observer`] for an example.
#[must_use = "an observer does nothing until it is added"]
pub struct Observer {
    callbacks: Box<dyn Callbacks>,
    needs: Needs,
    scopes: Scopes,
    probability: f64,
    on_failure: Option<FailureHook>,
}

/// What observers ask for; for several, what any of them does.
#[derive(Clone, Copy, Default)]
pub(super) struct Needs {
    pub(super) inputs: bool,
    pub(super) outputs: bool,
    pub(super) ids: bool,
}

impl Observer {
    /// An observer with a start and an end. What the start returns is kept for the end of the same record, and dropped
    /// with it (D259). The end gets `None` if the start failed (D257).
    pub fn new<C: 'static>(
        start: impl Fn(&RecordStart<'_>) -> Result<C> + Send + Sync + 'static,
        end: impl Fn(&RecordEnd<'_>, Option<C>) -> Result<()> + Send + Sync + 'static,
    ) -> Observer {
        Observer {
            callbacks: Box::new(Pair { start, end, context: PhantomData }),
            needs: Needs::default(),
            scopes: Scopes::ALL,
            probability: 1.0,
            on_failure: None,
        }
    }

    /// An observer that runs at starts only.
    pub fn at_start(start: impl Fn(&RecordStart<'_>) -> Result<()> + Send + Sync + 'static) -> Observer {
        Observer::new(start, |_, _| Ok(()))
    }

    /// Asks for the arguments ([`RecordStart::inputs`]); typed calls then box them.
    pub fn inputs(mut self) -> Observer {
        self.needs.inputs = true;
        self
    }

    /// Asks for the results ([`RecordEnd::outputs`]).
    pub fn outputs(mut self) -> Observer {
        self.needs.outputs = true;
        self
    }

    /// Asks for numbers of records ([`Record::id`](crate::Record::id)).
    pub fn ids(mut self) -> Observer {
        self.needs.ids = true;
        self
    }

    /// Observes only these scopes; all if none is given (D240).
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Observer {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Observes each record with this probability, independently for each record, thread and scope (D246). Steps
    /// without a sample cost a decrement.
    ///
    /// # Errors
    /// `Value` for a number outside of 0 to 1 (D241).
    pub fn sampled(mut self, probability: f64) -> Result<Observer> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(Error::value(format!("a probability is a number from 0 to 1, not {probability}")));
        }
        self.probability = probability;
        Ok(self)
    }

    /// Hands every failure of the observer to a function. Without it the first is written to standard error.
    pub fn on_failure(mut self, hook: impl Fn(&ObserverFailure<'_>) + Send + Sync + 'static) -> Observer {
        self.on_failure = Some(Box::new(hook));
        self
    }

    /// Adds it for every thread of the process (D242), until the guard is dropped. Threads that are calling operators
    /// see it soon; calls made after this one returned, or told of it, see it.
    pub fn add_to_process(self) -> ObserverGuard {
        let entry = Entry::new(self, 0);
        PROCESS.write().push(entry.clone());
        entry.enable();
        ObserverGuard { entry, is_kept: false }
    }

    /// Adds it for the calling thread, until the guard is dropped, here or on another thread, or the thread ends. It
    /// reaches other threads with [`ThreadObservers`](crate::ThreadObservers) only.
    pub fn add_to_thread(self) -> ObserverGuard {
        let entry = Entry::new(self, thread::logical_thread_id());
        // A thread that is ending is not observed any more.
        if thread::add(&entry) {
            entry.enable();
        }
        ObserverGuard { entry, is_kept: false }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Needs { inputs, outputs, ids } = self.needs;
        f.debug_struct("Observer")
            .field("inputs", &inputs)
            .field("outputs", &outputs)
            .field("ids", &ids)
            .field("scopes", &self.scopes)
            .field("probability", &self.probability)
            .finish_non_exhaustive()
    }
}

/// The observers of the process, in the order they were added.
static PROCESS: RwLock<Vec<Arc<Entry>>> = RwLock::new(Vec::new());

/// Grows with every change of what is observed, by whomever. Threads compare it with the one their plans are of.
static VERSION: AtomicU64 = AtomicU64::new(1);

pub(super) fn version() -> u64 {
    VERSION.load(Ordering::Acquire)
}

/// The process's observers as of now.
pub(super) fn process_observers() -> Vec<Arc<Entry>> {
    PROCESS.read().clone()
}

/// An observer that was added.
pub(super) struct Entry {
    id: u64,
    /// The thread it was added to, or 0 for the process.
    thread: u64,
    /// `None` only while it is dropped.
    observer: Option<Observer>,
    state: AtomicU8,
    failures: AtomicU64,
}

/// Added, and its calls are wanted; only these count as active.
const ON: u8 = 0;
/// Added and disabled.
const OFF: u8 = 1;
/// Taken away for good.
const REMOVED: u8 = 2;

impl Entry {
    fn new(observer: Observer, thread: u64) -> Arc<Entry> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Entry {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            thread,
            observer: Some(observer),
            state: AtomicU8::new(OFF),
            failures: AtomicU64::new(0),
        })
    }

    fn observer(&self) -> &Observer {
        self.observer.as_ref().expect("it is there until it is dropped")
    }

    pub(super) fn is_on(&self) -> bool {
        self.state.load(Ordering::Relaxed) == ON
    }

    pub(super) fn is_removed(&self) -> bool {
        self.state.load(Ordering::Relaxed) == REMOVED
    }

    /// Whether it is to run in a scope.
    pub(super) fn runs_in(&self, scope: Scope) -> bool {
        let observer = self.observer();
        self.is_on() && observer.scopes.contains(scope) && observer.probability > 0.0
    }

    /// Whether it was added to the thread of this number.
    pub(super) fn is_of_thread(&self, number: u64) -> bool {
        self.thread == number
    }

    pub(super) fn needs(&self) -> Needs {
        self.observer().needs
    }

    pub(super) fn probability(&self) -> f64 {
        self.observer().probability
    }

    fn enable(&self) {
        if self.state.compare_exchange(OFF, ON, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            call::one_more();
            VERSION.fetch_add(1, Ordering::Release);
        }
    }

    fn disable(&self) {
        if self.state.compare_exchange(ON, OFF, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            call::one_less();
            VERSION.fetch_add(1, Ordering::Release);
        }
    }

    pub(super) fn remove(&self) {
        if self.state.swap(REMOVED, Ordering::Relaxed) == ON {
            call::one_less();
        }
        VERSION.fetch_add(1, Ordering::Release);
    }

    /// Runs the start function; `None` if it failed.
    #[inline(always)]
    pub(super) fn start(&self, record: &RecordStart<'_>) -> Option<Context> {
        match quietly(|| self.observer().callbacks.start(record)) {
            Ok(Ok(context)) => Some(context),
            Ok(Err(error)) => self.reported(record.full_name(), false, &error),
            Err(text) => self.failed(record.full_name(), false, &text),
        }
    }

    /// Runs the end function.
    #[inline(always)]
    pub(super) fn end(&self, record: &RecordEnd<'_>, context: Option<Context>) {
        match quietly(|| self.observer().callbacks.end(record, context)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => drop(self.reported(record.full_name(), true, &error)),
            Err(text) => drop(self.failed(record.full_name(), true, &text)),
        }
    }

    #[cold]
    fn reported(&self, record: &str, at_end: bool, error: &Error) -> Option<Context> {
        self.failed(record, at_end, &error.to_string())
    }

    #[cold]
    fn failed(&self, record: &str, at_end: bool, text: &str) -> Option<Context> {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        let failure = ObserverFailure { observer: self.id, record, at_end, text };
        // The hook is foreign as well, and there is nobody left to tell.
        let _ = quietly(|| match &self.observer().on_failure {
            Some(hook) => hook(&failure),
            None if before == 0 => {
                // There is nobody to tell if standard error is closed.
                let _ = writeln!(
                    std::io::stderr(),
                    "keyway: {failure}; the call goes on, and more failures of this observer are not reported"
                );
            }
            None => {}
        });
        None
    }
}

impl Drop for Entry {
    /// The last share may go in the middle of a call, which what the functions captured must not disturb.
    fn drop(&mut self) {
        let observer = self.observer.take();
        let _ = quietly(|| drop(observer));
    }
}

/// An observer that was added. Dropping it takes the observer away; guards may be dropped in any order and on any
/// thread. A call whose start ran gets its end. What the functions captured is dropped once every thread that has run
/// them has taken another step or ended.
#[must_use = "dropping the guard takes the observer away; `keep` it to have it for good"]
pub struct ObserverGuard {
    entry: Arc<Entry>,
    is_kept: bool,
}

impl ObserverGuard {
    /// The observer's number: unique in the process, from 1 (D242).
    pub fn id(&self) -> u64 {
        self.entry.id
    }

    /// Leaves the observer where it is, without running it (D243).
    pub fn disable(&self) {
        self.entry.disable();
    }

    /// Runs it again after [`ObserverGuard::disable`].
    pub fn enable(&self) {
        self.entry.enable();
    }

    /// How often it failed so far.
    pub fn failures(&self) -> u64 {
        self.entry.failures.load(Ordering::Relaxed)
    }

    /// Leaves the observer until the process ends; one of a thread, until the thread ends.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for ObserverGuard {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        self.entry.remove();
        PROCESS.write().retain(|entry| !Arc::ptr_eq(entry, &self.entry));
        thread::forget_removed();
    }
}

impl fmt::Debug for ObserverGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverGuard").field("id", &self.id()).field("failures", &self.failures()).finish()
    }
}

/// Whether the process or the calling thread has observers that are enabled. The switch of [`with_observation`] does
/// not change the answer (D244).
///
/// [`with_observation`]: crate::with_observation
pub fn has_observers() -> bool {
    has_process_observers() || has_thread_observers()
}

/// Whether the process has observers that are enabled.
pub fn has_process_observers() -> bool {
    PROCESS.read().iter().any(|entry| entry.is_on())
}

/// Whether the calling thread has observers of its own that are enabled.
pub fn has_thread_observers() -> bool {
    thread::observers().iter().any(|entry| entry.is_on())
}

/// Takes all observers of the process away, whoever holds their guards (D243).
pub fn clear_process_observers() {
    let entries = std::mem::take(&mut *PROCESS.write());
    entries.iter().for_each(|entry| entry.remove());
}

/// Takes all observers of the calling thread away, whoever holds their guards (D243).
pub fn clear_thread_observers() {
    thread::observers().iter().for_each(|entry| entry.remove());
    thread::forget_removed();
}
