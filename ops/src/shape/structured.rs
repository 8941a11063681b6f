//! The shape functions of structured operators: what results are, said once for all backends and forms.
//!
//! Each line names an out operator, and the rule that takes its arguments without `out`. Those with windows are in
//! [`structured_windows`](super::structured_windows).

use keyway::{DType, Error, OutputMeta, Result, Scalar, Tensor, structured};

use super::indexing;
use super::linalg;
use super::loss::{self, NegativeLikelihood};
use super::matmul;
use super::orthogonal;
use super::reduction::{self, Reduction};
use super::searching;
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
    "aten::maximum.out" maximum_shape(self_: &Tensor, other: &Tensor) = pointwise::ordered;
    "aten::minimum.out" minimum_shape(self_: &Tensor, other: &Tensor) = pointwise::ordered;
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
    "aten::abs.out" abs_shape(self_: &Tensor) = pointwise::absolute;
    "aten::reciprocal.out" reciprocal_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sqrt.out" sqrt_shape(self_: &Tensor) = pointwise::float_function;
    "aten::rsqrt.out" rsqrt_shape(self_: &Tensor) = pointwise::float_function;
    "aten::exp.out" exp_shape(self_: &Tensor) = pointwise::float_function;
    "aten::log.out" log_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sin.out" sin_shape(self_: &Tensor) = pointwise::float_function;
    "aten::cos.out" cos_shape(self_: &Tensor) = pointwise::float_function;
    "aten::tanh.out" tanh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sigmoid.out" sigmoid_shape(self_: &Tensor) = pointwise::float_function;
    "aten::glu.out" glu_shape(self_: &Tensor, dim: i64) = pointwise::glu;
    "aten::silu.out" silu_shape(self_: &Tensor) = pointwise::activation;
    "aten::mish.out" mish_shape(self_: &Tensor) = pointwise::activation;
    "aten::hardsigmoid.out" hardsigmoid_shape(self_: &Tensor) = pointwise::activation;
    "aten::elu.out" elu_shape(self_: &Tensor, _alpha: Scalar, _scale: Scalar, _input_scale: Scalar) = |x, _: Scalar, _: Scalar, _: Scalar| pointwise::activation(x);
    "aten::leaky_relu.out" leaky_relu_shape(self_: &Tensor, _slope: Scalar) = |x, _: Scalar| pointwise::activation(x);
    "aten::softplus.out" softplus_shape(self_: &Tensor, _beta: Scalar, _threshold: Scalar) = |x, _: Scalar, _: Scalar| pointwise::activation(x);
    "aten::softshrink.out" softshrink_shape(self_: &Tensor, _lambd: Scalar) = |x, _: Scalar| pointwise::activation(x);
    "aten::hardshrink.out" hardshrink_shape(self_: &Tensor, _lambd: Scalar) = |x, _: Scalar| pointwise::activation(x);
    "aten::threshold.out" threshold_shape(self_: &Tensor, _threshold: Scalar, _value: Scalar) = |x, _: Scalar, _: Scalar| pointwise::threshold(x);
    "aten::gelu.out" gelu_shape(self_: &Tensor, approximate: &str) = pointwise::gelu;
    "aten::gelu_backward.grad_input" gelu_backward_shape(grad_output: &Tensor, self_: &Tensor, approximate: &str) = pointwise::gelu_gradient;
    "aten::silu_backward.grad_input" silu_backward_shape(grad_output: &Tensor, self_: &Tensor) = pointwise::gradient;
    "aten::hardsigmoid_backward.grad_input" hardsigmoid_backward_shape(grad_output: &Tensor, self_: &Tensor) = pointwise::gradient;
    "aten::sigmoid_backward.grad_input" sigmoid_backward_shape(grad_output: &Tensor, output: &Tensor) = pointwise::gradient;
    "aten::tanh_backward.grad_input" tanh_backward_shape(grad_output: &Tensor, output: &Tensor) = pointwise::gradient;
    "aten::threshold_backward.grad_input" threshold_backward_shape(grad_output: &Tensor, self_: &Tensor, _threshold: Scalar) = |grad, x, _: Scalar| pointwise::threshold_gradient(grad, x);
    "aten::softplus_backward.grad_input" softplus_backward_shape(grad_output: &Tensor, self_: &Tensor, _beta: Scalar, _threshold: Scalar) = |grad, x, _: Scalar, _: Scalar| pointwise::gradient(grad, x);
    "aten::leaky_relu_backward.grad_input" leaky_relu_backward_shape(grad_output: &Tensor, self_: &Tensor, _slope: Scalar, _is_result: bool) = |grad, x, _: Scalar, _: bool| pointwise::gradient(grad, x);
    "aten::logical_not.out" logical_not_shape(self_: &Tensor) = pointwise::test;
    "aten::acos.out" acos_shape(self_: &Tensor) = pointwise::float_function;
    "aten::acosh.out" acosh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::asin.out" asin_shape(self_: &Tensor) = pointwise::float_function;
    "aten::asinh.out" asinh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::atan.out" atan_shape(self_: &Tensor) = pointwise::float_function;
    "aten::atanh.out" atanh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::cosh.out" cosh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::sinh.out" sinh_shape(self_: &Tensor) = pointwise::float_function;
    "aten::tan.out" tan_shape(self_: &Tensor) = pointwise::float_function;
    "aten::exp2.out" exp2_shape(self_: &Tensor) = pointwise::float_function;
    "aten::expm1.out" expm1_shape(self_: &Tensor) = pointwise::float_function;
    "aten::log2.out" log2_shape(self_: &Tensor) = pointwise::float_function;
    "aten::log10.out" log10_shape(self_: &Tensor) = pointwise::float_function;
    "aten::log1p.out" log1p_shape(self_: &Tensor) = pointwise::float_function;
    "aten::erf.out" erf_shape(self_: &Tensor) = pointwise::float_function;
    "aten::erfc.out" erfc_shape(self_: &Tensor) = pointwise::float_function;
    "aten::ceil.out" ceil_shape(self_: &Tensor) = pointwise::rounding;
    "aten::floor.out" floor_shape(self_: &Tensor) = pointwise::rounding;
    "aten::trunc.out" trunc_shape(self_: &Tensor) = pointwise::rounding;
    "aten::round.out" round_shape(self_: &Tensor) = pointwise::rounding;
    "aten::frac.out" frac_shape(self_: &Tensor) = pointwise::floating_function;
    "aten::sign.out" sign_shape(self_: &Tensor) = pointwise::real_function;
    "aten::sgn.out" sgn_shape(self_: &Tensor) = pointwise::same;
    "aten::isposinf.out" isposinf_shape(self_: &Tensor) = pointwise::real_test;
    "aten::isneginf.out" isneginf_shape(self_: &Tensor) = pointwise::real_test;
    "aten::signbit.out" signbit_shape(self_: &Tensor) = pointwise::real_test;
    "aten::bitwise_not.out" bitwise_not_shape(self_: &Tensor) = pointwise::bitwise_function;
    "aten::div.out_mode" div_mode_shape(self_: &Tensor, other: &Tensor, mode: Option<&str>) = pointwise::rounded_quotient;
    "aten::floor_divide.out" floor_divide_shape(self_: &Tensor, other: &Tensor) = pointwise::floor_quotient;
    "aten::fmod.Tensor_out" fmod_shape(self_: &Tensor, other: &Tensor) = pointwise::floor_quotient;
    "aten::remainder.Tensor_out" remainder_shape(self_: &Tensor, other: &Tensor) = pointwise::floor_quotient;
    "aten::fmax.out" fmax_shape(self_: &Tensor, other: &Tensor) = pointwise::ordered;
    "aten::fmin.out" fmin_shape(self_: &Tensor, other: &Tensor) = pointwise::ordered;
    "aten::atan2.out" atan2_shape(self_: &Tensor, other: &Tensor) = pointwise::float_pair;
    "aten::copysign.out" copysign_shape(self_: &Tensor, other: &Tensor) = pointwise::float_pair;
    "aten::xlogy.OutTensor" xlogy_shape(self_: &Tensor, other: &Tensor) = pointwise::float_pair;
    "aten::hypot.out" hypot_shape(self_: &Tensor, other: &Tensor) = pointwise::floating_pair;
    "aten::logaddexp.out" logaddexp_shape(self_: &Tensor, other: &Tensor) = pointwise::floating_pair;
    "aten::logaddexp2.out" logaddexp2_shape(self_: &Tensor, other: &Tensor) = pointwise::floating_pair;
    "aten::bitwise_and.Tensor_out" bitwise_and_shape(self_: &Tensor, other: &Tensor) = pointwise::bitwise;
    "aten::bitwise_or.Tensor_out" bitwise_or_shape(self_: &Tensor, other: &Tensor) = pointwise::bitwise;
    "aten::bitwise_xor.Tensor_out" bitwise_xor_shape(self_: &Tensor, other: &Tensor) = pointwise::bitwise;
    "aten::bitwise_left_shift.Tensor_out" bitwise_left_shift_shape(self_: &Tensor, other: &Tensor) = pointwise::shift;
    "aten::bitwise_right_shift.Tensor_out" bitwise_right_shift_shape(self_: &Tensor, other: &Tensor) = pointwise::shift;
    "aten::logical_and.out" logical_and_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::logical_or.out" logical_or_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::logical_xor.out" logical_xor_shape(self_: &Tensor, other: &Tensor) = pointwise::comparison;
    "aten::pow.Tensor_Tensor_out" pow_shape(self_: &Tensor, exponent: &Tensor) = pointwise::power;
    "aten::pow.Scalar_out" pow_of_scalar_shape(self_: Scalar, exponent: &Tensor) = pointwise::power;
    "aten::addcmul.out" addcmul_shape(self_: &Tensor, a: &Tensor, b: &Tensor, value: Scalar)
        = pointwise::sum_of_three;
    "aten::addcdiv.out" addcdiv_shape(self_: &Tensor, a: &Tensor, b: &Tensor, value: Scalar)
        = pointwise::sum_with_quotient;
    "aten::lerp.Tensor_out" lerp_shape(self_: &Tensor, end: &Tensor, weight: &Tensor) = pointwise::interpolation;
    "aten::lerp.Scalar_out" lerp_scalar_shape(self_: &Tensor, end: &Tensor, weight: Scalar)
        = pointwise::interpolation;
    "aten::clamp.Tensor_out" clamp_tensor_shape(self_: &Tensor, min: Option<&Tensor>, max: Option<&Tensor>)
        = pointwise::clamp_tensor;
    "aten::clamp_min.Tensor_out" clamp_min_tensor_shape(self_: &Tensor, min: &Tensor) = pointwise::ordered;
    "aten::clamp_max.Tensor_out" clamp_max_tensor_shape(self_: &Tensor, max: &Tensor) = pointwise::ordered;
    "aten::clamp_min.out" clamp_min_shape(self_: &Tensor, min: Scalar) = |x: &Tensor, min| pointwise::clamp(x, Some(min), None);
    "aten::clamp_max.out" clamp_max_shape(self_: &Tensor, max: Scalar) = |x: &Tensor, max| pointwise::clamp(x, None, Some(max));
    "aten::nan_to_num.out" nan_to_num_shape(self_: &Tensor, nan: Option<f64>, posinf: Option<f64>, neginf: Option<f64>)
        = |x: &Tensor, _: Option<f64>, _: Option<f64>, _: Option<f64>| pointwise::lying_like(x, pointwise::real_function(x)?);
    "aten::round.decimals_out" round_decimals_shape(self_: &Tensor, decimals: i64)
        = |x: &Tensor, _: i64| pointwise::floating_function(x);
    "aten::lgamma.out" lgamma_shape(self_: &Tensor) = pointwise::real_float_function;
    "aten::digamma.out" digamma_shape(self_: &Tensor) = pointwise::real_float_function;
    "aten::sinc.out" sinc_shape(self_: &Tensor) = pointwise::float_function;
    "aten::heaviside.out" heaviside_shape(self_: &Tensor, values: &Tensor) = pointwise::step;
    "aten::gcd.out" gcd_shape(self_: &Tensor, other: &Tensor) = pointwise::divisor;
    "aten::lcm.out" lcm_shape(self_: &Tensor, other: &Tensor) = pointwise::divisor;
    "aten::nextafter.out" nextafter_shape(self_: &Tensor, other: &Tensor) = pointwise::floating_pair;
    "aten::logit.out" logit_shape(self_: &Tensor, eps: Option<f64>)
        = |x: &Tensor, _: Option<f64>| pointwise::float_function(x);
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
    "aten::tril.out" tril_shape(self_: &Tensor, diagonal: i64) = triangle;
    "aten::triu.out" triu_shape(self_: &Tensor, diagonal: i64) = triangle;
    "aten::cumprod.out" cumprod_shape(self_: &Tensor, dim: i64, dtype: Option<DType>) = reduction::cumulative;
    "aten::index_copy.out" index_copy_shape(self_: &Tensor, dim: i64, index: &Tensor, source: &Tensor)
        = indexing::index_copy;
    "aten::index_add.out" index_add_shape(self_: &Tensor, dim: i64, index: &Tensor, source: &Tensor, alpha: Scalar)
        = |x: &Tensor, dim: i64, index: &Tensor, source: &Tensor, _: Scalar| indexing::index_copy(x, dim, index, source);
    "aten::scatter.src_out" scatter_src_shape(self_: &Tensor, dim: i64, index: &Tensor, src: &Tensor)
        = |x: &Tensor, dim: i64, index: &Tensor, src: &Tensor| indexing::scatter(x, dim, index, Some(src));
    "aten::scatter.value_out" scatter_value_shape(self_: &Tensor, dim: i64, index: &Tensor, value: Scalar)
        = |x: &Tensor, dim: i64, index: &Tensor, _: Scalar| indexing::scatter(x, dim, index, None);
    "aten::scatter_add.out" scatter_add_shape(self_: &Tensor, dim: i64, index: &Tensor, src: &Tensor)
        = |x: &Tensor, dim: i64, index: &Tensor, src: &Tensor| indexing::scatter(x, dim, index, Some(src));
}

