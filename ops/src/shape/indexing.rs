//! Choosing elements by position: which indices fit a tensor, and the sizes of what they choose.

use keyway::{DType, Dims, Error, ErrorKind, MemoryFormat, OutputMeta, Result, Tensor};

use super::dimension::{extent, wrap};
use crate::memory_format::geometry_like;

/// Positions must be `int64` or `int32`.
pub(crate) fn index_dtype(index: &Tensor) -> Result<()> {
    match index.dtype() {
        DType::Int64 | DType::Int32 => Ok(()),
        other => Err(Error::new(
            ErrorKind::Runtime,
            format!("index must be int64 or int32, not {other}; convert it first"),
        )),
    }
}

/// The sizes of `index_select`, and its dimension.
pub(crate) fn index_select(sizes: &[i64], dim: i64, index: &Tensor) -> Result<(Dims, usize)> {
    let d = wrap(dim, sizes.len())?;
    if index.dim() > 1 {
        return Err(Error::index(format!("index must be a vector, its sizes are {:?}", index.sizes())));
    }
    index_dtype(index)?;
    if sizes.is_empty() && index.numel() != 1 {
        return Err(Error::shape(format!(
            "index has {} positions, a tensor without dimensions takes just one",
            index.numel()
        )));
    }
    let mut chosen = Dims::from_slice(sizes);
    if let Some(size) = chosen.get_mut(d) {
        *size = index.numel() as i64;
    }
    Ok((chosen, d))
}

/// The sizes of `gather`, which are those of the index, and its dimension.
pub(crate) fn gather(sizes: &[i64], dim: i64, index: &Tensor) -> Result<(Dims, usize)> {
    let d = wrap(dim, sizes.len())?;
    if index.numel() == 0 {
        return Ok((index.sizes().into(), d));
    }
    index_dtype(index)?;
    let rank = sizes.len().max(1);
    if rank != index.dim().max(1) {
        return Err(Error::shape(format!(
            "index of sizes {:?} must have as many dimensions as self of sizes {sizes:?}",
            index.sizes()
        )));
    }
    match (0..rank).find(|&other| other != d && extent(index.sizes(), other) > extent(sizes, other)) {
        None => Ok((index.sizes().into(), d)),
        Some(wide) => Err(Error::shape(format!(
            "index of sizes {:?} reaches beyond self of sizes {sizes:?} at dimension {wide}; only dimension {d} may",
            index.sizes()
        ))),
    }
}

/// `gather`, whose result has the sizes of the index.
pub(crate) fn gathered(x: &Tensor, dim: i64, index: &Tensor) -> Result<OutputMeta> {
    OutputMeta::contiguous(&gather(x.sizes(), dim, index)?.0, x.dtype(), x.device())
}

/// `sort`: the elements in the strides of `x`, and where they came from.
pub(crate) fn sorted(x: &Tensor, dim: i64) -> Result<[OutputMeta; 2]> {
    wrap(dim, x.dim())?;
    let like =
        |dtype| Ok(OutputMeta::new(geometry_like(x.geometry(), MemoryFormat::Preserve)?, dtype, x.device()));
    Ok([like(x.dtype())?, like(DType::Int64)?])
}

/// How elements at one position are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduce {
    /// They are added up.
    Sum,
    /// They are multiplied.
    Product,
    /// They are averaged.
    Mean,
    /// The largest one stays.
    Largest,
    /// The smallest one stays.
    Smallest,
}

impl Reduce {
    /// The way of a name.
    pub(crate) fn of(name: &str) -> Result<Reduce> {
        match name {
            "sum" => Ok(Reduce::Sum),
            "prod" => Ok(Reduce::Product),
            "mean" => Ok(Reduce::Mean),
            "amax" => Ok(Reduce::Largest),
            "amin" => Ok(Reduce::Smallest),
            other => Err(Error::new(
                ErrorKind::Runtime,
                format!(
                    "`reduce` must be \"sum\", \"prod\", \"mean\", \"amax\" or \"amin\", it is {other:?}"
                ),
            )),
        }
    }
}

impl Reduce {
    /// The way of a name of `index_reduce`, which has no sums.
    pub(crate) fn of_index(name: &str) -> Result<Reduce> {
        match name {
            "sum" => Err(Error::new(
                ErrorKind::Runtime,
                "`reduce` must be \"prod\", \"mean\", \"amax\" or \"amin\"; index_add sums",
            )),
            name => Reduce::of(name),
        }
    }

    /// The way of a name of the older overloads.
    pub(crate) fn of_scatter(name: &str) -> Result<Reduce> {
        match name {
            "add" => Ok(Reduce::Sum),
            "multiply" => Ok(Reduce::Product),
            other => Err(Error::new(
                ErrorKind::Runtime,
                format!("`reduce` must be \"add\" or \"multiply\", it is {other:?}"),
            )),
        }
    }
}

