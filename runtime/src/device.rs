//! Devices, layouts and memory formats.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
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

impl FromStr for Device {
    type Err = Error;

    /// `cuda`, `cuda:1`: a backend's name in small or capital letters, and an index.
    ///
    /// # Errors
    /// `Value` if no backend has the name, or for an index that is no number from 0 to 255.
    fn from_str(text: &str) -> Result<Device> {
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(index)),
            None => (text, None),
        };
        let backend = Backend::all().find(|backend| backend.name().eq_ignore_ascii_case(name));
        let index = index.map(str::parse).transpose();
        match (backend, index) {
            (Some(backend), Ok(index)) => Ok(Device { backend, index }),
            _ => {
                let known = Backend::all().map(|backend| backend.name().to_ascii_lowercase());
                let known = known.collect::<Vec<_>>().join(", ");
                let message = format!(
                    "`{text}` is no device; write one of {known}, with `:` and an index behind it if needed"
                );
                Err(Error::value(message))
            }
        }
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
