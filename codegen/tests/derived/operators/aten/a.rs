/// The overloads of `all`.
pub mod all {
    /// Derived from `aten::all_`.
    ///
    /// ```text
    /// aten::all.out(Tensor[] self, *, Tensor(a!)[] out) -> ()
    /// ```
    pub struct out;

    /// Derived from `aten::all_`.
    ///
    /// ```text
    /// aten::all(Tensor[] self) -> Tensor[] self_out
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_all_out: ::keyway::TypedOperator<super::signatures::Tensors_Tensors_to> = ::keyway::TypedOperator::new(
    "aten::all.out",
    "aten::all.out(Tensor[] self, *, Tensor(a!)[] out) -> ()",
).tagged(&["generated", "out", "pt2_compliant_tag"]);

impl all::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &[::keyway::Tensor], out: &[::keyway::Tensor]) -> ::keyway::Result<()> {
        OPERATOR_all_out.call((self_, out))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &[::keyway::Tensor],
        out: &[::keyway::Tensor],
    ) -> ::keyway::Result<()> {
        OPERATOR_all_out.redispatch(keys, (self_, out))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_all_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensors_Tensors_to as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensors_Tensors_to>(f)
    }
}

/// Calls the operator. See [`all::out`].
#[inline]
pub fn all_out(self_: &[::keyway::Tensor], out: &[::keyway::Tensor]) -> ::keyway::Result<()> {
    all::out.call(self_, out)
}

fn __kw_derived_all_out(
    _: ::keyway::KeySet,
    a_self_: &[::keyway::Tensor],
    a_out: &[::keyway::Tensor],
) -> ::keyway::Result<()> {
    let r0 = all::default.call(a_self_)?;
    __kw_write_all(a_out, &r0)?;
    ::std::result::Result::Ok(())
}

#[doc(hidden)]
pub static OPERATOR_all: ::keyway::TypedOperator<super::signatures::Tensors_to_Tensors> = ::keyway::TypedOperator::new(
    "aten::all",
    "aten::all(Tensor[] self) -> Tensor[] self_out",
).tagged(&["generated", "pt2_compliant_tag"]);

impl all::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &[::keyway::Tensor]) -> ::keyway::Result<::std::vec::Vec<::keyway::Tensor>> {
        OPERATOR_all.call((self_,))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &[::keyway::Tensor],
    ) -> ::keyway::Result<::std::vec::Vec<::keyway::Tensor>> {
        OPERATOR_all.redispatch(keys, (self_,))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_all.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensors_to_Tensors as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensors_to_Tensors>(f)
    }
}

/// Calls the operator. See [`all::default`].
#[inline]
pub fn all(self_: &[::keyway::Tensor]) -> ::keyway::Result<::std::vec::Vec<::keyway::Tensor>> {
    all::default.call(self_)
}

fn __kw_derived_all(
    _: ::keyway::KeySet,
    a_self_: &[::keyway::Tensor],
) -> ::keyway::Result<::std::vec::Vec<::keyway::Tensor>> {
    let c_self_ = a_self_.iter().map(__kw_copy).collect::<::keyway::Result<::std::vec::Vec<_>>>()?;
    all_::default.call(&c_self_)?;
    ::std::result::Result::Ok(c_self_)
}

/// The overloads of `all_`.
pub mod all_ {
    /// ```text
    /// aten::all_(Tensor(a!)[] self) -> ()
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_all_: ::keyway::TypedOperator<super::signatures::Tensors_to> = ::keyway::TypedOperator::new(
    "aten::all_",
    "aten::all_(Tensor(a!)[] self) -> ()",
).tagged(&["inplace", "pt2_compliant_tag"]);

impl all_::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &[::keyway::Tensor]) -> ::keyway::Result<()> {
        OPERATOR_all_.call((self_,))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(&self, keys: ::keyway::KeySet, self_: &[::keyway::Tensor]) -> ::keyway::Result<()> {
        OPERATOR_all_.redispatch(keys, (self_,))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_all_.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensors_to as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensors_to>(f)
    }
}

/// Calls the operator. See [`all_::default`].
#[inline]
pub fn all_(self_: &[::keyway::Tensor]) -> ::keyway::Result<()> {
    all_::default.call(self_)
}

#[doc(hidden)]
static KERNELS_a: [::keyway::KernelRegistration; 2] = [
    OPERATOR_all_out.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_all_out),
    OPERATOR_all.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_all),
];

::keyway::__private::inventory::submit! { ::keyway::CollectedKernels(&KERNELS_a) }
