//! `Meta` kernels of pointwise operators: the planned result, without elements.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::number_range::in_range;
use crate::pointwise::{self, Plan};
use crate::promotion::Operand;

/// Kernels that return the plan of one rule, which takes all their arguments.
macro_rules! planned {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) = $rule:expr;)*) => {$(
        #[kernel($operator, Meta)]
        fn $kernel($($argument: $type),*) -> Result<Tensor> {
            let rule = $rule;
            rule($($argument.into()),*)?.empty()
        }
    )*};
}
planned! {
    "aten::add.Tensor" add_meta(self_: &Tensor, other: &Tensor, alpha: Scalar) = pointwise::sum;
    "aten::add.Scalar" add_scalar_meta(self_: &Tensor, other: Scalar, alpha: Scalar) = pointwise::sum;
    "aten::sub.Tensor" sub_meta(self_: &Tensor, other: &Tensor, alpha: Scalar) = pointwise::difference;
    "aten::sub.Scalar" sub_scalar_meta(self_: &Tensor, other: Scalar, alpha: Scalar) = pointwise::difference;
    "aten::mul.Tensor" mul_meta(self_: &Tensor, other: &Tensor) = pointwise::promoted;
    "aten::mul.Scalar" mul_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::promoted;
    "aten::div.Tensor" div_meta(self_: &Tensor, other: &Tensor) = pointwise::quotient;
    "aten::div.Scalar" div_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::quotient;
    "aten::div.Tensor_mode" div_mode_meta(self_: &Tensor, other: &Tensor, mode: Option<&str>) = rounded_quotient;
    "aten::div.Scalar_mode" div_scalar_mode_meta(self_: &Tensor, other: Scalar, mode: Option<&str>)
        = rounded_quotient;
    "aten::pow.Tensor_Tensor" pow_meta(self_: &Tensor, exponent: &Tensor) = pointwise::power;
    "aten::pow.Tensor_Scalar" pow_scalar_meta(self_: &Tensor, exponent: Scalar) = pointwise::power;
    "aten::pow.Scalar" pow_of_scalar_meta(self_: Scalar, exponent: &Tensor) = pointwise::power;
    "aten::maximum" maximum_meta(self_: &Tensor, other: &Tensor) = pointwise::promoted;
    "aten::minimum" minimum_meta(self_: &Tensor, other: &Tensor) = pointwise::promoted;
    "aten::eq.Tensor" eq_meta(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::eq.Scalar" eq_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::ne.Tensor" ne_meta(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::ne.Scalar" ne_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::lt.Tensor" lt_meta(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::lt.Scalar" lt_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::le.Tensor" le_meta(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::le.Scalar" le_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::gt.Tensor" gt_meta(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::gt.Scalar" gt_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::ge.Tensor" ge_meta(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::ge.Scalar" ge_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::where.self" where_self_meta(condition: &Tensor, self_: &Tensor, other: &Tensor) = pointwise::choice;
    "aten::masked_fill.Scalar" masked_fill_meta(self_: &Tensor, mask: &Tensor, value: Scalar) = masked_fill;
    "aten::clamp" clamp_meta(self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>) = pointwise::clamp;
    "aten::neg" neg_meta(self_: &Tensor) = pointwise::arithmetic_function;
    "aten::abs" abs_meta(self_: &Tensor) = pointwise::arithmetic_function;
    "aten::relu" relu_meta(self_: &Tensor) = pointwise::arithmetic_function;
    "aten::reciprocal" reciprocal_meta(self_: &Tensor) = pointwise::float_function;
    "aten::sqrt" sqrt_meta(self_: &Tensor) = pointwise::float_function;
    "aten::rsqrt" rsqrt_meta(self_: &Tensor) = pointwise::float_function;
    "aten::exp" exp_meta(self_: &Tensor) = pointwise::float_function;
    "aten::log" log_meta(self_: &Tensor) = pointwise::float_function;
    "aten::sin" sin_meta(self_: &Tensor) = pointwise::float_function;
    "aten::cos" cos_meta(self_: &Tensor) = pointwise::float_function;
    "aten::tanh" tanh_meta(self_: &Tensor) = pointwise::float_function;
    "aten::sigmoid" sigmoid_meta(self_: &Tensor) = pointwise::float_function;
    "aten::logical_not" logical_not_meta(self_: &Tensor) = pointwise::test;
}

fn rounded_quotient(a: Operand<'_>, b: Operand<'_>, mode: Option<&str>) -> Result<Plan> {
    pointwise::rounded_quotient(a, b, mode).map(|(plan, _)| plan)
}

fn masked_fill(x: &Tensor, mask: &Tensor, value: Scalar) -> Result<Plan> {
    in_range(value, x.dtype())?;
    pointwise::masked_fill(x, mask)
}