#[structured("aten::scatter_reduce.two_out")]
fn scatter_reduce_shape(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    src: &Tensor,
    reduce: &str,
    _include_self: bool,
) -> Result<OutputMeta> {
    indexing::Reduce::of(reduce)?;
    indexing::scatter(self_, dim, index, Some(src))
}

#[structured("aten::linalg_qr.out")]
fn linalg_qr_shape(a: &Tensor, mode: &str) -> Result<[OutputMeta; 2]> {
    orthogonal::qr(a, mode)
}

#[structured("aten::_linalg_svd.U")]
fn linalg_svd_shape(
    a: &Tensor,
    full_matrices: bool,
    compute_uv: bool,
    _driver: Option<&str>,
) -> Result<[OutputMeta; 3]> {
    orthogonal::singular(a, full_matrices, compute_uv)
}

#[structured("aten::_linalg_eigh.eigenvalues")]
fn linalg_eigh_shape(a: &Tensor, uplo: &str, compute_v: bool) -> Result<[OutputMeta; 2]> {
    orthogonal::eigen(a, uplo, compute_v)
}

#[structured("aten::index_reduce.out")]
fn index_reduce_shape(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    source: &Tensor,
    reduce: &str,
    _include_self: bool,
) -> Result<OutputMeta> {
    indexing::Reduce::of_index(reduce)?;
    indexing::index_copy(self_, dim, index, source)
}

