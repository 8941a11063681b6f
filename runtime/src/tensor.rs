//! The tensor handle: key set, dtype, device, geometry, shared storage.
//!
//! A [`Tensor`] is a cheap shared handle. No operator is known here: methods such as `add` come from generated code.
//! The runtime reads the key set; everything else is for kernels.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::device::Device;
use crate::dtype::{DType, Element};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Geometry;
use crate::host_bytes::SmallBytes;
use crate::interpreter::{MetadataPolicy, ObjectSlot, TensorSubclass, WrapperMetadata};
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::local::local_key_sets;
use crate::mode;
use crate::quantizer::Quantizer;
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::window::{PublishedWindow, Window};

mod construction;
mod weak;

pub use weak::WeakTensor;

/// A tensor. Cloning makes another handle to the same tensor, not a copy of its data.
#[derive(Clone)]
pub struct Tensor(Arc<Head>);

struct Head {
    /// The two words of the key set, first so that every call finds them beside the reference count.
    functionalities: AtomicU64,
    backends: AtomicU64,
    /// Sizes, strides, offset and the memory they are about.
    window: PublishedWindow,
    dtype: DType,
    device: Device,
    /// Whether it stands for a plain number, which ranks below tensors in type promotion.
    wrapped_number: bool,
    /// How the integers of a quantised tensor stand for numbers.
    quantizer: Option<Arc<dyn Quantizer>>,
    /// What a tensor of a class of Rust holds.
    subclass: Option<Arc<dyn TensorSubclass>>,
    /// Which questions about its metadata its class answers.
    policy: MetadataPolicy,
    /// The object that stands for it in an interpreter.
    object: ObjectSlot,
}

impl Tensor {
    /// What it holds, if it is of a class of Rust.
    #[inline]
    pub(crate) fn held_subclass(&self) -> Option<&Arc<dyn TensorSubclass>> {
        self.0.subclass.as_ref()
    }

    /// Which questions about its metadata its class answers ([`Tensor::metadata`]).
    pub fn metadata_policy(&self) -> MetadataPolicy {
        self.0.policy
    }

    /// The place for the object that stands for it in an interpreter (P147).
    pub fn object_slot(&self) -> &ObjectSlot {
        &self.0.object
    }

    /// Another head over the same memory with the same metadata (P132): made by the topmost mode or by the tensor's class if they
    /// say how, else a plain one. No operator is called.
    ///
    /// # Errors
    /// What the mode or the class reports.
    pub fn shallow_copy(&self) -> Result<Tensor> {
        if mode::modes_enabled()
            && let Some(mode) = mode::current_mode()
            && let Some(copy) = mode.handler().detach(self)?
        {
            return Ok(copy);
        }
        let excluded = local_key_sets().excluded;
        if !excluded.contains(DispatchKey::Python) && mode::is_intercepted(self.key_set()) {
            if let Some(subclass) = &self.0.subclass {
                let metadata = WrapperMetadata::like(self).sharing(self);
                if let Some(held) = subclass.detach(self)? {
                    return Ok(Tensor::shared_wrapper(held, metadata));
                }
            } else if let Some((interpreter, _)) = self.0.object.get()
                && let Some(copy) = interpreter.needed_for("a tensor's class")?.detach(self)?
            {
                return Ok(copy);
            }
        }
        self.view_as(self.geometry().clone())
    }

    /// Another tensor over the same storage: a view.
    ///
    /// # Errors
    /// `Shape` if the storage is too short for the geometry.
    pub fn view_as(&self, geometry: Geometry) -> Result<Tensor> {
        let quantizer = self.0.quantizer.clone();
        let storage = self.storage().clone();
        let view = Tensor::with_quantizer(storage, self.dtype(), self.device(), geometry, quantizer)?;
        // A view is a plain tensor, whatever class this one is of.
        view.set_key_set(mode::without_interception(self.key_set()));
        Ok(view)
    }

