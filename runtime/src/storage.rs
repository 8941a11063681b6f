//! The memory behind tensors, shared by a tensor and its views.
//!
//! Access is by guards, many readers or one writer, so that safe code cannot race on elements whatever threads do; few bytes are read as
//! a copy. Where the bytes of our own are is the business of `host_bytes`.
//! A foreign backend keeps its own memory in an [`OpaqueStorage`]. Host memory of another library is shared both ways: a [`HostMemory`]
//! is theirs, and a [`StoragePin`] keeps ours in place while they use it. Geometry and dtype are the tensor's.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::host_bytes::{HostBytes, HostRead, HostWrite, SmallBytes};

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

/// Host memory that somebody else owns, an array of another library say. It stays where it is, and as long as it is, until dropped.
pub trait HostMemory: Send + Sync + fmt::Debug + 'static {
    /// The bytes.
    fn bytes(&self) -> &[u8];

    /// The bytes for writing; none if the owner forbids it. The answer is always the same.
    fn bytes_mut(&mut self) -> Option<&mut [u8]>;
}

/// Shared memory; cloning shares it.
#[derive(Clone, Debug)]
pub struct Storage(Arc<Memory>);

/// A storage that does not keep its memory ([`Storage::downgrade`]).
#[derive(Clone, Debug)]
pub struct WeakStorage(Weak<Memory>);

impl WeakStorage {
    /// The storage, while somebody keeps it.
    pub fn upgrade(&self) -> Option<Storage> {
        self.0.upgrade().map(Storage)
    }
}

#[derive(Debug)]
struct Memory {
    contents: Contents,
    /// How often it was opened for writing.
    version: AtomicU64,
}

#[derive(Debug)]
enum Contents {
    Own(HostBytes),
    Host(RwLock<Box<dyn HostMemory>>),
    Opaque(Box<dyn OpaqueStorage>),
    /// `Meta`: sizes without data. How many bytes there would be.
    Absent,
}

impl Storage {
    #[inline]
    fn of(contents: Contents) -> Storage {
        Storage(Arc::new(Memory { contents, version: AtomicU64::new(0) }))
    }

    /// Zeroed host memory of so many bytes, aligned to 16.
    pub fn zeroed(bytes: usize) -> Storage {
        Storage::of(Contents::Own(HostBytes::zeroed(bytes)))
    }

    /// Host memory of so many bytes, aligned to 16, that are whatever they are: for results, which are filled by a kernel. Not for
    /// `bool`, which not every byte is.
    pub fn unfilled(bytes: usize) -> Storage {
        Storage::of(Contents::Own(HostBytes::unfilled(bytes)))
    }

    /// A copy of host elements.
    pub fn from_slice<T: Element>(elements: &[T]) -> Storage {
        Storage::of(Contents::Own(HostBytes::of_bytes(bytemuck::cast_slice(elements))))
    }

    /// A copy of the bytes without waiting for anyone, if they are of our own host memory and not more than asked for: eight a word,
    /// and at most 64.
    #[inline]
    pub fn small<const WORDS: usize>(&self) -> Option<SmallBytes<WORDS>> {
        match &self.0.contents {
            Contents::Own(held) => held.small(),
            _ => None,
        }
    }

    /// Host memory of another owner, who may read and write it too. Its bytes must be aligned for the elements that are read.
    pub fn host(memory: impl HostMemory) -> Storage {
        Storage::of(Contents::Host(RwLock::new(Box::new(memory))))
    }

    /// Memory of a foreign backend.
    pub fn opaque(storage: impl OpaqueStorage) -> Storage {
        Storage::of(Contents::Opaque(Box::new(storage)))
    }

    /// No memory, for `Meta` tensors.
    pub fn absent() -> Storage {
        Storage::of(Contents::Absent)
    }

