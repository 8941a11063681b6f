//! In-place forms: the functional operator, then a copy into `self`.
//!
//! Each line names an in-place operator, its kernel with the arguments behind `self`, and the functional operator.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::copying::check_update;
use crate::overlap::ReadArgument;

/// Replaces the elements of `self` by a result.
fn update(self_: &Tensor, arguments: &[&dyn ReadArgument], result: &Tensor) -> Result<()> {
    check_update(self_, result)?;
    arguments.iter().try_for_each(|argument| argument.forbid_overlap_with(self_))?;
    aten::copy_::default.call(self_, result, false)?;
    Ok(())
}

macro_rules! in_place {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) = $functional:expr;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel(self_: &Tensor $(, $argument: $type)*) -> Result<()> {
            let result = $functional.call(self_ $(, $argument)*)?;
            update(self_, &[$(&$argument),*], &result)
        }
    )*};
}
in_place! {
    "aten::add_.Tensor" add_(other: &Tensor, alpha: Scalar) = aten::add::Tensor;
    "aten::add_.Scalar" add_scalar_(other: Scalar, alpha: Scalar) = aten::add::Scalar;
    "aten::sub_.Tensor" sub_(other: &Tensor, alpha: Scalar) = aten::sub::Tensor;
    "aten::sub_.Scalar" sub_scalar_(other: Scalar, alpha: Scalar) = aten::sub::Scalar;
    "aten::mul_.Tensor" mul_(other: &Tensor) = aten::mul::Tensor;
    "aten::mul_.Scalar" mul_scalar_(other: Scalar) = aten::mul::Scalar;
    "aten::div_.Tensor" div_(other: &Tensor) = aten::div::Tensor;
    "aten::div_.Scalar" div_scalar_(other: Scalar) = aten::div::Scalar;
    "aten::pow_.Scalar" pow_scalar_(exponent: Scalar) = aten::pow::Tensor_Scalar;
    "aten::neg_" neg_() = aten::neg::default;
    "aten::abs_" abs_() = aten::abs::default;
    "aten::reciprocal_" reciprocal_() = aten::reciprocal::default;
    "aten::sqrt_" sqrt_() = aten::sqrt::default;
    "aten::rsqrt_" rsqrt_() = aten::rsqrt::default;
    "aten::exp_" exp_() = aten::exp::default;
    "aten::log_" log_() = aten::log::default;
    "aten::sin_" sin_() = aten::sin::default;
    "aten::cos_" cos_() = aten::cos::default;
    "aten::tanh_" tanh_() = aten::tanh::default;
    "aten::sigmoid_" sigmoid_() = aten::sigmoid::default;
    "aten::relu_" relu_() = aten::relu::default;
    "aten::clamp_" clamp_(min: Option<Scalar>, max: Option<Scalar>) = aten::clamp::default;
    "aten::eq_.Tensor" eq_(other: &Tensor) = aten::eq::Tensor;
    "aten::eq_.Scalar" eq_scalar_(other: Scalar) = aten::eq::Scalar;
    "aten::ne_.Scalar" ne_scalar_(other: Scalar) = aten::ne::Scalar;
    "aten::lt_.Tensor" lt_(other: &Tensor) = aten::lt::Tensor;
    "aten::logical_not_" logical_not_() = aten::logical_not::default;
    "aten::masked_fill_.Scalar" masked_fill_(mask: &Tensor, value: Scalar) = aten::masked_fill::Scalar;
    "aten::cumsum_" cumsum_(dim: i64, dtype: Option<DType>) = aten::cumsum::default;
    "aten::addmm_" addmm_(mat1: &Tensor, mat2: &Tensor, beta: Scalar, alpha: Scalar) = aten::addmm::default;
}

/// The square is a power, in place too.
#[kernel("aten::square_", CompositeImplicitAutograd)]
fn square_(self_: &Tensor) -> Result<()> {
    aten::pow_::Scalar.call(self_, Scalar::Int(2)).map(|_| ())
}
