//! The fallbacks the runtime brings (dispatch.md D271), each of which a registered one hides.
//!
//! Layers that most operators know nothing about are skipped at no cost: backend selection, `ADInplaceOrView`, autograd
//! and autocast of every backend (PyTorch leaves gaps, D272), the vmap modes. `Meta` says that a shape rule is missing.

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter;
use crate::kernel::Kernel;
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;

/// The default fallback of a key, if it has one.
pub(crate) fn default_for(key: DispatchKey) -> Option<&'static Kernel> {
    static SKIPPED: Kernel = Kernel::fallthrough();
    static NO_META_KERNEL: Kernel = Kernel::boxed(no_meta_kernel).named("no Meta kernel");
    const SKIPPED_KEYS: [DispatchKey; 4] = [
        DispatchKey::BackendSelect,
        DispatchKey::ADInplaceOrView,
        DispatchKey::FuncTorchVmapMode,
        DispatchKey::VmapMode,
    ];
    if interpreter::SERVED.contains(&key) {
        return Some(&interpreter::FALLBACKS);
    }
    if key == DispatchKey::Meta {
        return Some(&NO_META_KERNEL);
    }
    let skipped = SKIPPED_KEYS.contains(&key)
        || KeySet::of(key).shares_functionality(KeySet::AUTOCAST | KeySet::AUTOGRAD);
    skipped.then_some(&SKIPPED)
}

/// D168, D124.
fn no_meta_kernel(operator: &'static Operator, _: KeySet, _: &mut Stack) -> Result<()> {
    let (kind, message) = match operator.fake_module() {
        Some(module) => {
            let message =
                format!("its Meta kernel is in the module `{module}`, which is not loaded; load it first");
            (ErrorKind::FakeImplNotLoaded, message)
        }
        None => {
            let message = format!(
                "it has no Meta kernel, so sizes cannot be computed without data; write #[kernel(\"{operator}\", Meta)]"
            );
            (ErrorKind::NoMetaKernel, message)
        }
    };
    Err(Error::new(kind, message).in_operator(operator.name()).at_key(DispatchKey::Meta))
}
