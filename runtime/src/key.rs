//! Dispatch keys: backends, functionalities, run-time keys, alias keys.
//!
//! Building blocks, run-time keys and alias keys are distinct types, so that asking a key set for an alias, or
//! registering at a building block, cannot be written (dispatch.md D33, D103, D299). Sets of keys are in
//! [`crate::key_set`]; what is registered at a key is not known here.

use std::fmt;
use std::str::FromStr;

use keyway_schema::keys::{self, ALIASES, BACKENDS, FUNCTIONALITIES};
use keyway_schema::suggest;

use smallvec::SmallVec;

use crate::added_keys;
use crate::error::{Error, ErrorKind, Result};
use crate::key_set;
use crate::registry;

/// A backend component (D4). A later one outranks an earlier one, and `Meta` outranks them all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend(pub(crate) u8);

impl Backend {
    /// All backends in ascending priority: the built-in ones, those added, `Meta`.
    pub fn all() -> impl DoubleEndedIterator<Item = Backend> + Clone {
        (0..added_keys::backends_below_meta() as u8).chain([63]).map(Backend)
    }

    /// Adds a backend, between the built-in ones and `Meta` and above those added before (law 11). It gets its dense,
    /// quantised, sparse, nested-tensor, autograd and autocast keys, which parse, print, register and dispatch like
    /// built-in ones. It stays for the process.
    ///
    /// ```
    /// use keyway::{Backend, DispatchKey, Functionality};
    /// let npu = Backend::add("NPU")?;
    /// assert_eq!("AutogradNPU".parse::<DispatchKey>()?, DispatchKey::of(Functionality::AutogradFunctionality, npu));
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// `DuplicateKey` if one of its keys has the name of another key; `Value` for a name that is not a word, or when
    /// 48 backends were added already.
    pub fn add(name: &str) -> Result<Backend> {
        registry::add_key(|| added_keys::add_backend(name))
    }

    /// The backend of this name.
    ///
    /// # Errors
    /// `UnknownKey` with the nearest name.
    pub fn find(name: &str) -> Result<Backend> {
        Backend::all().find(|backend| backend.name() == name).ok_or_else(|| {
            let message = match suggest::nearest(name, Backend::all().map(Backend::name)) {
                Some(near) => format!("there is no backend `{name}`; did you mean `{near}`?"),
                None => format!("there is no backend `{name}`"),
            };
            Error::new(ErrorKind::UnknownKey, message)
        })
    }

    /// The backend's name, for example `CUDA`.
    pub fn name(self) -> &'static str {
        added_keys::backend_name(self)
    }

    /// The backend at a position of [`BACKENDS`]. `Meta` takes the highest bit of a set's backend word, so that
    /// backends added at run time fit between it and the other built-in ones.
    pub(crate) const fn from_position(position: usize) -> Backend {
        if position == BACKENDS.len() - 1 { Backend(63) } else { Backend(position as u8) }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A functionality: one bit of a key set. Ordered by priority.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Functionality(pub(crate) u8);

impl Functionality {
    /// All functionalities in ascending priority, added ones at their places.
    pub fn all() -> impl DoubleEndedIterator<Item = Functionality> + Clone {
        let count = FUNCTIONALITIES.len() + added_keys::functionality_count();
        let mut all: SmallVec<[Functionality; 62]> = (1..=count as u8).map(Functionality).collect();
        if count > FUNCTIONALITIES.len() {
            all.sort_unstable();
        }
        all.into_iter()
    }

    /// The functionality's own name, for example `Dense`.
    pub fn name(self) -> &'static str {
        added_keys::functionality_name(self.0)
    }

    /// Whether it is a building block: one run-time key per backend (D2).
    pub fn is_per_backend(self) -> bool {
        self.prefix().is_some()
    }

    fn prefix(self) -> Option<&'static str> {
        FUNCTIONALITIES.get(self.0 as usize - 1)?.per_backend_prefix
    }

    /// The backends it has keys for.
    fn backends(self) -> impl Iterator<Item = Backend> + Clone {
        let builtin = FUNCTIONALITIES.get(self.0 as usize - 1).is_none_or(|f| f.for_builtin_backends);
        Backend::all().filter(move |&backend| builtin || added_keys::is_added_backend(backend))
    }

    pub(crate) const fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }
}

impl Ord for Functionality {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        added_keys::rank(self.0).cmp(&added_keys::rank(other.0))
    }
}

impl PartialOrd for Functionality {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Functionality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A run-time key: what a call is dispatched to. Constants carry the field's names: [`DispatchKey::CPU`],
/// [`DispatchKey::AutogradCUDA`], [`DispatchKey::Python`]. Ordered by priority.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DispatchKey {
    /// 0 is `Undefined`.
    functionality: u8,
    backend: u8,
}

