//! In-place forms: the functional operator, then a copy into `self`.
//!
//! Each line names an in-place operator, its kernel with the arguments behind `self`, and the functional operator.

use keyway::{Result, Scalar, Tensor, kernel};

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
    "aten::add_.Scalar" add_scalar_(other: Scalar, alpha: Scalar) = aten::add::Scalar;
    "aten::sub_.Scalar" sub_scalar_(other: Scalar, alpha: Scalar) = aten::sub::Scalar;
    "aten::mul_.Scalar" mul_scalar_(other: Scalar) = aten::mul::Scalar;
    "aten::div_.Scalar" div_scalar_(other: Scalar) = aten::div::Scalar;
    "aten::hardswish_" hardswish_() = aten::hardswish::default;
    "aten::div_.Scalar_mode" div_scalar_mode_(other: Scalar, rounding_mode: Option<&str>) = aten::div::Scalar_mode;
    "aten::relu_" relu_() = aten::relu::default;
    "aten::masked_fill_.Scalar" masked_fill_(mask: &Tensor, value: Scalar) = aten::masked_fill::Scalar;
    "aten::addmv_" addmv_(mat: &Tensor, vec: &Tensor, beta: Scalar, alpha: Scalar) = aten::addmv::default;
    "aten::baddbmm_" baddbmm_(batch1: &Tensor, batch2: &Tensor, beta: Scalar, alpha: Scalar)
        = aten::baddbmm::default;
    "aten::addbmm_" addbmm_(batch1: &Tensor, batch2: &Tensor, beta: Scalar, alpha: Scalar) = aten::addbmm::default;
    "aten::addr_" addr_(vec1: &Tensor, vec2: &Tensor, beta: Scalar, alpha: Scalar) = aten::addr::default;
}

/// The square is a power, in place too.
#[kernel("aten::square_", CompositeImplicitAutograd)]
fn square_(self_: &Tensor) -> Result<()> {
    aten::pow_::Scalar.call(self_, Scalar::Int(2)).map(|_| ())
}
