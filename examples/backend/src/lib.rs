//! A backend added to Keyway from outside: `Chip`, an accelerator (simulated) with memory of its own.
//!
//! Nothing in Keyway knows this crate. It adds a backend and a functionality at run time, keeps its memory in opaque
//! storages, has kernels for a few operators, and runs all others on the host by one boxed fallback. See `README.md`
//! for the way through the source.

mod fallback;
mod hardware;
mod kernels;
mod memory;
mod mirror;
mod trace;

use keyway::{Backend, Device, DispatchKey, Functionality, Result};
use parking_lot::Mutex;

pub use fallback::{fall_back_to_host, take_fallen_back};
pub use memory::{CAPACITY, ChipMemory, bytes_in_use};
pub use mirror::{to_chip, to_host};
pub use trace::{TracedCall, traced};

/// The backend once it is added.
#[derive(Clone, Copy, Debug)]
pub struct Chip {
    backend: Backend,
    trace_key: DispatchKey,
}

impl Chip {
    /// The device, for the `device` argument of operators.
    pub fn device(self) -> Device {
        Device::of(self.backend)
    }

    /// The key of its kernels.
    pub fn key(self) -> DispatchKey {
        DispatchKey::of(Functionality::Dense, self.backend)
    }

    /// The key of the layer above autograd that writes calls down ([`traced`]).
    pub fn trace_key(self) -> DispatchKey {
        self.trace_key
    }
}

/// Adds the backend to this process, the first time it is called.
///
/// # Errors
/// If something else is called `Chip`, and when there is no room for another backend.
pub fn register() -> Result<Chip> {
    static CHIP: Mutex<Option<Chip>> = Mutex::new(None);
    let mut chip = CHIP.lock();
    match *chip {
        Some(chip) => Ok(chip),
        None => {
            let backend = Backend::add("Chip")?;
            let trace_key = trace::register(backend)?;
            keyway_ops::register();
            Ok(*chip.insert(Chip { backend, trace_key }))
        }
    }
}
