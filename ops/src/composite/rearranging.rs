//! Elements in other places, with memory of their own: rolled, turned, repeated, put on diagonals.

use keyway::{Error, ErrorKind, Geometry, MemoryFormat, Result, Tensor, kernel};

use crate::aten;
use crate::shape::diagonal::two_dimensions;
use crate::shape::dimension::{extent, wrap};

fn runtime<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Runtime, message))
}

#[kernel("aten::fliplr", CompositeImplicitAutograd)]
fn fliplr(self_: &Tensor) -> Result<Tensor> {
    match self_.dim() {
        0 | 1 => runtime("`self` must have two dimensions to be flipped from left to right".to_owned()),
        _ => aten::flip::default.call(self_, &[1]),
    }
}

#[kernel("aten::flipud", CompositeImplicitAutograd)]
fn flipud(self_: &Tensor) -> Result<Tensor> {
    match self_.dim() {
        0 => runtime("`self` must have a dimension to be flipped upside down".to_owned()),
        _ => aten::flip::default.call(self_, &[0]),
    }
}

#[kernel("aten::roll", CompositeExplicitAutograd)]
fn roll(self_: &Tensor, shifts: &[i64], dims: &[i64]) -> Result<Tensor> {
    if shifts.is_empty() {
        return runtime("`shifts` must name at least one number of places".to_owned());
    }
    if dims.is_empty() && shifts.len() == 1 {
        let flat = aten::reshape::default.call(self_, &[-1])?;
        return aten::view::default.call(&rolled(&flat, shifts[0], 0)?, self_.sizes());
    }
    if dims.len() != shifts.len() {
        return runtime(format!("`shifts` {shifts:?} and `dims` {dims:?} must have the same length"));
    }
    let mut turned = self_.clone();
    for (&shift, &dim) in shifts.iter().zip(dims) {
        turned = rolled(&turned, shift, dim)?;
    }
    Ok(turned)
}

/// Along one dimension: what leaves at the end, then the rest.
fn rolled(x: &Tensor, shift: i64, dim: i64) -> Result<Tensor> {
    let d = wrap(dim, x.dim())?;
    if x.numel() == 0 || x.dim() == 0 {
        return aten::clone::default.call(x, Some(MemoryFormat::Preserve));
    }
    let size = x.sizes()[d];
    let start = (size - shift.rem_euclid(size)).rem_euclid(size);
    let (dim, part) = (d as i64, |from, to| aten::slice::Tensor.call(x, d as i64, Some(from), Some(to), 1));
    aten::cat::default.call(&[part(start, size)?, part(0, start)?], dim)
}

#[kernel("aten::rot90", CompositeExplicitAutograd)]
fn rot90(self_: &Tensor, k: i64, dims: &[i64]) -> Result<Tensor> {
    let &[from, to] = dims else {
        return runtime(format!("`dims` must name two dimensions, it is {dims:?}"));
    };
    two_dimensions(self_.dim(), from, to)?;
    let turned = |flipped: i64| {
        let flipped = aten::flip::default.call(self_, &[flipped])?;
        aten::transpose_::default.call(&flipped, from, to).cloned()
    };
    match k.rem_euclid(4) {
        1 => turned(to),
        2 => aten::flip::default.call(self_, dims),
        3 => turned(from),
        _ => aten::clone::default.call(self_, Some(MemoryFormat::Contiguous)),
    }
}

#[kernel("aten::repeat", CompositeExplicitAutograd)]
fn repeat(self_: &Tensor, repeats: &[i64]) -> Result<Tensor> {
    let Some(lead) = repeats.len().checked_sub(self_.dim()) else {
        return runtime(format!(
            "`repeats` {repeats:?} must have a number for each dimension of sizes {:?}",
            self_.sizes()
        ));
    };
    if let Some(negative) = repeats.iter().find(|&&times| times < 0) {
        return Err(Error::shape(format!("a dimension cannot be repeated {negative} times")));
    }
    let sizes: Vec<i64> = std::iter::repeat_n(1, lead).chain(self_.sizes().iter().copied()).collect();
    // Each dimension in two, of which the outer one is repeated.
    let paired: Vec<i64> = sizes.iter().flat_map(|&size| [1, size]).collect();
    let widened: Vec<i64> = sizes.iter().zip(repeats).flat_map(|(&size, &times)| [times, size]).collect();
    let full: Vec<i64> =
        sizes.iter().zip(repeats).map(|(&size, &times)| size.saturating_mul(times)).collect();
    let repeated =
        aten::expand::default.call(&aten::reshape::default.call(self_, &paired)?, &widened, false)?;
    let copied = aten::clone::default.call(&repeated, Some(MemoryFormat::Contiguous))?;
    aten::_unsafe_view::default.call(&copied, &full)
}

