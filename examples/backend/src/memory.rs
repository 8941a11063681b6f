//! The chip's memory as tensors hold it: an [`OpaqueStorage`] that knows a number and a length.
//!
//! Everything that goes to the chip passes here, so this is where it is checked that a view lies in its block.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use keyway::{Dims, Error, ErrorKind, Geometry, OpaqueStorage, Result, Storage, Tensor};
use parking_lot::Mutex;

use crate::hardware::{Block, Command, View, send};

/// How much memory the chip has.
pub const CAPACITY: usize = 256 << 20;

static IN_USE: Mutex<usize> = Mutex::new(0);

/// A block of the chip's memory; freed when the last tensor over it goes.
pub struct ChipMemory {
    block: Block,
    bytes: Mutex<usize>,
}

impl OpaqueStorage for ChipMemory {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn byte_len(&self) -> Option<usize> {
        Some(*self.bytes.lock())
    }

    /// An out form resizes `out` through this.
    fn grow(&self, bytes: usize) -> Result<()> {
        let mut held = self.bytes.lock();
        if bytes > *held {
            reserve(bytes - *held)?;
            *held = bytes;
            send(Command::Allocate(self.block, bytes));
        }
        Ok(())
    }
}

impl fmt::Debug for ChipMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} of the chip ({} bytes)", self.block, *self.bytes.lock())
    }
}

impl Drop for ChipMemory {
    fn drop(&mut self) {
        send(Command::Free(self.block));
        *IN_USE.lock() -= *self.bytes.get_mut();
    }
}

/// Bytes of the chip that tensors hold at the moment.
pub fn bytes_in_use() -> usize {
    *IN_USE.lock()
}

fn reserve(bytes: usize) -> Result<()> {
    let mut in_use = IN_USE.lock();
    if bytes > CAPACITY - *in_use {
        let message =
            format!("the chip has {CAPACITY} bytes, {} of them in use; {bytes} do not fit", *in_use);
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    *in_use += bytes;
    Ok(())
}

impl ChipMemory {
    /// Zeroed memory.
    pub(crate) fn zeroed(bytes: usize) -> Result<ChipMemory> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let block = NEXT.fetch_add(1, Ordering::Relaxed);
        let memory = ChipMemory { block, bytes: Mutex::new(0) };
        memory.grow(bytes)?;
        Ok(memory)
    }

    /// The chip's memory behind a storage.
    pub(crate) fn of(storage: &Storage) -> Result<&ChipMemory> {
        storage.downcast().ok_or_else(|| {
            Error::new(ErrorKind::Runtime, "a tensor on the chip must be over the chip's memory")
        })
    }

    /// Replaces its beginning, which makes it longer where needed.
    pub(crate) fn write(&self, bytes: Vec<u8>) -> Result<()> {
        self.grow(bytes.len())?;
        send(Command::Write(self.block, bytes));
        Ok(())
    }

    /// All of it. Waits until the chip has done what it was told before.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let (reply, answer) = channel();
        send(Command::Read(self.block, reply));
        answer.recv().map_err(|_| Error::new(ErrorKind::Runtime, "the chip has stopped"))
    }

    /// A tensor's elements, for a command.
    pub(crate) fn view(tensor: &Tensor) -> Result<View> {
        ChipMemory::expanded(tensor, tensor.sizes())
    }

    /// A tensor's elements, repeated so that they have these sizes.
    pub(crate) fn expanded(tensor: &Tensor, sizes: &[i64]) -> Result<View> {
        let (memory, geometry) = (ChipMemory::of(tensor.storage())?, tensor.geometry());
        let needed = geometry.storage_len()?.checked_mul(tensor.dtype().size());
        let held = *memory.bytes.lock();
        if needed.is_none_or(|needed| needed > held) {
            return Err(Error::shape(format!("{geometry:?} reaches beyond the {held} bytes of its memory")));
        }
        let strides = expanded_strides(geometry, sizes).ok_or_else(|| {
            Error::shape(format!("sizes {:?} do not broadcast to {sizes:?}", geometry.sizes()))
        })?;
        Ok(View { block: memory.block, sizes: Dims::from_slice(sizes), strides, offset: geometry.offset() })
    }
}

/// Strides that go over elements again where a dimension is repeated; nothing if the sizes do not broadcast.
fn expanded_strides(geometry: &Geometry, sizes: &[i64]) -> Option<Dims> {
    let added = sizes.len().checked_sub(geometry.sizes().len())?;
    let own = geometry.sizes().iter().zip(geometry.strides()).zip(&sizes[added..]);
    let strides = own.map(|((&own, &stride), &size)| match own {
        _ if own == size => Some(stride),
        1 => Some(0),
        _ => None,
    });
    (0..added).map(|_| Some(0)).chain(strides).collect()
}
