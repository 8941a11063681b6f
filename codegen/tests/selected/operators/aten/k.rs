/// The overloads of `kept`.
pub mod kept {
    /// ```text
    /// aten::kept(Tensor self) -> Tensor
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_kept: ::keyway::TypedOperator<super::signatures::Tensor_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::kept",
    "aten::kept(Tensor self) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl kept::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_kept.call((self_,))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_kept.redispatch(keys, (self_,))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_kept.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_to_Tensor>(f)
    }
}

/// Calls the operator. See [`kept::default`].
#[inline]
pub fn kept(self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    kept::default.call(self_)
}
