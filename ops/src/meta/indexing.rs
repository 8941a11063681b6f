//! Choosing, joining and sorting without data.

use keyway::{DType, MemoryFormat, Result, Tensor, kernel};

use crate::aten;
use crate::memory_format::geometry_like;
use crate::shape::dimension::wrap;
use crate::shape::{indexing, joining};

#[kernel("aten::index_select", Meta)]
fn index_select_meta(self_: &Tensor, dim: i64, index: &Tensor) -> Result<Tensor> {
    Tensor::zeros(&indexing::index_select(self_.sizes(), dim, index)?.0, self_.dtype(), self_.device())
}

#[kernel("aten::gather", Meta)]
fn gather_meta(self_: &Tensor, dim: i64, index: &Tensor, _sparse_grad: bool) -> Result<Tensor> {
    Tensor::zeros(&indexing::gather(self_.sizes(), dim, index)?.0, self_.dtype(), self_.device())
}

#[kernel("aten::cat", Meta)]
fn cat_meta(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let joined = joining::cat(tensors, dim)?;
    Tensor::zeros_strided(joined.geometry, joined.dtype, tensors[0].device())
}

#[kernel("aten::sort.stable", Meta)]
fn sort_stable_meta(
    self_: &Tensor,
    _stable: Option<bool>,
    dim: i64,
    _descending: bool,
) -> Result<(Tensor, Tensor)> {
    wrap(dim, self_.dim())?;
    let geometry = geometry_like(self_.geometry(), MemoryFormat::Preserve)?;
    Ok((
        Tensor::zeros_strided(geometry.clone(), self_.dtype(), self_.device())?,
        Tensor::zeros_strided(geometry, DType::Int64, self_.device())?,
    ))
}

#[kernel("aten::topk", Meta)]
fn topk_meta(self_: &Tensor, k: i64, dim: i64, _largest: bool, _sorted: bool) -> Result<(Tensor, Tensor)> {
    let (sizes, _) = indexing::topk(self_.sizes(), k, dim)?;
    Ok((
        Tensor::zeros(&sizes, self_.dtype(), self_.device())?,
        Tensor::zeros(&sizes, DType::Int64, self_.device())?,
    ))
}

#[kernel("aten::embedding_dense_backward", Meta)]
fn embedding_dense_backward_meta(
    grad_output: &Tensor,
    indices: &Tensor,
    num_weights: i64,
    _padding_idx: i64,
    _scale_grad_by_freq: bool,
) -> Result<Tensor> {
    let width = crate::shape::embedding::gradient(grad_output, indices, num_weights)?;
    Tensor::zeros(&[num_weights, width], grad_output.dtype(), grad_output.device())
}
