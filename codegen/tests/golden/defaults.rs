/// ```text
/// mine::put(Tensor self, bool unsafe=False, str how='a"b', float[2] by=0.5) -> (Tensor, int)
/// ```
pub struct default;

/// The arguments with defaults, by overload.
pub mod options {
    /// The arguments of `mine::put` that have defaults, each at first with its own.
    #[derive(Clone)]
    pub struct default<'a> {
        /// `bool unsafe=False`
        pub unsafe_: bool,
        /// `str how='a"b'`
        pub how: &'a str,
        /// `float[2] by=0.5`
        pub by: &'a [f64],
    }

    impl ::std::default::Default for default<'_> {
        fn default() -> Self {
            default {
                unsafe_: false,
                how: "a\"b",
                by: &[0.5; 2],
            }
        }
    }
}

#[doc(hidden)]
pub static OPERATOR_put: ::keyway::TypedOperator<super::signatures::Tensor_bool_str_floats_to_Tensor_int> = ::keyway::TypedOperator::new(
    "mine::put",
    "mine::put(Tensor self, bool unsafe=False, str how='a\"b', float[2] by=0.5) -> (Tensor, int)",
);

impl put::default {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call(
        &self,
        self_: &::keyway::Tensor,
        unsafe_: bool,
        how: &str,
        by: &[f64],
    ) -> ::keyway::Result<(::keyway::Tensor, i64)> {
        OPERATOR_put.call((self_, unsafe_, how, by))
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch(
        &self,
        keys: ::keyway::KeySet,
        self_: &::keyway::Tensor,
        unsafe_: bool,
        how: &str,
        by: &[f64],
    ) -> ::keyway::Result<(::keyway::Tensor, i64)> {
        OPERATOR_put.redispatch(keys, (self_, unsafe_, how, by))
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_put.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_bool_str_floats_to_Tensor_int as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_bool_str_floats_to_Tensor_int>(f)
    }
}

/// Calls the operator. See [`put::default`].
/// Arguments with defaults take them; `put::default.call` takes all.
#[inline]
pub fn put(self_: &::keyway::Tensor) -> ::keyway::Result<(::keyway::Tensor, i64)> {
    put::default.call(self_, false, "a\"b", &[0.5; 2])
}

impl put::default {
    /// Calls the operator with the arguments that have no default, and a struct of those that do:
    /// `Default` fills in what is not changed.
    #[inline]
    pub fn call_with(
        &self,
        self_: &::keyway::Tensor,
        options: put::options::default<'_>,
    ) -> ::keyway::Result<(::keyway::Tensor, i64)> {
        self.call(self_, options.unsafe_, options.how, options.by)
    }
}

/// `put` with a struct of the arguments that have defaults. See [`put::default`].
#[inline]
pub fn put_with(
    self_: &::keyway::Tensor,
    options: put::options::default<'_>,
) -> ::keyway::Result<(::keyway::Tensor, i64)> {
    put::default.call_with(self_, options)
}
