//! How tensors are made: over a storage, of zeros, of elements, and as wrappers; and the key set a fresh one has.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::{Head, Tensor};
use crate::device::Device;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::in_place;
use crate::interpreter::{MetadataPolicy, ObjectSlot, TensorSubclass, WrapperMetadata};
use crate::key::{DispatchKey, Functionality};
use crate::key_set::KeySet;
use crate::quantizer::{Quantizer, needs_a_quantizer};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::window::{FirstMemory, PublishedWindow};

impl Tensor {
    /// A tensor over a storage, with the key set its device gives (D75).
    ///
    /// # Errors
    /// `Shape` if the memory is shorter than the geometry needs, foreign memory too if it says its length
    /// ([`crate::OpaqueStorage::byte_len`]); `Runtime` for a tensor on the CPU whose memory is not on the host.
    pub fn from_storage(
        storage: Storage,
        dtype: DType,
        device: Device,
        geometry: Geometry,
    ) -> Result<Tensor> {
        Tensor::with_quantizer(storage, dtype, device, geometry, None)
    }

    /// As [`Tensor::from_storage`], with a quantizer just for quantised dtypes.
    pub(crate) fn with_quantizer(
        storage: Storage,
        dtype: DType,
        device: Device,
        geometry: Geometry,
        quantizer: Option<Arc<dyn Quantizer>>,
    ) -> Result<Tensor> {
        if dtype.is_quantized() && quantizer.is_none() {
            return Err(needs_a_quantizer(dtype));
        }
        if device.backend == crate::Backend::CPU {
            storage.expect_on_the_host()?;
        }
        let held = storage.byte_len();
        if let Some(held) = held {
            // Saturated where it does not fit: no storage has so much.
            let needed = geometry.storage_len()?.saturating_mul(dtype.size());
            if held < needed {
                return Err(Error::shape(format!(
                    "sizes {:?} and strides {:?} at offset {} need {needed} bytes, the storage has {held}",
                    geometry.sizes(),
                    geometry.strides(),
                    geometry.offset()
                )));
            }
        }
        Ok(Tensor::assemble(storage.into(), dtype, device, geometry, quantizer, false))
    }

    #[inline(always)]
    fn assemble(
        memory: FirstMemory,
        dtype: DType,
        device: Device,
        geometry: Geometry,
        quantizer: Option<Arc<dyn Quantizer>>,
        wrapped_number: bool,
    ) -> Tensor {
        let keys = key_set_of(device, dtype);
        Tensor(in_place::arc(|| Head {
            functionalities: AtomicU64::new(keys.functionalities),
            backends: AtomicU64::new(keys.backends),
            window: PublishedWindow::new(geometry, memory),
            dtype,
            device,
            wrapped_number,
            quantizer,
            subclass: None,
            policy: MetadataPolicy::default(),
            object: ObjectSlot::new(),
        }))
    }

    /// A tensor of a class, with the interception keys given.
    pub(crate) fn assemble_wrapper(
        subclass: Option<Arc<dyn TensorSubclass>>,
        metadata: WrapperMetadata,
        keys: KeySet,
    ) -> Tensor {
        let keys = key_set_of(metadata.device, metadata.dtype) | metadata.extra_keys | keys;
        let memory = metadata.storage.map_or_else(FirstMemory::absent, FirstMemory::from);
        Tensor(Arc::new(Head {
            functionalities: AtomicU64::new(keys.functionalities),
            backends: AtomicU64::new(keys.backends),
            window: PublishedWindow::new(metadata.geometry, memory),
            dtype: metadata.dtype,
            device: metadata.device,
            wrapped_number: false,
            quantizer: None,
            subclass,
            policy: metadata.policy,
            object: ObjectSlot::new(),
        }))
    }