/// Elements written at positions along a dimension: a result like `x`.
pub(crate) fn scatter(x: &Tensor, dim: i64, index: &Tensor, src: Option<&Tensor>) -> Result<OutputMeta> {
    let d = wrap(dim, x.dim())?;
    let out = OutputMeta::contiguous(x.sizes(), x.dtype(), x.device())?;
    if let Some(src) = src
        && src.dtype() != x.dtype()
    {
        return Err(Error::dtype(format!(
            "`src` must have the dtype of `self`, {}, it has {}",
            x.dtype(),
            src.dtype()
        )));
    }
    if index.numel() == 0 {
        return Ok(out);
    }
    if index.dtype() != DType::Int64 {
        return Err(Error::new(
            ErrorKind::Runtime,
            format!("`index` must be int64, it is {}", index.dtype()),
        ));
    }
    let rank = x.dim().max(1);
    let of_rank = |tensor: &Tensor| tensor.dim().max(1) == rank;
    if !of_rank(index) || !src.is_none_or(of_rank) {
        return Err(Error::shape(format!(
            "`index` of sizes {:?}, and `src`, must have as many dimensions as `self` of sizes {:?}",
            index.sizes(),
            x.sizes()
        )));
    }
    let reaches_beyond = |other: usize| {
        let asked = extent(index.sizes(), other);
        (other != d && asked > extent(x.sizes(), other))
            || src.is_some_and(|src| asked > extent(src.sizes(), other))
    };
    match (0..rank).find(|&other| reaches_beyond(other)) {
        None => Ok(out),
        Some(wide) => Err(Error::shape(format!(
            "`index` of sizes {:?} reaches beyond `self` of sizes {:?}, or `src`, at dimension {wide}; in `self` \
             only dimension {d} may be passed",
            index.sizes(),
            x.sizes()
        ))),
    }
}

/// Slices written at positions along a dimension: a result like `x`.
pub(crate) fn index_copy(x: &Tensor, dim: i64, index: &Tensor, source: &Tensor) -> Result<OutputMeta> {
    let d = wrap(dim, x.dim())?;
    let refuse = |message: String| Err(Error::new(ErrorKind::Runtime, message));
    if index.dim() > 1 {
        return Err(Error::index(format!("`index` must be a vector, its sizes are {:?}", index.sizes())));
    }
    if index.dtype() != DType::Int64 && index.dtype() != DType::Int32 {
        return refuse(format!("`index` must be int64, it is {}", index.dtype()));
    }
    if x.dtype() != source.dtype() {
        return refuse(format!(
            "`source` must have the dtype of `self`, {}, it has {}",
            x.dtype(),
            source.dtype()
        ));
    }
    let slice =
        |sizes: &[i64]| (0..sizes.len()).filter(|&other| other != d).map(|other| sizes[other]).collect();
    let (own, given): (Vec<i64>, Vec<i64>) = (slice(x.sizes()), slice(source.sizes()));
    let count = extent(source.sizes(), d);
    if (source.dim() > 0 && own != given) || count != index.numel() as i64 {
        return refuse(format!(
            "`source` of sizes {:?} must have slices of sizes {own:?}, one for each of {} positions",
            source.sizes(),
            index.numel()
        ));
    }
    OutputMeta::contiguous(x.sizes(), x.dtype(), x.device())
}

/// Slices filled at positions along a dimension.
pub(crate) fn index_fill(x: &Tensor, dim: i64, index: &Tensor) -> Result<()> {
    wrap(dim, x.dim())?;
    if index.dim() > 1 {
        return Err(Error::index(format!("`index` must be a vector, its sizes are {:?}", index.sizes())));
    }
    match index.dtype() {
        DType::Int64 => Ok(()),
        other => Err(Error::index(format!("`index` must be int64, it is {other}"))),
    }
}

/// `k` positions out of a dimension: the sizes of `topk`, and its dimension.
pub(crate) fn topk(sizes: &[i64], k: i64, dim: i64) -> Result<(Dims, usize)> {
    let d = wrap(dim, sizes.len())?;
    let size = extent(sizes, d);
    if !(0..=size).contains(&k) {
        return Err(Error::shape(format!("k = {k} is out of range for dimension {d} of size {size}")));
    }
    let mut chosen = Dims::from_slice(sizes);
    if let Some(size) = chosen.get_mut(d) {
        *size = k;
    }
    Ok((chosen, d))
}

/// The place of the `k`th smallest element, counted from one.
pub(crate) fn kth_position(sizes: &[i64], k: i64, dim: i64) -> Result<usize> {
    let d = wrap(dim, sizes.len())?;
    let size = extent(sizes, d);
    match (1..=size).contains(&k) {
        true => Ok(k as usize - 1),
        false => Err(Error::new(
            ErrorKind::Runtime,
            format!("k = {k} is out of range for dimension {d} of size {size}; it counts from one"),
        )),
    }
}

/// The dtypes of `masked_scatter_`.
pub(crate) fn masked_scatter(x: &Tensor, mask: &Tensor, source: &Tensor) -> Result<()> {
    if x.dtype() != source.dtype() {
        return Err(Error::dtype(format!(
            "`source` must have the dtype of `self`, {}, it has {}",
            x.dtype(),
            source.dtype()
        )));
    }
    match mask.dtype() {
        DType::Bool => Ok(()),
        other => Err(Error::new(ErrorKind::Runtime, format!("`mask` must be bool, it is {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_gives_the_sizes() {
        let index = Tensor::from_slice(&[0i64, 1, 1], &[3]).unwrap();
        assert_eq!(index_select(&[2, 5], 0, &index).unwrap().0[..], [3, 5]);
        assert!(index_select(&[], 0, &index).is_err());
        let floats = Tensor::from_slice(&[0f32], &[1]).unwrap();
        assert_eq!(index_select(&[2], 0, &floats).unwrap_err().kind(), ErrorKind::Runtime);
        assert!(gather(&[2, 5], 0, &index).is_err());
        let narrow = index.view_as(keyway::Geometry::contiguous(&[3, 1]).unwrap()).unwrap();
        assert!(gather(&[2, 5], 1, &narrow).is_err());
        assert_eq!(gather(&[2, 5], 0, &narrow).unwrap().0[..], [3, 1]);
    }

    #[test]
    fn k_stays_inside() {
        assert_eq!(topk(&[3, 4], 2, -1).unwrap(), (Dims::from_slice(&[3, 2]), 1));
        assert!(topk(&[3], 4, 0).is_err() && topk(&[3], -1, 0).is_err());
        assert_eq!(topk(&[], 1, 0).unwrap().0.len(), 0);
    }
}
