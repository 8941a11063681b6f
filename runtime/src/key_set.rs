//! Sets of dispatch keys.
//!
//! A set is two words: functionalities and backends (dispatch.md D25 has one word of 64 bits, of which none is
//! free; two words leave room for keys added at run time). It always means the product of its building blocks with
//! its backends (D26). Nothing here knows thread-local state or tables.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

use crate::added_keys::{self, ADDED_FUNCTIONALITIES, FIRST_FUNCTIONALITY};
use crate::key::{AliasKey, Backend, DispatchKey, Functionality};

/// A set of dispatch keys. `Copy`, 16 bytes, the default is the empty set.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct KeySet {
    pub(crate) functionalities: u64,
    pub(crate) backends: u64,
}

/// Bits of all functionalities, `Dense` lowest, places for added ones included.
const ALL_FUNCTIONALITIES: u64 = (1 << 62) - 1;
/// Bits of all backends, places for added ones included.
const ALL_BACKENDS: u64 = u64::MAX;

const BUILTIN_AUTOCAST: KeySet = bits_of(&[
    DispatchKey::AutocastCPU,
    DispatchKey::AutocastMTIA,
    DispatchKey::AutocastMAIA,
    DispatchKey::AutocastXPU,
    DispatchKey::AutocastIPU,
    DispatchKey::AutocastHPU,
    DispatchKey::AutocastXLA,
    DispatchKey::AutocastMPS,
    DispatchKey::AutocastCUDA,
    DispatchKey::AutocastPrivateUse1,
]);

const fn bits_of(keys: &[DispatchKey]) -> KeySet {
    let mut set = KeySet::EMPTY;
    let mut i = 0;
    while i < keys.len() {
        set = set.with(keys[i]);
        i += 1;
    }
    set
}

impl KeySet {
    /// The empty set.
    pub const EMPTY: KeySet = KeySet { functionalities: 0, backends: 0 };

    /// Every functionality and every backend (D29).
    pub const FULL: KeySet = KeySet { functionalities: ALL_FUNCTIONALITIES, backends: ALL_BACKENDS };

    /// The autograd functionalities, without backends (D52).
    pub const AUTOGRAD: KeySet = KeySet {
        functionalities: bits_of(&[DispatchKey::AutogradOther, DispatchKey::AutogradNestedTensor])
            .functionalities
            | Functionality::AutogradFunctionality.bit(),
        backends: 0,
    };

    /// The autocast keys (D52), excluded on every thread until autocasting is switched on. Those of added backends
    /// are one building block, so including or excluding one of them does so for all of them.
    pub const AUTOCAST: KeySet = KeySet {
        functionalities: BUILTIN_AUTOCAST.functionalities | Functionality::AutocastFunctionality.bit(),
        backends: 0,
    };

    /// What a fresh thread includes (D60): `BackendSelect` and `ADInplaceOrView`.
    pub const DEFAULT_INCLUDED: KeySet = bits_of(&[DispatchKey::BackendSelect, DispatchKey::ADInplaceOrView]);

    /// What a fresh thread excludes (D60).
    pub const DEFAULT_EXCLUDED: KeySet = KeySet::AUTOCAST;

    /// Not a key: the mark of a call that observers see. The highest bit that the table look-up knows, with a cell that
    /// has no typed function.
    pub(crate) const OBSERVED: KeySet = KeySet { functionalities: 1 << 62, backends: 0 };

    /// The set without the mark of an observed call, if it has the mark.
    #[inline]
    pub(crate) fn unobserved(self) -> Option<KeySet> {
        self.shares_functionality(KeySet::OBSERVED).then_some(self - KeySet::OBSERVED)
    }

    /// The set of one key. `Undefined` gives the empty set, a per-backend key its block and its backend (D27).
    pub const fn of(key: DispatchKey) -> KeySet {
        KeySet::EMPTY.with(key)
    }

    /// The set of one building block, without a backend.
    pub const fn of_block(block: Functionality) -> KeySet {
        KeySet { functionalities: block.bit(), backends: 0 }
    }

    /// The set of one backend component, without a functionality (D28).
    pub const fn of_backend(backend: Backend) -> KeySet {
        KeySet { functionalities: 0, backends: 1 << backend.0 }
    }

    /// Everything strictly below a key's functionality, and `PythonDispatcher` always (D30): what a kernel at `key`
    /// masks its key set with before it redispatches.
    ///
    /// ```
    /// use keyway::{DispatchKey, KeySet};
    /// let keys = KeySet::from_iter([DispatchKey::Tracer, DispatchKey::AutogradCPU, DispatchKey::CPU]);
    /// assert_eq!((keys & KeySet::after(DispatchKey::Tracer)).highest(), DispatchKey::AutogradCPU);
    /// ```
    pub fn after(key: DispatchKey) -> KeySet {
        let always = KeySet::of(DispatchKey::PythonDispatcher).functionalities;
        KeySet { functionalities: added_keys::below(key.number()) | always, backends: ALL_BACKENDS }
    }

    /// Every key below autograd: what an autograd kernel redispatches with (D52, D53).
    pub fn after_autograd() -> KeySet {
        KeySet::after(DispatchKey::AutogradOther)
    }

