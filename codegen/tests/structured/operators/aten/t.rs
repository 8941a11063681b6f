/// The overloads of `total`.
pub mod total {
    /// ```text
    /// aten::total(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor
    /// ```
    pub struct default;

    /// ```text
    /// aten::total.out(Tensor self, int dim, *, ScalarType? dtype=None, Tensor(a!) out) -> Tensor(a!)
    /// ```
    pub struct out;
}

#[doc(hidden)]
pub static OPERATOR_total: ::keyway::TypedOperator<super::signatures::Tensor_int_optDType_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::total",
    "aten::total(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl total::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        self_: &::keyway::Tensor,
        dim: i64,
        dtype: ::std::option::Option<::keyway::DType>,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_total.call((self_, dim, dtype))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        dim: i64,
        dtype: ::std::option::Option<::keyway::DType>,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_total.redispatch(keys, (self_, dim, dtype))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_total.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_int_optDType_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_int_optDType_to_Tensor>(f)
    }
}

/// Calls the operator. See [`total::default`].
/// Arguments with defaults take them; `total::default.call` takes all.
#[inline]
pub fn total(self_: &::keyway::Tensor, dim: i64) -> ::keyway::Result<::keyway::Tensor> {
    total::default.call(self_, dim, ::std::option::Option::None)
}

#[doc(hidden)]
pub static OPERATOR_total_out: ::keyway::TypedOperator<super::signatures::Tensor_int_optDType_Tensor_to_arg3> = ::keyway::TypedOperator::new(
    "aten::total.out",
    "aten::total.out(Tensor self, int dim, *, ScalarType? dtype=None, Tensor(a!) out) -> Tensor(a!)",
).tagged(&["out", "pt2_compliant_tag"]);

impl total::out {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &::keyway::Tensor,
        dim: i64,
        dtype: ::std::option::Option<::keyway::DType>,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_total_out.call((self_, dim, dtype, out)).map(|()| out)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        dim: i64,
        dtype: ::std::option::Option<::keyway::DType>,
        out: &'a ::keyway::Tensor,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_total_out.redispatch(keys, (self_, dim, dtype, out)).map(|()| out)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_total_out.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_int_optDType_Tensor_to_arg3 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_int_optDType_Tensor_to_arg3>(f)
    }
}

/// Calls the operator. See [`total::out`].
/// Arguments with defaults take them; `total::out.call` takes all.
#[inline]
pub fn total_out<'a>(
    self_: &::keyway::Tensor,
    dim: i64,
    out: &'a ::keyway::Tensor,
) -> ::keyway::Result<&'a ::keyway::Tensor> {
    total::out.call(self_, dim, ::std::option::Option::None, out)
}

/// What `aten::total.out` finds out for its kernels.
pub mod structured_total_out {
    /// What the shape function finds out for kernels.
    #[derive(Clone, Debug)]
    pub struct Precomputed {
        /// See the list's `precomputed`.
        pub dim: i64,
        /// See the list's `precomputed`.
        pub kept: ::std::vec::Vec<i64>,
        /// See the list's `precomputed`.
        pub len: i64,
    }
}

/// The shape function of `aten::total.out`.
#[diagnostic::on_unimplemented(
    message = "the structured operator `aten::total.out` has no shape function",
    label = "its shape function is missing",
    note = "write one with `#[structured(\"aten::total.out\")]`, in the crate of the operator list",
)]
pub trait Shape_total_out {
    /// What it returns.
    type Meta: ::keyway::StructuredMeta<Precomputed = structured_total_out::Precomputed>;
    /// What the results will be.
    ///
    /// # Errors
    /// What the operator refuses.
    fn meta(
        a_self_: &::keyway::Tensor,
        a_dim: i64,
        a_dtype: ::std::option::Option<::keyway::DType>,
    ) -> ::keyway::Result<Self::Meta>;
}

