/// The overloads of `copy_`.
pub mod copy_ {
    /// ```text
    /// aten::copy_(Tensor(a!) self, Tensor src) -> Tensor(a!)
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_copy_: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_to_arg0> = ::keyway::TypedOperator::new(
    "aten::copy_",
    "aten::copy_(Tensor(a!) self, Tensor src) -> Tensor(a!)",
).tagged(&["inplace", "pt2_compliant_tag"]);

impl copy_::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &'a ::keyway::Tensor,
        src: &::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_copy_.call((self_, src)).map(|()| self_)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &'a ::keyway::Tensor,
        src: &::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_copy_.redispatch(keys, (self_, src)).map(|()| self_)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_copy_.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_to_arg0 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_to_arg0>(f)
    }
}

/// Calls the operator. See [`copy_::default`].
#[inline]
pub fn copy_<'a>(
    self_: &'a ::keyway::Tensor,
    src: &::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    copy_::default.call(self_, src)
}
