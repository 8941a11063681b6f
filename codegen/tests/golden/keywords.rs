/// ```text
/// aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor
/// ```
pub struct self_;

#[doc(hidden)]
pub static OPERATOR_where_self: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_Tensor_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::where.self",
    "aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl r#where::self_ {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        condition: &::keyway::Tensor,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_where_self.call((condition, self_, other))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        condition: &::keyway::Tensor,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_where_self.redispatch(keys, (condition, self_, other))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_where_self.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_Tensor_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_Tensor_to_Tensor>(f)
    }
}

/// Calls the operator. See [`where::self_`].
#[inline]
pub fn r#where(
    condition: &::keyway::Tensor,
    self_: &::keyway::Tensor,
    other: &::keyway::Tensor,
) -> ::keyway::Result<::keyway::Tensor> {
    r#where::self_.call(condition, self_, other)
}