    /// The keys a call with this tensor is dispatched by.
    #[inline]
    pub fn key_set(&self) -> KeySet {
        KeySet {
            functionalities: self.0.functionalities.load(Ordering::Relaxed),
            backends: self.0.backends.load(Ordering::Relaxed),
        }
    }

    /// Replaces the key set: for backends and layers that wrap tensors. Not for a tensor that other threads are
    /// calling operators with at the time: they may see the old functionalities with the new backends.
    pub fn set_key_set(&self, keys: KeySet) {
        self.0.functionalities.store(keys.functionalities, Ordering::Relaxed);
        self.0.backends.store(keys.backends, Ordering::Relaxed);
    }

    /// The element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// Where the data is.
    #[inline]
    pub fn device(&self) -> Device {
        self.0.device
    }

    /// Sizes, strides and offset together.
    #[inline]
    pub fn geometry(&self) -> &Geometry {
        self.0.window.geometry()
    }

    /// Extents of the dimensions.
    #[inline]
    pub fn sizes(&self) -> &[i64] {
        self.geometry().sizes()
    }

    /// Steps between neighbours of each dimension, in elements.
    pub fn strides(&self) -> &[i64] {
        self.geometry().strides()
    }

    /// The first element's position in the storage, in elements.
    pub fn storage_offset(&self) -> i64 {
        self.geometry().offset()
    }

    /// The number of dimensions.
    pub fn dim(&self) -> usize {
        self.sizes().len()
    }

