//! How dimensions are ordered in memory, and the strides that follow from it.
//!
//! Memory formats are strides, not sizes: this room knows row-major order, channels-last order and "as in the input".
//! Broadcasting several inputs is in [`broadcast`](crate::broadcast).

use std::cmp::Ordering;

use keyway::{Dims, Error, Geometry, MemoryFormat, Result};

/// The dimensions of channels-last order, densest first, if the format is one and fits the number of dimensions.
fn channels_last_order(format: MemoryFormat, dims: usize) -> Result<&'static [usize]> {
    match (format, dims) {
        (MemoryFormat::ChannelsLast, 4) => Ok(&[1, 3, 2, 0]),
        (MemoryFormat::ChannelsLast3d, 5) => Ok(&[1, 4, 3, 2, 0]),
        _ => Err(Error::shape(format!(
            "the memory format {format:?} does not fit {dims} dimensions; ChannelsLast needs 4, ChannelsLast3d 5"
        ))),
    }
}

/// The geometry of a new tensor in a memory format. `Preserve` means row-major order when there is no input.
pub(crate) fn new_geometry(sizes: &[i64], format: MemoryFormat) -> Result<Geometry> {
    let contiguous = Geometry::contiguous(sizes)?;
    match format {
        MemoryFormat::Contiguous | MemoryFormat::Preserve => Ok(contiguous),
        format => Geometry::new(sizes, &dense_strides(sizes, channels_last_order(format, sizes.len())?), 0),
    }
}

/// The geometry of a new tensor like another one: `Preserve` keeps the order of its dimensions in memory.
pub(crate) fn geometry_like(input: &Geometry, format: MemoryFormat) -> Result<Geometry> {
    let sizes = input.sizes();
    match format {
        MemoryFormat::Preserve if input.is_dense() => Geometry::new(sizes, input.strides(), 0),
        MemoryFormat::Preserve => {
            let order = memory_order(sizes, &[input.strides()]);
            Geometry::new(sizes, &dense_strides(sizes, &order), 0)
        }
        format => new_geometry(sizes, format),
    }
}

/// Whether the elements lie in a memory format without gaps.
pub(crate) fn is_contiguous_in(geometry: &Geometry, format: MemoryFormat) -> Result<bool> {
    match format {
        MemoryFormat::Contiguous => Ok(geometry.is_contiguous()),
        MemoryFormat::Preserve => Err(Error::value("`memory_format` must name a format, not Preserve")),
        format => {
            let order = channels_last_order(format, geometry.sizes().len())?;
            Ok(geometry.numel() == 0 || has_order(geometry, order))
        }
    }
}

/// The memory format that strides suggest: a channels-last one if they clearly follow it, gaps or not.
pub(crate) fn suggested_format(geometry: &Geometry) -> MemoryFormat {
    [MemoryFormat::ChannelsLast, MemoryFormat::ChannelsLast3d]
        .into_iter()
        .find(|&format| {
            channels_last_order(format, geometry.sizes().len()).is_ok_and(|order| follows(geometry, order))
        })
        .unwrap_or(MemoryFormat::Contiguous)
}

/// Whether the strides grow along an order of dimensions. Where extents of one leave it open, row-major order wins.
fn follows(geometry: &Geometry, order: &[usize]) -> bool {
    let (sizes, strides) = (geometry.sizes(), geometry.strides());
    let channels = order[0];
    if strides[channels] == 0 {
        return false;
    }
    let mut least = 0;
    order.iter().all(|&d| {
        let grows = sizes[d] != 0 && strides[d] >= least && !(d == 0 && least == strides[channels]);
        least = strides[d] * sizes[d].max(1);
        grows
    })
}

/// Whether four dimensions lie in channels-last order without gaps.
pub(crate) fn is_channels_last(geometry: &Geometry) -> bool {
    is_contiguous_in(geometry, MemoryFormat::ChannelsLast).unwrap_or(false)
}

/// Whether the dimensions follow each other in memory without gaps, densest first. Extents of one do not count.
fn has_order(geometry: &Geometry, order: &[usize]) -> bool {
    let mut expected = 1;
    order.iter().map(|&d| (geometry.sizes()[d], geometry.strides()[d])).all(|(size, stride)| {
        let fits = size == 1 || stride == expected;
        expected *= size.max(1);
        fits
    })
}

/// The dimensions by their order in memory, densest first. Earlier inputs decide, later ones break ties.
pub(crate) fn memory_order(sizes: &[i64], strides: &[&[i64]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).rev().collect();
    for i in 1..order.len() {
        let mut moving = i;
        for before in (0..i).rev() {
            match compare_dimensions(sizes, strides, order[before], order[moving]) {
                Ordering::Greater => {
                    order.swap(before, moving);
                    moving = before;
                }
                // Ambiguous: look further back without moving.
                Ordering::Equal => {}
                Ordering::Less => break,
            }
        }
    }
    order
}

/// Which of two dimensions is denser. A stride of zero says nothing; equal strides are told apart by extent.
fn compare_dimensions(sizes: &[i64], strides: &[&[i64]], a: usize, b: usize) -> Ordering {
    for strides in strides {
        if strides[a] == 0 || strides[b] == 0 {
            continue;
        }
        match strides[a].cmp(&strides[b]) {
            Ordering::Equal if sizes[a] > sizes[b] => return Ordering::Greater,
            Ordering::Equal => {}
            decided => return decided,
        }
    }
    Ordering::Equal
}

/// Strides without gaps for dimensions in a memory order, densest first.
pub(crate) fn dense_strides(sizes: &[i64], order: &[usize]) -> Dims {
    let mut strides = Dims::from_slice(sizes);
    let mut next = 1;
    for &d in order {
        strides[d] = next;
        next *= sizes[d].max(1);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(sizes: &[i64], strides: &[i64]) -> Geometry {
        Geometry::new(sizes, strides, 0).unwrap()
    }

    #[test]
    fn channels_last_strides_put_the_second_dimension_first() {
        let made = new_geometry(&[2, 3, 4, 5], MemoryFormat::ChannelsLast).unwrap();
        assert_eq!(made.strides(), [60, 1, 15, 3]);
        assert!(is_channels_last(&made) && made.is_dense() && !made.is_contiguous());
        assert!(new_geometry(&[2, 3], MemoryFormat::ChannelsLast).is_err());
    }

    #[test]
    fn preserving_keeps_the_order_but_not_gaps_and_repeats() {
        for (strides, kept) in [([1, 2], [1, 2]), ([7, 2], [3, 1]), ([0, 1], [3, 1]), ([2, 7], [1, 2])] {
            let like = geometry_like(&geometry(&[2, 3], &strides), MemoryFormat::Preserve).unwrap();
            assert_eq!(like.strides(), kept, "{strides:?}");
        }
    }

    #[test]
    fn density_knows_gaps_and_overlaps() {
        assert!(geometry(&[3, 2], &[1, 3]).is_dense());
        assert!(geometry(&[3, 1, 2], &[1, 99, 3]).is_dense());
        assert!(!geometry(&[3, 2], &[1, 4]).is_dense());
        assert!(!geometry(&[3, 2], &[0, 1]).is_dense());
    }
}
