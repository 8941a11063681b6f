//! Whether what was read makes sense: fields of one entry against each other and its schema ([`entry`]), entries
//! against each other ([`list`]), variants and views ([`group`], [`view`]). Every rule runs on every entry, so that all mistakes come at once.
//!
//! Nothing is changed here, and nothing is derived.

mod entry;
mod group;
mod list;
mod view;

use crate::derive::Derivation;
use crate::diagnostics::Sink;
use crate::model::{OperatorEntry, ViewGroup};
use crate::resolve::Draft;
use crate::resolve::fields::Fields;

/// Reports every rule that is broken.
pub(crate) fn check(drafts: &[Draft<'_>], sink: &Sink) {
    for draft in drafts {
        if let Some(entry) = &draft.entry {
            entry::check(entry, &draft.fields, sink);
        }
    }
    list::check(drafts, sink);
}

/// Reports every rule that the groups break. `fields` are those of the written entries.
pub(crate) fn check_groups(
    operators: &[OperatorEntry],
    derivation: &Derivation,
    views: &[ViewGroup],
    fields: &[Fields<'_>],
    sink: &Sink,
) {
    group::check(&group::Groups { operators, derivation, fields, sink });
    view::check(operators, views, fields, sink);
}
