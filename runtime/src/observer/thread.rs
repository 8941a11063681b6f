//! What a thread knows of observers: its own, its plans, its number, and the switch (D242 to D245, D270).

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::observer::plan::{Chosen, Plan, Random};
use crate::observer::registration::{self, Entry};
use crate::observer::scope::Scope;

struct Thread {
    number: u64,
    observers: RefCell<Vec<Arc<Entry>>>,
    plans: [RefCell<Plan>; Scope::ALL.len()],
    random: Random,
}

thread_local! {
    static THREAD: Thread = Thread::new();
    /// The logical number, from 1; 0 before it is asked for.
    static NUMBER: Cell<u64> = const { Cell::new(0) };
    /// Why the thread is not observed: bits. Apart from `THREAD`, whose destructor makes each access dearer.
    static QUIET: Cell<u8> = const { Cell::new(0) };
}

/// The switch is off.
const OFF: u8 = 1;
/// Observers are running.
const BUSY: u8 = 2;

impl Thread {
    fn new() -> Thread {
        let number = logical_thread_id();
        Thread {
            number,
            observers: RefCell::default(),
            plans: Default::default(),
            random: Random::new(number),
        }
    }

    fn choose(&self, scope: Scope) -> Option<Rc<Chosen>> {
        let plan = &self.plans[scope as usize];
        let version = registration::version();
        let mut current = plan.borrow_mut();
        if current.version != version {
            drop(current);
            self.renew(plan, version, scope);
            current = plan.borrow_mut();
        }
        current.choose(&self.random)
    }

    #[cold]
    fn renew(&self, plan: &RefCell<Plan>, version: u64, scope: Scope) {
        let mut observers = registration::process_observers();
        observers.extend(self.observers.borrow().iter().cloned());
        let last = plan.replace(Plan::new(version, &observers, scope, &self.random));
        // After the borrows: with the last share of an observer goes what it captured, which is foreign code.
        drop((last, observers));
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        let own = self.observers.get_mut().iter().filter(|entry| entry.is_of_thread(self.number));
        own.for_each(|entry| entry.remove());
    }
}

/// The observers of the thread's next step in a scope; none where it is off, busy, or ending.
#[inline]
pub(super) fn choose(scope: Scope) -> Option<Rc<Chosen>> {
    if QUIET.get() != 0 {
        return None;
    }
    THREAD.try_with(|thread| thread.choose(scope)).ok().flatten()
}

/// While observers run the thread is not observed. Restores what was before, also on a panic.
pub(super) struct Busy {
    before: u8,
}

impl Busy {
    pub(super) fn enter() -> Busy {
        let before = QUIET.get();
        QUIET.set(before | BUSY);
        Busy { before }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        QUIET.set(self.before);
    }
}

/// Adds an observer to the thread, unless the thread is ending.
pub(super) fn add(entry: &Arc<Entry>) -> bool {
    THREAD.try_with(|thread| thread.observers.borrow_mut().push(entry.clone())).is_ok()
}

/// The thread's own observers.
pub(super) fn observers() -> Vec<Arc<Entry>> {
    THREAD.try_with(|thread| thread.observers.borrow().clone()).unwrap_or_default()
}

/// Drops the thread's shares in observers that were removed.
pub(super) fn forget_removed() {
    let removed = THREAD.try_with(|thread| {
        let is_removed = |entry: &mut Arc<Entry>| entry.is_removed();
        let entries: Vec<_> = thread.observers.borrow_mut().extract_if(.., is_removed).collect();
        (entries, thread.plans.each_ref().map(RefCell::take))
    });
    // After the borrows have ended: observers own foreign code.
    drop(removed);
}

/// The calling thread's logical number: from 1, in the order threads first ask or are observed (D253).
#[inline]
pub fn logical_thread_id() -> u64 {
    match NUMBER.get() {
        0 => number_thread(),
        number => number,
    }
}

#[cold]
fn number_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NUMBER.set(NEXT.fetch_add(1, Ordering::Relaxed));
    NUMBER.get()
}

