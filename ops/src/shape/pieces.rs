//! A dimension in pieces: where each begins and how long it is.

use keyway::{Error, ErrorKind, Geometry, Result};

use super::dimension::{extent, wrap};
use super::view::{selected, sliced, squeezed_dim};
use crate::room;
use crate::shape::dimension::Axes;

/// `split_with_sizes`.
pub(crate) fn split_with_sizes(geometry: &Geometry, split_sizes: &[i64], dim: i64) -> Result<Vec<Geometry>> {
    if geometry.sizes().is_empty() {
        return Err(Error::shape("a tensor without dimensions cannot be split; unsqueeze it first"));
    }
    let size = extent(geometry.sizes(), wrap(dim, geometry.sizes().len())?);
    if split_sizes.iter().any(|&piece| piece < 0)
        || split_sizes.iter().fold(0i64, |sum, &piece| sum.saturating_add(piece)) != size
    {
        return Err(Error::shape(format!(
            "split_sizes {split_sizes:?} must add up to {size}, the size of dimension {dim}"
        )));
    }
    let mut start = 0;
    let piece = |&len: &i64| {
        let from = start;
        start += len;
        sliced(geometry, dim, Some(from), Some(from + len), 1)
    };
    room::for_tensors(split_sizes.len(), split_sizes.iter().map(piece))
}

/// `unbind`.
pub(crate) fn unbind(geometry: &Geometry, dim: i64) -> Result<Vec<Geometry>> {
    let d = wrap(dim, geometry.sizes().len())?;
    if geometry.sizes().is_empty() {
        return Err(Error::index("a tensor without dimensions cannot be taken apart"));
    }
    let (count, selected) = (geometry.sizes()[d], |position| selected(geometry, dim, position));
    room::for_tensors(count as usize, (0..count).map(selected))
}

/// `squeeze` of several dimensions.
pub(crate) fn squeezed_dims(geometry: &Geometry, dims: &[i64]) -> Result<Geometry> {
    let rank = geometry.sizes().len();
    if dims.is_empty() {
        return Ok(geometry.clone());
    }
    let axes = Axes::of(dims, rank)?;
    // From the last one on, so that the positions of the others stay.
    let gone = (0..rank).rev().filter(|&d| axes.contains(d));
    gone.into_iter().try_fold(geometry.clone(), |view, d| squeezed_dim(&view, d as i64))
}

/// The length of the pieces when a dimension is cut into at most so many equal ones.
pub(crate) fn chunk_size(sizes: &[i64], chunks: i64, dim: i64) -> Result<i64> {
    if sizes.is_empty() {
        return Err(Error::shape("a tensor without dimensions cannot be cut into chunks"));
    }
    if chunks <= 0 {
        return Err(Error::new(ErrorKind::Runtime, format!("`chunks` must be positive, it is {chunks}")));
    }
    let size = sizes[wrap(dim, sizes.len())?];
    Ok(size / chunks + i64::from(size % chunks != 0))
}

/// The lengths of so many pieces, the first ones longer by one where they cannot be equal.
pub(crate) fn sections(sizes: &[i64], sections: i64, dim: i64) -> Result<Vec<i64>> {
    if sizes.is_empty() {
        return Err(Error::shape("a tensor without dimensions cannot be split; unsqueeze it first"));
    }
    if sections <= 0 {
        let message = format!("the number of sections must be positive, it is {sections}");
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    let size = sizes[wrap(dim, sizes.len())?];
    let (len, longer) = (size / sections, size % sections);
    room::collected(sections as usize, (0..sections).map(|section| len + i64::from(section < longer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_sizes_asked_for() {
        let x = Geometry::contiguous(&[5, 2]).unwrap();
        let pieces = split_with_sizes(&x, &[2, 0, 3], 0).unwrap();
        let seen: Vec<_> = pieces.iter().map(|piece| (piece.sizes()[0], piece.offset())).collect();
        assert_eq!(seen, [(2, 0), (0, 4), (3, 4)]);
        assert!(split_with_sizes(&x, &[2, 2], 0).is_err() && split_with_sizes(&x, &[6, -1], 0).is_err());
        assert_eq!(unbind(&x, 1).unwrap()[1].offset(), 1);
        assert_eq!(sections(&[5], 3, 0).unwrap(), [2, 2, 1]);
        assert_eq!(chunk_size(&[5], 3, 0).unwrap(), 2);
    }

    #[test]
    fn listed_dimensions_of_size_one_go() {
        let x = Geometry::contiguous(&[1, 2, 1]).unwrap();
        assert_eq!(squeezed_dims(&x, &[0, 1, -1]).unwrap().sizes(), [2]);
        assert_eq!(squeezed_dims(&x, &[]).unwrap().sizes(), [1, 2, 1]);
        assert!(squeezed_dims(&x, &[0, -3]).is_err());
    }
}
