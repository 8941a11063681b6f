//! The memory behind tensors, shared by a tensor and its views.
//!
//! Access is by guards, many readers or one writer, so that safe code cannot race on elements whatever threads do.
//! A foreign backend keeps its own memory in an [`OpaqueStorage`]. Geometry and dtype are the tensor's.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use smallvec::SmallVec;

use crate::dtype::Element;
use crate::error::{Error, Result};

/// Memory of a foreign backend: whatever its kernels downcast it to.
pub trait OpaqueStorage: Any + Send + Sync + fmt::Debug {
    /// For the backend's own kernels to downcast.
    fn as_any(&self) -> &dyn Any;

    /// How many bytes it has, if it can say: a tensor that needs more is then refused when it is made.
    fn byte_len(&self) -> Option<usize> {
        None
    }

    /// Makes the memory at least so many bytes long; old bytes stay. Called before a tensor over it gets a geometry
    /// that may need more, as when an out form resizes `out`. Unless it is written, kernels meet short memory.
    ///
    /// # Errors
    /// If there is no more memory: the tensor then keeps its geometry.
    fn grow(&self, _bytes: usize) -> Result<()> {
        Ok(())
    }
}

/// Shared memory; cloning shares it.
#[derive(Clone, Debug)]
pub struct Storage(Arc<Contents>);

#[derive(Debug)]
enum Contents {
    Bytes(RwLock<Bytes>),
    Opaque(Box<dyn OpaqueStorage>),
    /// `Meta`: sizes without data. How many bytes there would be.
    Absent,
}

/// 16 bytes with that alignment, the unit storages are made of. More alignment would cost more than it gains: the
/// system gives 16 for nothing, and zeroed memory with it.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(16))]
struct Unit([u8; 16]);

/// Up to this many units are kept in place, without an allocation of their own.
const IN_PLACE: usize = 4;

#[derive(Debug)]
struct Bytes {
    units: Units,
    len: usize,
}

struct Units(SmallVec<[Unit; IN_PLACE]>);

impl fmt::Debug for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} units", self.0.len())
    }
}

impl Bytes {
    fn zeroed(len: usize) -> Bytes {
        let units = match len.div_ceil(size_of::<Unit>()) {
            0..=IN_PLACE => SmallVec::from_buf([Unit::zeroed(); IN_PLACE]),
            units => SmallVec::from_vec(bytemuck::zeroed_vec(units)),
        };
        Bytes { units: Units(units), len }
    }

    fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.units.0)[..self.len]
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.units.0)[..self.len]
    }
}

impl Storage {
    /// Zeroed host memory of so many bytes, aligned to 16.
    pub fn zeroed(bytes: usize) -> Storage {
        Storage(Arc::new(Contents::Bytes(RwLock::new(Bytes::zeroed(bytes)))))
    }

    /// A copy of host elements.
    pub fn from_slice<T: Element>(elements: &[T]) -> Storage {
        let source: &[u8] = bytemuck::cast_slice(elements);
        let mut bytes = Bytes::zeroed(source.len());
        bytes.as_mut_slice().copy_from_slice(source);
        Storage(Arc::new(Contents::Bytes(RwLock::new(bytes))))
    }

    /// Memory of a foreign backend.
    pub fn opaque(storage: impl OpaqueStorage) -> Storage {
        Storage(Arc::new(Contents::Opaque(Box::new(storage))))
    }

    /// No memory, for `Meta` tensors.
    pub fn absent() -> Storage {
        Storage(Arc::new(Contents::Absent))
    }

    /// Whether two storages are the same memory.
    pub fn is_same(&self, other: &Storage) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The foreign backend's memory, if it is of this type.
    pub fn downcast<T: OpaqueStorage>(&self) -> Option<&T> {
        match &*self.0 {
            Contents::Opaque(storage) => storage.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// How many bytes there are; nothing for `Meta`, and for foreign memory that does not say.
    pub fn byte_len(&self) -> Option<usize> {
        match &*self.0 {
            Contents::Bytes(held) => Some(held.read_recursive().len),
            Contents::Opaque(storage) => storage.byte_len(),
            Contents::Absent => None,
        }
    }

    /// Host memory for reading. Waits while another thread writes; reading while this thread reads is fine.
    ///
    /// # Errors
    /// `Runtime` if the memory is not on the host.
    pub fn read(&self) -> Result<StorageRead<'_>> {
        Ok(StorageRead(self.bytes()?.read_recursive()))
    }

    /// Host memory for writing. Waits while it is read or written elsewhere: a kernel must not hold two guards of one
    /// storage, and takes the guards of several in the order of [`Storage::address`].
    ///
    /// # Errors
    /// `Runtime` if the memory is not on the host.
    pub fn write(&self) -> Result<StorageWrite<'_>> {
        Ok(StorageWrite(self.bytes()?.write()))
    }

    /// Makes the memory at least so many bytes long; old bytes stay, new bytes on the host are zero. Foreign memory
    /// grows by [`OpaqueStorage::grow`]. Does nothing for `Meta`.
    ///
    /// # Errors
    /// What the foreign backend reports.
    pub fn grow(&self, bytes: usize) -> Result<()> {
        let mut held = match &*self.0 {
            Contents::Bytes(held) => held.write(),
            Contents::Opaque(storage) => return storage.grow(bytes),
            Contents::Absent => return Ok(()),
        };
        if held.len < bytes {
            held.units.0.resize(bytes.div_ceil(size_of::<Unit>()).max(IN_PLACE), Zeroable::zeroed());
            held.len = bytes;
        }
        Ok(())
    }

    /// A number that orders storages; equal just for the same memory.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    fn bytes(&self) -> Result<&RwLock<Bytes>> {
        match &*self.0 {
            Contents::Bytes(bytes) => Ok(bytes),
            Contents::Opaque(storage) => Err(Error::new(
                crate::ErrorKind::Runtime,
                format!("{storage:?} is memory of a foreign backend; copy the tensor to the host first"),
            )),
            Contents::Absent => Err(Error::new(
                crate::ErrorKind::Runtime,
                "the tensor has sizes and a dtype but no data of its own: it is on meta, or wraps another tensor",
            )),
        }
    }
}

/// Host memory open for reading.
#[derive(Debug)]
pub struct StorageRead<'a>(RwLockReadGuard<'a, Bytes>);

impl StorageRead<'_> {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The bytes as elements of a type.
    ///
    /// # Errors
    /// `Type` if the bytes are not a whole number of elements, or not all of them are valid (`bool`).
    pub fn elements<T: Element>(&self) -> Result<&[T]> {
        bytemuck::checked::try_cast_slice(self.bytes()).map_err(|e| not_elements::<T>(&e))
    }
}

/// Host memory open for writing.
#[derive(Debug)]
pub struct StorageWrite<'a>(RwLockWriteGuard<'a, Bytes>);

impl StorageWrite<'_> {
    /// The bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.0.as_mut_slice()
    }

    /// The bytes as elements of a type.
    ///
    /// # Errors
    /// As [`StorageRead::elements`].
    pub fn elements<T: Element>(&mut self) -> Result<&mut [T]> {
        bytemuck::checked::try_cast_slice_mut(self.bytes()).map_err(|e| not_elements::<T>(&e))
    }
}

#[cold]
fn not_elements<T: Element>(cause: &bytemuck::checked::CheckedCastError) -> Error {
    Error::dtype(format!("the storage does not hold {} elements: {cause:?}", T::DTYPE))
}
