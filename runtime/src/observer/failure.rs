//! Observers that fail: nothing they do disturbs the call (D257).

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An error or a panic of an observer, for [`Observer::on_failure`](crate::Observer::on_failure).
#[derive(Debug)]
#[non_exhaustive]
pub struct ObserverFailure<'a> {
    /// The observer's number ([`ObserverGuard::id`](crate::ObserverGuard::id)).
    pub observer: u64,
    /// What it observed: an operator's full name, or a record's.
    pub record: &'a str,
    /// Whether it failed at the end and not at the start.
    pub at_end: bool,
    /// What it reported, or the message of its panic.
    pub text: &'a str,
}

impl fmt::Display for ObserverFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at_end { "end" } else { "start" };
        write!(f, "observer {} failed at the {at} of {}: {}", self.observer, self.record, self.text)
    }
}

/// Runs foreign code; what it panics with becomes a text.
#[inline(always)]
pub(super) fn quietly<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => Ok(result),
        Err(payload) => Err(take_text(payload)),
    }
}

#[cold]
fn take_text(payload: Box<dyn Any + Send>) -> String {
    let text = text_of(&*payload);
    // The payload is foreign as well, and may panic when it is dropped.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    text
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("with something that is not text"))
}
