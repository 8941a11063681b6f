//! Who is told when operators are defined and when they are gone.
//!
//! A listener hears of definitions only, not of kernels and fallbacks (dispatch.md D170). It is told after the change
//! is complete and with no lock held, so it may register and look up as it likes, and one that panics harms nobody
//! (better than D171, D172). Each listener has its own queue, and one thread at a time empties it, so it hears of the
//! changes in the order they happened, one by one, whichever threads make them.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyway_schema::Schema;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::operator::Operator;
use crate::registry;

/// A change that listeners are told of: an operator has been defined, or is not defined any more.
#[derive(Clone, Copy, Debug)]
pub struct OperatorChange {
    operator: &'static Operator,
    is_defined: bool,
    /// The schema, unless it is a generated one that nobody has looked at yet.
    schema: Option<&'static Schema>,
}

impl OperatorChange {
    pub(crate) fn defined(operator: &'static Operator, schema: Option<&'static Schema>) -> OperatorChange {
        OperatorChange { operator, is_defined: true, schema }
    }

    pub(crate) fn undefined(operator: &'static Operator, schema: &'static Schema) -> OperatorChange {
        OperatorChange { operator, is_defined: false, schema: Some(schema) }
    }

    /// The operator. It may have changed again since.
    pub fn operator(&self) -> &'static Operator {
        self.operator
    }

    /// Whether it has been defined; for a new listener also: whether it is defined. If not, its definition is gone.
    pub fn is_defined(&self) -> bool {
        self.is_defined
    }

    /// The schema it has been defined with, or had (D108).
    pub fn schema(&self) -> Option<&'static Schema> {
        self.schema.or_else(|| self.operator.schema())
    }
}

struct Listener {
    function: Box<dyn Fn(OperatorChange) + Send + Sync>,
    is_listening: AtomicBool,
    queue: Mutex<Queue>,
    /// Signalled after each change that was told.
    told: Condvar,
}

/// The changes that a listener has not been told of yet.
#[derive(Default)]
struct Queue {
    pending: VecDeque<OperatorChange>,
    /// Whether some thread is telling; it goes on until nothing is pending.
    is_telling: bool,
    noted: u64,
    told: u64,
}

impl Queue {
    fn note(&mut self, change: OperatorChange) {
        self.pending.push_back(change);
        self.noted += 1;
    }
}

/// The listeners of now. Taken with the registry's lock held, never the other way round.
static LISTENERS: Mutex<Vec<Arc<Listener>>> = Mutex::new(Vec::new());

/// How long a change waits for the thread that is telling a listener. Bounded, so that a listener that itself waits for
/// this thread, or for a lock it holds, cannot block it for good.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// Whether this thread is inside a listener.
    static IN_LISTENER: Cell<bool> = const { Cell::new(false) };
}

impl Listener {
    /// Tells what is pending, or waits for the thread that is telling it. With no lock held.
    fn tell(&self) {
        let mut queue = self.queue.lock();
        let mine = queue.noted;
        if queue.is_telling {
            if !IN_LISTENER.get() {
                let is_waiting = |queue: &mut Queue| queue.is_telling && queue.told < mine;
                self.told.wait_while_for(&mut queue, is_waiting, PATIENCE);
            }
            return;
        }
        queue.is_telling = true;
        while let Some(change) = queue.pending.pop_front() {
            MutexGuard::unlocked(&mut queue, || self.call(change));
            queue.told += 1;
            self.told.notify_all();
        }
        queue.is_telling = false;
    }

    fn call(&self, change: OperatorChange) {
        if !self.is_listening.load(Ordering::Acquire) {
            return;
        }
        let was_in_listener = IN_LISTENER.replace(true);
        // A listener's own state may be half changed by its panic; nothing of the runtime's is.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.function)(change)));
        IN_LISTENER.set(was_in_listener);
    }
}

/// Keeps a listener listening. Dropping it ends that, without a further call (D170).
#[must_use = "the listener hears nothing once its guard is dropped"]
pub struct ListenerGuard(Arc<Listener>);

impl Drop for ListenerGuard {
    fn drop(&mut self) {
        self.0.is_listening.store(false, Ordering::Release);
        LISTENERS.lock().retain(|listener| !Arc::ptr_eq(listener, &self.0));
    }
}

impl fmt::Debug for ListenerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListenerGuard")
    }
}

/// Has a function told of every operator that is defined now, and of every one that is defined or undefined later.
///
/// It runs after the change, with no lock held, before the call that made the change returns. It hears of one change at
/// a time: when several threads make changes, the one that is telling it already tells of the others' too, and they wait
/// for it, though not for ever. A change that a listener makes itself is told when it returns. A panic in a listener is
/// reported by the panic hook and goes no further.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::Arc;
/// use keyway::{Library, listen};
/// let heard = Arc::new(AtomicUsize::new(0));
/// let counter = heard.clone();
/// let guard = listen(move |change| {
///     if change.is_defined() && change.operator().name() == "listened::f" {
///         counter.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// let mut library = Library::define("listened")?;
/// library.def("f(int x) -> int")?;
/// assert_eq!(heard.load(Ordering::Relaxed), 1);
/// # drop(guard);
/// # Ok::<(), keyway::Error>(())
/// ```
pub fn listen(f: impl Fn(OperatorChange) + Send + Sync + 'static) -> ListenerGuard {
    let listener = Arc::new(Listener {
        function: Box::new(f),
        is_listening: AtomicBool::new(true),
        queue: Mutex::default(),
        told: Condvar::new(),
    });
    registry::with_defined(|operators| {
        LISTENERS.lock().push(listener.clone());
        let mut queue = listener.queue.lock();
        operators.for_each(|(operator, schema)| queue.note(OperatorChange::defined(operator, schema)));
    });
    listener.tell();
    ListenerGuard(listener)
}

/// Notes a change for the listeners of now. With the registry's lock held.
pub(crate) fn note(change: OperatorChange) {
    LISTENERS.lock().iter().for_each(|listener| listener.queue.lock().note(change));
}

/// Tells the listeners what was noted. With no lock held.
pub(crate) fn tell() {
    let listeners = LISTENERS.lock().clone();
    listeners.iter().for_each(|listener| listener.tell());
}
