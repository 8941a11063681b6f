//! Choosing a backend by a `device` argument, for operators without a tensor to take it from (dispatch.md D282).

use crate::device::Device;
use crate::key::{DispatchKey, Functionality};
use crate::key_set::KeySet;

/// The keys that a call at `BackendSelect` goes on with: those below, and the dense key of the device, `CPU` if none
/// was given. For the generator's kernels.
#[doc(hidden)]
pub fn select_backend(keys: KeySet, device: Option<Device>) -> KeySet {
    let backend = device.unwrap_or(Device::CPU).backend;
    let chosen = KeySet::of(DispatchKey::of(Functionality::Dense, backend));
    (keys | chosen) & KeySet::after(DispatchKey::BackendSelect)
}
