//! Operators whose signature is known when compiled: typed calls.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::announced::{AnnouncedKey, KernelRegistration};
use crate::arguments::Arguments;
use crate::error::Result;
use crate::kernel::Kernel;
use crate::key::{AliasKey, DispatchKey, RegistrationKey};
use crate::key_set::KeySet;
use crate::local::local_key_sets;
use crate::observer;
use crate::operator::Operator;
use crate::signature::{self, Signature};
use crate::stack::Stack;

/// An operator whose signature is known at compile time. Generated operators are statics of this type.
///
/// A call is the short way, inlined where it is made, or the long one: one function for each signature, which is
/// compiled where the signature is first called.
#[repr(transparent)]
pub struct TypedOperator<S> {
    operator: Operator,
    signature: PhantomData<fn() -> S>,
}

/// What a typed call found when the short way did not do.
enum Resolved<F> {
    /// A typed kernel and the keys it gets.
    Typed(F, KeySet),
    /// A boxed kernel and the keys it gets.
    Boxed(&'static Kernel, KeySet),
}

impl<S: Signature> TypedOperator<S> {
    /// The entry of a generated operator. `schema` is its full schema text, namespace included; it is parsed when
    /// first needed.
    pub const fn new(name: &'static str, schema: &'static str) -> TypedOperator<S> {
        TypedOperator {
            operator: Operator::new(name, Some(schema), Some(TypeId::of::<S>())),
            signature: PhantomData,
        }
    }

    /// The entry with tags (D134).
    #[must_use]
    pub const fn tagged(mut self, tags: &'static [&'static str]) -> TypedOperator<S> {
        self.operator.generated_tags = tags;
        self
    }

    /// The entry of an operator that was not selected when its list was built: its kernels are dropped.
    #[must_use]
    pub const fn unselected(mut self) -> TypedOperator<S> {
        self.operator.unselected = true;
        self
    }

    #[doc(hidden)]
    pub const fn is_unselected(&self) -> bool {
        self.operator.unselected
    }

    /// A typed kernel for this operator.
    pub const fn kernel(&self, f: S::Fn) -> Kernel {
        match self.operator.unselected {
            true => Kernel::unselected(),
            false => Kernel::typed::<S>(f),
        }
    }

    /// The registration of a kernel that the generator wrote.
    #[doc(hidden)]
    pub const fn derived(&'static self, key: AliasKey, f: S::Fn) -> KernelRegistration {
        let key = RegistrationKey::Alias(key);
        KernelRegistration::new(&self.operator, key, self.kernel(f).named("derived"))
    }

    /// The registration of the kernel that adds the key of the `device` argument (D282).
    #[doc(hidden)]
    pub const fn backend_select(&'static self, f: S::Fn) -> KernelRegistration {
        let key = RegistrationKey::Runtime(DispatchKey::BackendSelect);
        KernelRegistration::new(&self.operator, key, self.kernel(f).named("backend select"))
    }

    /// The registration of one form of a structured operator.
    #[doc(hidden)]
    pub const fn structured(
        &'static self,
        key: AnnouncedKey,
        f: S::Fn,
        name: &'static str,
        (file, line): (&'static str, u32),
    ) -> KernelRegistration {
        KernelRegistration::at(&self.operator, key, self.kernel(f).named(name).at(file, line))
    }

    /// The operator without its signature.
    pub const fn operator(&'static self) -> &'static Operator {
        &self.operator
    }

    /// Dispatches a call by its arguments and the thread's key sets.
    ///
    /// # Errors
    /// A missing kernel, what the kernel reports; results of a boxed kernel that are not what the schema says.
    #[inline]
    pub fn call(&'static self, arguments: S::Arguments<'_>) -> Result<S::Returns> {
        let keys = local_key_sets().apply(arguments.keys()) | observer::observed_mark();
        self.redispatch(keys, arguments)
    }

    /// Dispatches a call by a key set, without looking at the arguments or the thread (D208).
    ///
    /// # Errors
    /// As [`TypedOperator::call`].
    #[inline]
    pub fn redispatch(&'static self, keys: KeySet, arguments: S::Arguments<'_>) -> Result<S::Returns> {
        match self.find(keys) {
            Some((f, keys)) => S::apply(f, keys, arguments),
            None => self.unusual(keys, arguments.copied()),
        }
    }

    /// The typed kernel for a key set: the short way, one load of the table and no branch but this option.
    #[inline]
    fn find(&'static self, keys: KeySet) -> Option<(S::Fn, KeySet)> {
        let (f, keys) = self.operator.current_table().find_function(keys)?;
        #[allow(unsafe_code, reason = "the one place besides the adapter that restores a typed function")]
        // SAFETY: a table's functions are of the operator's own signature (`Kernel::typed_for`), which `new` made `S`.
        Some((unsafe { f.restore::<S::Fn>() }, keys))
    }

    /// Boxed kernels, observed calls, first calls, missing kernels.
    #[inline(never)]
    fn unusual(&'static self, keys: KeySet, arguments: S::Arguments<'_>) -> Result<S::Returns> {
        if let Some(keys) = keys.unobserved() {
            return self.observed(keys, arguments);
        }
        match self.resolve(keys)? {
            Resolved::Typed(f, keys) => S::apply(f, keys, arguments),
            Resolved::Boxed(kernel, keys) => {
                let mut stack = Stack::new();
                arguments.push(&mut stack);
                kernel.call_boxed(&self.operator, keys, &mut stack)?;
                signature::take_results::<S>(&self.operator, &mut stack)
            }
        }
    }

    /// A call while there is an observer somewhere.
    #[cold]
    #[inline(never)]
    fn observed(&'static self, keys: KeySet, arguments: S::Arguments<'_>) -> Result<S::Returns> {
        let found = self.find(keys);
        let kernel_keys = found.map(|(_, keys)| keys);
        let inputs = |stack: &mut Stack| arguments.push(stack);
        let run = || match found {
            Some((f, keys)) => S::apply(f, keys, arguments),
            None => self.unusual(keys, arguments),
        };
        observer::call_typed(&self.operator, keys, kernel_keys, S::GIVEN_BACK, &inputs, &run)
    }

    /// What a key set leads to when [`TypedOperator::find`] found nothing: computes the table if it is not there
    /// yet, goes past keys that fall through for their backend only.
    ///
    /// # Errors
    /// `NoKernel` and its relatives.
    fn resolve(&'static self, keys: KeySet) -> Result<Resolved<S::Fn>> {
        let (kernel, keys) = self.operator.kernel_for(keys)?;
        match kernel.typed_for(self.operator.signature()) {
            Some(f) => {
                #[allow(unsafe_code, reason = "as in `find`")]
                // SAFETY: `typed_for` gave it for the operator's own signature, which `new` made `S`.
                Ok(Resolved::Typed(unsafe { f.restore::<S::Fn>() }, keys))
            }
            None => Ok(Resolved::Boxed(kernel, keys)),
        }
    }
}

impl<S: Signature> Deref for TypedOperator<S> {
    type Target = Operator;

    fn deref(&self) -> &Operator {
        &self.operator
    }
}

impl<S> fmt::Debug for TypedOperator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operator.fmt(f)
    }
}
