//! Who is told when operators are defined and when they are gone.
//!
//! A listener hears of definitions only, not of kernels and fallbacks (dispatch.md D170). It is told after the change
//! is complete and with no lock held, so it may register and look up as it likes, and one that panics harms nobody
//! (better than D171, D172). Every listener hears of the changes in the order they happened.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyway_schema::Schema;
use parking_lot::Mutex;

use crate::operator::Operator;
use crate::registry;

/// A change that listeners are told of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum OperatorChange {
    /// The operator has been defined; for a new listener also: it is defined.
    Defined(&'static Operator),
    /// The definition is gone; this was its schema (D108).
    Undefined(&'static Operator, &'static Schema),
}

type Function = dyn Fn(OperatorChange) + Send + Sync;

struct Listener {
    function: Box<Function>,
    is_listening: AtomicBool,
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

/// The listeners of now. Taken with the registry's lock held, never the other way round.
static LISTENERS: Mutex<Vec<Arc<Listener>>> = Mutex::new(Vec::new());
static NEWS: Mutex<News> = Mutex::new(News { pending: VecDeque::new(), is_telling: false });

/// Changes that listeners have not been told of yet, each with those who are to hear it.
struct News {
    pending: VecDeque<(Vec<Arc<Listener>>, OperatorChange)>,
    /// Whether some thread is telling; it goes on until nothing is pending.
    is_telling: bool,
}

/// Has a function told of every operator that is defined now, and of every one that is defined or undefined later.
///
/// It runs in the thread that makes the change, after the change and with no lock held. When several threads make
/// changes at once, or a listener makes one itself, the thread that is telling already tells of those too. A panic in
/// a listener is reported by the panic hook and goes no further.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::Arc;
/// use keyway::{Library, OperatorChange, listen};
/// let heard = Arc::new(AtomicUsize::new(0));
/// let counter = heard.clone();
/// let guard = listen(move |change| match change {
///     OperatorChange::Defined(operator) if operator.name() == "listened::f" => {
///         counter.fetch_add(1, Ordering::Relaxed);
///     }
///     _ => {}
/// });
/// let mut library = Library::define("listened")?;
/// library.def("f(int x) -> int")?;
/// assert_eq!(heard.load(Ordering::Relaxed), 1);
/// # drop(guard);
/// # Ok::<(), keyway::Error>(())
/// ```
pub fn listen(f: impl Fn(OperatorChange) + Send + Sync + 'static) -> ListenerGuard {
    let listener = Arc::new(Listener { function: Box::new(f), is_listening: AtomicBool::new(true) });
    registry::with_defined(|operators| {
        LISTENERS.lock().push(listener.clone());
        let existing = operators.map(|operator| (vec![listener.clone()], OperatorChange::Defined(operator)));
        NEWS.lock().pending.extend(existing);
    });
    tell();
    ListenerGuard(listener)
}

/// Notes a change for the listeners of now. With the registry's lock held.
pub(crate) fn note(change: OperatorChange) {
    let listeners = LISTENERS.lock().clone();
    if !listeners.is_empty() {
        NEWS.lock().pending.push_back((listeners, change));
    }
}

/// Tells what is pending. With no lock held.
pub(crate) fn tell() {
    loop {
        let (listeners, change) = {
            let mut news = NEWS.lock();
            if news.is_telling {
                return;
            }
            let Some(next) = news.pending.pop_front() else { return };
            news.is_telling = true;
            next
        };
        for listener in listeners.iter().filter(|listener| listener.is_listening.load(Ordering::Acquire)) {
            // A listener's own state may be half changed by its panic; nothing of the runtime's is.
            let _ = catch_unwind(AssertUnwindSafe(|| (listener.function)(change)));
        }
        // Dropping the last share of a listener may run code of its own, so it comes before the next round.
        drop(listeners);
        NEWS.lock().is_telling = false;
    }
}