    /// The number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.geometry().numel()
    }

    /// Whether the elements lie in row-major order without gaps.
    pub fn is_contiguous(&self) -> bool {
        self.geometry().is_contiguous()
    }

    /// Whether it stands for a plain number ([`Tensor::wrapped_number`]).
    #[inline]
    pub fn is_wrapped_number(&self) -> bool {
        self.0.wrapped_number
    }

    /// How its integers stand for numbers, if it is quantised.
    pub fn quantizer(&self) -> Option<&Arc<dyn Quantizer>> {
        self.0.quantizer.as_ref()
    }

    /// The memory behind it.
    #[inline]
    pub fn storage(&self) -> &Storage {
        self.0.window.storage()
    }

    /// A copy of all bytes of the memory without waiting for anyone, as [`Storage::small`] gives it, also where the tensor holds them
    /// itself.
    #[inline]
    pub fn small<const WORDS: usize>(&self) -> Option<SmallBytes<WORDS>> {
        self.0.window.small()
    }

    /// The version counter of the memory, which a tensor shares with its views ([`Storage::version`]): it grows with each write, through
    /// whichever of them. Memory that replaces other ([`Tensor::set_storage`]) brings its own.
    ///
    /// ```
    /// use keyway::Tensor;
    /// let x = Tensor::from_slice(&[1.0, 2.0], &[2])?;
    /// let (view, before) = (x.view_as(x.geometry().clone())?, x.version());
    /// view.storage().write()?.elements::<f64>()?[0] = 3.0;
    /// assert!(x.version() > before);
    /// # Ok::<(), keyway::Error>(())
    /// ```
    #[inline]
    pub fn version(&self) -> u64 {
        self.0.window.made_storage().map_or(0, Storage::version)
    }

    /// How many handles to the tensor there are, this one included. Others may make and drop theirs at any time.
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Whether both are handles to the same tensor.
    pub fn is_same(&self, other: &Tensor) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether both show the same memory: what comparing their storages says, without asking for a storage that was not made yet.
    #[inline]
    pub fn shares_storage(&self, other: &Tensor) -> bool {
        // One that is not made yet belongs to one tensor alone.
        let both = self.0.window.made_storage().zip(other.0.window.made_storage());
        self.is_same(other) || both.is_some_and(|(own, others)| own.is_same(others))
    }

    /// Changes sizes, strides and offset in place, growing the storage where needed: resizing an out tensor, or an
    /// in-place view. The old geometry stays allocated until the tensor goes, since borrows of it may be out.
    ///
    /// # Errors
    /// `Shape` for an impossible geometry; what a foreign backend reports when its memory has to grow.
    pub fn set_geometry(&self, geometry: Geometry) -> Result<()> {
        self.grow(self.storage(), &geometry)?;
        self.0.window.set_geometry(geometry);
        Ok(())
    }

    /// Replaces the memory in place, and says what of it is shown; memory that is too short grows. Views of the tensor keep
    /// the memory they had. The old memory is kept until the tensor goes, since borrows of it may be out.
    ///
    /// # Errors
    /// `Shape` for an impossible geometry; `Runtime` if one memory is on the host and the other is not, or if memory that has
    /// to grow cannot.
    pub fn set_storage(&self, storage: Storage, geometry: Geometry) -> Result<()> {
        if self.storage().is_on_the_host() != storage.is_on_the_host() {
            return Err(Error::new(
                ErrorKind::Runtime,
                format!("the memory is not one that a tensor on {} can have", self.device()),
            ));
        }
        self.grow(&storage, &geometry)?;
        self.0.window.set(Window { geometry, storage });
        Ok(())
    }

    /// Makes a memory long enough for a geometry of this tensor.
    fn grow(&self, storage: &Storage, geometry: &Geometry) -> Result<()> {
        if self.device().backend == crate::Backend::Meta {
            return Ok(());
        }
        let bytes = geometry.storage_len()?.checked_mul(self.dtype().size());
        let bytes = bytes.filter(|&bytes| bytes <= isize::MAX as usize);
        storage.grow(bytes.ok_or_else(|| Error::shape("more bytes than memory can have"))?)
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// `Type` if the dtype is another one; `Runtime` if the data is not on the host, or there is not enough memory for so many
    /// elements, which an expanded tensor has for nothing.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if self.dtype() != T::DTYPE {
            return Err(Error::dtype(format!("the tensor holds {}, not {}", self.dtype(), T::DTYPE)));
        }
        let read = self.storage().read()?;
        let elements = read.elements::<T>()?;
        let geometry = self.geometry();
        let mut out = Vec::new();
        out.try_reserve_exact(geometry.numel()).map_err(|_| {
            let message = format!("there is not enough memory for a copy of {} elements", geometry.numel());
            Error::new(ErrorKind::Runtime, message)
        })?;
        for_each_position(geometry, |position| out.push(elements[position]));
        Ok(out)
    }

    /// The only element of a tensor, as a number.
    ///
    /// # Errors
    /// `Value` unless there is just one element; `Runtime` if the data is not on the host.
    pub fn item(&self) -> Result<Scalar> {
        if self.numel() != 1 {
            return Err(Error::value(format!("a tensor with {} elements is not one number", self.numel())));
        }
        crate::with_element!(self.dtype(), T => Ok(self.to_vec::<T>()?[0].into()))
    }
}

fn for_each_position(geometry: &Geometry, mut visit: impl FnMut(usize)) {
    let (sizes, strides) = (geometry.sizes(), geometry.strides());
    let mut index = vec![0i64; sizes.len()];
    let mut position = geometry.offset();
    for _ in 0..geometry.numel() {
        visit(position as usize);
        for d in (0..sizes.len()).rev() {
            index[d] += 1;
            position += strides[d];
            if index[d] < sizes[d] {
                break;
            }
            position -= index[d] * strides[d];
            index[d] = 0;
        }
    }
}

