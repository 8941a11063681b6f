//! Views and pieces made of simpler views: dimensions moved, split, named by another tensor.

use keyway::{Error, ErrorKind, Result, Tensor, kernel};

use crate::aten;
use crate::broadcast::broadcast_sizes;
use crate::room;
use crate::shape::dimension::wrap;
use crate::shape::pieces;
use crate::shape::view::inferred_size;
use crate::shape::window::refused;

#[kernel("aten::swapaxes", CompositeImplicitAutograd)]
#[kernel("aten::swapdims", CompositeImplicitAutograd)]
fn swapaxes(self_: &Tensor, axis0: i64, axis1: i64) -> Result<Tensor> {
    aten::transpose::int.call(self_, axis0, axis1)
}

#[kernel("aten::swapaxes_", CompositeImplicitAutograd)]
#[kernel("aten::swapdims_", CompositeImplicitAutograd)]
fn swapaxes_(self_: &Tensor, axis0: i64, axis1: i64) -> Result<()> {
    aten::transpose_::default.call(self_, axis0, axis1).map(|_| ())
}

#[kernel("aten::broadcast_to", CompositeImplicitAutograd)]
fn broadcast_to(self_: &Tensor, size: &[i64]) -> Result<Tensor> {
    aten::expand::default.call(self_, size, false)
}

#[kernel("aten::expand_as", CompositeImplicitAutograd)]
fn expand_as(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    aten::expand::default.call(self_, other.sizes(), false)
}

#[kernel("aten::view_as", CompositeImplicitAutograd)]
fn view_as(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    aten::view::default.call(self_, other.sizes())
}

#[kernel("aten::reshape_as", CompositeImplicitAutograd)]
fn reshape_as(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    aten::reshape::default.call(self_, other.sizes())
}

#[kernel("aten::ravel", CompositeImplicitAutograd)]
fn ravel(self_: &Tensor) -> Result<Tensor> {
    let row_major = aten::contiguous::default.call(self_, keyway::MemoryFormat::Contiguous)?;
    aten::view::default.call(&row_major, &[-1])
}

#[kernel("aten::unflatten.int", CompositeImplicitAutograd)]
fn unflatten(self_: &Tensor, dim: i64, sizes: &[i64]) -> Result<Tensor> {
    let d = wrap(dim, self_.dim())?;
    if sizes.is_empty() || self_.dim() == 0 {
        return Err(Error::new(
            ErrorKind::Runtime,
            "`sizes` must not be empty, nor the tensor without dimensions",
        ));
    }
    let own = self_.sizes();
    let parts = inferred_size(sizes, own[d] as usize)?;
    aten::view::default.call(self_, &[&own[..d], &parts[..], &own[d + 1..]].concat())
}

#[kernel("aten::chunk", CompositeImplicitAutograd)]
fn chunk(self_: &Tensor, chunks: i64, dim: i64) -> Result<Vec<Tensor>> {
    let size = pieces::chunk_size(self_.sizes(), chunks, dim)?;
    match size {
        // So many empty pieces.
        0 => aten::split_with_sizes::default.call(self_, &room::elements(chunks as usize, 0)?, dim),
        size => aten::split::Tensor.call(self_, size, dim),
    }
}

#[kernel("aten::tensor_split.sections", CompositeImplicitAutograd)]
fn tensor_split_sections(self_: &Tensor, sections: i64, dim: i64) -> Result<Vec<Tensor>> {
    let sizes = pieces::sections(self_.sizes(), sections, dim)?;
    aten::split_with_sizes::default.call(self_, &sizes, dim)
}

#[kernel("aten::tensor_split.indices", CompositeImplicitAutograd)]
fn tensor_split_indices(self_: &Tensor, indices: &[i64], dim: i64) -> Result<Vec<Tensor>> {
    if self_.dim() == 0 {
        return Err(Error::shape("a tensor without dimensions cannot be split; unsqueeze it first"));
    }
    let starts = std::iter::once(Some(0)).chain(indices.iter().map(|&position| Some(position)));
    let ends = indices.iter().map(|&position| Some(position)).chain(std::iter::once(None));
    starts.zip(ends).map(|(start, end)| aten::slice::Tensor.call(self_, dim, start, end, 1)).collect()
}

