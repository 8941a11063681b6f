/// The overloads of `scale`.
pub mod scale {
    /// ```text
    /// aten::scale(Tensor self, Scalar by) -> Tensor
    /// ```
    pub struct default;

    /// ```text
    /// aten::scale.out(Tensor self, Scalar by, *, Tensor(a!) out) -> Tensor(a!)
    /// ```
    pub struct out;
}

#[doc(hidden)]
pub static OPERATOR_scale: ::keyway::TypedOperator<super::signatures::Tensor_Scalar_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::scale",
    "aten::scale(Tensor self, Scalar by) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl scale::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(&self, self_: &::keyway::Tensor, by: ::keyway::Scalar) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_scale.call((self_, by))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        by: ::keyway::Scalar,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_scale.redispatch(keys, (self_, by))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_scale.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Scalar_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Scalar_to_Tensor>(f)
    }
}

/// Calls the operator. See [`scale::default`].
#[inline]
pub fn scale(
    self_: &::keyway::Tensor,
    by: impl ::std::convert::Into<::keyway::Scalar>,
) -> ::keyway::Result<::keyway::Tensor> {
    scale::default.call(self_, by.into())
}

#[doc(hidden)]
pub static OPERATOR_scale_out: ::keyway::TypedOperator<super::signatures::Tensor_Scalar_Tensor_to_arg2> = ::keyway::TypedOperator::new(
    "aten::scale.out",
    "aten::scale.out(Tensor self, Scalar by, *, Tensor(a!) out) -> Tensor(a!)",
).tagged(&["out", "pt2_compliant_tag"]);

impl scale::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &::keyway::Tensor,
        by: ::keyway::Scalar,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_scale_out.call((self_, by, out)).map(|()| out)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        by: ::keyway::Scalar,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_scale_out.redispatch(keys, (self_, by, out)).map(|()| out)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_scale_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Scalar_Tensor_to_arg2 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Scalar_Tensor_to_arg2>(f)
    }
}

/// Calls the operator. See [`scale::out`].
#[inline]
pub fn scale_out<'a>(
    self_: &::keyway::Tensor,
    by: impl ::std::convert::Into<::keyway::Scalar>,
    out: &'a ::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    scale::out.call(self_, by.into(), out)
}

/// The shape function of `aten::scale.out`.
#[diagnostic::on_unimplemented(
    message = "the structured operator `aten::scale.out` has no shape function",
    label = "its shape function is missing",
    note = "write one with `#[structured(\"aten::scale.out\")]`, in the crate of the operator list",
)]
pub trait Shape_scale_out {
    /// What it returns.
    type Meta: ::keyway::StructuredMeta<Precomputed = ()>;
    /// What the results will be.
    ///
    /// # Errors
    /// What the operator refuses.
    fn meta(a_self_: &::keyway::Tensor, a_by: ::keyway::Scalar) -> ::keyway::Result<Self::Meta>;
}

/// A function that gives a result without a plan, or nothing: then it is planned, made and filled.
pub type Shortcut_scale_out = fn(&::keyway::Tensor, ::keyway::Scalar) -> ::std::option::Option<::keyway::Tensor>;

/// A kernel of `aten::scale.out`.
pub trait Implementation_scale_out<P> {
    /// Whether what it fills may be, element for element, an input.
    const IN_PLACE: bool = false;
    /// What the functional form asks first.
    const SHORTCUT: ::std::option::Option<Shortcut_scale_out> = ::std::option::Option::None;

    /// Fills the out arguments.
    ///
    /// # Errors
    /// What goes wrong.
    fn run(
        a_self_: &::keyway::Tensor,
        a_by: ::keyway::Scalar,
        a_out: &::keyway::Tensor,
    ) -> ::keyway::Result<()>;
    /// Makes a tensor to be filled.
    ///
    /// # Errors
    /// That there is no such memory.
    fn allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor> {
        meta.allocate()
    }
}

impl<P> Implementation_scale_out<P> for ::keyway::WithoutElements {
    const IN_PLACE: bool = true;

