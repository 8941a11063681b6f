/// The operators of `aten` that are methods of tensors.
pub trait TensorMethods {
    /// The tensor itself.
    fn as_tensor(&self) -> &::keyway::Tensor;

    /// The sum. See [`add::Tensor`].
    /// Arguments with defaults take them; `add_with` takes all.
    #[inline]
    fn add(&self, other: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
        add::Tensor.call(self.as_tensor(), other, ::keyway::Scalar::Int(1))
    }

    /// `add` with all arguments given.
    #[inline]
    fn add_with(
        &self,
        other: &::keyway::Tensor,
        alpha: impl ::std::convert::Into<::keyway::Scalar>,
    ) -> ::keyway::Result<::keyway::Tensor> {
        add::Tensor.call(self.as_tensor(), other, alpha.into())
    }

    /// Calls the operator. See [`add_::Tensor`].
    /// Arguments with defaults take them; `add__with` takes all.
    #[inline]
    fn add_<'a>(&'a self, other: &::keyway::Tensor) -> ::keyway::Result<&'a ::keyway::Tensor> {
        add_::Tensor.call(self.as_tensor(), other, ::keyway::Scalar::Int(1))
    }

    /// `add_` with all arguments given.
    #[inline]
    fn add__with<'a>(
        &'a self,
        other: &::keyway::Tensor,
        alpha: impl ::std::convert::Into<::keyway::Scalar>,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        add_::Tensor.call(self.as_tensor(), other, alpha.into())
    }

    /// Calls the operator. See [`where::self_`].
    #[inline]
    fn r#where(
        &self,
        condition: &::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        r#where::self_.call(condition, self.as_tensor(), other)
    }
}

impl TensorMethods for ::keyway::Tensor {
    #[inline]
    fn as_tensor(&self) -> &::keyway::Tensor {
        self
    }
}
