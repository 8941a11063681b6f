/// The overloads of `halves`.
pub mod halves {
    /// ```text
    /// aten::halves(Tensor[] tensors, Tensor? weight=None) -> (Tensor low, Tensor high)
    /// ```
    pub struct default;

    /// ```text
    /// aten::halves.out(Tensor[] tensors, Tensor? weight=None, *, Tensor(a!) low, Tensor(b!) high) -> (Tensor(a!) low, Tensor(b!) high)
    /// ```
    pub struct out;
}

#[doc(hidden)]
pub static OPERATOR_halves: ::keyway::TypedOperator<super::signatures::Tensors_optTensor_to_Tensor_Tensor> = ::keyway::TypedOperator::new(
    "aten::halves",
    "aten::halves(Tensor[] tensors, Tensor? weight=None) -> (Tensor low, Tensor high)",
).tagged(&["pt2_compliant_tag"]);

impl halves::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        tensors: &[::keyway::Tensor],
        weight: ::std::option::Option<&::keyway::Tensor>,
    ) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
        OPERATOR_halves.call((tensors, weight))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        tensors: &[::keyway::Tensor],
        weight: ::std::option::Option<&::keyway::Tensor>,
    ) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
        OPERATOR_halves.redispatch(keys, (tensors, weight))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_halves.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensors_optTensor_to_Tensor_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensors_optTensor_to_Tensor_Tensor>(f)
    }
}

/// Calls the operator. See [`halves::default`].
/// Arguments with defaults take them; `halves::default.call` takes all.
#[inline]
pub fn halves(tensors: &[::keyway::Tensor]) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
    halves::default.call(tensors, ::std::option::Option::None)
}

#[doc(hidden)]
pub static OPERATOR_halves_out: ::keyway::TypedOperator<super::signatures::Tensors_optTensor_Tensor_Tensor_to_arg2_arg3> = ::keyway::TypedOperator::new(
    "aten::halves.out",
    "aten::halves.out(Tensor[] tensors, Tensor? weight=None, *, Tensor(a!) low, Tensor(b!) high) -> (Tensor(a!) low, Tensor(b!) high)",
).tagged(&["out", "pt2_compliant_tag"]);

impl halves::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        tensors: &[::keyway::Tensor],
        weight: ::std::option::Option<&::keyway::Tensor>,
        low: &'a ::keyway::Tensor,
        high: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<(&'a ::keyway::Tensor, &'a ::keyway::Tensor)> {
        OPERATOR_halves_out.call((tensors, weight, low, high)).map(|()| (low, high))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        tensors: &[::keyway::Tensor],
        weight: ::std::option::Option<&::keyway::Tensor>,
        low: &'a ::keyway::Tensor,
        high: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<(&'a ::keyway::Tensor, &'a ::keyway::Tensor)> {
        OPERATOR_halves_out.redispatch(keys, (tensors, weight, low, high)).map(|()| (low, high))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_halves_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensors_optTensor_Tensor_Tensor_to_arg2_arg3 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensors_optTensor_Tensor_Tensor_to_arg2_arg3>(f)
    }
}

/// Calls the operator. See [`halves::out`].
/// Arguments with defaults take them; `halves::out.call` takes all.
#[inline]
pub fn halves_out<'a>(
    tensors: &[::keyway::Tensor],
    low: &'a ::keyway::Tensor,
    high: &'a ::keyway::Tensor,
) -> ::keyway::Result<(&'a ::keyway::Tensor, &'a ::keyway::Tensor)> {
    halves::out.call(tensors, ::std::option::Option::None, low, high)
}

/// The shape function of `aten::halves.out`.
#[diagnostic::on_unimplemented(
    message = "the structured operator `aten::halves.out` has no shape function",
    label = "its shape function is missing",
    note = "write one with `#[structured(\"aten::halves.out\")]`, in the crate of the operator list",
)]
pub trait Shape_halves_out {
    /// What it returns.
    type Meta: ::keyway::StructuredMeta<Precomputed = ()>;
    /// What the results will be.
    ///
    /// # Errors
    /// What the operator refuses.
    fn meta(
        a_tensors: &[::keyway::Tensor],
        a_weight: ::std::option::Option<&::keyway::Tensor>,
    ) -> ::keyway::Result<Self::Meta>;
}

/// A kernel of `aten::halves.out`.
pub trait Implementation_halves_out<P> {
    /// Whether what it fills may be, element for element, an input.
    const IN_PLACE: bool = false;

    /// Fills the out arguments.
    ///
    /// # Errors
    /// What goes wrong.
    fn run(
        a_tensors: &[::keyway::Tensor],
        a_weight: ::std::option::Option<&::keyway::Tensor>,
        a_low: &::keyway::Tensor,
        a_high: &::keyway::Tensor,
    ) -> ::keyway::Result<()>;
    /// Makes a tensor to be filled.
    ///
    /// # Errors
    /// That there is no such memory.
    fn allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor> {
        meta.allocate()
    }
}

impl<P> Implementation_halves_out<P> for ::keyway::WithoutElements {
    const IN_PLACE: bool = true;

    fn run(
        _a_tensors: &[::keyway::Tensor],
        _a_weight: ::std::option::Option<&::keyway::Tensor>,
        _a_low: &::keyway::Tensor,
        _a_high: &::keyway::Tensor,
    ) -> ::keyway::Result<()> {
        ::std::result::Result::Ok(())
    }
}

#[doc(hidden)]
pub type Structured_halves_out = halves::out;

impl halves::out {
    /// How many forms there are.
    pub const FORMS: usize = 2;

    /// The kernels of all forms. `#[structured]` and `#[kernel(..., structured)]` call it.
    pub const fn structured<M: Shape_halves_out, I: Implementation_halves_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
        key: ::keyway::AnnouncedKey,
        name: &'static str,
        place: (&'static str, u32),
    ) -> [::keyway::KernelRegistration; Self::FORMS] {
        [
            OPERATOR_halves_out.structured(key, __kw_form_halves_out::<M, I>, name, place),
            OPERATOR_halves.structured(key, __kw_form_halves::<M, I>, name, place),
        ]
    }
}

fn __kw_form_halves_out<M: Shape_halves_out, I: Implementation_halves_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_tensors: &[::keyway::Tensor],
    a_weight: ::std::option::Option<&::keyway::Tensor>,
    a_low: &::keyway::Tensor,
    a_high: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    ::keyway::structured::write_out(
        "aten::halves.out",
        M::meta(a_tensors, a_weight),
        ::keyway::structured::Written {
            targets: &[a_low, a_high],
            inputs: &::std::iter::empty::<&::keyway::Tensor>().chain(a_tensors).chain(a_weight).collect::<::std::vec::Vec<_>>(),
            copy: __kw_copy_result,
            allocate: I::allocate,
            in_place: I::IN_PLACE,
        },
        |_, filled| I::run(a_tensors, a_weight, filled[0], filled[1]),
    )
}

fn __kw_form_halves<M: Shape_halves_out, I: Implementation_halves_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_tensors: &[::keyway::Tensor],
    a_weight: ::std::option::Option<&::keyway::Tensor>,
) -> ::keyway::Result<(::keyway::Tensor, ::keyway::Tensor)> {
    ::keyway::structured::fill(
        "aten::halves",
        M::meta(a_tensors, a_weight),
        I::allocate,
        |_, [a_low, a_high]| I::run(a_tensors, a_weight, a_low, a_high),
    )
}