/// The dimension that a split of a direction runs along: the first of those named that there is.
fn split_dim(x: &Tensor, name: &str, least: usize, dim: i64) -> Result<i64> {
    match x.dim() >= least {
        true => Ok(dim),
        false => Err(refused(format!(
            "{name} needs at least {least} dimensions, the sizes of `self` are {:?}",
            x.sizes()
        ))),
    }
}

fn horizontal(x: &Tensor) -> Result<i64> {
    split_dim(x, "hsplit", 1, i64::from(x.dim() != 1))
}

fn vertical(x: &Tensor) -> Result<i64> {
    split_dim(x, "vsplit", 2, 0)
}

fn in_depth(x: &Tensor) -> Result<i64> {
    split_dim(x, "dsplit", 3, 2)
}

macro_rules! directed_splits {
    ($($int:tt $sections:ident, $array:tt $indices:ident = $dim:ident;)*) => {$(
        #[kernel($int, CompositeImplicitAutograd)]
        fn $sections(self_: &Tensor, sections: i64) -> Result<Vec<Tensor>> {
            let dim = $dim(self_)?;
            let size = self_.sizes()[dim as usize];
            match sections > 0 && size % sections == 0 {
                true => aten::tensor_split::sections.call(self_, sections, dim),
                false => Err(refused(format!("dimension {dim} of {size} elements does not fall into {sections}"))),
            }
        }

        #[kernel($array, CompositeImplicitAutograd)]
        fn $indices(self_: &Tensor, indices: &[i64]) -> Result<Vec<Tensor>> {
            aten::tensor_split::indices.call(self_, indices, $dim(self_)?)
        }
    )*};
}
directed_splits! {
    "aten::hsplit.int" hsplit_int, "aten::hsplit.array" hsplit_array = horizontal;
    "aten::vsplit.int" vsplit_int, "aten::vsplit.array" vsplit_array = vertical;
    "aten::dsplit.int" dsplit_int, "aten::dsplit.array" dsplit_array = in_depth;
}

#[kernel("aten::broadcast_tensors", CompositeImplicitAutograd)]
fn broadcast_tensors(tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut sizes = keyway::Dims::new();
    for tensor in tensors {
        sizes = broadcast_sizes(&sizes, tensor.sizes())?;
    }
    tensors.iter().map(|tensor| aten::expand::default.call(tensor, &sizes, false)).collect()
}

#[kernel("aten::sum_to_size", CompositeImplicitAutograd)]
fn sum_to_size(self_: &Tensor, size: &[i64]) -> Result<Tensor> {
    let (own, leading) = (self_.sizes(), self_.dim().saturating_sub(size.len()));
    let fits = own.len() >= size.len()
        && own[leading..].iter().zip(size).all(|(&own, &wanted)| wanted == own || wanted == 1);
    if !fits {
        return Err(refused(format!("`size` {size:?} does not broadcast to the sizes {own:?} of `self`")));
    }
    let kept: Vec<i64> =
        (leading..own.len()).filter(|&d| size[d - leading] == 1 && own[d] != 1).map(|d| d as i64).collect();
    let mut sums = self_.clone();
    if !kept.is_empty() {
        sums = aten::sum::dim_IntList.call(&sums, Some(&kept), true, None)?;
    }
    if leading > 0 {
        let gone: Vec<i64> = (0..leading as i64).collect();
        sums = aten::sum::dim_IntList.call(&sums, Some(&gone), false, None)?;
    }
    Ok(sums)
}

#[kernel("aten::split.sizes", CompositeImplicitAutograd)]
fn split_sizes(self_: &Tensor, split_size: &[i64], dim: i64) -> Result<Vec<Tensor>> {
    aten::split_with_sizes::default.call(self_, split_size, dim)
}