impl fmt::Debug for Tensor {
    /// Dtype, sizes and device: `float32[2, 3] on cpu`. Never the elements.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?} on {}", self.dtype(), self.sizes(), self.device())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_share_storage_and_are_bounded_by_it() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        let transposed = x.view_as(Geometry::new(&[3, 2], &[1, 3], 0).unwrap()).unwrap();
        assert_eq!(transposed.to_vec::<i64>().unwrap(), [1, 4, 2, 5, 3, 6]);
        assert!(transposed.shares_storage(&x) && !transposed.is_same(&x));
        let outside = x.view_as(Geometry::new(&[3, 3], &[3, 1], 0).unwrap());
        assert_eq!(outside.unwrap_err().kind(), crate::ErrorKind::Shape);
        let beyond_bytes = x.view_as(Geometry::new(&[1 << 61], &[1], 0).unwrap());
        assert_eq!(beyond_bytes.unwrap_err().kind(), crate::ErrorKind::Shape);
    }

    /// KS-43, KS-44.
    #[test]
    fn a_plain_tensor_carries_its_devices_keys() {
        let x = Tensor::zeros(&[2], DType::Float32, Device::CPU).unwrap();
        assert_eq!(x.key_set().to_string(), "{CPU, ADInplaceOrView, AutogradCPU, AutocastCPU}");
        let meta = Tensor::zeros(&[2], DType::Float32, Device::META).unwrap();
        assert_eq!(meta.key_set().to_string(), "{Meta, ADInplaceOrView, AutogradMeta}");
        assert!(meta.to_vec::<f32>().is_err());
    }

    #[test]
    fn a_borrowed_geometry_survives_a_resize() {
        let x = Tensor::zeros(&[2], DType::Float32, Device::CPU).unwrap();
        let before = x.sizes();
        x.set_geometry(Geometry::contiguous(&[3, 4]).unwrap()).unwrap();
        assert_eq!((before, x.sizes()), (&[2][..], &[3, 4][..]));
        assert_eq!(x.to_vec::<f32>().unwrap().len(), 12);
    }

    #[test]
    fn memory_is_replaced_and_borrows_of_the_old_one_stay() {
        let x = Tensor::from_slice(&[1i64, 2, 3], &[3]).unwrap();
        let view = x.view_as(Geometry::contiguous(&[2]).unwrap()).unwrap();
        let old = x.storage();
        let other = Tensor::from_slice(&[7i64, 8], &[2]).unwrap();
        x.set_storage(other.storage().clone(), Geometry::new(&[2, 2], &[0, 1], 0).unwrap()).unwrap();
        assert_eq!(x.to_vec::<i64>().unwrap(), [7, 8, 7, 8]);
        assert!(x.shares_storage(&other) && view.storage().is_same(old));
        assert_eq!(view.to_vec::<i64>().unwrap(), [1, 2]);
        x.set_storage(other.storage().clone(), Geometry::contiguous(&[3]).unwrap()).unwrap();
        assert_eq!((x.to_vec::<i64>().unwrap(), other.to_vec::<i64>().unwrap()), (vec![7, 8, 0], vec![7, 8]));
        let refused = x.set_storage(Storage::absent(), Geometry::contiguous(&[3]).unwrap());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Runtime);
    }

    #[test]
    fn foreign_memory_is_asked_to_grow() {
        #[derive(Debug, Default)]
        struct Foreign(AtomicU64);
        impl crate::OpaqueStorage for Foreign {
            fn as_any(&self) -> &dyn std::any::Any {
                self
            }

            fn grow(&self, bytes: usize) -> Result<()> {
                self.0.fetch_max(bytes as u64, Ordering::Relaxed);
                Ok(())
            }
        }
        let storage = Storage::opaque(Foreign::default());
        let device = Device::of(crate::Backend::CUDA);
        let geometry = Geometry::contiguous(&[2]).unwrap();
        let x = Tensor::from_storage(storage, DType::Float32, device, geometry).unwrap();
        x.set_geometry(Geometry::contiguous(&[3, 4]).unwrap()).unwrap();
        assert_eq!(x.storage().downcast::<Foreign>().unwrap().0.load(Ordering::Relaxed), 48);
    }

    #[test]
    fn impossible_sizes_are_errors() {
        assert!(Tensor::zeros(&[-1], DType::Float32, Device::CPU).is_err());
        assert!(Tensor::zeros(&[i64::MAX, 4], DType::Float32, Device::META).is_err());
        assert!(Tensor::from_slice(&[1u8, 2], &[3]).is_err());
    }
}
