/// The overloads of `note`.
pub mod note {
    /// ```text
    /// aten::note(Tensor self, Tensor(a!) seen) -> Tensor
    /// ```
    pub struct default;

    /// Derived from `aten::note`.
    ///
    /// ```text
    /// aten::note.out(Tensor self, Tensor(a!) seen, *, Tensor(b!) out) -> Tensor(b!)
    /// ```
    pub struct out;
}

#[doc(hidden)]
pub static OPERATOR_note: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::note",
    "aten::note(Tensor self, Tensor(a!) seen) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl note::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        self_: &::keyway::Tensor,
        seen: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_note.call((self_, seen))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        seen: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_note.redispatch(keys, (self_, seen))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_note.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_to_Tensor>(f)
    }
}

/// Calls the operator. See [`note::default`].
#[inline]
pub fn note(self_: &::keyway::Tensor, seen: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    note::default.call(self_, seen)
}

#[doc(hidden)]
pub static OPERATOR_note_out: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_Tensor_to_arg2> = ::keyway::TypedOperator::new(
    "aten::note.out",
    "aten::note.out(Tensor self, Tensor(a!) seen, *, Tensor(b!) out) -> Tensor(b!)",
).tagged(&["generated", "out", "pt2_compliant_tag"]);

impl note::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &::keyway::Tensor,
        seen: &::keyway::Tensor,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_note_out.call((self_, seen, out)).map(|()| out)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        seen: &::keyway::Tensor,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_note_out.redispatch(keys, (self_, seen, out)).map(|()| out)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_note_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_Tensor_to_arg2 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_Tensor_to_arg2>(f)
    }
}

/// Calls the operator. See [`note::out`].
#[inline]
pub fn note_out<'a>(
    self_: &::keyway::Tensor,
    seen: &::keyway::Tensor,
    out: &'a ::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    note::out.call(self_, seen, out)
}

fn __kw_derived_note_out(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_seen: &::keyway::Tensor,
    a_out: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    let r0 = note::default.call(a_self_, a_seen)?;
    __kw_write(a_out, &r0)?;
    ::std::result::Result::Ok(())
}

/// The overloads of `note_functional`.
pub mod note_functional {
    /// Derived from `aten::note`.
    ///
    /// ```text
    /// aten::note_functional(Tensor self, Tensor seen) -> (Tensor, Tensor seen_out)
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_note_functional: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_to_Tensor_Tensor> = ::keyway::TypedOperator::new(
    "aten::note_functional",
    "aten::note_functional(Tensor self, Tensor seen) -> (Tensor, Tensor seen_out)",
).tagged(&["generated", "pt2_compliant_tag"]);

impl note_functional::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        self_: &::keyway::Tensor,
        seen: &::keyway::Tensor,
    ) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
        OPERATOR_note_functional.call((self_, seen))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        seen: &::keyway::Tensor,
    ) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
        OPERATOR_note_functional.redispatch(keys, (self_, seen))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_note_functional.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_to_Tensor_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_to_Tensor_Tensor>(f)
    }
}

/// Calls the operator. See [`note_functional::default`].
#[inline]
pub fn note_functional(
    self_: &::keyway::Tensor,
    seen: &::keyway::Tensor,
) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
    note_functional::default.call(self_, seen)
}

fn __kw_derived_note_functional(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_seen: &::keyway::Tensor,
) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
    let c_seen = __kw_copy(a_seen)?;
    let r0 = note::default.call(a_self_, &c_seen)?;
    ::std::result::Result::Ok((r0, c_seen))
}

#[doc(hidden)]
static KERNELS_n: [::keyway::KernelRegistration; 2] = [
    OPERATOR_note_out.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_note_out),
    OPERATOR_note_functional.derived(::keyway::AliasKey::CompositeExplicitAutograd, __kw_derived_note_functional),
];

::keyway::__private::inventory::submit! { ::keyway::CollectedKernels(&KERNELS_n) }
