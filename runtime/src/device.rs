//! Devices, layouts and memory formats.

use std::fmt;

use crate::key::Backend;

/// Where a tensor's data is: a backend, and which of its devices.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    /// The backend the device belongs to.
    pub backend: Backend,
    /// Which device of the backend; `None` is the current one.
    pub index: Option<u8>,
}

impl Device {
    /// The host.
    pub const CPU: Device = Device { backend: Backend::CPU, index: None };
    /// No data, only sizes, strides and dtype.
    pub const META: Device = Device { backend: Backend::Meta, index: None };

    /// The current device of a backend.
    pub const fn of(backend: Backend) -> Device {
        Device { backend, index: None }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.backend.name().to_ascii_lowercase())?;
        match self.index {
            Some(index) => write!(f, ":{index}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a tensor's elements are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// Sizes and strides over one storage.
    Strided,
    /// Coordinates and values.
    Sparse,
}

/// The order of a tensor's dimensions in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemoryFormat {
    /// The last dimension is densest.
    Contiguous,
    /// As in the input.
    Preserve,
    /// The second dimension is densest, for four dimensions.
    ChannelsLast,
    /// The second dimension is densest, for five dimensions.
    ChannelsLast3d,
}
