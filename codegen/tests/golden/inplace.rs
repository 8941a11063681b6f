/// ```text
/// aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
/// ```
pub struct Tensor;

#[doc(hidden)]
pub static OPERATOR_add__Tensor: ::keyway::TypedOperator<super::signatures::Tensor_Tensor_Scalar_to_arg0> = ::keyway::TypedOperator::new(
    "aten::add_.Tensor",
    "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)",
).tagged(&["inplace", "pt2_compliant_tag"]);

impl add_::Tensor {
    /// Calls the operator: dispatched by its arguments and the thread's key sets.
    #[inline]
    pub fn call<'a>(
        &self,
        self_: &'a ::keyway::Tensor,
        other: &::keyway::Tensor,
        alpha: ::keyway::Scalar,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_add__Tensor.call((self_, other, alpha)).map(|()| self_)
    }

    /// Passes a call on by a key set: what a kernel does with the keys it got, less its own.
    #[inline]
    pub fn redispatch<'a>(
        &self,
        keys: ::keyway::KeySet,
        self_: &'a ::keyway::Tensor,
        other: &::keyway::Tensor,
        alpha: ::keyway::Scalar,
    ) -> ::keyway::Result<&'a ::keyway::Tensor> {
        OPERATOR_add__Tensor.redispatch(keys, (self_, other, alpha)).map(|()| self_)
    }

    /// The operator itself: name, schema, table, boxed calls.
    #[inline]
    pub const fn operator(&self) -> &'static ::keyway::Operator {
        OPERATOR_add__Tensor.operator()
    }

    /// A typed kernel for this operator. `#[kernel]` calls it.
    #[inline]
    pub const fn kernel(
        &self,
        f: <super::signatures::Tensor_Tensor_Scalar_to_arg0 as ::keyway::Signature>::Fn,
    ) -> ::keyway::Kernel {
        ::keyway::Kernel::typed::<super::signatures::Tensor_Tensor_Scalar_to_arg0>(f)
    }
}