/// Whether the calling thread's switch is on, as it is at first (D244).
pub fn is_observation_on() -> bool {
    QUIET.get() & OFF == 0
}

/// Sets the switch; gives what it was.
fn switch(on: bool) -> bool {
    let before = QUIET.get();
    QUIET.set(if on { before & !OFF } else { before | OFF });
    before & OFF == 0
}

/// A scope with the thread's observation switched on or off; dropping it restores what was before. Guards must be
/// left in the reverse order of their creation; prefer [`with_observation`].
#[must_use = "the scope ends when the guard is dropped"]
#[derive(Debug)]
pub struct ObservationGuard {
    was_on: bool,
    not_send: PhantomData<*const ()>,
}

impl ObservationGuard {
    /// Runs observers on this thread again, those of the process and its own (RF-13).
    pub fn on() -> ObservationGuard {
        ObservationGuard { was_on: switch(true), not_send: PhantomData }
    }

    /// Runs no observer on this thread, neither the process's nor its own (D244, RF-03).
    pub fn off() -> ObservationGuard {
        ObservationGuard { was_on: switch(false), not_send: PhantomData }
    }
}

impl Drop for ObservationGuard {
    fn drop(&mut self) {
        switch(self.was_on);
    }
}

/// Runs `f` with the thread's observation switched on or off.
pub fn with_observation<R>(on: bool, f: impl FnOnce() -> R) -> R {
    let _guard = if on { ObservationGuard::on() } else { ObservationGuard::off() };
    f()
}

/// A thread's own observers and its switch, to take along to the threads that work for it (D242, RF-05, RF-18).
/// [`ThreadState`](crate::ThreadState) takes them along with everything else a thread has.
///
/// Whoever holds the guards still decides: an observer that is removed, or whose thread has ended, runs nowhere.
///
/// ```
/// use keyway::{Observer, RecordStart, ThreadObservers, with_record};
/// let check = |record: &RecordStart<'_>| {
///     assert_eq!(record.name(), "part");
///     Ok(())
/// };
/// let guard = Observer::at_start(check).add_to_thread();
/// let observers = ThreadObservers::capture();
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         let _observed = observers.install();
///         with_record("part", || ());
///     });
/// });
/// assert_eq!(guard.failures(), 0);
/// ```
#[derive(Clone)]
pub struct ThreadObservers {
    observers: Vec<Arc<Entry>>,
    is_on: bool,
}

impl ThreadObservers {
    /// Those of the calling thread as of now.
    pub fn capture() -> ThreadObservers {
        ThreadObservers { observers: observers(), is_on: is_observation_on() }
    }

    /// Puts them in place of the calling thread's own, until the guard is dropped.
    pub fn install(&self) -> ThreadObserversGuard {
        let saved = ThreadObservers::capture();
        self.put(self.observers.clone());
        ThreadObserversGuard { saved, not_send: PhantomData }
    }

    fn put(&self, observers: Vec<Arc<Entry>>) {
        switch(self.is_on);
        let replaced = THREAD.try_with(|thread| {
            if observers.is_empty() && thread.observers.borrow().is_empty() {
                return observers;
            }
            // The plans are of other observers now.
            thread.plans.iter().for_each(|plan| plan.borrow_mut().version = 0);
            thread.observers.replace(observers)
        });
        drop(replaced);
    }
}

impl fmt::Debug for ThreadObservers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadObservers")
            .field("observers", &self.observers.len())
            .field("is_on", &self.is_on)
            .finish()
    }
}

/// Other observers in place of the thread's own; dropping it brings those back. Neither `Send` nor `Clone`.
#[must_use = "the thread's own observers come back when the guard is dropped"]
#[derive(Debug)]
pub struct ThreadObserversGuard {
    saved: ThreadObservers,
    not_send: PhantomData<*const ()>,
}

impl Drop for ThreadObserversGuard {
    fn drop(&mut self) {
        let observers = std::mem::take(&mut self.saved.observers);
        self.saved.put(observers);
        forget_removed();
    }
}
