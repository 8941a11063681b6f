//! Windows that move over the last dimensions of a tensor: how many there are, and what their parameters must be.
//!
//! Convolution and pooling share them.

use keyway::{Dims, Error, ErrorKind, Result};

#[cold]
pub(crate) fn refused(message: String) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

/// A parameter for each of `rank` dimensions: as many as given, or one for all.
pub(crate) fn for_each_dimension(name: &str, given: &[i64], rank: usize) -> Result<Dims> {
    match given.len() {
        1 => Ok(Dims::from_elem(given[0], rank)),
        len if len == rank => Ok(given.into()),
        len => Err(refused(format!(
            "`{name}` has {len} values, it must have one, or one for each of {rank} dimensions"
        ))),
    }
}

/// Refuses a value below a bound.
pub(crate) fn at_least(name: &str, values: &[i64], bound: i64) -> Result<()> {
    match values.iter().all(|&value| value >= bound) {
        true => Ok(()),
        false => Err(refused(format!("`{name}` must be at least {bound} everywhere, it is {values:?}"))),
    }
}

/// Windows of one size that move over planes, or rows, or blocks of elements.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Windows {
    /// The extents moved over.
    pub(crate) image: Dims,
    /// The extents of a window.
    pub(crate) kernel: Dims,
    /// How far a window is from the next one.
    pub(crate) stride: Dims,
    /// How far windows reach beyond the first element.
    pub(crate) padding: Dims,
    /// How far the elements of a window are from each other.
    pub(crate) dilation: Dims,
    /// How many windows there are.
    pub(crate) positions: Dims,
}

impl Windows {
    /// The number of elements moved over.
    pub(crate) fn image_len(&self) -> usize {
        product(&self.image)
    }

    /// The number of elements of a window.
    pub(crate) fn kernel_len(&self) -> usize {
        product(&self.kernel)
    }

    /// The same windows over blocks: planes and rows are blocks of one plane, or row.
    pub(crate) fn in_blocks(&self) -> Windows {
        let with = |values: &Dims, missing: i64| {
            let before = 3usize.saturating_sub(values.len());
            std::iter::repeat_n(missing, before).chain(values.iter().copied()).collect()
        };
        Windows {
            image: with(&self.image, 1),
            kernel: with(&self.kernel, 1),
            stride: with(&self.stride, 1),
            padding: with(&self.padding, 0),
            dilation: with(&self.dilation, 1),
            positions: with(&self.positions, 1),
        }
    }

    /// The number of windows.
    pub(crate) fn count(&self) -> usize {
        product(&self.positions)
    }
}

/// How many there are in all; more than any tensor has where numbers end.
fn product(extents: &[i64]) -> usize {
    extents.iter().fold(1i64, |product, &extent| product.saturating_mul(extent)) as usize
}

/// How far the first and the last element of a window are apart, and one more.
pub(crate) fn reach(kernel: i64, dilation: i64) -> i64 {
    dilation.saturating_mul(kernel - 1).saturating_add(1)
}

/// The number of windows along one dimension; fewer than one if a window does not fit. With `ceil` a last window may reach
/// beyond the end, but must start before it.
pub(crate) fn window_count(
    extent: i64,
    kernel: i64,
    [stride, padding, dilation]: [i64; 3],
    ceil: bool,
) -> i64 {
    // In wider numbers, so that no extent that is asked for is too large to count with.
    let reach = i128::from(reach(kernel, dilation));
    let [extent, stride, padding] = [extent, stride, padding].map(i128::from);
    let free = extent + 2 * padding - reach;
    let round = if ceil { stride - 1 } else { 0 };
    let count = (free + round).div_euclid(stride) + 1;
    let count = if ceil && (count - 1) * stride >= extent + padding { count - 1 } else { count };
    count.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted() {
        assert_eq!(window_count(5, 3, [2, 1, 1], false), 3);
        assert_eq!(window_count(5, 2, [2, 0, 1], false), 2);
        assert_eq!(window_count(5, 2, [2, 0, 1], true), 3);
        assert_eq!(window_count(6, 2, [2, 0, 2], false), 2);
        assert_eq!(window_count(1, 2, [2, 0, 1], false), 0);
    }

    #[test]
    fn one_value_stands_for_all_dimensions() {
        assert_eq!(for_each_dimension("stride", &[2], 3).unwrap()[..], [2, 2, 2]);
        assert!(for_each_dimension("stride", &[2, 1], 3).is_err());
        assert!(at_least("stride", &[0], 1).unwrap_err().to_string().contains("`stride`"));
    }
}