    /// The same tensor over other memory: for a result that nobody else holds yet.
    pub(crate) fn over(&self, storage: Storage) -> Tensor {
        let metadata =
            WrapperMetadata { policy: self.0.policy, storage: Some(storage), ..WrapperMetadata::like(self) };
        let tensor = Tensor::assemble_wrapper(self.0.subclass.clone(), metadata, KeySet::EMPTY);
        tensor.set_key_set(self.key_set());
        tensor
    }

    /// A tensor of zeros in row-major order, on the host or on `Meta`.
    ///
    /// # Errors
    /// `Shape` for impossible sizes; `NotImplemented` for a device whose memory only its own backend can make.
    pub fn zeros(sizes: &[i64], dtype: DType, device: Device) -> Result<Tensor> {
        Tensor::zeros_strided(Geometry::contiguous(sizes)?, dtype, device)
    }

    /// A tensor of zeros with a given geometry, over a storage just long enough.
    ///
    /// # Errors
    /// As [`Tensor::zeros`].
    pub fn zeros_strided(geometry: Geometry, dtype: DType, device: Device) -> Result<Tensor> {
        Tensor::made(geometry, dtype, device, Storage::zeroed)
    }

    /// As [`Tensor::zeros_strided`], but on the host the elements are whatever they are (those of `bool`, for which not every
    /// byte will do, are `false`): for a result that a kernel fills.
    ///
    /// # Errors
    /// As [`Tensor::zeros`].
    pub fn unfilled_strided(geometry: Geometry, dtype: DType, device: Device) -> Result<Tensor> {
        Tensor::made(
            geometry,
            dtype,
            device,
            if dtype == DType::Bool { Storage::zeroed } else { Storage::unfilled },
        )
    }

    #[inline]
    fn made(
        geometry: Geometry,
        dtype: DType,
        device: Device,
        memory: fn(usize) -> Storage,
    ) -> Result<Tensor> {
        let bytes = geometry.storage_len()?.checked_mul(dtype.size()).filter(|&b| b <= isize::MAX as usize);
        let bytes = bytes.ok_or_else(|| Error::shape("more bytes than memory can have"))?;
        let memory = if device.backend == crate::Backend::CPU {
            memory(bytes).into()
        } else if device.backend == crate::Backend::Meta {
            FirstMemory::absent()
        } else {
            return Err(Error::not_implemented(format!(
                "memory on {device} is made by that backend's own kernels"
            )));
        };
        if dtype.is_quantized() {
            return Err(needs_a_quantizer(dtype));
        }
        Ok(Tensor::assemble(memory, dtype, device, geometry, None, false))
    }

    /// A host tensor with a copy of elements in row-major order.
    ///
    /// # Errors
    /// `Shape` if the number of elements is not that of the sizes.
    ///
    /// ```
    /// use keyway::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// assert_eq!(x.sizes(), [2, 2]);
    /// # Ok::<(), keyway::Error>(())
    /// ```
    pub fn from_slice<T: Element>(elements: &[T], sizes: &[i64]) -> Result<Tensor> {
        Tensor::from_elements(elements, &Geometry::contiguous(sizes)?)
    }

    /// A host tensor with a copy of elements that lie as a geometry says. Few of them are held by the tensor itself until its
    /// memory is asked for.
    ///
    /// # Errors
    /// `Shape` if the number of elements is not that of the geometry, or its memory needs more.
    #[inline]
    pub fn from_elements<T: Element>(elements: &[T], geometry: &Geometry) -> Result<Tensor> {
        if geometry.numel() != elements.len() || geometry.storage_len()? != elements.len() {
            return Err(Error::shape(format!(
                "{} elements do not fill sizes {:?} with strides {:?}",
                elements.len(),
                geometry.sizes(),
                geometry.strides()
            )));
        }
        Ok(Tensor::assemble(FirstMemory::of(elements), T::DTYPE, Device::CPU, geometry.clone(), None, false))
    }

