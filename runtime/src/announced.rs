//! What `#[kernel]`, `#[fallback]` and generated lists announce to the process, for [`crate::registry`] to collect.

use crate::kernel::Kernel;
use crate::key::RegistrationKey;
use crate::operator::Operator;

/// The operators of a generated list, announced to the process.
#[derive(Debug)]
pub struct OperatorList(pub &'static [&'static Operator]);

inventory::collect!(OperatorList);

/// A kernel written with `#[kernel]`.
#[derive(Debug)]
pub struct KernelRegistration {
    pub(crate) operator: &'static Operator,
    pub(crate) key: AnnouncedKey,
    pub(crate) kernel: Kernel,
    pub(crate) overriding: bool,
}

/// The key of a kernel written in source: built in, or added at run time and known by name.
#[derive(Clone, Copy, Debug)]
pub enum AnnouncedKey {
    /// A built-in key.
    Known(RegistrationKey),
    /// A key that is added at run time.
    Named(&'static str),
}

impl AnnouncedKey {
    /// The key, unless nobody has added it yet.
    pub(crate) fn resolve(self) -> Option<RegistrationKey> {
        match self {
            AnnouncedKey::Known(key) => Some(key),
            AnnouncedKey::Named(name) => name.parse().ok(),
        }
    }
}

impl KernelRegistration {
    /// A kernel for an operator at a key that may be of either kind.
    pub const fn at(operator: &'static Operator, key: AnnouncedKey, kernel: Kernel) -> KernelRegistration {
        KernelRegistration { operator, key, kernel, overriding: false }
    }

    /// A kernel for an operator at a key.
    pub const fn new(
        operator: &'static Operator,
        key: RegistrationKey,
        kernel: Kernel,
    ) -> KernelRegistration {
        KernelRegistration::at(operator, AnnouncedKey::Known(key), kernel)
    }

    /// A kernel for an operator at a key that is added at run time. It takes effect once the key is there.
    pub const fn named(operator: &'static Operator, key: &'static str, kernel: Kernel) -> KernelRegistration {
        KernelRegistration::at(operator, AnnouncedKey::Named(key), kernel)
    }

    /// The registration of a kernel that takes the place of another one for the same operator and key, written in
    /// another crate; two that do so are a conflict as ever.
    #[must_use]
    pub const fn overriding(mut self) -> KernelRegistration {
        self.overriding = true;
        self
    }

    /// Whether it is of an operator that was not selected when its list was built.
    pub(crate) fn is_unselected(&self) -> bool {
        self.kernel.is_unselected() || self.operator.is_unselected()
    }

    /// [`KernelRegistration::overriding`] for all forms of a structured operator.
    #[must_use]
    pub const fn all_overriding<const N: usize>(mut all: [KernelRegistration; N]) -> [KernelRegistration; N] {
        let mut at = 0;
        while at < N {
            all[at].overriding = true;
            at += 1;
        }
        all
    }
}

/// A fallback written with `#[fallback]`.
#[derive(Debug)]
pub struct FallbackRegistration {
    pub(crate) key: AnnouncedKey,
    pub(crate) kernel: Kernel,
}

impl FallbackRegistration {
    /// A boxed kernel for every operator that has none of its own at a key.
    pub const fn new(key: RegistrationKey, kernel: Kernel) -> FallbackRegistration {
        FallbackRegistration { key: AnnouncedKey::Known(key), kernel }
    }

    /// A fallback of a key that is added at run time. It takes effect once the key is there.
    pub const fn named(key: &'static str, kernel: Kernel) -> FallbackRegistration {
        FallbackRegistration { key: AnnouncedKey::Named(key), kernel }
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct CollectedKernel(pub &'static KernelRegistration);
inventory::collect!(CollectedKernel);

#[doc(hidden)]
#[derive(Debug)]
pub struct CollectedKernels(pub &'static [KernelRegistration]);
inventory::collect!(CollectedKernels);

/// Operators of a generated list that were not selected when it was built: calls by name say so.
#[derive(Debug)]
pub struct UnselectedOperators(pub &'static [&'static str]);
inventory::collect!(UnselectedOperators);

#[doc(hidden)]
#[derive(Debug)]
pub struct CollectedFallback(pub &'static FallbackRegistration);
inventory::collect!(CollectedFallback);
