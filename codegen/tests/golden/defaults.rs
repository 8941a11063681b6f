/// ```text
/// mine::put(Tensor self, bool unsafe=False, str how='a"b', float[2] by=0.5) -> (Tensor, int)
/// ```
pub struct default;

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
        super::signatures::Tensor_bool_str_floats_to_Tensor_int::call(&OPERATOR_put, self_, unsafe_, how, by)
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
        super::signatures::Tensor_bool_str_floats_to_Tensor_int::redispatch(
            &OPERATOR_put,
            keys,
            self_,
            unsafe_,
            how,
            by,
        )
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