impl DispatchKey {
    pub(crate) const fn plain(functionality: u8) -> DispatchKey {
        DispatchKey { functionality, backend: 0 }
    }

    /// The run-time key of a building block and a backend; `Undefined` for a functionality that has one key for all
    /// backends (D15).
    ///
    /// ```
    /// use keyway::{Backend, DispatchKey, Functionality};
    /// assert_eq!(DispatchKey::of(Functionality::Sparse, Backend::CUDA), DispatchKey::SparseCUDA);
    /// ```
    pub const fn of(block: Functionality, backend: Backend) -> DispatchKey {
        match key_set::is_block(block.0) {
            true => DispatchKey { functionality: block.0, backend: backend.0 },
            false => DispatchKey::plain(0),
        }
    }

    pub(crate) const fn number(self) -> u8 {
        self.functionality
    }

    pub(crate) const fn backend_position(self) -> u8 {
        self.backend
    }

    /// Its functionality; `None` for `Undefined`.
    pub fn functionality(self) -> Option<Functionality> {
        (self.functionality != 0).then_some(Functionality(self.functionality))
    }

    /// Its backend component; `None` for keys that are not per backend (D13).
    pub fn backend(self) -> Option<Backend> {
        self.functionality()?.is_per_backend().then_some(Backend(self.backend))
    }

    /// Every run-time key but `Undefined`, in ascending priority (D48): 136 built-in ones and those added.
    pub fn all() -> impl Iterator<Item = DispatchKey> + Clone {
        Functionality::all().flat_map(|f| {
            let backends = f.is_per_backend().then(|| f.backends()).into_iter().flatten();
            let plain = (!f.is_per_backend()).then_some(DispatchKey::plain(f.0));
            backends.map(move |backend| DispatchKey::of(f, backend)).chain(plain)
        })
    }

    /// Adds a functionality with one key for all backends, directly above this key's functionality in the order: calls
    /// reach the new key first. It stays for the process.
    ///
    /// # Errors
    /// `DuplicateKey` if a key has the name; `Value` for a name that is not a word, or when 15 were added already.
    pub fn add_above(self, name: &str) -> Result<DispatchKey> {
        self.add(name, true, false)
    }

    /// Adds a functionality directly below this key's: see [`DispatchKey::add_above`].
    ///
    /// # Errors
    /// As [`DispatchKey::add_above`].
    pub fn add_below(self, name: &str) -> Result<DispatchKey> {
        self.add(name, false, false)
    }

    /// Adds a functionality directly above this key's that is a backend of its own, as `FPGA` is: composite kernels
    /// serve it, and its tensors carry `AutogradOther`.
    ///
    /// # Errors
    /// As [`DispatchKey::add_above`].
    pub fn add_backend_above(self, name: &str) -> Result<DispatchKey> {
        self.add(name, true, true)
    }

    fn add(self, name: &str, above: bool, backend_like: bool) -> Result<DispatchKey> {
        registry::add_key(|| added_keys::add_functionality(name, self, above, backend_like))
    }
}

impl Ord for DispatchKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |key: &DispatchKey| (added_keys::rank(key.functionality), key.backend);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for DispatchKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for DispatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(functionality) = self.functionality() else { return f.write_str("Undefined") };
        match functionality.prefix() {
            Some(prefix) => write!(f, "{prefix}{}", Backend(self.backend)),
            None => f.write_str(functionality.name()),
        }
    }
}

impl fmt::Debug for DispatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An alias key (D10): a kernel registered at it serves many run-time keys; nothing is ever dispatched to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AliasKey {
    /// One autograd kernel for all autograd keys.
    Autograd,
    /// A kernel made of other operators; for every backend, with and without autograd.
    CompositeImplicitAutograd,
    /// A decomposition used as a batching rule; feeds only `FuncTorchBatched`.
    FuncTorchBatchedDecomposition,
    /// Like `CompositeImplicitAutograd`, but only for nested-tensor keys.
    CompositeImplicitAutogradNestedTensor,
    /// A kernel for every backend, below autograd.
    CompositeExplicitAutograd,
    /// Like `CompositeExplicitAutograd`, withheld from backends that want only functional operators and from COO sparse.
    CompositeExplicitAutogradNonFunctional,
}

impl AliasKey {
    /// The alias keys in the order of their values.
    pub const ALL: [AliasKey; 6] = [
        AliasKey::Autograd,
        AliasKey::CompositeImplicitAutograd,
        AliasKey::FuncTorchBatchedDecomposition,
        AliasKey::CompositeImplicitAutogradNestedTensor,
        AliasKey::CompositeExplicitAutograd,
        AliasKey::CompositeExplicitAutogradNonFunctional,
    ];
}

