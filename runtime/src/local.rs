//! The thread's included and excluded key sets, and the scopes that change them.
//!
//! Each thread owns two sets (dispatch.md D59): included keys join every dispatch, excluded ones are taken from it, and
//! exclusion wins. Scopes restore the whole set they saved, on return, error and panic (D63 to D68, law 5).
//! Nothing else may live in this thread-local: it is read by every call.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::key::DispatchKey;
use crate::key_set::KeySet;

/// The two key sets of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalKeySets {
    /// Keys added to every dispatch.
    pub included: KeySet,
    /// Keys removed from every dispatch; wins over `included`.
    pub excluded: KeySet,
}

impl LocalKeySets {
    /// What a fresh thread has (D60).
    pub const DEFAULT: LocalKeySets =
        LocalKeySets { included: KeySet::DEFAULT_INCLUDED, excluded: KeySet::DEFAULT_EXCLUDED };

    /// The effective set of a call whose arguments carry `keys` (D61).
    #[inline]
    pub fn apply(&self, keys: KeySet) -> KeySet {
        (keys | self.included) - self.excluded
    }
}

thread_local! {
    static LOCAL: Cell<LocalKeySets> = const { Cell::new(LocalKeySets::DEFAULT) };
}

/// The calling thread's sets.
#[inline]
pub fn local_key_sets() -> LocalKeySets {
    LOCAL.get()
}

/// A scope that changed the thread's sets; dropping it restores what it saved. Neither `Send` nor `Clone`.
///
/// Scopes must be left in the reverse order of their creation (D66). Prefer the closure forms
/// ([`with_included`], [`with_excluded`], [`with_key_sets`]), which cannot be left in another order.
#[must_use = "the scope ends when the guard is dropped"]
#[derive(Debug)]
pub struct KeySetGuard {
    saved: LocalKeySets,
    restores: Restores,
    not_send: PhantomData<*const ()>,
}

#[derive(Debug)]
enum Restores {
    Included,
    Excluded,
    Both,
}

impl KeySetGuard {
    /// Adds keys to the included set (D63).
    pub fn include(keys: KeySet) -> KeySetGuard {
        let guard = KeySetGuard::save(Restores::Included);
        LOCAL.set(LocalKeySets { included: guard.saved.included | keys, ..guard.saved });
        guard
    }

    /// Adds keys to the excluded set (D64).
    pub fn exclude(keys: KeySet) -> KeySetGuard {
        let guard = KeySetGuard::save(Restores::Excluded);
        LOCAL.set(LocalKeySets { excluded: guard.saved.excluded | keys, ..guard.saved });
        guard
    }

    /// Installs both sets exactly as given (D68).
    pub fn force(sets: LocalKeySets) -> KeySetGuard {
        let guard = KeySetGuard::save(Restores::Both);
        LOCAL.set(sets);
        guard
    }

    fn save(restores: Restores) -> KeySetGuard {
        KeySetGuard { saved: LOCAL.get(), restores, not_send: PhantomData }
    }
}

impl Drop for KeySetGuard {
    fn drop(&mut self) {
        let now = LOCAL.get();
        LOCAL.set(match self.restores {
            Restores::Included => LocalKeySets { included: self.saved.included, ..now },
            Restores::Excluded => LocalKeySets { excluded: self.saved.excluded, ..now },
            Restores::Both => self.saved,
        });
    }
}

/// Runs `f` with keys added to the included set.
///
/// ```
/// use keyway::{DispatchKey, KeySet, local_key_sets, with_included};
/// let tracer = KeySet::of(DispatchKey::Tracer);
/// with_included(tracer, || assert!(local_key_sets().included.contains_all(tracer)));
/// assert!(!local_key_sets().included.contains_all(tracer));
/// ```
pub fn with_included<R>(keys: KeySet, f: impl FnOnce() -> R) -> R {
    let _guard = KeySetGuard::include(keys);
    f()
}

/// Runs `f` with keys added to the excluded set.
pub fn with_excluded<R>(keys: KeySet, f: impl FnOnce() -> R) -> R {
    let _guard = KeySetGuard::exclude(keys);
    f()
}

/// Runs `f` with both sets replaced.
pub fn with_key_sets<R>(sets: LocalKeySets, f: impl FnOnce() -> R) -> R {
    let _guard = KeySetGuard::force(sets);
    f()
}

/// Adds or removes one key of the thread's included set, until changed again or until a scope ends (D69).
pub fn set_included(key: DispatchKey, on: bool) {
    let mut sets = LOCAL.get();
    sets.included = if on { sets.included.with(key) } else { sets.included.without(key) };
    LOCAL.set(sets);
}

/// Adds or removes one key of the thread's excluded set, until changed again or until a scope ends (D69).
pub fn set_excluded(key: DispatchKey, on: bool) {
    let mut sets = LOCAL.get();
    sets.excluded = if on { sets.excluded.with(key) } else { sets.excluded.without(key) };
    LOCAL.set(sets);
}

/// Replaces the included set. For the mode stack, which knows which keys it brought.
pub(crate) fn set_included_keys(included: KeySet) {
    LOCAL.set(LocalKeySets { included, ..LOCAL.get() });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D63 to D65, D319.6: a scope restores the whole set, also after a panic.
    #[test]
    fn scopes_restore_the_whole_set() {
        let tracer = KeySet::of(DispatchKey::Tracer);
        with_included(tracer, || {
            set_included(DispatchKey::Python, true);
            with_excluded(tracer, || assert!(local_key_sets().apply(KeySet::EMPTY) != KeySet::EMPTY));
        });
        assert_eq!(local_key_sets(), LocalKeySets::DEFAULT);
        let result = std::panic::catch_unwind(|| with_excluded(tracer, || panic!("on purpose")));
        assert!(result.is_err());
        assert_eq!(local_key_sets(), LocalKeySets::DEFAULT);
    }

    /// D62: excluding a per-backend key excludes its block for every backend.
    #[test]
    fn excluding_a_backend_key_excludes_the_block() {
        let keys = KeySet::from_iter([DispatchKey::CPU, DispatchKey::AutogradCPU]);
        with_excluded(KeySet::of(DispatchKey::AutogradCUDA), || {
            assert_eq!(
                local_key_sets().apply(keys).without(DispatchKey::ADInplaceOrView).highest(),
                DispatchKey::BackendSelect
            );
        });
    }
}