#[kernel("aten::narrow.Tensor", CompositeImplicitAutograd)]
fn narrow_tensor(self_: &Tensor, dim: i64, start: &Tensor, length: i64) -> Result<Tensor> {
    if start.dim() != 0 || !start.dtype().is_integer() {
        return Err(Error::new(
            ErrorKind::Runtime,
            format!(
                "`start` must be an integer without dimensions, it is {} of sizes {:?}",
                start.dtype(),
                start.sizes()
            ),
        ));
    }
    let start = aten::item::default.call(start)?.to_i64();
    aten::narrow::default.call(self_, dim, start, length)
}

#[kernel("aten::movedim.intlist", CompositeImplicitAutograd)]
#[kernel("aten::moveaxis.intlist", CompositeImplicitAutograd)]
fn movedim(self_: &Tensor, source: &[i64], destination: &[i64]) -> Result<Tensor> {
    if source.len() != destination.len() {
        let message = format!("`source` {source:?} and `destination` {destination:?} differ in length");
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    let rank = self_.dim();
    let source = distinct("source", source, rank)?;
    let destination = distinct("destination", destination, rank)?;
    if rank == 0 {
        return aten::alias::default.call(self_);
    }
    let mut order: Vec<Option<usize>> = vec![None; rank];
    source.iter().zip(&destination).for_each(|(&from, &to)| order[to] = Some(from));
    let mut rest = (0..rank).filter(|d| !source.contains(d));
    let order: Vec<i64> =
        order.into_iter().filter_map(|from| from.or_else(|| rest.next())).map(|d| d as i64).collect();
    aten::permute::default.call(self_, &order)
}

/// Dimensions, none of which is named twice.
fn distinct(name: &str, dims: &[i64], rank: usize) -> Result<Vec<usize>> {
    let wrapped: Vec<usize> = dims.iter().map(|&dim| wrap(dim, rank)).collect::<Result<_>>()?;
    let is_repeated = |(at, d): (usize, &usize)| wrapped[..at].contains(d);
    match wrapped.iter().enumerate().any(is_repeated) {
        true => Err(Error::new(ErrorKind::Runtime, format!("`{name}` {dims:?} names a dimension twice"))),
        false => Ok(wrapped),
    }
}

#[kernel("aten::movedim.int", CompositeImplicitAutograd)]
#[kernel("aten::moveaxis.int", CompositeImplicitAutograd)]
fn movedim_int(self_: &Tensor, source: i64, destination: i64) -> Result<Tensor> {
    movedim(self_, &[source], &[destination])
}

#[kernel("aten::numpy_T", CompositeImplicitAutograd)]
fn numpy_t(self_: &Tensor) -> Result<Tensor> {
    let order: Vec<i64> = (0..self_.dim() as i64).rev().collect();
    aten::permute::default.call(self_, &order)
}

#[kernel("aten::mT", CompositeImplicitAutograd)]
fn mt(self_: &Tensor) -> Result<Tensor> {
    match self_.dim() {
        0 | 1 => Err(Error::shape(format!(
            "mT is for matrices and batches of them, not for a tensor of sizes {:?}",
            self_.sizes()
        ))),
        _ => aten::transpose::int.call(self_, -2, -1),
    }
}

#[kernel("aten::atleast_1d", CompositeImplicitAutograd)]
fn atleast_1d(self_: &Tensor) -> Result<Tensor> {
    if self_.dim() == 0 { aten::reshape::default.call(self_, &[1]) } else { Ok(self_.clone()) }
}

#[kernel("aten::atleast_2d", CompositeImplicitAutograd)]
fn atleast_2d(self_: &Tensor) -> Result<Tensor> {
    match self_.dim() {
        0 => aten::reshape::default.call(self_, &[1, 1]),
        1 => aten::unsqueeze::default.call(self_, 0),
        _ => Ok(self_.clone()),
    }
}

#[kernel("aten::atleast_3d", CompositeImplicitAutograd)]
fn atleast_3d(self_: &Tensor) -> Result<Tensor> {
    match self_.dim() {
        0..=2 => aten::unsqueeze::default.call(&atleast_2d(self_)?, -1),
        _ => Ok(self_.clone()),
    }
}