    /// Whether two storages are the same memory.
    pub fn is_same(&self, other: &Storage) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The foreign backend's memory, if it is of this type.
    pub fn downcast<T: OpaqueStorage>(&self) -> Option<&T> {
        match &self.0.contents {
            Contents::Opaque(storage) => storage.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Whether kernels of the host can read it.
    pub fn is_on_the_host(&self) -> bool {
        matches!(&self.0.contents, Contents::Own(_) | Contents::Host(_))
    }

    /// How many bytes there are; nothing for `Meta`, and for foreign memory that does not say.
    pub fn byte_len(&self) -> Option<usize> {
        match &self.0.contents {
            Contents::Own(held) => Some(held.len()),
            Contents::Host(held) => Some(held.read_recursive().bytes().len()),
            Contents::Opaque(storage) => storage.byte_len(),
            Contents::Absent => None,
        }
    }

    /// Fails as [`Storage::read`] does, but takes no lock.
    pub(crate) fn expect_on_the_host(&self) -> Result<()> {
        match self.is_on_the_host() {
            true => Ok(()),
            false => Err(self.not_on_the_host()),
        }
    }

    /// Host memory for reading. Waits while another thread writes, or sees few bytes as they were before; reading while this
    /// thread reads is fine.
    ///
    /// # Errors
    /// `Runtime` if the memory is not on the host.
    #[inline]
    pub fn read(&self) -> Result<StorageRead<'_>> {
        Ok(StorageRead(match &self.0.contents {
            Contents::Own(held) => held.read(),
            Contents::Host(held) => {
                HostRead::Block(RwLockReadGuard::map(held.read_recursive(), |memory| memory.bytes()))
            }
            Contents::Opaque(_) | Contents::Absent => return Err(self.not_on_the_host()),
        }))
    }

    /// Host memory for writing. Waits while it is read or written elsewhere: a kernel must not hold two guards of one
    /// storage, and takes the guards of several in the order of [`Storage::address`]. Few bytes change when the guard goes.
    ///
    /// # Errors
    /// `Runtime` if the memory is not on the host, or its owner forbids writing.
    pub fn write(&self) -> Result<StorageWrite<'_>> {
        let open = StorageWrite(match &self.0.contents {
            Contents::Own(held) => held.write(),
            Contents::Host(held) => {
                let bytes = RwLockWriteGuard::try_map(held.write(), |memory| memory.bytes_mut());
                HostWrite::Block(bytes.map_err(|_| read_only())?)
            }
            Contents::Opaque(_) | Contents::Absent => return Err(self.not_on_the_host()),
        });
        self.bump_version();
        Ok(open)
    }

    /// The version counter, which all tensors over the memory share: how often it was opened for writing. While the number stays the same,
    /// so do the elements; it says nothing of what other libraries do to memory that is shared with them.
    #[inline]
    pub fn version(&self) -> u64 {
        self.0.version.load(Ordering::Relaxed)
    }

    /// Counts a write that [`Storage::write`] does not see: what a foreign backend's kernel does to its own memory.
    #[inline]
    pub fn bump_version(&self) {
        self.0.version.fetch_add(1, Ordering::Relaxed);
    }

    /// Makes the memory at least so many bytes long; old bytes stay, new bytes on the host are zero. Foreign memory
    /// grows by [`OpaqueStorage::grow`]. Does nothing for `Meta`.
    ///
    /// # Errors
    /// What the foreign backend reports; `Runtime` if it would have to grow and is another owner's or pinned.
    pub fn grow(&self, bytes: usize) -> Result<()> {
        match &self.0.contents {
            Contents::Own(held) if held.grow(bytes) => Ok(()),
            Contents::Own(_) => Err(not_resizable("is shared with another library")),
            Contents::Host(held) if held.read_recursive().bytes().len() >= bytes => Ok(()),
            Contents::Host(_) => Err(not_resizable("belongs to another library")),
            Contents::Opaque(storage) => storage.grow(bytes),
            Contents::Absent => Ok(()),
        }
    }