#[structured("aten::linalg_vector_norm.out")]
fn linalg_vector_norm_shape(
    self_: &Tensor,
    ord: Scalar,
    dim: Option<&[i64]>,
    keepdim: bool,
    dtype: Option<DType>,
) -> Result<Reduction> {
    reduction::norms(self_, ord, dim.unwrap_or(&[]), keepdim, dtype)
}

#[structured("aten::norm.out")]
fn norm_shape(self_: &Tensor, p: Option<Scalar>, dim: &[i64], keepdim: bool) -> Result<Reduction> {
    reduction::norms(self_, p.unwrap_or(Scalar::Int(2)), dim, keepdim, None)
}

#[structured("aten::norm.dtype_out")]
fn norm_dtype_shape(
    self_: &Tensor,
    p: Option<Scalar>,
    dim: &[i64],
    keepdim: bool,
    dtype: DType,
) -> Result<Reduction> {
    reduction::norms(self_, p.unwrap_or(Scalar::Int(2)), dim, keepdim, Some(dtype))
}

#[structured("aten::scatter.reduce_out")]
fn scatter_combine_shape(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    src: &Tensor,
    reduce: &str,
) -> Result<OutputMeta> {
    indexing::Reduce::of_scatter(reduce)?;
    indexing::scatter(self_, dim, index, Some(src))
}

