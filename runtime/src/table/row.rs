//! A row of a table dump: what a key has, why, and from where.

use std::fmt;

use crate::error::Place;
use crate::kernel::Kernel;
use crate::key::DispatchKey;
use crate::table::{Cell, Origin};

/// One row of a table dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The key.
    pub key: DispatchKey,
    /// Why it has the kernel it has.
    pub origin: Origin,
    /// Whether calls skip the key.
    pub is_fallthrough: bool,
    /// The kernel's name, if it has one.
    pub kernel: &'static str,
    /// Where the kernel was written or registered, if known.
    pub place: Option<Place>,
}

impl TableRow {
    pub(crate) fn of(key: DispatchKey, cell: &Cell) -> TableRow {
        TableRow {
            key,
            origin: cell.origin,
            is_fallthrough: cell.is_fallthrough(),
            kernel: cell.kernel.map_or("", Kernel::name),
            place: cell.kernel.and_then(Kernel::place),
        }
    }
}

impl fmt::Display for TableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = if self.is_fallthrough { "fallthrough " } else { "" };
        write!(f, "{}: {skipped}{}", self.key, if self.is_fallthrough { "" } else { self.kernel })?;
        if let Some(place) = self.place {
            write!(f, " registered at {place}")?;
        }
        write!(f, " [{}]", self.origin)
    }
}
