//! Whether what was read makes sense: fields of one entry against each other and its schema ([`entry`]), entries
//! against each other ([`list`]). Every rule runs on every entry, so that all mistakes come at once.
//!
//! Nothing is changed here, and nothing is derived.

mod entry;
mod list;

use crate::diagnostics::Sink;
use crate::resolve::Draft;

/// Reports every rule that is broken.
pub(crate) fn check(drafts: &[Draft<'_>], sink: &Sink) {
    for draft in drafts {
        if let Some(entry) = &draft.entry {
            entry::check(entry, &draft.fields, sink);
        }
    }
    list::check(drafts, sink);
}