#[structured("aten::scatter.value_reduce_out")]
fn scatter_combine_value_shape(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    _value: Scalar,
    reduce: &str,
) -> Result<OutputMeta> {
    indexing::Reduce::of_scatter(reduce)?;
    indexing::scatter(self_, dim, index, None)
}

#[structured("aten::any.all_out")]
#[structured("aten::all.all_out")]
fn truth_shape(self_: &Tensor) -> Result<Reduction> {
    reduction::truth(self_, &[], false)
}

#[structured("aten::topk.values")]
fn topk_shape(self_: &Tensor, k: i64, dim: i64, _largest: bool, _sorted: bool) -> Result<[OutputMeta; 2]> {
    let (sizes, _) = indexing::topk(self_.sizes(), k, dim)?;
    let like = |dtype| OutputMeta::contiguous(&sizes, dtype, self_.device());
    Ok([like(self_.dtype())?, like(DType::Int64)?])
}

#[structured("aten::sort.values_stable")]
fn sort_stable_shape(
    self_: &Tensor,
    _stable: Option<bool>,
    dim: i64,
    _descending: bool,
) -> Result<[OutputMeta; 2]> {
    indexing::sorted(self_, dim)
}

shapes! {
    OutputMeta:
    "aten::gather.out" gather_shape(self_: &Tensor, dim: i64, index: &Tensor, _sparse_grad: bool)
        = |x: &Tensor, dim: i64, index: &Tensor, _: bool| indexing::gathered(x, dim, index);
    "aten::mm.out" mm_shape(self_: &Tensor, mat2: &Tensor) = matmul::mm;
    "aten::bmm.out" bmm_shape(self_: &Tensor, mat2: &Tensor) = matmul::bmm;
    "aten::addmm.out" addmm_shape(self_: &Tensor, mat1: &Tensor, mat2: &Tensor, _beta: Scalar, _alpha: Scalar)
        = |x: &Tensor, a: &Tensor, b: &Tensor, _: Scalar, _: Scalar| matmul::addmm(x, a, b);
    "aten::isin.Tensor_Tensor_out" isin_shape(elements: &Tensor, _known: &Tensor, _unique: bool, _invert: bool)
        = |x: &Tensor, _: &Tensor, _: bool, _: bool| searching::membership(x.sizes(), x.device());
    "aten::isin.Tensor_Scalar_out" isin_number_shape(
        elements: &Tensor, _known: Scalar, _unique: bool, _invert: bool)
        = |x: &Tensor, _: Scalar, _: bool, _: bool| searching::membership(x.sizes(), x.device());
    "aten::isin.Scalar_Tensor_out" is_number_in_shape(
        _element: Scalar, known: &Tensor, _unique: bool, _invert: bool)
        = |_: Scalar, known: &Tensor, _: bool, _: bool| searching::membership(&[], known.device());
    "aten::_softmax.out" softmax_shape(self_: &Tensor, dim: i64, half_to_float: bool) = reduction::softmax;
    "aten::_log_softmax.out" log_softmax_shape(self_: &Tensor, dim: i64, half_to_float: bool) = reduction::softmax;
    "aten::logcumsumexp.out" logcumsumexp_shape(self_: &Tensor, dim: i64) = reduction::cumulative_floats;
    "aten::renorm.out" renorm_shape(self_: &Tensor, p: Scalar, dim: i64, maxnorm: Scalar) = reduction::renormalised;
    "aten::linalg_cross.out" linalg_cross_shape(self_: &Tensor, other: &Tensor, dim: i64) = linalg::cross;
}

