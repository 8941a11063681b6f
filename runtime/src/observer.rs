//! Observers: functions that run before and after operator calls (dispatch.md D239 to D261).
//!
//! An [`Observer`] is a start function, which may return a context, and an end function, which gets it back. Added for
//! the process or for one thread, it runs around every [`call`](crate::TypedOperator) and
//! [`call_boxed`](crate::Operator::call_boxed), never around a redispatch (D251): one call of a user is one event, and
//! each fresh call inside a kernel is one more.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use keyway::{Observer, Scope, with_record};
//!
//! let seen = Arc::new(AtomicU64::new(0));
//! let counter = seen.clone();
//! let guard = Observer::new(
//!     move |record| Ok((record.name().len(), counter.fetch_add(1, Ordering::Relaxed))),
//!     |record, context| {
//!         assert_eq!(context.map(|(length, _)| length), Some(record.name().len()));
//!         Ok(())
//!     },
//! )
//! .scopes([Scope::User])
//! .add_to_thread();
//! with_record("load", || ());
//! drop(guard);
//! with_record("not seen any more", || ());
//! assert_eq!(seen.load(Ordering::Relaxed), 1);
//! ```
//!
//! # Order
//!
//! Observers of the process run first, in the order they were added, then those of the thread in theirs; ends run in
//! the same order, not reversed (D247). An observer removed between a start and its end still gets that end, so starts
//! and ends pair. While observers run, the thread is not observed: one that calls operators does not observe itself.
//!
//! # Failures
//!
//! Errors and panics of an observer are counted and reported, the first on standard error or each to
//! [`Observer::on_failure`], and never reach the call (D257).
//!
//! # What is better than the field's
//!
//! Inputs exist only while a start runs, and the borrow checker sees to it (D254, D313). They are exactly the
//! operator's arguments, and outputs exactly its results, typed and boxed (D250). An observer sees inputs and outputs
//! only if it asked for them itself. An end knows whether the call returned, failed or panicked. Adding, removing,
//! disabling and enabling are safe at any time from any thread (D243); they belong to a guard, so there is no unknown
//! handle. No name is never observed (D252): [`Operator::set_observed`](crate::Operator::set_observed) says it of an
//! operator.
//!
//! # Cost
//!
//! Where there is no observer a call makes one relaxed load and one branch that is never taken. Where there is one
//! anywhere, each thread compares a version, and keeps its own list (D245).

mod call;
mod failure;
mod plan;
mod record;
mod recording;
mod registration;
mod scope;
mod step;
mod thread;

pub use call::is_observing;
pub(crate) use call::{call_boxed, call_typed, observed_mark};
pub use failure::ObserverFailure;
pub use record::{Outcome, Record, RecordEnd, RecordStart, set_default_node_id, set_sequence_numbers};
pub use recording::{RecordBuilder, RecordGuard, with_record};
pub use registration::{
    Observer, ObserverGuard, clear_process_observers, clear_thread_observers, has_observers,
    has_process_observers, has_thread_observers,
};
pub use scope::{Scope, Scopes};
pub use thread::{
    ObservationGuard, ThreadObservers, ThreadObserversGuard, is_observation_on, logical_thread_id,
    with_observation,
};