#[kernel("aten::tile", CompositeImplicitAutograd)]
fn tile(self_: &Tensor, dims: &[i64]) -> Result<Tensor> {
    let missing = self_.dim().saturating_sub(dims.len());
    let repeats: Vec<i64> = std::iter::repeat_n(1, missing).chain(dims.iter().copied()).collect();
    aten::repeat::default.call(self_, &repeats)
}

#[kernel("aten::repeat_interleave.self_Tensor", CompositeImplicitAutograd)]
fn repeat_interleave(
    self_: &Tensor,
    repeats: &Tensor,
    dim: Option<i64>,
    output_size: Option<i64>,
) -> Result<Tensor> {
    let x = match dim {
        Some(_) => self_.clone(),
        None => aten::flatten::using_ints.call(self_, 0, -1)?,
    };
    let d = wrap(dim.unwrap_or(0), x.dim())?;
    let size = extent(x.sizes(), d);
    let repeats = match repeats.numel() {
        _ if repeats.dim() > 1 => return runtime("`repeats` must be a vector or a number".to_owned()),
        1 => aten::expand::default.call(&aten::reshape::default.call(repeats, &[1])?, &[size], false)?,
        n if n as i64 == size => repeats.clone(),
        n => return runtime(format!("`repeats` has {n} elements, dimension {d} has {size}")),
    };
    let positions = aten::repeat_interleave::Tensor.call(&repeats, output_size)?;
    aten::index_select::default.call(&x, d as i64, &positions)
}

#[kernel("aten::repeat_interleave.self_int", CompositeImplicitAutograd)]
fn repeat_interleave_int(
    self_: &Tensor,
    repeats: i64,
    dim: Option<i64>,
    output_size: Option<i64>,
) -> Result<Tensor> {
    let x = match dim {
        Some(_) => self_.clone(),
        None => aten::flatten::using_ints.call(self_, 0, -1)?,
    };
    if repeats < 0 {
        return runtime(format!("`repeats` must not be negative, it is {repeats}"));
    }
    let x = if x.dim() == 0 { aten::reshape::default.call(&x, &[1])? } else { x };
    let d = wrap(dim.unwrap_or(0), x.dim())?;
    let size = x.sizes()[d].saturating_mul(repeats);
    if output_size.is_some_and(|asked| asked != size) {
        return runtime(format!("`output_size` is {output_size:?}, the result has {size} positions"));
    }
    let mut sizes = x.sizes().to_vec();
    sizes.insert(d + 1, repeats);
    let widened =
        aten::expand::default.call(&aten::unsqueeze::default.call(&x, d as i64 + 1)?, &sizes, false)?;
    let copied = aten::clone::default.call(&widened, Some(MemoryFormat::Contiguous))?;
    aten::flatten::using_ints.call(&copied, d as i64, d as i64 + 1)
}

#[kernel("aten::diag", CompositeImplicitAutograd)]
fn diag(self_: &Tensor, diagonal: i64) -> Result<Tensor> {
    match self_.dim() {
        1 => aten::diag_embed::default.call(self_, diagonal, -2, -1),
        2 => aten::diagonal_copy::default.call(self_, diagonal, 0, 1),
        rank => runtime(format!("`self` must be a vector or a matrix, it has {rank} dimensions")),
    }
}

#[kernel("aten::diag_embed", CompositeExplicitAutograd)]
fn diag_embed(self_: &Tensor, offset: i64, dim1: i64, dim2: i64) -> Result<Tensor> {
    let rank = self_.dim() + 1;
    let (d1, d2) = two_dimensions(rank, dim1, dim2)?;
    let Some((&len, rest)) = self_.sizes().split_last() else {
        return runtime("a tensor without dimensions has nothing to put on a diagonal".to_owned());
    };
    let side = len.saturating_add(offset.saturating_abs());
    let mut rest = rest.iter().copied();
    let sizes: Vec<i64> =
        (0..rank).map(|d| if d == d1 || d == d2 { side } else { rest.next().unwrap_or(1) }).collect();
    let (dtype, device) = (Some(self_.dtype()), Some(self_.device()));
    let out = aten::zeros::default.call(&sizes, dtype, None, device, None)?;
    let diagonal = aten::diagonal::default.call(&out, offset, dim1, dim2)?;
    aten::copy_::default.call(&diagonal, self_, false)?;
    Ok(out)
}