    fn run(
        _a_self_: &::keyway::Tensor,
        _a_by: ::keyway::Scalar,
        _a_out: &::keyway::Tensor,
    ) -> ::keyway::Result<()> {
        ::std::result::Result::Ok(())
    }
}

#[doc(hidden)]
pub type Structured_scale_out = scale::out;

impl scale::out {
    /// How many forms there are.
    pub const FORMS: usize = 3;

    /// The kernels of all forms. `#[structured]` and `#[kernel(..., structured)]` call it.
    pub const fn structured<M: Shape_scale_out, I: Implementation_scale_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
        key: ::keyway::AnnouncedKey,
        name: &'static str,
        place: (&'static str, u32),
    ) -> [::keyway::KernelRegistration; Self::FORMS] {
        [
            OPERATOR_scale_out.structured(key, __kw_form_scale_out::<M, I>, name, place),
            OPERATOR_scale.structured(key, __kw_form_scale::<M, I>, name, place),
            OPERATOR_scale_.structured(key, __kw_form_scale_::<M, I>, name, place),
        ]
    }
}

fn __kw_form_scale_out<M: Shape_scale_out, I: Implementation_scale_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_by: ::keyway::Scalar,
    a_out: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    ::keyway::structured::write_out(
        "aten::scale.out",
        M::meta(a_self_, a_by),
        ::keyway::structured::Written {
            targets: &[a_out],
            inputs: &[a_self_],
            copy: ::keyway::structured::cannot_copy,
            allocate: I::allocate,
            in_place: I::IN_PLACE,
        },
        |_, filled| I::run(a_self_, a_by, filled[0]),
    )
}

fn __kw_form_scale<M: Shape_scale_out, I: Implementation_scale_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_by: ::keyway::Scalar,
) -> ::keyway::Result<::keyway::Tensor> {
    if let ::std::option::Option::Some(shortcut) = I::SHORTCUT
        && let ::std::option::Option::Some(made) = shortcut(a_self_, a_by)
    {
        return ::std::result::Result::Ok(made);
    }
    ::keyway::structured::fill_one(
        "aten::scale",
        M::meta(a_self_, a_by),
        I::allocate,
        |_, a_out| I::run(a_self_, a_by, a_out),
    )
}

fn __kw_form_scale_<M: Shape_scale_out, I: Implementation_scale_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_by: ::keyway::Scalar,
) -> ::keyway::Result<()> {
    ::keyway::structured::write_in_place(
        "aten::scale_",
        M::meta(a_self_, a_by),
        ::keyway::structured::Written {
            targets: &[a_self_],
            inputs: &[a_self_],
            copy: ::keyway::structured::cannot_copy,
            allocate: I::allocate,
            in_place: I::IN_PLACE,
        },
        |_, filled| I::run(a_self_, a_by, filled[0]),
    )
}

/// The overloads of `scale_`.
pub mod scale_ {
    /// ```text
    /// aten::scale_(Tensor(a!) self, Scalar by) -> Tensor(a!)
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_scale_: ::keyway::TypedOperator<super::signatures::Tensor_Scalar_to_arg0> = ::keyway::TypedOperator::new(
    "aten::scale_",
    "aten::scale_(Tensor(a!) self, Scalar by) -> Tensor(a!)",
).tagged(&["inplace", "pt2_compliant_tag"]).unselected();

impl scale_::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &'a ::keyway::Tensor,
        by: ::keyway::Scalar,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_scale_.call((self_, by)).map(|()| self_)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &'a ::keyway::Tensor,
        by: ::keyway::Scalar,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_scale_.redispatch(keys, (self_, by)).map(|()| self_)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_scale_.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        _: <super::signatures::Tensor_Scalar_to_arg0 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::unselected()
    }
}

/// Calls the operator. See [`scale_::default`].
#[inline]
pub fn scale_<'a>(
    self_: &'a ::keyway::Tensor,
    by: impl ::std::convert::Into<::keyway::Scalar>,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    scale_::default.call(self_, by.into())
}
