//! The shape functions of structured operators: what results are, said once for all backends and forms.
//!
//! Each line names an out operator, and the rule that takes its arguments without `out`.

use keyway::{DType, OutputMeta, Result, Scalar, Tensor, structured};

use super::reduction::{self, Reduction};
use crate::aten;
use crate::pointwise::{self, Plan};

macro_rules! shapes {
    ($plan:ty: $($operator:tt $function:ident($($argument:ident: $type:ty),*) = $rule:expr;)*) => {$(
        #[structured($operator)]
        fn $function($($argument: $type),*) -> Result<$plan> {
            let rule = $rule;
            rule($($argument.into()),*)
        }
    )*};
}
shapes! {
    Plan:
    "aten::add.out" add_shape(self_: &Tensor, other: &Tensor, alpha: Scalar) = pointwise::sum;
    "aten::sub.out" sub_shape(self_: &Tensor, other: &Tensor, alpha: Scalar) = pointwise::difference;
    "aten::mul.out" mul_shape(self_: &Tensor, other: &Tensor) = pointwise::product;
    "aten::div.out" div_shape(self_: &Tensor, other: &Tensor) = pointwise::quotient;
    "aten::pow.Tensor_Scalar_out" pow_scalar_shape(self_: &Tensor, exponent: Scalar) = pointwise::power;
    "aten::maximum.out" maximum_shape(self_: &Tensor, other: &Tensor) = pointwise::promoted;
    "aten::minimum.out" minimum_shape(self_: &Tensor, other: &Tensor) = pointwise::promoted;
    "aten::eq.Tensor_out" eq_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::eq.Scalar_out" eq_scalar_shape(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::ne.Tensor_out" ne_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::ne.Scalar_out" ne_scalar_shape(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::lt.Tensor_out" lt_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::lt.Scalar_out" lt_scalar_shape(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::le.Tensor_out" le_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::le.Scalar_out" le_scalar_shape(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::gt.Tensor_out" gt_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::gt.Scalar_out" gt_scalar_shape(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::ge.Tensor_out" ge_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::ge.Scalar_out" ge_scalar_shape(self_: &Tensor, other: Scalar) = pointwise::comparison;
    "aten::where.self_out" where_self_shape(condition: &Tensor, self_: &Tensor, other: &Tensor) = pointwise::choice;
    "aten::clamp.out" clamp_shape(self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>) = pointwise::clamp;
    "aten::neg.out" neg_shape(self_: &Tensor) = pointwise::arithmetic_function;
    "aten::abs.out" abs_shape(self_: &Tensor) = pointwise::arithmetic_function;
    "aten::reciprocal.out" reciprocal_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sqrt.out" sqrt_shape(self_: &Tensor) = pointwise::float_function;
    "aten::rsqrt.out" rsqrt_shape(self_: &Tensor) = pointwise::float_function;
    "aten::exp.out" exp_shape(self_: &Tensor) = pointwise::float_function;
    "aten::log.out" log_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sin.out" sin_shape(self_: &Tensor) = pointwise::float_function;
    "aten::cos.out" cos_shape(self_: &Tensor) = pointwise::float_function;
    "aten::tanh.out" tanh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sigmoid.out" sigmoid_shape(self_: &Tensor) = pointwise::float_function;
    "aten::logical_not.out" logical_not_shape(self_: &Tensor) = pointwise::test;
}

#[structured("aten::sum.IntList_out")]
fn sum_shape(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Reduction> {
    reduction::sum(self_, dim.unwrap_or(&[]), keepdim, dtype)
}

#[structured("aten::mean.out")]
fn mean_shape(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Reduction> {
    reduction::mean(self_, dim.unwrap_or(&[]), keepdim, dtype)
}

#[structured("aten::prod.int_out")]
fn prod_shape(self_: &Tensor, dim: i64, keepdim: bool, dtype: Option<DType>) -> Result<Reduction> {
    reduction::sum(self_, &[dim], keepdim, dtype)
}

shapes! {
    Reduction:
    "aten::amax.out" amax_shape(self_: &Tensor, dim: &[i64], keepdim: bool) = reduction::extremes;
    "aten::amin.out" amin_shape(self_: &Tensor, dim: &[i64], keepdim: bool) = reduction::extremes;
    "aten::argmax.out" argmax_shape(self_: &Tensor, dim: Option<i64>, keepdim: bool) = reduction::positions;
    "aten::argmin.out" argmin_shape(self_: &Tensor, dim: Option<i64>, keepdim: bool) = reduction::positions;
}

#[structured("aten::any.out")]
fn any_shape(self_: &Tensor, dim: i64, keepdim: bool) -> Result<Reduction> {
    reduction::truth(self_, &[dim], keepdim)
}

#[structured("aten::all.out")]
fn all_shape(self_: &Tensor, dim: i64, keepdim: bool) -> Result<Reduction> {
    reduction::truth(self_, &[dim], keepdim)
}

shapes! {
    OutputMeta:
    "aten::cumsum.out" cumsum_shape(self_: &Tensor, dim: i64, dtype: Option<DType>) = reduction::cumulative;
}
