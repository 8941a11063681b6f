/// The overloads of `pair`.
pub mod pair {
    /// ```text
    /// aten::pair(Tensor self) -> (Tensor, Tensor)
    /// ```
    pub struct default;

    /// Derived from `aten::pair`.
    ///
    /// ```text
    /// aten::pair.out(Tensor self, *, Tensor(a!) out0, Tensor(b!) out1) -> (Tensor(a!), Tensor(b!))
    /// ```
    pub struct out;
}

#[doc(hidden)]
pub static OPERATOR_pair: ::keyway::TypedOperator<super::signatures::Tensor_to_Tensor_Tensor> = ::keyway::TypedOperator::new(
    "aten::pair",
    "aten::pair(Tensor self) -> (Tensor, Tensor)",
).tagged(&["pt2_compliant_tag"]);

impl pair::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &::keyway::Tensor) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
        OPERATOR_pair.call((self_,))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
    ) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
        OPERATOR_pair.redispatch(keys, (self_,))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_pair.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_to_Tensor_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_to_Tensor_Tensor>(f)
    }
}

/// Calls the operator. See [`pair::default`].
#[inline]
pub fn pair(self_: &::keyway::Tensor) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
    pair::default.call(self_)
}

#[doc(hidden)]
pub static OPERATOR_pair_out: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_Tensor_to_arg1_arg2> = ::keyway::TypedOperator::new(
    "aten::pair.out",
    "aten::pair.out(Tensor self, *, Tensor(a!) out0, Tensor(b!) out1) -> (Tensor(a!), Tensor(b!))",
).tagged(&["generated", "out", "pt2_compliant_tag"]);

impl pair::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &::keyway::Tensor,
        out0: &'a ::keyway::Tensor,
        out1: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<(&'a ::keyway::Tensor, &'a ::keyway::Tensor)> {
        OPERATOR_pair_out.call((self_, out0, out1)).map(|()| (out0, out1))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        out0: &'a ::keyway::Tensor,
        out1: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<(&'a ::keyway::Tensor, &'a ::keyway::Tensor)> {
        OPERATOR_pair_out.redispatch(keys, (self_, out0, out1)).map(|()| (out0, out1))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_pair_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_Tensor_to_arg1_arg2 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_Tensor_to_arg1_arg2>(f)
    }
}

/// Calls the operator. See [`pair::out`].
#[inline]
pub fn pair_out<'a>(
    self_: &::keyway::Tensor,
    out0: &'a ::keyway::Tensor,
    out1: &'a ::keyway::Tensor,
) -> ::keyway::Result<(&'a ::keyway::Tensor, &'a ::keyway::Tensor)> {
    pair::out.call(self_, out0, out1)
}

fn __kw_derived_pair_out(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_out0: &::keyway::Tensor,
    a_out1: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    let (r0, r1) = pair::default.call(a_self_)?;
    __kw_write(a_out0, &r0)?;
    __kw_write(a_out1, &r1)?;
    ::std::result::Result::Ok(())
}

#[doc(hidden)]
static KERNELS_p: [::keyway::KernelRegistration; 1] = [
    OPERATOR_pair_out.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_pair_out),
];

::keyway::__private::inventory::submit! { ::keyway::CollectedKernels(&KERNELS_p) }