shapes! {
    [OutputMeta; 3]:
    "aten::linalg_lu_factor_ex.out" linalg_lu_factor_ex_shape(a: &Tensor, _pivot: bool, _check_errors: bool)
        = |a: &Tensor, _: bool, _: bool| linalg::lu(a);
    "aten::_linalg_det.result" linalg_det_shape(a: &Tensor) = linalg::determinant;
}

shapes! {
    [OutputMeta; 4]:
    "aten::_linalg_slogdet.sign" linalg_slogdet_shape(a: &Tensor) = linalg::signed_logarithm;
    "aten::_linalg_solve_ex.result" linalg_solve_ex_shape(a: &Tensor, b: &Tensor, left: bool, _check_errors: bool)
        = |a: &Tensor, b: &Tensor, left: bool, _: bool| linalg::solution(a, b, left);
}

shapes! {
    [OutputMeta; 2]:
    "aten::linalg_inv_ex.inverse" linalg_inv_ex_shape(a: &Tensor, _check_errors: bool)
        = |a: &Tensor, _: bool| linalg::of_squares(a, "A");
    "aten::linalg_cholesky_ex.L" linalg_cholesky_ex_shape(self_: &Tensor, _upper: bool, _check_errors: bool)
        = |x: &Tensor, _: bool, _: bool| linalg::of_squares(x, "self");
    "aten::max.dim_max" max_dim_shape(self_: &Tensor, dim: i64, keepdim: bool) = reduction::extremes_with_positions;
    "aten::min.dim_min" min_dim_shape(self_: &Tensor, dim: i64, keepdim: bool) = reduction::extremes_with_positions;
    "aten::aminmax.out" aminmax_shape(self_: &Tensor, dim: Option<i64>, keepdim: bool) = reduction::both_extremes;
}

