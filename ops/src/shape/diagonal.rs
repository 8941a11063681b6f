//! Views that take more than one dimension apart or make one of two: diagonals and windows.

use keyway::{Error, ErrorKind, Geometry, Result};

use super::dimension::{extent, wrap};

/// `diagonal`: the elements whose positions in two dimensions differ by `offset`.
pub(crate) fn diagonal(geometry: &Geometry, offset: i64, dim1: i64, dim2: i64) -> Result<Geometry> {
    let (sizes, strides) = (geometry.sizes(), geometry.strides());
    let (d1, d2) = two_dimensions(sizes.len(), dim1, dim2)?;
    if sizes.len() < 2 {
        return Err(Error::index(format!("sizes {sizes:?} have no two dimensions to take a diagonal of")));
    }
    let (rows, columns) = (sizes[d1], sizes[d2]);
    let len = match offset {
        0.. => rows.min(columns.saturating_sub(offset)),
        _ => rows.saturating_add(offset).min(columns),
    };
    let len = len.max(0);
    let first = match offset {
        // An empty diagonal starts nowhere.
        _ if len == 0 => 0,
        0.. => offset * strides[d2],
        _ => -offset * strides[d1],
    };
    let kept = |of: &[i64], last: i64| {
        let rest = (0..of.len()).filter(|&d| d != d1 && d != d2).map(|d| of[d]);
        rest.chain([last]).collect::<Vec<i64>>()
    };
    Geometry::new(
        &kept(sizes, len),
        &kept(strides, strides[d1].saturating_add(strides[d2])),
        geometry.offset() + first,
    )
}

/// Two different dimensions.
pub(crate) fn two_dimensions(rank: usize, dim1: i64, dim2: i64) -> Result<(usize, usize)> {
    let (d1, d2) = (wrap(dim1, rank)?, wrap(dim2, rank)?);
    match d1 == d2 {
        true => Err(Error::new(
            ErrorKind::Runtime,
            format!("the two dimensions of a diagonal must differ, both are {d1}"),
        )),
        false => Ok((d1, d2)),
    }
}

/// `unfold`: windows of `size` positions, `step` apart, along a new last dimension.
pub(crate) fn unfolded(geometry: &Geometry, dimension: i64, size: i64, step: i64) -> Result<Geometry> {
    let (sizes, strides) = (geometry.sizes(), geometry.strides());
    let d = wrap(dimension, sizes.len())?;
    let refuse = |message: String| Err(Error::shape(message));
    if size < 0 {
        return refuse(format!("`size` must not be negative, it is {size}"));
    }
    if step <= 0 {
        return refuse(format!("`step` must be positive, it is {step}"));
    }
    let along = extent(sizes, d);
    if size > along {
        return refuse(format!("`size` {size} is more than dimension {d} of sizes {sizes:?} has"));
    }
    let (mut new_sizes, mut new_strides) = (sizes.to_vec(), strides.to_vec());
    if let (Some(size_along), Some(stride)) = (new_sizes.get_mut(d), new_strides.get_mut(d)) {
        *size_along = (along - size) / step + 1;
        *stride = stride.saturating_mul(step);
    }
    new_sizes.push(size);
    new_strides.push(strides.get(d).copied().unwrap_or(1));
    Geometry::new(&new_sizes, &new_strides, geometry.offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Geometry {
        Geometry::contiguous(&[3, 4]).unwrap()
    }

    #[test]
    fn diagonals_start_beside_the_main_one() {
        let of = |offset| {
            let view = diagonal(&matrix(), offset, 0, 1).unwrap();
            (view.sizes()[0], view.strides()[0], view.offset())
        };
        assert_eq!((of(0), of(2), of(-1), of(9)), ((3, 5, 0), (2, 5, 2), (2, 5, 4), (0, 5, 0)));
        assert!(diagonal(&matrix(), 0, 1, -1).is_err());
    }

    #[test]
    fn windows_slide() {
        let windows = unfolded(&matrix(), 1, 2, 2).unwrap();
        assert_eq!((windows.sizes(), windows.strides()), (&[3i64, 2, 2][..], &[4i64, 2, 1][..]));
        assert!(unfolded(&matrix(), 1, 5, 1).is_err() && unfolded(&matrix(), 0, 1, 0).is_err());
        assert_eq!(unfolded(&Geometry::contiguous(&[]).unwrap(), 0, 1, 1).unwrap().sizes(), [1]);
    }
}