/// A function that gives a result without a plan, or nothing: then it is planned, made and filled.
pub type Shortcut_total_out = fn(&::keyway::Tensor, i64, ::std::option::Option<::keyway::DType>) -> ::std::option::Option<::keyway::Tensor>;

/// A kernel of `aten::total.out`.
pub trait Implementation_total_out<P> {
    /// Whether what it fills may be, element for element, an input.
    const IN_PLACE: bool = false;
    /// What the functional form asks first.
    const SHORTCUT: ::std::option::Option<Shortcut_total_out> = ::std::option::Option::None;

    /// Fills the out arguments.
    ///
    /// # Errors
    /// What goes wrong.
    fn run(
        plan: &P,
        a_self_: &::keyway::Tensor,
        a_dim: i64,
        a_kept: &[i64],
        a_dtype: ::std::option::Option<::keyway::DType>,
        a_len: i64,
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

impl<P> Implementation_total_out<P> for ::keyway::WithoutElements {
    const IN_PLACE: bool = true;

    fn run(
        _plan: &P,
        _a_self_: &::keyway::Tensor,
        _a_dim: i64,
        _a_kept: &[i64],
        _a_dtype: ::std::option::Option<::keyway::DType>,
        _a_len: i64,
        _a_out: &::keyway::Tensor,
    ) -> ::keyway::Result<()> {
        ::std::result::Result::Ok(())
    }
}

#[doc(hidden)]
pub type Structured_total_out = total::out;

impl total::out {
    /// How many forms there are.
    pub const FORMS: usize = 2;

    /// The kernels of all forms. `#[structured]` and `#[kernel(..., structured)]` call it.
    pub const fn structured<M: Shape_total_out, I: Implementation_total_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
        key: ::keyway::AnnouncedKey,
        name: &'static str,
        place: (&'static str, u32),
    ) -> [::keyway::KernelRegistration; Self::FORMS] {
        [
            OPERATOR_total_out.structured(key, __kw_form_total_out::<M, I>, name, place),
            OPERATOR_total.structured(key, __kw_form_total::<M, I>, name, place),
        ]
    }
}

fn __kw_form_total_out<M: Shape_total_out, I: Implementation_total_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_dim: i64,
    a_dtype: ::std::option::Option<::keyway::DType>,
    a_out: &::keyway::Tensor,
) -> ::keyway::Result<()> {
    let a_dtype = a_dtype.or(::std::option::Option::Some(a_out.dtype()));
    ::keyway::structured::write_out(
        "aten::total.out",
        M::meta(a_self_, a_dim, a_dtype),
        ::keyway::structured::Written {
            targets: &[a_out],
            inputs: &[a_self_],
            copy: __kw_copy_result,
            allocate: I::allocate,
            in_place: I::IN_PLACE,
        },
        |meta, filled| { let computed = ::keyway::StructuredMeta::precomputed(meta); I::run(::keyway::StructuredMeta::plan(meta), a_self_, computed.dim, &computed.kept, a_dtype, computed.len, filled[0]) },
    )
}

fn __kw_form_total<M: Shape_total_out, I: Implementation_total_out<<M::Meta as ::keyway::StructuredMeta>::Plan>>(
    _: ::keyway::KeySet,
    a_self_: &::keyway::Tensor,
    a_dim: i64,
    a_dtype: ::std::option::Option<::keyway::DType>,
) -> ::keyway::Result<::keyway::Tensor> {
    if let ::std::option::Option::Some(shortcut) = I::SHORTCUT
        && let ::std::option::Option::Some(made) = shortcut(a_self_, a_dim, a_dtype)
    {
        return ::std::result::Result::Ok(made);
    }
    ::keyway::structured::fill_one(
        "aten::total",
        M::meta(a_self_, a_dim, a_dtype),
        I::allocate,
        |meta, a_out| { let computed = ::keyway::StructuredMeta::precomputed(meta); I::run(::keyway::StructuredMeta::plan(meta), a_self_, computed.dim, &computed.kept, a_dtype, computed.len, a_out) },
    )
}
