//! Several dimensions indexed at once: which dimensions an index stands for, and the sizes of what is chosen.

use keyway::{DType, Dims, Error, ErrorKind, Geometry, Result, Tensor};

use crate::broadcast::broadcast_sizes;

/// What index tensors choose of a tensor.
pub(crate) struct Indexed {
    /// The sizes of the result: the dimensions before, those of the indices, those after.
    pub(crate) sizes: Dims,
    /// The sizes of the indices broadcast against each other.
    pub(crate) positions: Dims,
    /// The dimensions of the tensor before those of the indices, in the order of the result.
    pub(crate) before: Vec<usize>,
    /// Those after them.
    pub(crate) after: Vec<usize>,
}

/// Whether an index says of each element if it is chosen, and not which.
pub(crate) fn is_mask(index: &Tensor) -> Result<bool> {
    match index.dtype() {
        DType::Bool | DType::UInt8 => Ok(true),
        DType::Int64 | DType::Int32 => Ok(false),
        other => Err(Error::index(format!("an index must be int64, int32, bool or uint8, it is {other}"))),
    }
}

/// The rule of indexing with positions, given the sizes of the indices. Where indexed dimensions are not neighbours, those
/// of the indices come first.
pub(crate) fn indexed(sizes: &[i64], indices: &[Option<&Geometry>]) -> Result<Indexed> {
    if indices.len() > sizes.len() {
        return Err(Error::index(format!(
            "{} indices are too many for a tensor of {} dimensions",
            indices.len(),
            sizes.len()
        )));
    }
    let mut positions = Dims::new();
    for index in indices.iter().flatten() {
        positions = broadcast_sizes(&positions, index.sizes())
            .map_err(|error| Error::index(format!("the indices do not broadcast: {error}")))?;
    }
    let is_indexed = |d: &usize| indices.get(*d).is_some_and(Option::is_some);
    let named: Vec<usize> = (0..sizes.len()).filter(is_indexed).collect();
    let are_neighbours = named.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let first = named.first().copied().unwrap_or(0);
    let rest = (0..sizes.len()).filter(|d| !is_indexed(d));
    let (before, after): (Vec<usize>, Vec<usize>) = rest.partition(|&d| are_neighbours && d < first);
    let of = |dims: &[usize]| dims.iter().map(|&d| sizes[d]).collect::<Vec<i64>>();
    let result: Dims = [&of(&before)[..], &positions[..], &of(&after)[..]].concat().into();
    let indexes_nothing = named.iter().any(|&d| sizes[d] == 0);
    if indexes_nothing && !result.contains(&0) {
        return Err(Error::index(format!(
            "a dimension of size 0 of sizes {sizes:?} has no element to choose"
        )));
    }
    Ok(Indexed { sizes: result, positions, before, after })
}

/// The rule of `take`.
pub(crate) fn take(index: &Tensor) -> Result<()> {
    match index.dtype() {
        DType::Int64 => Ok(()),
        other => Err(Error::new(ErrorKind::Runtime, format!("`index` must be int64, it is {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_sizes(sizes: &[&[i64]]) -> Vec<Geometry> {
        sizes.iter().map(|sizes| Geometry::contiguous(sizes).unwrap()).collect()
    }

    #[test]
    fn neighbours_stay_and_others_come_first() {
        let held = of_sizes(&[&[2, 1], &[3]]);
        let (a, b) = (Some(&held[0]), Some(&held[1]));
        assert_eq!(indexed(&[4, 5, 6], &[None, a, b]).unwrap().sizes[..], [4, 2, 3]);
        assert_eq!(indexed(&[4, 5, 6], &[a, None, b]).unwrap().sizes[..], [2, 3, 5]);
        assert_eq!(indexed(&[4, 5, 6], &[a]).unwrap().sizes[..], [2, 1, 5, 6]);
    }

    #[test]
    fn indices_must_fit() {
        let held = of_sizes(&[&[2], &[3]]);
        let (a, b) = (Some(&held[0]), Some(&held[1]));
        assert_eq!(indexed(&[4], &[a, a]).err().unwrap().kind(), ErrorKind::Index);
        assert_eq!(indexed(&[4, 4], &[a, b]).err().unwrap().kind(), ErrorKind::Index);
        assert!(indexed(&[0, 4], &[a]).is_err() && indexed(&[4, 0], &[a]).is_ok());
    }
}
