//! What registrations leave behind, kept for its next use: kernels, definitions, tables.
//!
//! A call may hold any of them at any time and tells nobody, so none is ever freed (docs/decisions/0003). That
//! registering and dropping the same things again and again does not grow the process is seen to here: tables of equal
//! contents are one table, a definition that comes back is the one that went, and a kernel that is like one that was
//! dropped from the same operator and key moves into its place.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use foldhash::fast::FixedState;
use parking_lot::Mutex;

use crate::definition::Definition;
use crate::kernel::Kernel;
use crate::key::RegistrationKey;

/// What was dropped and can be used again, by the operator's name; fallbacks have the empty one.
#[derive(Default)]
pub(crate) struct Retired {
    kernels: BTreeMap<(&'static str, RegistrationKey), Vec<&'static Kernel>>,
    definitions: BTreeMap<&'static str, Vec<&'static Option<Definition>>>,
}

impl Retired {
    /// A place for a kernel that lives as long as the process: that of one like it which was dropped, or a new one.
    pub(crate) fn place_kernel(
        &mut self,
        operator: &'static str,
        key: RegistrationKey,
        kernel: Kernel,
    ) -> &'static Kernel {
        if let Some(dropped) = self.kernels.get_mut(&(operator, key))
            && let Some(at) = dropped.iter().position(|held| held.is_like(&kernel))
        {
            let place = dropped.swap_remove(at);
            place.revive(kernel);
            return place;
        }
        Box::leak(Box::new(kernel))
    }

    pub(crate) fn keep_kernel(
        &mut self,
        operator: &'static str,
        key: RegistrationKey,
        kernel: &'static Kernel,
    ) {
        self.kernels.entry((operator, key)).or_default().push(kernel);
    }

    /// A definition that lives as long as the process: an equal one that was dropped, or this one.
    pub(crate) fn place_definition(
        &mut self,
        operator: &'static str,
        definition: Definition,
    ) -> &'static Option<Definition> {
        let dropped = self.definitions.get(operator).into_iter().flatten();
        let equal = dropped.copied().find(|dropped| dropped.as_ref() == Some(&definition));
        equal.unwrap_or_else(|| Box::leak(Box::new(Some(definition))))
    }

    pub(crate) fn keep_definition(
        &mut self,
        operator: &'static str,
        definition: &'static Option<Definition>,
    ) {
        let dropped = self.definitions.entry(operator).or_default();
        if !dropped.iter().any(|held| std::ptr::eq(*held, definition)) {
            dropped.push(definition);
        }
    }
}

/// One copy of each value of a kind, for good.
pub(crate) struct Interned<T: ?Sized + 'static>(HashSet<&'static T, FixedState>);

impl<T: ?Sized + Hash + Eq> Interned<T> {
    pub(crate) const fn new() -> Interned<T> {
        Interned(HashSet::with_hasher(FixedState::with_seed(0)))
    }

    /// The one value equal to this; `keep` makes it if there is none yet.
    pub(crate) fn get(&mut self, value: &T, keep: impl FnOnce() -> &'static T) -> &'static T {
        if let Some(known) = self.0.get(value) {
            return known;
        }
        let kept = keep();
        self.0.insert(kept);
        kept
    }
}

/// The one copy of a text.
pub(crate) fn text(text: &str) -> &'static str {
    static TEXTS: Mutex<Interned<str>> = Mutex::new(Interned::new());
    TEXTS.lock().get(text, || String::leak(text.to_owned()))
}

/// The one copy of a list of texts.
pub(crate) fn texts(list: &[&str]) -> &'static [&'static str] {
    static LISTS: Mutex<Interned<[&'static str]>> = Mutex::new(Interned::new());
    let list: Vec<&'static str> = list.iter().map(|item| text(item)).collect();
    LISTS.lock().get(&list, || Vec::leak(list.clone()))
}
