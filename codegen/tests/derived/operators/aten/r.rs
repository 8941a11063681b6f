/// The overloads of `resize_`.
pub mod resize_ {
    /// ```text
    /// aten::resize_(Tensor(a!) self, SymInt[] size) -> Tensor(a!)
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_resize_: ::keyway::TypedOperator<super::signatures::Tensor_ints_to_arg0> = ::keyway::TypedOperator::new(
    "aten::resize_",
    "aten::resize_(Tensor(a!) self, SymInt[] size) -> Tensor(a!)",
).tagged(&["inplace_view", "inplace", "pt2_compliant_tag"]);

impl resize_::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &'a ::keyway::Tensor,
        size: &[i64],
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_resize_.call((self_, size)).map(|()| self_)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &'a ::keyway::Tensor,
        size: &[i64],
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_resize_.redispatch(keys, (self_, size)).map(|()| self_)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_resize_.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_ints_to_arg0 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_ints_to_arg0>(f)
    }
}

/// Calls the operator. See [`resize_::default`].
#[inline]
pub fn resize_<'a>(self_: &'a ::keyway::Tensor, size: &[i64]) -> ::keyway::Result<&'a ::keyway::Tensor> {
    resize_::default.call(self_, size)
}