    /// This set with one key more (D40).
    #[must_use]
    pub const fn with(self, key: DispatchKey) -> KeySet {
        match key.functionality_number() {
            0 => self,
            n => KeySet {
                functionalities: self.functionalities | 1 << (n - 1),
                backends: self.backends | key.backend_bit(),
            },
        }
    }

    /// This set without a key's functionality; backends stay, since they may belong to others (D38).
    #[must_use]
    pub const fn without(self, key: DispatchKey) -> KeySet {
        let functionalities = self.functionalities & !KeySet::of(key).functionalities;
        KeySet { functionalities, backends: self.backends }
    }

    /// This set without a backend, for all functionalities at once (D39).
    #[must_use]
    pub const fn without_backend(self, backend: Backend) -> KeySet {
        KeySet { functionalities: self.functionalities, backends: self.backends & !(1 << backend.0) }
    }

    /// Whether a key is in the set; never for `Undefined`.
    pub const fn contains(self, key: DispatchKey) -> bool {
        key.functionality_number() != 0 && self.contains_all(KeySet::of(key))
    }

    /// Whether a backend component is in the set.
    pub const fn contains_backend(self, backend: Backend) -> bool {
        self.backends & 1 << backend.0 != 0
    }

    /// Whether every key of `other` is here; true for the empty set (D34).
    pub const fn contains_all(self, other: KeySet) -> bool {
        self.functionalities & other.functionalities == other.functionalities
            && self.backends & other.backends == other.backends
    }

    /// Whether the sets have a functionality in common. Backends do not count, which is the trap of D35 removed.
    pub const fn shares_functionality(self, other: KeySet) -> bool {
        self.functionalities & other.functionalities != 0
    }

    /// Whether the set has neither functionality nor backend.
    pub const fn is_empty(self) -> bool {
        self.functionalities == 0 && self.backends == 0
    }

    /// The highest functionality (D41).
    pub fn highest_functionality(self) -> Option<Functionality> {
        let highest = match 64 - (self.functionalities & !ADDED_FUNCTIONALITIES).leading_zeros() {
            0 => None,
            n => Some(Functionality(n as u8)),
        };
        match self.functionalities & ADDED_FUNCTIONALITIES {
            0 => highest,
            added => bits(added).chain(highest).max(),
        }
    }

    /// The highest backend component (D42).
    pub fn highest_backend(self) -> Option<Backend> {
        (self.backends != 0).then(|| Backend(63 - self.backends.leading_zeros() as u8))
    }

    /// The key a call with this set is dispatched to (D43). A building block without a backend means `CPU`'s key,
    /// which is what the table look-up does with it (D46).
    pub fn highest(self) -> DispatchKey {
        match self.highest_functionality() {
            None => DispatchKey::Undefined,
            Some(f) if f.is_per_backend() => {
                DispatchKey::of(f, self.highest_backend().unwrap_or(Backend::CPU))
            }
            Some(f) => DispatchKey::plain(f.0),
        }
    }

    /// The run-time keys in ascending priority (D48).
    pub fn iter(self) -> impl Iterator<Item = DispatchKey> + Clone {
        DispatchKey::all().filter(move |&key| self.contains(key))
    }

    /// The run-time keys an alias key stands for (D55).
    pub fn of_alias(alias: AliasKey) -> KeySet {
        let autograd = KeySet { functionalities: KeySet::AUTOGRAD.functionalities, backends: ALL_BACKENDS };
        let nested =
            KeySet::of_block(Functionality::NestedTensor) | KeySet { functionalities: 0, ..KeySet::FULL };
        let explicit = KeySet::backends_of_autograd_other() | KeySet::of_block(Functionality::Dense);
        match alias {
            AliasKey::Autograd => autograd,
            AliasKey::CompositeImplicitAutograd => explicit | nested | autograd,
            AliasKey::FuncTorchBatchedDecomposition => KeySet::of(DispatchKey::FuncTorchBatched),
            AliasKey::CompositeImplicitAutogradNestedTensor => nested.with(DispatchKey::AutogradNestedTensor),
            AliasKey::CompositeExplicitAutograd => explicit,
            AliasKey::CompositeExplicitAutogradNonFunctional => (explicit
                - KeySet::of_block(Functionality::Sparse))
            .without_backend(Backend::XLA)
            .without_backend(Backend::Lazy),
        }
    }

    /// The keys whose tensors carry `AutogradOther` (D52), with all backends.
    pub(crate) fn backends_of_autograd_other() -> KeySet {
        const BUILTIN: KeySet = bits_of(&[
            DispatchKey::FPGA,
            DispatchKey::Vulkan,
            DispatchKey::Metal,
            DispatchKey::CustomRNGKeyId,
            DispatchKey::MkldnnCPU,
        ]);
        let blocks = [Functionality::Sparse, Functionality::SparseCsr, Functionality::Quantized];
        let blocks = blocks.into_iter().fold(0, |bits, block| bits | block.bit());
        KeySet {
            functionalities: BUILTIN.functionalities | blocks | added_keys::backend_like(),
            backends: ALL_BACKENDS,
        }
    }
}

