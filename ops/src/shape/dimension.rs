//! Dimensions as arguments: counted from the end when negative, checked against the number of dimensions.

use keyway::{Dims, Error, ErrorKind, Result};

/// A dimension as a position in the sizes. A tensor without dimensions counts as having one, as in ATen.
pub(crate) fn wrap(dim: i64, rank: usize) -> Result<usize> {
    let rank = rank.max(1) as i64;
    match dim {
        _ if (0..rank).contains(&dim) => Ok(dim as usize),
        _ if (-rank..0).contains(&dim) => Ok((dim + rank) as usize),
        _ => Err(Error::index(format!(
            "dimension {dim} is out of range; with {rank} dimension{} it may be {} to {}",
            if rank == 1 { "" } else { "s" },
            -rank,
            rank - 1
        ))),
    }
}

/// The extent of a dimension; that of a tensor without dimensions is one.
pub(crate) fn extent(sizes: &[i64], dim: usize) -> i64 {
    sizes.get(dim).copied().unwrap_or(1)
}

/// A set of dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axes(u64);

impl Axes {
    /// All dimensions.
    pub(crate) fn all(rank: usize) -> Result<Axes> {
        match rank {
            0..=63 => Ok(Axes((1 << rank) - 1)),
            64 => Ok(Axes(u64::MAX)),
            _ => Err(Error::new(ErrorKind::Runtime, format!("at most 64 dimensions, not {rank}"))),
        }
    }

    /// One dimension.
    pub(crate) fn one(dim: i64, rank: usize) -> Result<Axes> {
        Axes::of(&[dim], rank)
    }

    /// The dimensions of a list without repetition; none means all.
    pub(crate) fn of(dims: &[i64], rank: usize) -> Result<Axes> {
        let all = Axes::all(rank)?;
        if dims.is_empty() {
            return Ok(all);
        }
        let mut axes = Axes(0);
        for &dim in dims {
            let d = wrap(dim, rank)?;
            if axes.contains(d) {
                return Err(Error::new(
                    ErrorKind::Runtime,
                    format!("dimension {d} is listed more than once in {dims:?}"),
                ));
            }
            axes.0 |= 1 << d;
        }
        Ok(axes)
    }

    /// Whether a dimension is in the set.
    pub(crate) fn contains(self, dim: usize) -> bool {
        dim < 64 && self.0 & (1 << dim) != 0
    }

    /// All dimensions in order, those of the set last.
    pub(crate) fn innermost(self, rank: usize) -> Vec<usize> {
        let (inside, outside): (Vec<_>, Vec<_>) = (0..rank).partition(|&d| self.contains(d));
        [outside, inside].concat()
    }

    /// The sizes after the set's dimensions were reduced to one element, kept as ones or taken out.
    pub(crate) fn reduced(self, sizes: &[i64], keepdim: bool) -> Dims {
        sizes
            .iter()
            .enumerate()
            .filter(|&(d, _)| keepdim || !self.contains(d))
            .map(|(d, &size)| if self.contains(d) { 1 } else { size })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_dimensions_count_from_the_end() {
        assert_eq!((wrap(-1, 3).unwrap(), wrap(2, 3).unwrap(), wrap(-3, 3).unwrap()), (2, 2, 0));
        assert_eq!((wrap(-1, 0).unwrap(), wrap(0, 0).unwrap()), (0, 0));
        let error = wrap(2, 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Index);
        assert_eq!(error.to_string(), "dimension 2 is out of range; with 2 dimensions it may be -2 to 1");
        assert!(wrap(i64::MIN, 4).is_err() && wrap(i64::MAX, 4).is_err());
    }

    #[test]
    fn axes_are_a_set() {
        assert_eq!(Axes::of(&[], 2).unwrap(), Axes::all(2).unwrap());
        assert!(Axes::of(&[0, -2], 2).unwrap_err().to_string().contains("more than once"));
        let axes = Axes::of(&[0, -1], 3).unwrap();
        assert_eq!(axes.innermost(3), [1, 0, 2]);
        assert_eq!(axes.reduced(&[2, 3, 4], true)[..], [1, 3, 1]);
        assert_eq!(axes.reduced(&[2, 3, 4], false)[..], [3]);
        assert_eq!(Axes::all(64).unwrap().reduced(&[1; 64], false).len(), 0);
    }
}
