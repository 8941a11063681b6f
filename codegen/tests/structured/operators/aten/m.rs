/// The overloads of `mix`.
pub mod mix {
    /// ```text
    /// aten::mix(Tensor self, Tensor other) -> Tensor
    /// ```
    pub struct default;

    /// ```text
    /// aten::mix.out(Tensor self, Tensor other, *, Tensor(a!) out) -> Tensor(a!)
    /// ```
    pub struct out;
}

#[doc(hidden)]
pub static OPERATOR_mix: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::mix",
    "aten::mix(Tensor self, Tensor other) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl mix::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_mix.call((self_, other))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_mix.redispatch(keys, (self_, other))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_mix.operator()
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

/// Calls the operator. See [`mix::default`].
#[inline]
pub fn mix(self_: &::keyway::Tensor, other: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    mix::default.call(self_, other)
}

#[doc(hidden)]
pub static OPERATOR_mix_out: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_Tensor_to_arg2> = ::keyway::TypedOperator::new(
    "aten::mix.out",
    "aten::mix.out(Tensor self, Tensor other, *, Tensor(a!) out) -> Tensor(a!)",
).tagged(&["out", "pt2_compliant_tag"]);

impl mix::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_mix_out.call((self_, other, out)).map(|()| out)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        other: &::keyway::Tensor,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_mix_out.redispatch(keys, (self_, other, out)).map(|()| out)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_mix_out.operator()
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

/// Calls the operator. See [`mix::out`].
#[inline]
pub fn mix_out<'a>(
    self_: &::keyway::Tensor,
    other: &::keyway::Tensor,
    out: &'a ::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    mix::out.call(self_, other, out)
}

/// The shape function of `aten::mix.out`.
#[diagnostic::on_unimplemented(
    message = "the structured operator `aten::mix.out` has no shape function",
    label = "its shape function is missing",
    note = "write one with `#[structured(\"aten::mix.out\")]`, in the crate of the operator list",
)]
pub trait Shape_mix_out {
    /// What it returns.
    type Meta: ::keyway::StructuredMeta<Precomputed = ()>;
    /// What the results will be.
    ///
    /// # Errors
    /// What the operator refuses.
    fn meta(a_self_: &::keyway::Tensor, a_other: &::keyway::Tensor) -> ::keyway::Result<Self::Meta>;
}

/// A function that gives a result without a plan, or nothing: then it is planned, made and filled.
pub type Shortcut_mix_out = fn(&::keyway::Tensor, &::keyway::Tensor) -> ::std::option::Option<::keyway::Tensor>;

/// A kernel of `aten::mix.out`.
pub trait Implementation_mix_out<P> {
    /// Whether what it fills may be, element for element, an input.
    const IN_PLACE: bool = false;
    /// What the functional form asks first.
    const SHORTCUT: ::std::option::Option<Shortcut_mix_out> = ::std::option::Option::None;

    /// Fills the out arguments.
    ///
    /// # Errors
    /// What goes wrong.
    fn run(
        a_self_: &::keyway::Tensor,
        a_other: &::keyway::Tensor,
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

impl<P> Implementation_mix_out<P> for ::keyway::WithoutElements {
    const IN_PLACE: bool = true;

    fn run(
        _a_self_: &::keyway::Tensor,
        _a_other: &::keyway::Tensor,
        _a_out: &::keyway::Tensor,
    ) -> ::keyway::Result<()> {
        ::std::result::Result::Ok(())
    }
}

#[doc(hidden)]
pub type Structured_mix_out = mix::out;

impl mix::out {
    /// How many forms there are.
    pub const FORMS: usize = 3;

    /// The kernels of all forms. `#[structured]` and `#[kernel(..., structured)]` call it.
    pub const fn structured<M: Shape_mix_out, I: Implementation_mix_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
        key: ::keyway::AnnouncedKey,
        name: &'static str,
        place: (&'static str, u32),
    ) -> [::keyway::KernelRegistration; Self::FORMS] {
        [
            OPERATOR_mix_out.structured(key, __kw_form_mix_out::<M, I>, name, place),
            OPERATOR_mix.structured(key, __kw_form_mix::<M, I>, name, place),
            OPERATOR_mix_.structured(key, __kw_form_mix_::<M, I>, name, place),
        ]
    }
}

fn __kw_form_mix_out<M: Shape_mix_out, I: Implementation_mix_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_other: &::keyway::Tensor,
    a_out: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    ::keyway::structured::write_out(
        "aten::mix.out",
        M::meta(a_self_, a_other),
        ::keyway::structured::Written {
            targets: &[a_out],
            inputs: &[a_self_, a_other],
            copy: __kw_copy_result,
            allocate: I::allocate,
            in_place: I::IN_PLACE,
        },
        |_, filled| I::run(a_self_, a_other, filled[0]),
    )
}

fn __kw_form_mix<M: Shape_mix_out, I: Implementation_mix_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_other: &::keyway::Tensor,
) -> ::keyway::Result<::keyway::Tensor> {
    if let ::std::option::Option::Some(shortcut) = I::SHORTCUT
        && let ::std::option::Option::Some(made) = shortcut(a_self_, a_other)
    {
        return ::std::result::Result::Ok(made);
    }
    ::keyway::structured::fill_one(
        "aten::mix",
        M::meta(a_self_, a_other),
        I::allocate,
        |_, a_out| I::run(a_self_, a_other, a_out),
    )
}

fn __kw_form_mix_<M: Shape_mix_out, I: Implementation_mix_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_other: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    ::keyway::structured::write_in_place(
        "aten::mix_",
        M::meta(a_self_, a_other),
        ::keyway::structured::Written {
            targets: &[a_self_],
            inputs: &[a_self_, a_other],
            copy: __kw_copy_result,
            allocate: I::allocate,
            in_place: I::IN_PLACE,
        },
        |_, filled| I::run(a_self_, a_other, filled[0]),
    )
}

/// The overloads of `mix_`.
pub mod mix_ {
    /// ```text
    /// aten::mix_(Tensor(a!) self, Tensor other) -> Tensor(a!)
    /// ```
    pub struct default;
}

#[doc(hidden)]
pub static OPERATOR_mix_: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_to_arg0> = ::keyway::TypedOperator::new(
    "aten::mix_",
    "aten::mix_(Tensor(a!) self, Tensor other) -> Tensor(a!)",
).tagged(&["inplace", "pt2_compliant_tag"]);

impl mix_::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &'a ::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_mix_.call((self_, other)).map(|()| self_)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &'a ::keyway::Tensor,
        other: &::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_mix_.redispatch(keys, (self_, other)).map(|()| self_)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_mix_.operator()
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

/// Calls the operator. See [`mix_::default`].
#[inline]
pub fn mix_<'a>(
    self_: &'a ::keyway::Tensor,
    other: &::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    mix_::default.call(self_, other)
}
