//! The fallbacks the runtime brings (dispatch.md D271), each of which a registered one hides.
//!
//! Layers that most operators know nothing about are skipped at no cost: backend selection, `ADInplaceOrView`, autograd
//! and autocast of every backend (PyTorch leaves gaps, D272), the vmap modes. `Meta` says that a shape rule is missing.

use crate::error::{Error, ErrorKind, Result};
use crate::kernel::Kernel;
use crate::key::{AliasKey, DispatchKey};
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;

/// The default fallback of each key that has one.
pub(crate) fn defaults() -> impl Iterator<Item = (DispatchKey, &'static Kernel)> {
    static SKIPPED: Kernel = Kernel::fallthrough();
    static NO_META_KERNEL: Kernel = Kernel::boxed(no_meta_kernel).named("no Meta kernel");
    let plain = [
        DispatchKey::BackendSelect,
        DispatchKey::ADInplaceOrView,
        DispatchKey::FuncTorchVmapMode,
        DispatchKey::VmapMode,
    ];
    let skipped = KeySet::from_iter(plain) | KeySet::AUTOCAST | KeySet::of_alias(AliasKey::Autograd);
    skipped.iter().map(|key| (key, &SKIPPED)).chain([(DispatchKey::Meta, &NO_META_KERNEL)])
}

/// D168.
fn no_meta_kernel(operator: &'static Operator, _: KeySet, _: &mut Stack) -> Result<()> {
    let message = format!(
        "it has no Meta kernel, so sizes cannot be computed without data; write #[kernel(\"{operator}\", Meta)]"
    );
    Err(Error::new(ErrorKind::NoMetaKernel, message).in_operator(operator.name()).at_key(DispatchKey::Meta))
}