    /// A copy of a host tensor of at most 16 bytes, all of its memory, that lie row by row; `None` for any other, and for plain
    /// numbers and quantised tensors.
    ///
    /// ```
    /// use keyway::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
    /// let copy = x.small_copy().expect("it is small");
    /// assert!(!copy.shares_storage(&x));
    /// assert!(Tensor::from_slice(&[0.0f32; 5], &[5])?.small_copy().is_none());
    /// # Ok::<(), keyway::Error>(())
    /// ```
    #[inline]
    pub fn small_copy(&self) -> Option<Tensor> {
        let (geometry, dtype) = (self.geometry(), self.dtype());
        let elements = self.small()?;
        // An expanded tensor may have more elements than there are bytes to count.
        let bytes = geometry.numel().checked_mul(dtype.size());
        let is_all = bytes == Some(elements.bytes().len()) && geometry.offset() == 0;
        let is_plain = self.device() == Device::CPU && !self.is_wrapped_number() && !dtype.is_quantized();
        if !is_all || !geometry.is_row_major() || !is_plain {
            return None;
        }
        let memory = FirstMemory::held(elements);
        Some(Tensor::assemble(memory, dtype, Device::CPU, geometry.clone(), None, false))
    }

    /// A plain number as a tensor without dimensions, which ranks below tensors in type promotion.
    ///
    /// # Errors
    /// None today: a number always has a dtype.
    pub fn wrapped_number(value: Scalar) -> Result<Tensor> {
        let memory = match value {
            Scalar::Int(v) => FirstMemory::of(&[v]),
            Scalar::Bool(v) => FirstMemory::of(&[v]),
            Scalar::Float(v) => FirstMemory::of(&[v]),
            Scalar::Complex(re, im) => FirstMemory::of(&[num_complex::Complex::new(re, im)]),
        };
        let geometry = Geometry::contiguous(&[])?;
        Ok(Tensor::assemble(memory, value.dtype(), Device::CPU, geometry, None, true))
    }
}