#[structured("aten::any.dims_out")]
fn any_dims_shape(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool) -> Result<Reduction> {
    reduction::truth(self_, dim.unwrap_or(&[]), keepdim)
}

#[structured("aten::all.dims_out")]
fn all_dims_shape(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool) -> Result<Reduction> {
    reduction::truth(self_, dim.unwrap_or(&[]), keepdim)
}

shapes! {
    OutputMeta:
    "aten::cumsum.out" cumsum_shape(self_: &Tensor, dim: i64, dtype: Option<DType>) = reduction::cumulative;
}

#[structured("aten::elu_backward.grad_input")]
fn elu_backward_shape(
    grad_output: &Tensor,
    alpha: Scalar,
    _scale: Scalar,
    _input_scale: Scalar,
    is_result: bool,
    self_or_result: &Tensor,
) -> Result<Plan> {
    if is_result && alpha.to_f64() < 0.0 {
        return Err(keyway::Error::new(
            keyway::ErrorKind::Runtime,
            format!("`alpha` is {alpha}: with a negative one the gradient cannot be told from the result"),
        ));
    }
    pointwise::gradient(grad_output, self_or_result)
}

#[structured("aten::nll_loss_forward.output")]
fn nll_loss_forward_shape(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
    _ignore_index: i64,
) -> Result<NegativeLikelihood> {
    loss::likelihood(self_, target, weight, reduction)
}

#[structured("aten::nll_loss_backward.grad_input")]
fn nll_loss_backward_shape(
    grad_output: &Tensor,
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
    _ignore_index: i64,
    _total_weight: &Tensor,
) -> Result<NegativeLikelihood> {
    loss::likelihood_gradient(grad_output, self_, target, weight, reduction)
}

/// Triangles are those of matrices, in row-major order.
fn triangle(x: &Tensor, _diagonal: i64) -> Result<OutputMeta> {
    match x.dim() {
        0 | 1 => Err(Error::shape(format!(
            "`self` must be a matrix or a batch of them, its sizes are {:?}",
            x.sizes()
        ))),
        _ => OutputMeta::contiguous(x.sizes(), x.dtype(), x.device()),
    }
}
