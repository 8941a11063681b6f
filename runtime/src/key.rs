//! Dispatch keys: backends, functionalities, run-time keys, alias keys.
//!
//! Building blocks, run-time keys and alias keys are distinct types, so that asking a key set for an alias, or
//! registering at a building block, cannot be written (dispatch.md D33, D103, D299). Sets of keys are in
//! [`crate::key_set`]; what is registered at a key is not known here.

use std::fmt;
use std::str::FromStr;

use keyway_schema::keys::{self, ALIASES, BACKENDS, FUNCTIONALITIES};
use keyway_schema::suggest;

use crate::error::{Error, ErrorKind, Result};

/// A backend component (D4). A later one outranks an earlier one, and `Meta` outranks them all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend(pub(crate) u8);

impl Backend {
    /// The built-in backends in ascending priority.
    pub fn all() -> impl DoubleEndedIterator<Item = Backend> + Clone {
        (0..BACKENDS.len()).map(Backend::from_position)
    }

    /// The backend's name, for example `CUDA`.
    pub fn name(self) -> &'static str {
        BACKENDS[self.position()]
    }

    /// The backend at a position of [`BACKENDS`]. `Meta` takes the highest bit of a set's backend word, so that
    /// backends added at run time fit between it and the other built-in ones.
    pub(crate) const fn from_position(position: usize) -> Backend {
        if position == BACKENDS.len() - 1 { Backend(63) } else { Backend(position as u8) }
    }

    fn position(self) -> usize {
        if self.0 == 63 { BACKENDS.len() - 1 } else { self.0 as usize }
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

/// A functionality: one bit of a key set. Its number is PyTorch's value (D6), 1 for `Dense`, 46 for `PythonDispatcher`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Functionality(pub(crate) u8);

impl Functionality {
    /// All functionalities in ascending priority.
    pub fn all() -> impl DoubleEndedIterator<Item = Functionality> + Clone {
        (1..=FUNCTIONALITIES.len() as u8).map(Functionality)
    }

    /// The functionality's own name, for example `Dense`.
    pub fn name(self) -> &'static str {
        FUNCTIONALITIES[self.0 as usize - 1].name
    }

    /// Whether it is a building block: one run-time key per backend (D2).
    pub fn is_per_backend(self) -> bool {
        FUNCTIONALITIES[self.0 as usize - 1].per_backend_prefix.is_some()
    }

    pub(crate) const fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }
}

impl fmt::Debug for Functionality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A run-time key: what a call is dispatched to. Constants carry the field's names: [`DispatchKey::CPU`],
/// [`DispatchKey::AutogradCUDA`], [`DispatchKey::Python`]. Ordered by priority.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DispatchKey {
    /// 0 is `Undefined`.
    functionality: u8,
    backend: u8,
}

impl DispatchKey {
    pub(crate) const fn plain(functionality: u8) -> DispatchKey {
        DispatchKey { functionality, backend: 0 }
    }

    /// The run-time key of a building block and a backend (D15).
    ///
    /// ```
    /// use keyway::{Backend, DispatchKey, Functionality};
    /// assert_eq!(DispatchKey::of(Functionality::Sparse, Backend::CUDA), DispatchKey::SparseCUDA);
    /// ```
    pub const fn of(block: Functionality, backend: Backend) -> DispatchKey {
        DispatchKey { functionality: block.0, backend: backend.0 }
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

    /// Every run-time key but `Undefined`, in ascending priority (D48): 136 of them.
    pub fn all() -> impl Iterator<Item = DispatchKey> + Clone {
        Functionality::all().flat_map(|f| {
            let backends = if f.is_per_backend() { BACKENDS.len() } else { 1 };
            (0..backends).map(move |p| {
                if f.is_per_backend() {
                    DispatchKey::of(f, Backend::from_position(p))
                } else {
                    DispatchKey::plain(f.0)
                }
            })
        })
    }
}

impl fmt::Display for DispatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(functionality) = self.functionality() else { return f.write_str("Undefined") };
        let info = FUNCTIONALITIES[functionality.0 as usize - 1];
        match info.per_backend_prefix {
            Some(prefix) => write!(f, "{prefix}{}", Backend(self.backend)),
            None => f.write_str(info.name),
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
            None => Err(unknown(name)),
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
    let known = keys::registrable_names();
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
        assert_eq!(DispatchKey::all().count(), 136);
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