/// D75: a dense tensor carries its backend's key, `ADInplaceOrView`, its autograd key and its autocast key.
fn key_set_of(device: Device, dtype: DType) -> KeySet {
    let elements = if dtype.is_quantized() { Functionality::Quantized } else { Functionality::Dense };
    let keys = KeySet::of_backend(device.backend)
        | KeySet::of_block(elements)
        | KeySet::of_block(Functionality::AutogradFunctionality);
    let autocast = match device.backend {
        crate::Backend::CPU => DispatchKey::AutocastCPU,
        crate::Backend::CUDA => DispatchKey::AutocastCUDA,
        crate::Backend::MTIA => DispatchKey::AutocastMTIA,
        crate::Backend::MAIA => DispatchKey::AutocastMAIA,
        crate::Backend::XPU => DispatchKey::AutocastXPU,
        crate::Backend::IPU => DispatchKey::AutocastIPU,
        crate::Backend::HPU => DispatchKey::AutocastHPU,
        crate::Backend::XLA => DispatchKey::AutocastXLA,
        crate::Backend::MPS => DispatchKey::AutocastMPS,
        crate::Backend::PrivateUse1 => DispatchKey::AutocastPrivateUse1,
        added if crate::added_keys::is_added_backend(added) => {
            DispatchKey::of(Functionality::AutocastFunctionality, added)
        }
        _ => DispatchKey::Undefined,
    };
    keys.with(DispatchKey::ADInplaceOrView).with(autocast)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(x: &Tensor) -> Option<Vec<f32>> {
        x.small::<2>().map(|small| small.elements::<f32>().unwrap().to_vec())
    }

    #[test]
    fn few_elements_move_to_a_storage_when_it_is_asked_for() {
        let x = Tensor::from_slice(&[1.0f32, 2.0], &[2]).unwrap();
        assert_eq!((held(&x), x.version()), (Some(vec![1.0, 2.0]), 0));
        let view = x.view_as(Geometry::new(&[1], &[1], 1).unwrap()).unwrap();
        view.storage().write().unwrap().elements::<f32>().unwrap()[1] = 5.0;
        assert_eq!((x.to_vec::<f32>().unwrap(), held(&x)), (vec![1.0, 5.0], Some(vec![1.0, 5.0])));
        assert!(x.version() == 1 && view.shares_storage(&x));
    }

    #[test]
    fn threads_that_ask_for_the_memory_at_once_get_the_same() {
        for _ in 0..200 {
            let x = Tensor::from_slice(&[0i64, 0], &[2]).unwrap();
            std::thread::scope(|scope| {
                for k in 0..2 {
                    let x = &x;
                    scope.spawn(move || x.storage().write().unwrap().elements::<i64>().unwrap()[k] = 7);
                }
            });
            assert_eq!(x.to_vec::<i64>().unwrap(), [7, 7]);
        }
    }

    #[test]
    fn without_memory_there_are_no_elements_and_one_storage_to_tell_tensors_apart() {
        let meta = crate::Device { backend: crate::Backend::Meta, ..Device::CPU };
        let (x, y) = (
            Tensor::zeros(&[0], DType::Float32, meta).unwrap(),
            Tensor::zeros(&[0], DType::Float32, meta).unwrap(),
        );
        assert!(x.small::<2>().is_none() && x.small_copy().is_none());
        assert!(x.storage().is_same(x.view_as(x.geometry().clone()).unwrap().storage()));
        assert!(!x.shares_storage(&y) && x.small::<2>().is_none());
    }

    #[test]
    fn small_copies_have_all_elements_in_memory_of_their_own() {
        for dtype in [DType::Float32, DType::Bool, DType::Complex128] {
            let x = Tensor::zeros(&[1, 1], dtype, Device::CPU).unwrap();
            let copy = x.small_copy().unwrap();
            assert_eq!((copy.dtype(), copy.geometry()), (dtype, x.geometry()));
            assert!(!copy.shares_storage(&x));
        }
        let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        assert_eq!(x.small_copy().unwrap().to_vec::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0]);
        let part = x.view_as(Geometry::new(&[2], &[1], 0).unwrap()).unwrap();
        let turned = x.view_as(Geometry::new(&[2, 2], &[1, 2], 0).unwrap()).unwrap();
        let number = Tensor::wrapped_number(Scalar::Int(1)).unwrap();
        let endless = x.view_as(Geometry::new(&[1 << 62], &[0], 0).unwrap()).unwrap();
        assert!([part, turned, number, endless].iter().all(|x| x.small_copy().is_none()));
    }

    #[test]
    fn more_elements_and_resized_tensors_are_held_by_a_storage() {
        let many = Tensor::from_slice(&[1.0f32; 5], &[5]).unwrap();
        assert!(held(&many).is_none() && many.small::<8>().is_some());
        let grown = Tensor::from_slice(&[3.0f32], &[1]).unwrap();
        grown.set_geometry(Geometry::contiguous(&[2]).unwrap()).unwrap();
        assert_eq!((held(&grown), grown.to_vec::<f32>().unwrap()), (Some(vec![3.0, 0.0]), vec![3.0, 0.0]));
    }

    #[test]
    fn elements_fill_their_geometry() {
        let transposed = Geometry::new(&[2, 2], &[1, 2], 0).unwrap();
        let x = Tensor::from_elements(&[1u8, 2, 3, 4], &transposed).unwrap();
        assert_eq!(x.to_vec::<u8>().unwrap(), [1, 3, 2, 4]);
        for (sizes, strides, offset) in [(&[4][..], &[2][..], 0), (&[4], &[1], 1), (&[3], &[1], 0)] {
            let geometry = Geometry::new(sizes, strides, offset).unwrap();
            assert!(Tensor::from_elements(&[1u8, 2, 3, 4], &geometry).is_err());
        }
    }
}