impl fmt::Display for AliasKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALIASES[*self as usize])
    }
}

/// What a kernel can be registered at: a run-time key or an alias key. Building blocks and `Undefined` are not
/// among them (better than D102, D103).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistrationKey {
    /// One run-time key.
    Runtime(DispatchKey),
    /// An alias key.
    Alias(AliasKey),
}

impl From<DispatchKey> for RegistrationKey {
    fn from(key: DispatchKey) -> Self {
        RegistrationKey::Runtime(key)
    }
}

impl From<AliasKey> for RegistrationKey {
    fn from(key: AliasKey) -> Self {
        RegistrationKey::Alias(key)
    }
}

impl fmt::Display for RegistrationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegistrationKey::Runtime(key) => key.fmt(f),
            RegistrationKey::Alias(key) => key.fmt(f),
        }
    }
}

impl FromStr for RegistrationKey {
    type Err = Error;

    /// Parses a key's printed name; exact, the inverse of printing.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownKey`] with the nearest name, also for building blocks and `Undefined`, which say why.
    fn from_str(name: &str) -> Result<Self> {
        let unregistrable = |what: &str| {
            Err(Error::new(
                ErrorKind::UnknownKey,
                format!("`{name}` is {what}: nothing can be registered at it"),
            ))
        };
        match keys::parse(name) {
            Some(keys::Key::Plain { functionality }) => {
                Ok(DispatchKey::plain(functionality as u8 + 1).into())
            }
            Some(keys::Key::PerBackend { functionality, backend }) => {
                let block = Functionality(functionality as u8 + 1);
                Ok(DispatchKey::of(block, Backend::from_position(backend)).into())
            }
            Some(keys::Key::Alias { alias }) => Ok(AliasKey::ALL[alias].into()),
            Some(keys::Key::BuildingBlock { .. }) => {
                unregistrable("a building block of key sets; name a backend's key such as `CPU`")
            }
            Some(keys::Key::Undefined) => {
                unregistrable("the absence of a key; use `CompositeExplicitAutograd`")
            }
            None => added_keys::parse(name).map(RegistrationKey::Runtime).ok_or_else(|| unknown(name)),
        }
    }
}

impl FromStr for DispatchKey {
    type Err = Error;

    /// Parses a run-time key's printed name, `Undefined` included.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownKey`] with the nearest name; alias keys and building blocks are refused.
    fn from_str(name: &str) -> Result<Self> {
        if name == "Undefined" {
            return Ok(DispatchKey::Undefined);
        }
        match name.parse()? {
            RegistrationKey::Runtime(key) => Ok(key),
            RegistrationKey::Alias(_) => Err(Error::new(
                ErrorKind::UnknownKey,
                format!("`{name}` is an alias key: kernels are registered at it, calls never reach it"),
            )),
        }
    }
}

fn unknown(name: &str) -> Error {
    let mut known = keys::registrable_names();
    known.extend(added_keys::names());
    let message = match suggest::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("there is no dispatch key `{name}`; did you mean `{near}`?"),
        None => format!("there is no dispatch key `{name}`"),
    };
    Error::new(ErrorKind::UnknownKey, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D17 to D20, D319.1: printing and parsing are inverse for every key, also the 42 that PyTorch cannot parse.
    #[test]
    fn printing_and_parsing_are_inverse() {
        for key in DispatchKey::all() {
            assert_eq!(key.to_string().parse::<DispatchKey>().unwrap(), key);
        }
        for alias in AliasKey::ALL {
            assert_eq!(alias.to_string().parse::<RegistrationKey>().unwrap(), alias.into());
        }
    }

    #[test]
    fn constants_carry_their_own_names() {
        assert_eq!(DispatchKey::AutogradHIP.to_string(), "AutogradHIP");
        assert_eq!(DispatchKey::PythonDispatcher.to_string(), "PythonDispatcher");
        assert_eq!(DispatchKey::SparseCsrMeta.to_string(), "SparseCsrMeta");
        assert_eq!(Functionality::AutogradFunctionality.name(), "AutogradFunctionality");
        assert_eq!(Functionality::NestedTensor.name(), "NestedTensor");
        assert_eq!(Backend::Meta.name(), "Meta");
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = "CPUU".parse::<RegistrationKey>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownKey);
        assert!(error.to_string().contains("did you mean `CPU`"), "{error}");
        assert!("Dense".parse::<RegistrationKey>().unwrap_err().to_string().contains("building block"));
    }
}
