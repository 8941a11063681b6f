//! Tensor subclasses in Rust: tensors whose class handles the operators they are given to (P117 to P125).

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::Result;
use crate::geometry::Geometry;
use crate::interpreter::call::{Answer, Call};
use crate::interpreter::metadata::{MetadataAnswer, MetadataPolicy, MetadataQuery};
use crate::key_set::KeySet;
use crate::mode::{INTERCEPTED, OperatorSet, selective_key};
use crate::storage::Storage;
use crate::tensor::Tensor;

/// A class of tensors that handles operators itself. The value is what one tensor of the class holds.
///
/// While its handler runs nothing is switched off for the class: calling the same operator on the same tensor asks the
/// handler again (P95). Unwrap first.
///
/// ```
/// use keyway::{Answer, Call, Device, DType, Geometry, Result, Tensor, TensorSubclass, WrapperMetadata};
///
/// /// A tensor that remembers a unit.
/// struct Metres(Tensor);
///
/// impl TensorSubclass for Metres {
///     fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
///         call.map_arguments(|tensor| Ok(tensor.subclass::<Metres>().map(|metres| metres.0.clone())))?;
///         call.forward()?;
///         call.map_results(|plain| Ok(Some(Tensor::wrapper(Metres(plain.clone()), WrapperMetadata::like(plain)))))?;
///         Ok(Answer::Done)
///     }
/// }
///
/// let plain = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
/// let metres = Tensor::wrapper(Metres(plain.clone()), WrapperMetadata::like(&plain));
/// assert!(metres.subclass::<Metres>().is_some());
/// assert_eq!(metres.sizes(), [2]);
/// # Ok::<(), keyway::Error>(())
/// ```
pub trait TensorSubclass: Any + Send + Sync {
    /// Handles a call with at least one argument of the class; `self` is the first of them (P94). Arguments are on the call;
    /// results are left there by [`Call::forward`] or [`Call::answer`].
    ///
    /// # Errors
    /// What the caller is to see.
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer>;

    /// The name of the class, for messages.
    fn name(&self) -> &'static str {
        std::any::type_name_of_val(self)
    }

    /// The classes it extends: it is asked before them (P92).
    fn extends(&self) -> &'static [TypeId] {
        &[]
    }

    /// The operators it wants; others pass by its tensors at the cost of one bit test. `None` for all. One answer for all
    /// tensors of a class.
    fn operators(&self) -> Option<&OperatorSet> {
        None
    }

    /// Which questions about its metadata it answers itself. Asked once, when the tensor is made.
    fn metadata_policy(&self) -> MetadataPolicy {
        MetadataPolicy::default()
    }

    /// Answers a question that its policy covers (P126 to P130).
    ///
    /// # Errors
    /// What the caller is to see.
    fn metadata(&self, tensor: &Tensor, query: MetadataQuery) -> Result<MetadataAnswer> {
        let _ = (tensor, query);
        Ok(MetadataAnswer::Declined)
    }

    /// What a copy of this tensor's head over the same memory holds (P132). `None` gives a plain tensor.
    ///
    /// # Errors
    /// What the caller is to see.
    fn detach(&self, tensor: &Tensor) -> Result<Option<Arc<dyn TensorSubclass>>> {
        let _ = tensor;
        Ok(None)
    }
}

/// What a wrapper says about itself, whatever is inside (P122).
#[derive(Clone, Debug)]
pub struct WrapperMetadata {
    /// Sizes, strides and offset.
    pub geometry: Geometry,
    /// The element type.
    pub dtype: DType,
    /// The device it claims to be on.
    pub device: Device,
    /// Memory without contents, unless one is given so that the wrapper shares it with another tensor.
    pub storage: Option<Storage>,
    /// Keys besides those of the device: lazy bits of the inner tensor, for one (P125).
    pub extra_keys: KeySet,
    /// Which questions the class behind a foreign object answers; a class of Rust says so itself.
    pub policy: MetadataPolicy,
}

impl WrapperMetadata {
    /// A row-major tensor of these sizes.
    ///
    /// # Errors
    /// `Shape` for impossible sizes.
    pub fn new(sizes: &[i64], dtype: DType, device: Device) -> Result<WrapperMetadata> {
        let geometry = Geometry::contiguous(sizes)?;
        Ok(WrapperMetadata {
            geometry,
            dtype,
            device,
            storage: None,
            extra_keys: KeySet::EMPTY,
            policy: MetadataPolicy::default(),
        })
    }

    /// What a tensor says about itself; with memory of its own.
    pub fn like(tensor: &Tensor) -> WrapperMetadata {
        WrapperMetadata {
            geometry: tensor.geometry().clone(),
            dtype: tensor.dtype(),
            device: tensor.device(),
            storage: None,
            extra_keys: KeySet::EMPTY,
            policy: MetadataPolicy::default(),
        }
    }

    /// The same over a tensor's memory: results that are views share it with what they are views of (P137).
    #[must_use]
    pub fn sharing(mut self, tensor: &Tensor) -> WrapperMetadata {
        self.storage = Some(tensor.storage().clone());
        self
    }

    /// The same with more keys.
    #[must_use]
    pub fn with_keys(mut self, keys: KeySet) -> WrapperMetadata {
        self.extra_keys |= keys;
        self
    }
}

impl Tensor {
    /// A tensor of a class, without data of its own (P122). It calls no operator, so modes do not see it.
    pub fn wrapper(subclass: impl TensorSubclass, metadata: WrapperMetadata) -> Tensor {
        Tensor::shared_wrapper(Arc::new(subclass), metadata)
    }

    /// [`Tensor::wrapper`] for a value that others hold too.
    pub fn shared_wrapper(subclass: Arc<dyn TensorSubclass>, metadata: WrapperMetadata) -> Tensor {
        let keys = match subclass.operators() {
            Some(_) => selective_key(),
            None => INTERCEPTED,
        };
        let metadata = WrapperMetadata { policy: subclass.metadata_policy(), ..metadata };
        Tensor::assemble_wrapper(Some(subclass), metadata, keys)
    }

    /// A tensor that an interpreter's class handles, without data of its own: the class is that of the object that comes into
    /// its slot. For interpreters.
    pub fn foreign_wrapper(metadata: WrapperMetadata) -> Tensor {
        Tensor::assemble_wrapper(None, metadata, INTERCEPTED)
    }

    /// The value it holds, if it is a tensor of this class.
    pub fn subclass<S: TensorSubclass>(&self) -> Option<&S> {
        let subclass: &dyn Any = &**self.held_subclass()?;
        subclass.downcast_ref()
    }
}
