//! Choosing, joining and sorting without data.

use keyway::{Dims, Error, Geometry, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::overlap::forbid_internal_overlap;
use crate::shape::advanced_indexing::{indexed, is_mask, take};
use crate::shape::embedding::Bags;
use crate::shape::searching::{Search, search_dtype, searched};
use crate::shape::{indexing, joining};

#[kernel("aten::index_select", Meta)]
fn index_select_meta(self_: &Tensor, dim: i64, index: &Tensor) -> Result<Tensor> {
    Tensor::zeros(&indexing::index_select(self_.sizes(), dim, index)?.0, self_.dtype(), self_.device())
}

#[kernel("aten::cat", Meta)]
fn cat_meta(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let joined = joining::cat(tensors, dim)?;
    Tensor::zeros_strided(joined.geometry, joined.dtype, tensors[0].device())
}

/// Masks need data: where they are true decides the size.
#[kernel("aten::index.Tensor", Meta)]
fn index_meta(self_: &Tensor, indices: &[Option<Tensor>]) -> Result<Tensor> {
    Tensor::zeros(&sizes_of_indexed(self_, indices)?, self_.dtype(), self_.device())
}

fn sizes_of_indexed(x: &Tensor, indices: &[Option<Tensor>]) -> Result<Dims> {
    for index in indices.iter().flatten() {
        if is_mask(index)? {
            return Err(Error::not_implemented("what a mask chooses cannot be known without data"));
        }
    }
    let geometries: Vec<Option<&Geometry>> =
        indices.iter().map(|index| index.as_ref().map(Tensor::geometry)).collect();
    Ok(indexed(x.sizes(), &geometries)?.sizes)
}

#[kernel("aten::_index_put_impl_", Meta)]
fn index_put_meta_(
    self_: &Tensor,
    _indices: &[Option<Tensor>],
    values: &Tensor,
    _accumulate: bool,
    _unsafe: bool,
) -> Result<()> {
    match self_.dtype() == values.dtype() {
        true => forbid_internal_overlap(self_),
        false => Err(Error::dtype("`values` must have the dtype of `self`")),
    }
}

#[kernel("aten::take", Meta)]
fn take_meta(self_: &Tensor, index: &Tensor) -> Result<Tensor> {
    take(index)?;
    Tensor::zeros(index.sizes(), self_.dtype(), self_.device())
}

#[kernel("aten::index_fill_.int_Scalar", Meta)]
fn index_fill_meta_(self_: &Tensor, dim: i64, index: &Tensor, _value: Scalar) -> Result<()> {
    indexing::index_fill(self_, dim, index)
}

#[kernel("aten::masked_scatter_", Meta)]
fn masked_scatter_meta_(self_: &Tensor, mask: &Tensor, source: &Tensor) -> Result<()> {
    indexing::masked_scatter(self_, mask, source)
}

#[kernel("aten::searchsorted.Tensor", Meta)]
fn searchsorted_meta(
    sorted_sequence: &Tensor,
    self_: &Tensor,
    out_int32: bool,
    right: bool,
    side: Option<&str>,
    sorter: Option<&Tensor>,
) -> Result<Tensor> {
    searched(&Search { sorted: sorted_sequence, sorter, right, side }, Some(self_))?;
    Tensor::zeros(self_.sizes(), search_dtype(out_int32), self_.device())
}

#[kernel("aten::searchsorted.Scalar", Meta)]
fn searchsorted_scalar_meta(
    sorted_sequence: &Tensor,
    _self: Scalar,
    out_int32: bool,
    right: bool,
    side: Option<&str>,
    sorter: Option<&Tensor>,
) -> Result<Tensor> {
    searched(&Search { sorted: sorted_sequence, sorter, right, side }, None)?;
    Tensor::zeros(&[], search_dtype(out_int32), sorted_sequence.device())
}

#[kernel("aten::bucketize.Scalar", Meta)]
fn bucketize_scalar_meta(
    _self_: Scalar,
    boundaries: &Tensor,
    out_int32: bool,
    _right: bool,
) -> Result<Tensor> {
    crate::shape::searching::boundaries(boundaries)?;
    Tensor::zeros(&[], search_dtype(out_int32), boundaries.device())
}

#[kernel("aten::bucketize.Tensor", Meta)]
fn bucketize_meta(self_: &Tensor, boundaries: &Tensor, out_int32: bool, _right: bool) -> Result<Tensor> {
    crate::shape::searching::boundaries(boundaries)?;
    Tensor::zeros(self_.sizes(), search_dtype(out_int32), self_.device())
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

#[kernel("aten::_embedding_bag", Meta)]
#[kernel("aten::_embedding_bag_forward_only", Meta)]
fn embedding_bag_meta(
    weight: &Tensor,
    indices: &Tensor,
    offsets: &Tensor,
    _scale_grad_by_freq: bool,
    mode: i64,
    _sparse: bool,
    per_sample_weights: Option<&Tensor>,
    include_last_offset: bool,
    _padding_idx: i64,
) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
    let bags = Bags::new(weight, [indices, offsets], mode, per_sample_weights, include_last_offset)?;
    let [out, bag_of, sizes, places] = bags.outputs.each_ref().map(keyway::OutputMeta::allocate);
    Ok((out?, bag_of?, sizes?, places?))
}
