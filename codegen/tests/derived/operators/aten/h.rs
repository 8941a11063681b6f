/// The overloads of `half`.
pub mod half {
    /// Derived from `aten::half_`.
    ///
    /// ```text
    /// aten::half.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)
    /// ```
    pub struct out;

    /// Derived from `aten::half_`.
    ///
    /// ```text
    /// aten::half(Tensor self) -> Tensor
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_half_out: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_to_arg1> = ::keyway::TypedOperator::new(
    "aten::half.out",
    "aten::half.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)",
).tagged(&["generated", "out", "pt2_compliant_tag"]);

impl half::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &::keyway::Tensor,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_half_out.call((self_, out)).map(|()| out)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_half_out.redispatch(keys, (self_, out)).map(|()| out)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_half_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_to_arg1 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_to_arg1>(f)
    }
}

/// Calls the operator. See [`half::out`].
#[inline]
pub fn half_out<'a>(
    self_: &::keyway::Tensor,
    out: &'a ::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    half::out.call(self_, out)
}

fn __kw_derived_half_out(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_out: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    let r0 = half::default.call(a_self_)?;
    __kw_write(a_out, &r0)?;
    ::std::result::Result::Ok(())
}

#[doc(hidden)]
pub static OPERATOR_half: ::keyway::TypedOperator<super::signatures::Tensor_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::half",
    "aten::half(Tensor self) -> Tensor",
).tagged(&["generated", "pt2_compliant_tag"]);

impl half::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_half.call((self_,))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_half.redispatch(keys, (self_,))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_half.operator()
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

/// Calls the operator. See [`half::default`].
#[inline]
pub fn half(self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    half::default.call(self_)
}

fn __kw_derived_half(_: ::keyway::KeySet, a_self_: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    let c_self_ = __kw_copy(a_self_)?;
    half_::default.call(&c_self_)?;
    ::std::result::Result::Ok(c_self_)
}

/// The overloads of `half_`.
pub mod half_ {
    /// ```text
    /// aten::half_(Tensor(a!) self) -> Tensor(a!)
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_half_: ::keyway::TypedOperator<super::signatures::Tensor_to_arg0> = ::keyway::TypedOperator::new(
    "aten::half_",
    "aten::half_(Tensor(a!) self) -> Tensor(a!)",
).tagged(&["inplace", "pt2_compliant_tag"]);

impl half_::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(&self, self_: &'a ::keyway::Tensor) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_half_.call((self_,)).map(|()| self_)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_half_.redispatch(keys, (self_,)).map(|()| self_)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_half_.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_to_arg0 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_to_arg0>(f)
    }
}

/// Calls the operator. See [`half_::default`].
#[inline]
pub fn half_<'a>(self_: &'a ::keyway::Tensor) -> ::keyway::Result<&'a ::keyway::Tensor> {
    half_::default.call(self_)
}

#[doc(hidden)]
static KERNELS_h: [::keyway::KernelRegistration; 2] = [
    OPERATOR_half_out.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_half_out),
    OPERATOR_half.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_half),
];

::keyway::__private::inventory::submit! { ::keyway::CollectedKernels(&KERNELS_h) }