    /// A number that orders storages; equal just for the same memory.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Keeps host memory where it is, for another library to use, until the pin is dropped. What that library does is not held back by
    /// the guards.
    ///
    /// # Errors
    /// `Runtime` if the memory is not on the host.
    pub fn pin(&self) -> Result<StoragePin> {
        let (address, is_writable) = match &self.0.contents {
            Contents::Own(held) => (held.pin(), true),
            Contents::Host(held) => {
                let mut held = held.write();
                match held.bytes_mut() {
                    Some(bytes) => (bytes.as_mut_ptr().expose_provenance(), true),
                    None => (held.bytes().as_ptr().expose_provenance(), false),
                }
            }
            Contents::Opaque(_) | Contents::Absent => return Err(self.not_on_the_host()),
        };
        Ok(StoragePin { storage: self.clone(), address, is_writable })
    }

    /// A handle that does not keep the memory.
    pub fn downgrade(&self) -> WeakStorage {
        WeakStorage(Arc::downgrade(&self.0))
    }

    #[cold]
    fn not_on_the_host(&self) -> Error {
        let message = match &self.0.contents {
            Contents::Opaque(storage) => {
                format!("{storage:?} is memory of a foreign backend; copy the tensor to the host first")
            }
            _ => "the tensor has sizes and a dtype but no data of its own: it is on meta, or wraps another tensor".to_owned(),
        };
        Error::new(crate::ErrorKind::Runtime, message)
    }
}

#[cold]
fn read_only() -> Error {
    let message = "the memory is read-only: it belongs to another library, which does not let it be written; write to a clone";
    Error::new(crate::ErrorKind::Runtime, message)
}

#[cold]
fn not_resizable(why: &str) -> Error {
    Error::new(crate::ErrorKind::Runtime, format!("the memory {why} and cannot be resized; resize a clone"))
}

/// Host memory that stays where it is while this lives ([`Storage::pin`]).
#[derive(Debug)]
pub struct StoragePin {
    storage: Storage,
    address: usize,
    is_writable: bool,
}

impl StoragePin {
    /// Where the memory starts: an address with exposed provenance.
    pub fn address(&self) -> usize {
        self.address
    }

    /// Whether its owner lets it be written.
    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// The memory.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }
}

impl Drop for StoragePin {
    fn drop(&mut self) {
        if let Contents::Own(held) = &self.storage.0.contents {
            held.pins.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Host memory open for reading.
#[derive(Debug)]
pub struct StorageRead<'a>(HostRead<'a>);

impl StorageRead<'_> {
    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The bytes as elements of a type.
    ///
    /// # Errors
    /// `Type` if the bytes are not a whole number of elements, or not all of them are valid (`bool`).
    pub fn elements<T: Element>(&self) -> Result<&[T]> {
        elements_of(self.bytes())
    }
}

/// Host memory open for writing.
#[derive(Debug)]
pub struct StorageWrite<'a>(HostWrite<'a>);

impl StorageWrite<'_> {
    /// The bytes.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        self.0.bytes()
    }

    /// The bytes as elements of a type.
    ///
    /// # Errors
    /// As [`StorageRead::elements`].
    pub fn elements<T: Element>(&mut self) -> Result<&mut [T]> {
        bytemuck::checked::try_cast_slice_mut(self.bytes()).map_err(|e| not_elements::<T>(&e))
    }
}

/// Bytes as elements of a type.
#[inline]
pub(crate) fn elements_of<T: Element>(bytes: &[u8]) -> Result<&[T]> {
    bytemuck::checked::try_cast_slice(bytes).map_err(|e| not_elements::<T>(&e))
}

#[cold]
fn not_elements<T: Element>(cause: &bytemuck::checked::CheckedCastError) -> Error {
    Error::dtype(format!("the storage does not hold {} elements: {cause:?}", T::DTYPE))
}