#[kernel("aten::diagflat", CompositeImplicitAutograd)]
fn diagflat(self_: &Tensor, offset: i64) -> Result<Tensor> {
    let flat =
        aten::view::default.call(&aten::contiguous::default.call(self_, MemoryFormat::Contiguous)?, &[-1])?;
    aten::diag::default.call(&flat, offset)
}

#[kernel("aten::fill_diagonal_", CompositeImplicitAutograd)]
fn fill_diagonal_(self_: &Tensor, fill_value: keyway::Scalar, wrap: bool) -> Result<()> {
    let (sizes, rank) = (self_.sizes(), self_.dim());
    if rank < 2 {
        return runtime(format!("`self` must have two dimensions, its sizes are {sizes:?}"));
    }
    if rank > 2 && sizes.iter().any(|&size| size != sizes[0]) {
        return runtime(format!("with more than two dimensions all must be equal, the sizes are {sizes:?}"));
    }
    let step: i64 = self_.strides().iter().sum();
    let len = sizes.iter().copied().min().unwrap_or(0);
    let fill = |len: i64, first: i64| {
        let from = Some(self_.storage_offset() + first);
        let diagonal = aten::as_strided::default.call(self_, &[len], &[step], from)?;
        aten::fill_::Scalar.call(&diagonal, fill_value).map(|_| ())
    };
    fill(len, 0)?;
    // On a tall matrix the diagonal starts again below a free row.
    let (rows, columns) = (sizes[0], sizes[1]);
    match wrap && rank == 2 && rows > columns + 1 {
        true => {
            let from = self_.strides()[0] * (columns + 1);
            let elements = (rows - columns - 1) * columns;
            fill((elements + columns) / (columns + 1), from)
        }
        false => Ok(()),
    }
}

/// A copy that lies in memory as its original does, gaps included, so that views fit both.
fn copy_with_strides(x: &Tensor) -> Result<Tensor> {
    if x.repeats_elements() {
        return aten::clone::default.call(x, None);
    }
    let len = x.geometry().storage_len()? as i64;
    let all = x.view_as(Geometry::new(&[len], &[1], 0)?)?;
    aten::clone::default.call(&all, None)?.view_as(x.geometry().clone())
}

/// A copy of `self` with `src` in the place of a view of it.
fn scattered(self_: &Tensor, src: &Tensor, view: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let out = copy_with_strides(self_)?;
    let slot = view(&out)?;
    if slot.sizes() != src.sizes() {
        return Err(Error::shape(format!(
            "`src` has sizes {:?}, the slice of `self` {:?}; they must be equal",
            src.sizes(),
            slot.sizes()
        )));
    }
    aten::copy_::default.call(&slot, src, false)?;
    Ok(out)
}

#[kernel("aten::select_scatter", CompositeExplicitAutograd)]
fn select_scatter(self_: &Tensor, src: &Tensor, dim: i64, index: i64) -> Result<Tensor> {
    scattered(self_, src, |out| aten::select::int.call(out, dim, index))
}

#[kernel("aten::slice_scatter", CompositeExplicitAutograd)]
fn slice_scatter(
    self_: &Tensor,
    src: &Tensor,
    dim: i64,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> Result<Tensor> {
    scattered(self_, src, |out| aten::slice::Tensor.call(out, dim, start, end, step))
}

#[kernel("aten::diagonal_scatter", CompositeExplicitAutograd)]
fn diagonal_scatter(self_: &Tensor, src: &Tensor, offset: i64, dim1: i64, dim2: i64) -> Result<Tensor> {
    scattered(self_, src, |out| aten::diagonal::default.call(out, offset, dim1, dim2))
}

#[kernel("aten::as_strided_scatter", CompositeExplicitAutograd)]
fn as_strided_scatter(
    self_: &Tensor,
    src: &Tensor,
    size: &[i64],
    stride: &[i64],
    storage_offset: Option<i64>,
) -> Result<Tensor> {
    scattered(self_, src, |out| aten::as_strided::default.call(out, size, stride, storage_offset))
}