/// The functionalities of some bits.
fn bits(mut word: u64) -> impl Iterator<Item = Functionality> {
    std::iter::from_fn(move || {
        let lowest = word.trailing_zeros();
        (word != 0).then(|| {
            word &= word - 1;
            Functionality(lowest as u8 + 1)
        })
    })
}

impl DispatchKey {
    const fn functionality_number(self) -> u32 {
        self.number() as u32
    }

    const fn backend_bit(self) -> u64 {
        if is_block(self.number()) { 1 << self.backend_position() } else { 0 }
    }
}

pub(crate) const fn is_block(functionality: u8) -> bool {
    functionality != 0
        && (functionality as usize) < FIRST_FUNCTIONALITY
        && keyway_schema::keys::FUNCTIONALITIES[functionality as usize - 1].per_backend_prefix.is_some()
}

impl BitOr for KeySet {
    type Output = KeySet;

    #[inline]
    fn bitor(self, other: KeySet) -> KeySet {
        KeySet {
            functionalities: self.functionalities | other.functionalities,
            backends: self.backends | other.backends,
        }
    }
}

impl BitOrAssign for KeySet {
    #[inline]
    fn bitor_assign(&mut self, other: KeySet) {
        *self = *self | other;
    }
}

impl BitAnd for KeySet {
    type Output = KeySet;

    #[inline]
    fn bitand(self, other: KeySet) -> KeySet {
        KeySet {
            functionalities: self.functionalities & other.functionalities,
            backends: self.backends & other.backends,
        }
    }
}

impl Sub for KeySet {
    type Output = KeySet;

    /// Takes away functionalities only; backends stay (D37).
    #[inline]
    fn sub(self, other: KeySet) -> KeySet {
        KeySet { functionalities: self.functionalities & !other.functionalities, backends: self.backends }
    }
}

impl FromIterator<DispatchKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = DispatchKey>>(keys: I) -> KeySet {
        keys.into_iter().fold(KeySet::EMPTY, KeySet::with)
    }
}

impl fmt::Display for KeySet {
    /// The names in ascending priority, in braces. Building blocks and backends that are in none of the keys are shown
    /// too, so that only the empty set prints as `{}` (better than D49).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<String> = self.iter().map(|key| key.to_string()).collect();
        let listed: KeySet = self.iter().collect();
        let blocks = Functionality::all().filter(|b| (*self - listed).functionalities & b.bit() != 0);
        names.extend(blocks.map(|b| b.name().to_owned()));
        let backends = Backend::all().filter(|&b| self.contains_backend(b) && !listed.contains_backend(b));
        names.extend(backends.map(|b| format!("backend {b}")));
        write!(f, "{{{}}}", names.join(", "))
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KS-01 to KS-06, D26, D319.2.
    #[test]
    fn a_set_is_the_product_of_blocks_and_backends() {
        let mixed = KeySet::from_iter([DispatchKey::CPU, DispatchKey::AutogradCUDA]);
        let all = [DispatchKey::CPU, DispatchKey::CUDA, DispatchKey::AutogradCPU, DispatchKey::AutogradCUDA];
        assert_eq!(mixed, KeySet::from_iter(all));
        assert!(mixed.iter().eq(all));
        assert_eq!(
            mixed.without(DispatchKey::AutogradCUDA),
            KeySet::from_iter([DispatchKey::CPU, DispatchKey::CUDA])
        );
        assert_eq!(
            mixed.without_backend(Backend::CUDA),
            KeySet::from_iter([DispatchKey::CPU, DispatchKey::AutogradCPU])
        );
    }

    /// D55: how many run-time keys each alias stands for.
    #[test]
    fn aliases_expand_to_the_known_counts() {
        let counts = AliasKey::ALL.map(|alias| KeySet::of_alias(alias).iter().count());
        assert_eq!(counts, [18, 103, 1, 17, 69, 47]);
    }

    /// D30, KS-37: the mask of a kernel keeps what is below it, and the Python dispatcher.
    #[test]
    fn after_keeps_lower_keys_and_the_python_dispatcher() {
        let mask = KeySet::after_autograd();
        assert!(!mask.contains(DispatchKey::AutogradOther) && !mask.contains(DispatchKey::AutogradCPU));
        for key in [DispatchKey::ADInplaceOrView, DispatchKey::CPU, DispatchKey::PythonDispatcher] {
            assert!(mask.contains(key), "{key}");
        }
        assert_eq!(KeySet::FULL.iter().count(), 136);
    }

    #[test]
    fn sets_print_what_they_hold() {
        assert_eq!(KeySet::EMPTY.to_string(), "{}");
        assert_eq!(KeySet::of(DispatchKey::CPU).with(DispatchKey::Python).to_string(), "{CPU, Python}");
        assert_eq!(KeySet::of_block(Functionality::Dense).to_string(), "{Dense}");
        let no_key =
            KeySet::of_block(Functionality::AutocastFunctionality) | KeySet::of_backend(Backend::CPU);
        assert_eq!(no_key.to_string(), "{AutocastFunctionality, backend CPU}");
    }
}
