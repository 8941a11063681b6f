/// The sum.
///
/// ```text
/// aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
/// ```
pub struct Tensor;

#[doc(hidden)]
pub static OPERATOR_add_Tensor: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_Scalar_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::add.Tensor",
    "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl add::Tensor {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
        alpha: ::keyway::Scalar,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_add_Tensor.call((self_, other, alpha))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
        alpha: ::keyway::Scalar,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_add_Tensor.redispatch(keys, (self_, other, alpha))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_add_Tensor.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_Scalar_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_Scalar_to_Tensor>(f)
    }
}

/// The sum. See [`add::Tensor`].
/// Arguments with defaults take them; `add::Tensor.call` takes all.
#[inline]
pub fn add(self_: &::keyway::Tensor, other: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    add::Tensor.call(self_, other, ::keyway::Scalar::Int(1))
}
