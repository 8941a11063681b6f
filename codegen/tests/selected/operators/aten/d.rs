/// The overloads of `dropped`.
pub mod dropped {
    /// ```text
    /// aten::dropped(Tensor self) -> Tensor
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_dropped: ::keyway::TypedOperator<super::signatures::Tensor_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::dropped",
    "aten::dropped(Tensor self) -> Tensor",
).tagged(&["pt2_compliant_tag"]).unselected();

impl dropped::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_dropped.call((self_,))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_dropped.redispatch(keys, (self_,))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_dropped.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        _: <super::signatures::Tensor_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::unselected()
    }
}

/// Calls the operator. See [`dropped::default`].
#[inline]
pub fn dropped(self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    dropped::default.call(self_)
}
