//! Choosing elements by position: which indices fit a tensor, and the sizes of what they choose.

use keyway::{DType, Dims, Error, ErrorKind, Result, Tensor};

use super::dimension::{extent, wrap};

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
