//! Slices along a dimension written at positions: `index_copy`, `index_add`, `index_reduce`, `index_fill`.

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::shape::dimension::{extent, wrap};

/// The positions in an index along a dimension of some size, counted from the front.
fn positions(index: &Tensor, size: i64, wraps: bool) -> Result<Vec<i64>> {
    let given = aten::to::dtype.call(index, keyway::DType::Int64, false, false, None)?.to_vec::<i64>()?;
    let from_front = given.iter().map(|&at| if wraps && at < 0 { at + size } else { at });
    match from_front.clone().zip(&given).find(|(at, _)| !(0..size).contains(at)) {
        None => Ok(from_front.collect()),
        Some((_, position)) => Err(Error::new(
            ErrorKind::Index,
            format!("`index` holds {position}, which is out of range for a dimension of size {size}"),
        )),
    }
}

/// The slices of `out` along a dimension at positions, each with its place in the index.
fn for_each_slice(
    out: &Tensor,
    dim: i64,
    index: &Tensor,
    wraps: bool,
    mut visit: impl FnMut(&Tensor, i64) -> Result<()>,
) -> Result<()> {
    let out = if out.dim() == 0 { aten::unsqueeze::default.call(out, 0)? } else { out.clone() };
    let d = wrap(dim, out.dim())?;
    for (at, &position) in positions(index, extent(out.sizes(), d), wraps)?.iter().enumerate() {
        visit(&aten::select::int.call(&out, d as i64, position)?, at as i64)?;
    }
    Ok(())
}

/// The slice of the source at a place of the index.
fn slice_of(source: &Tensor, dim: i64, at: i64) -> Result<Tensor> {
    match source.dim() {
        0 => Ok(source.clone()),
        rank => aten::select::int.call(source, wrap(dim, rank)? as i64, at),
    }
}

#[kernel("aten::index_copy.out", CPU, structured)]
fn index_copy(self_: &Tensor, dim: i64, index: &Tensor, source: &Tensor, out: &Tensor) -> Result<()> {
    aten::copy_::default.call(out, self_, false)?;
    for_each_slice(out, dim, index, false, |slice, at| {
        aten::copy_::default.call(slice, &slice_of(source, dim, at)?, false).map(|_| ())
    })
}

#[kernel("aten::index_add.out", CPU, structured)]
fn index_add(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    source: &Tensor,
    alpha: Scalar,
    out: &Tensor,
) -> Result<()> {
    aten::copy_::default.call(out, self_, false)?;
    for_each_slice(out, dim, index, false, |slice, at| {
        aten::add_::Tensor.call(slice, &slice_of(source, dim, at)?, alpha).map(|_| ())
    })
}

/// Each element of a slice is scattered to the place of its slice.
#[kernel("aten::index_reduce.out", CPU, structured)]
fn index_reduce(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    source: &Tensor,
    reduce: &str,
    include_self: bool,
    out: &Tensor,
) -> Result<()> {
    let d = wrap(dim, self_.dim())?;
    let at = positions(index, extent(self_.sizes(), d), false)?;
    let along: Vec<i64> =
        (0..source.dim()).map(|other| if other == d { at.len() as i64 } else { 1 }).collect();
    let places = Tensor::from_slice(&at, &along)?;
    let places = aten::expand::default.call(&places, source.sizes(), false)?;
    let scatter = aten::scatter_reduce::two_out;
    scatter.call(self_, dim, &places, source, reduce, include_self, out).map(|_| ())
}

#[kernel("aten::index_fill_.int_Scalar", CPU)]
fn index_fill_(self_: &Tensor, dim: i64, index: &Tensor, value: Scalar) -> Result<()> {
    crate::shape::indexing::index_fill(self_, dim, index)?;
    for_each_slice(self_, dim, index, true, |slice, _| aten::fill_::Scalar.call(slice, value).map(|_| ()))
}
