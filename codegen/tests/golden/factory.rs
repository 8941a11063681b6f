/// ```text
/// aten::make(int[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
/// ```
pub struct default;

/// The arguments with defaults, by overload.
pub mod options {
    /// The arguments of `aten::make` that have defaults, each at first with its own.
    #[derive(Clone)]
    pub struct default {
        /// `ScalarType? dtype=None`
        pub dtype: ::std::option::Option<::keyway::DType>,
        /// `Layout? layout=None`
        pub layout: ::std::option::Option<::keyway::Layout>,
        /// `Device? device=None`
        pub device: ::std::option::Option<::keyway::Device>,
        /// `bool? pin_memory=None`
        pub pin_memory: ::std::option::Option<bool>,
    }

    impl ::std::default::Default for default {
        fn default() -> Self {
            default {
                dtype: ::std::option::Option::None,
                layout: ::std::option::Option::None,
                device: ::std::option::Option::None,
                pin_memory: ::std::option::Option::None,
            }
        }
    }
}

#[doc(hidden)]
pub static OPERATOR_make: ::keyway::TypedOperator<super::signatures::ints_optDType_optLayout_optDevice_optbool_to_Tensor> = ::keyway::TypedOperator::new(
    "aten::make",
    "aten::make(int[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
).tagged(&["pt2_compliant_tag"]);

impl make::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        size: &[i64],
        dtype: ::std::option::Option<::keyway::DType>,
        layout: ::std::option::Option<::keyway::Layout>,
        device: ::std::option::Option<::keyway::Device>,
        pin_memory: ::std::option::Option<bool>,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_make.call((size, dtype, layout, device, pin_memory))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        size: &[i64],
        dtype: ::std::option::Option<::keyway::DType>,
        layout: ::std::option::Option<::keyway::Layout>,
        device: ::std::option::Option<::keyway::Device>,
        pin_memory: ::std::option::Option<bool>,
    ) -> ::keyway::Result<::keyway::Tensor> {
        OPERATOR_make.redispatch(keys, (size, dtype, layout, device, pin_memory))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_make.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::ints_optDType_optLayout_optDevice_optbool_to_Tensor as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::ints_optDType_optLayout_optDevice_optbool_to_Tensor>(f)
    }
}

/// Calls the operator. See [`make::default`].
/// Arguments with defaults take them; `make::default.call` takes all.
#[inline]
pub fn make(size: &[i64]) -> ::keyway::Result<::keyway::Tensor> {
    make::default.call(
        size,
        ::std::option::Option::None,
        ::std::option::Option::None,
        ::std::option::Option::None,
        ::std::option::Option::None,
    )
}

impl make::default {
    /// Calls the operator with the arguments that have no default, and a struct of those that do:
    /// `Default` fills in what is not changed.
    #[inline]
    pub fn call_with(
        &self,
        size: &[i64],
        options: make::options::default,
    ) -> ::keyway::Result<::keyway::Tensor> {
        self.call(size, options.dtype, options.layout, options.device, options.pin_memory)
    }
}

/// `make` with a struct of the arguments that have defaults. See [`make::default`].
#[inline]
pub fn make_with(size: &[i64], options: make::options::default) -> ::keyway::Result<::keyway::Tensor> {
    make::default.call_with(size, options)
}

fn __kw_select_make(
    keys: ::keyway::KeySet,
    a_size: &[i64],
    a_dtype: ::std::option::Option<::keyway::DType>,
    a_layout: ::std::option::Option<::keyway::Layout>,
    a_device: ::std::option::Option<::keyway::Device>,
    a_pin_memory: ::std::option::Option<bool>,
) -> ::keyway::Result<::keyway::Tensor> {
    OPERATOR_make.redispatch(::keyway::select_backend(keys, a_device), (
        a_size,
        a_dtype,
        a_layout,
        a_device,
        a_pin_memory,
    ))
}
