//! Quantised tensors: integers that stand for numbers, and what says how.
//!
//! The runtime keeps a tensor's quantizer and gives the tensor its keys; how numbers are made of integers is for kernels.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::opaque::QScheme;
use crate::storage::Storage;
use crate::tensor::Tensor;

/// How the integers of a quantised tensor stand for numbers.
pub trait Quantizer: Any + Send + Sync + fmt::Debug {
    /// The scheme it follows.
    fn scheme(&self) -> QScheme;

    /// For the kernels that know the scheme to downcast.
    fn as_any(&self) -> &dyn Any;
}

impl Tensor {
    /// A quantised tensor: integers in a storage, and how they stand for numbers. Its key is that of quantised tensors of its
    /// device (D283).
    ///
    /// # Errors
    /// `Type` for a dtype that is not quantised; as [`Tensor::from_storage`].
    pub fn quantized(
        storage: Storage,
        dtype: DType,
        device: Device,
        geometry: Geometry,
        quantizer: Arc<dyn Quantizer>,
    ) -> Result<Tensor> {
        match dtype.is_quantized() {
            true => Tensor::with_quantizer(storage, dtype, device, geometry, Some(quantizer)),
            false => Err(Error::dtype(format!("{dtype} is no dtype of quantised tensors"))),
        }
    }

    /// The integers of a quantised tensor, as a tensor over the same memory. Any other tensor is its own.
    ///
    /// # Errors
    /// As [`Tensor::from_storage`].
    pub fn integers(&self) -> Result<Tensor> {
        match self.dtype().is_quantized() {
            true => {
                let (storage, dtype) = (self.storage().clone(), self.dtype().underlying());
                Tensor::from_storage(storage, dtype, self.device(), self.geometry().clone())
            }
            false => Ok(self.clone()),
        }
    }
}

#[cold]
pub(crate) fn needs_a_quantizer(dtype: DType) -> Error {
    Error::dtype(format!("a tensor of {dtype} needs a quantizer; make it with `Tensor::quantized`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DispatchKey, KeySet};

    #[derive(Debug)]
    struct Halves;

    impl Quantizer for Halves {
        fn scheme(&self) -> QScheme {
            QScheme::PerTensorSymmetric
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    #[test]
    fn a_quantised_tensor_has_keys_of_its_own_and_views_keep_its_quantizer() {
        let geometry = Geometry::contiguous(&[2]).unwrap();
        let storage = || Storage::from_slice(&[1i8, -2]);
        let make =
            |dtype| Tensor::quantized(storage(), dtype, Device::CPU, geometry.clone(), Arc::new(Halves));
        let x = make(DType::QInt8).unwrap();
        assert!(x.key_set().contains(DispatchKey::QuantizedCPU) && !x.key_set().contains(DispatchKey::CPU));
        let view = x.view_as(Geometry::contiguous(&[1]).unwrap()).unwrap();
        assert_eq!(view.quantizer().unwrap().scheme(), QScheme::PerTensorSymmetric);
        let integers = x.integers().unwrap();
        assert_eq!(integers.to_vec::<i8>().unwrap(), [1, -2]);
        assert!(integers.key_set().contains(DispatchKey::CPU) && integers.shares_storage(&x));
        assert!(make(DType::Int8).is_err());
        assert!(
            Tensor::zeros(&[2], DType::QInt8, Device::CPU).unwrap_err().to_string().contains("quantizer")
        );
        assert_ne!(x.key_set(), KeySet::EMPTY);
    }
}
