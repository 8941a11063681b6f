//! Reductions and scans without data.

use keyway::{DType, Result, Tensor, kernel};

use crate::aten;
use crate::shape::dimension::{Axes, wrap};
use crate::shape::reduction::{arg_axes, mean_dtype, nonempty_axes, sum_dtype, truth_dtype};

fn reduced(x: &Tensor, axes: Axes, keepdim: bool, dtype: DType) -> Result<Tensor> {
    Tensor::zeros(&axes.reduced(x.sizes(), keepdim), dtype, x.device())
}

#[kernel("aten::sum.dim_IntList", Meta)]
fn sum_dim_meta(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    reduced(self_, Axes::of(dim.unwrap_or(&[]), self_.dim())?, keepdim, sum_dtype(self_.dtype(), dtype))
}

#[kernel("aten::mean.dim", Meta)]
fn mean_dim_meta(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    reduced(self_, Axes::of(dim.unwrap_or(&[]), self_.dim())?, keepdim, mean_dtype(self_.dtype(), dtype)?)
}

#[kernel("aten::prod", Meta)]
fn prod_meta(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    reduced(self_, Axes::all(self_.dim())?, false, sum_dtype(self_.dtype(), dtype))
}

#[kernel("aten::prod.dim_int", Meta)]
fn prod_dim_meta(self_: &Tensor, dim: i64, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    reduced(self_, Axes::one(dim, self_.dim())?, keepdim, sum_dtype(self_.dtype(), dtype))
}

#[kernel("aten::max", Meta)]
#[kernel("aten::min", Meta)]
fn extreme_meta(self_: &Tensor) -> Result<Tensor> {
    reduced(self_, nonempty_axes(self_.sizes(), &[])?, false, self_.dtype())
}

#[kernel("aten::amax", Meta)]
#[kernel("aten::amin", Meta)]
fn extreme_dims_meta(self_: &Tensor, dim: &[i64], keepdim: bool) -> Result<Tensor> {
    reduced(self_, nonempty_axes(self_.sizes(), dim)?, keepdim, self_.dtype())
}

#[kernel("aten::argmax", Meta)]
#[kernel("aten::argmin", Meta)]
fn extreme_position_meta(self_: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
    reduced(self_, arg_axes(self_.sizes(), self_.dtype(), dim)?, keepdim, DType::Int64)
}

#[kernel("aten::any", Meta)]
#[kernel("aten::all", Meta)]
fn truth_meta(self_: &Tensor) -> Result<Tensor> {
    reduced(self_, Axes::all(self_.dim())?, false, truth_dtype(self_.dtype()))
}

#[kernel("aten::any.dim", Meta)]
#[kernel("aten::all.dim", Meta)]
fn truth_dim_meta(self_: &Tensor, dim: i64, keepdim: bool) -> Result<Tensor> {
    reduced(self_, Axes::one(dim, self_.dim())?, keepdim, truth_dtype(self_.dtype()))
}

#[kernel("aten::cumsum", Meta)]
fn cumsum_meta(self_: &Tensor, dim: i64, dtype: Option<DType>) -> Result<Tensor> {
    wrap(dim, self_.dim())?;
    Tensor::zeros(self_.sizes(), sum_dtype(self_.dtype(), dtype), self_.device())
}

#[kernel("aten::_softmax", Meta)]
#[kernel("aten::_log_softmax", Meta)]
fn softmax_meta(self_: &Tensor, dim: i64, _half_to_float: bool) -> Result<Tensor> {
    wrap(dim, self_.dim())?;
    Tensor::zeros(self_.sizes(), self_.dtype(), self_.device())
}
