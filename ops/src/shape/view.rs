//! Sizes, strides and offset of views: arithmetic on a geometry that moves no element.

use keyway::{Dims, Error, ErrorKind, Geometry, Result, contiguous_strides};

use super::dimension::{extent, wrap};
use crate::room;

/// A size with its `-1`, if any, replaced by what the number of elements leaves for it.
pub(crate) fn inferred_size(size: &[i64], numel: usize) -> Result<Dims> {
    let mut inferred: Option<usize> = None;
    let mut known = Some(1i64);
    for (d, &extent) in size.iter().enumerate() {
        match extent {
            -1 if inferred.is_some() => {
                return Err(Error::shape(format!("size {size:?} leaves more than one dimension to infer")));
            }
            -1 => inferred = Some(d),
            0.. => {
                known = if extent == 0 { Some(0) } else { known.and_then(|known| known.checked_mul(extent)) }
            }
            _ => {
                return Err(Error::shape(format!(
                    "size {size:?} is negative at dimension {d}; only -1 may be"
                )));
            }
        }
    }
    let numel = numel as i64;
    let mut sizes: Dims = size.into();
    match (known, inferred) {
        (Some(known), None) if known == numel => Ok(sizes),
        (Some(known), Some(d)) if known > 0 && numel % known == 0 => {
            sizes[d] = numel / known;
            Ok(sizes)
        }
        (Some(0), Some(_)) if numel == 0 => Err(Error::shape(format!(
            "the -1 in size {size:?} could be anything for a tensor without elements"
        ))),
        _ => Err(Error::shape(format!("size {size:?} does not have the {numel} elements of the tensor"))),
    }
}

/// The strides that show the same elements in other sizes, if there are any.
fn strides_for(geometry: &Geometry, sizes: &[i64]) -> Option<Dims> {
    let (old_sizes, old_strides) = (geometry.sizes(), geometry.strides());
    if geometry.numel() == 0 {
        return Some(if old_sizes == sizes { old_strides.into() } else { contiguous_strides(sizes) });
    }
    let mut strides: Dims = sizes.iter().map(|_| 1).collect();
    // New dimensions from the last backwards fill up runs of old ones that follow each other in memory.
    let mut remaining = sizes.len();
    let (mut run, mut filled) = (1, 1);
    let mut step = old_strides.last().copied().unwrap_or(1);
    for d in (0..old_sizes.len()).rev() {
        run *= old_sizes[d];
        let ends = d == 0 || (old_sizes[d - 1] != 1 && old_strides[d - 1] != run * step);
        if !ends {
            continue;
        }
        while remaining > 0 && (filled < run || sizes[remaining - 1] == 1) {
            remaining -= 1;
            strides[remaining] = filled * step;
            filled *= sizes[remaining];
        }
        if filled != run {
            return None;
        }
        if d > 0 {
            (run, filled, step) = (1, 1, old_strides[d - 1]);
        }
    }
    (remaining == 0 || old_sizes.is_empty()).then_some(strides)
}

/// The same elements in other sizes, if no copy is needed for that.
pub(crate) fn try_reshaped(geometry: &Geometry, size: &[i64]) -> Result<Option<Geometry>> {
    let sizes = inferred_size(size, geometry.numel())?;
    match strides_for(geometry, &sizes) {
        Some(strides) => Geometry::new(&sizes, &strides, geometry.offset()).map(Some),
        None => Ok(None),
    }
}

/// `view`.
pub(crate) fn reshaped(geometry: &Geometry, size: &[i64]) -> Result<Geometry> {
    try_reshaped(geometry, size)?.ok_or_else(|| {
        Error::shape(format!(
            "sizes {:?} with strides {:?} cannot be seen as {size:?} without a copy; use reshape",
            geometry.sizes(),
            geometry.strides()
        ))
    })
}

/// `as_strided`.
pub(crate) fn as_strided(
    geometry: &Geometry,
    size: &[i64],
    stride: &[i64],
    offset: Option<i64>,
) -> Result<Geometry> {
    Geometry::new(size, stride, offset.unwrap_or(geometry.offset()))
}

/// `expand`.
pub(crate) fn expanded(geometry: &Geometry, size: &[i64]) -> Result<Geometry> {
    let (old_sizes, old_strides) = (geometry.sizes(), geometry.strides());
    let Some(leading) = size.len().checked_sub(old_sizes.len()) else {
        return Err(Error::shape(format!(
            "size {size:?} has fewer dimensions than the tensor's sizes {old_sizes:?}; name them all, -1 keeps one"
        )));
    };
    let mut sizes: Dims = size.into();
    let mut strides: Dims = size.iter().map(|_| 0).collect();
    for d in (leading..size.len()).rev() {
        let (old_size, old_stride) = (old_sizes[d - leading], old_strides[d - leading]);
        match size[d] {
            wanted if wanted == -1 || wanted == old_size => (sizes[d], strides[d]) = (old_size, old_stride),
            _ if old_size == 1 => {}
            wanted => {
                return Err(Error::shape(format!(
                    "dimension {d} of {old_sizes:?} has size {old_size} and cannot be expanded to {wanted}; only \
                     size 1 can"
                )));
            }
        }
    }
    for d in (0..leading).rev() {
        if size[d] == -1 {
            return Err(Error::shape(format!(
                "dimension {d} of size {size:?} is new, so -1 cannot mean the size it had"
            )));
        }
        // A new dimension of size one steps over the whole rest, as if it had been there.
        if size[d] == 1 && !old_sizes.is_empty() {
            strides[d] = sizes[d + 1].saturating_mul(strides[d + 1]);
        }
    }
    Geometry::new(&sizes, &strides, geometry.offset())
}

/// `permute`.
pub(crate) fn permuted(geometry: &Geometry, dims: &[i64]) -> Result<Geometry> {
    let rank = geometry.sizes().len();
    if dims.len() != rank {
        return Err(Error::shape(format!("dims {dims:?} must list each of the {rank} dimensions once")));
    }
    let mut order = Vec::with_capacity(rank);
    for &dim in dims {
        let d = wrap(dim, rank)?;
        if order.contains(&d) {
            return Err(Error::shape(format!("dims {dims:?} list dimension {d} more than once")));
        }
        order.push(d);
    }
    let pick = |of: &[i64]| order.iter().map(|&d| of[d]).collect::<Dims>();
    Geometry::new(&pick(geometry.sizes()), &pick(geometry.strides()), geometry.offset())
}

/// `transpose`.
pub(crate) fn transposed(geometry: &Geometry, dim0: i64, dim1: i64) -> Result<Geometry> {
    let rank = geometry.sizes().len();
    let (a, b) = (wrap(dim0, rank)?, wrap(dim1, rank)?);
    let (mut sizes, mut strides): (Dims, Dims) = (geometry.sizes().into(), geometry.strides().into());
    if rank > 0 {
        sizes.swap(a, b);
        strides.swap(a, b);
    }
    Geometry::new(&sizes, &strides, geometry.offset())
}

/// `t`.
pub(crate) fn matrix_transposed(geometry: &Geometry) -> Result<Geometry> {
    match geometry.sizes().len() {
        0 | 1 => Ok(geometry.clone()),
        2 => transposed(geometry, 0, 1),
        rank => Err(Error::shape(format!(
            "expected at most 2 dimensions, the tensor has {rank}; use transpose or permute"
        ))),
    }
}

/// `unsqueeze`.
pub(crate) fn unsqueezed(geometry: &Geometry, dim: i64) -> Result<Geometry> {
    let (mut sizes, mut strides): (Dims, Dims) = (geometry.sizes().into(), geometry.strides().into());
    let d = wrap(dim, sizes.len() + 1)?;
    let stride = if d < sizes.len() { sizes[d].saturating_mul(strides[d]) } else { 1 };
    sizes.insert(d, 1);
    strides.insert(d, stride);
    Geometry::new(&sizes, &strides, geometry.offset())
}

fn retained(geometry: &Geometry, keep: impl Fn(usize) -> bool) -> Result<Geometry> {
    let pick = |of: &[i64]| (0..of.len()).filter(|&d| keep(d)).map(|d| of[d]).collect::<Dims>();
    Geometry::new(&pick(geometry.sizes()), &pick(geometry.strides()), geometry.offset())
}

/// `squeeze`.
pub(crate) fn squeezed(geometry: &Geometry) -> Result<Geometry> {
    retained(geometry, |d| geometry.sizes()[d] != 1)
}

/// `squeeze.dim`.
pub(crate) fn squeezed_dim(geometry: &Geometry, dim: i64) -> Result<Geometry> {
    let gone = wrap(dim, geometry.sizes().len())?;
    retained(geometry, |d| d != gone || geometry.sizes()[d] != 1)
}

/// `select`.
pub(crate) fn selected(geometry: &Geometry, dim: i64, index: i64) -> Result<Geometry> {
    let sizes = geometry.sizes();
    let d = wrap_of_some(sizes, dim)?;
    let size = sizes[d];
    if !(-size..size).contains(&index) {
        return Err(Error::index(format!(
            "index {index} is out of range for dimension {d} of sizes {sizes:?}"
        )));
    }
    let position = if index < 0 { index + size } else { index };
    let offset = geometry.offset() + position * geometry.strides()[d];
    let rest = retained(geometry, |other| other != d)?;
    Geometry::new(rest.sizes(), rest.strides(), offset)
}

/// `slice`.
pub(crate) fn sliced(
    geometry: &Geometry,
    dim: i64,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> Result<Geometry> {
    let d = wrap_of_some(geometry.sizes(), dim)?;
    if step <= 0 {
        return Err(Error::shape(format!("step {step} must be positive")));
    }
    let size = geometry.sizes()[d];
    let from_front = |position: i64| if position < 0 { position.saturating_add(size) } else { position };
    let start = from_front(start.unwrap_or(0)).clamp(0, size);
    let end = from_front(end.unwrap_or(size)).clamp(start, size);
    let (mut sizes, mut strides): (Dims, Dims) = (geometry.sizes().into(), geometry.strides().into());
    let offset = geometry.offset() + start * strides[d];
    sizes[d] = (end - start) / step + i64::from((end - start) % step != 0);
    strides[d] = strides[d].saturating_mul(step);
    Geometry::new(&sizes, &strides, offset)
}

/// The pieces of `split`.
pub(crate) fn split(geometry: &Geometry, split_size: i64, dim: i64) -> Result<Vec<Geometry>> {
    if geometry.sizes().is_empty() {
        return Err(Error::shape("a tensor without dimensions cannot be split; unsqueeze it first"));
    }
    let d = wrap(dim, geometry.sizes().len())?;
    let size = geometry.sizes()[d];
    if split_size < 0 || (split_size == 0 && size != 0) {
        return Err(Error::shape(format!(
            "split_size {split_size} must be positive for dimension {d} of size {size}"
        )));
    }
    if size == 0 || split_size == 0 {
        return Ok(vec![geometry.clone()]);
    }
    let starts = (0..size).step_by(usize::try_from(split_size).expect("checked to be positive"));
    let piece = |start: i64| sliced(geometry, dim, Some(start), Some(start.saturating_add(split_size)), 1);
    let count = (size - 1) / split_size + 1;
    room::for_tensors(count as usize, starts.map(piece))
}

/// The size `flatten` asks for, if it changes anything.
pub(crate) fn flattened(sizes: &[i64], start_dim: i64, end_dim: i64) -> Result<Option<Dims>> {
    let (start, end) = (wrap(start_dim, sizes.len())?, wrap(end_dim, sizes.len())?);
    if start > end {
        return Err(Error::shape(format!("start_dim {start_dim} comes after end_dim {end_dim}")));
    }
    if sizes.is_empty() {
        return Ok(Some(Dims::from_slice(&[1])));
    }
    if start == end {
        return Ok(None);
    }
    let merged = sizes[start..=end].iter().product();
    Ok(Some([&sizes[..start], &[merged], &sizes[end + 1..]].concat().into()))
}

/// A dimension of a tensor that must have one.
fn wrap_of_some(sizes: &[i64], dim: i64) -> Result<usize> {
    match sizes.is_empty() {
        true => Err(Error::index("a tensor without dimensions has none to choose positions along")),
        false => wrap(dim, sizes.len()),
    }
}

/// The first position of `narrow`, checked and counted from the front.
pub(crate) fn narrow_start(sizes: &[i64], dim: i64, start: i64, length: i64) -> Result<i64> {
    if sizes.is_empty() {
        return Err(Error::new(ErrorKind::Runtime, "a tensor without dimensions cannot be narrowed"));
    }
    if length < 0 {
        return Err(Error::shape(format!("length {length} must not be negative")));
    }
    let size = extent(sizes, wrap(dim, sizes.len())?);
    if !(-size..=size).contains(&start) {
        return Err(Error::index(format!("start {start} is out of range; it may be {} to {size}", -size)));
    }
    let start = if start < 0 { start + size } else { start };
    match length <= size - start {
        true => Ok(start),
        false => Err(Error::shape(format!(
            "start {start} and length {length} reach beyond dimension {dim} of size {size}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(sizes: &[i64], strides: &[i64]) -> Geometry {
        Geometry::new(sizes, strides, 0).unwrap()
    }

    #[test]
    fn one_dimension_is_inferred() {
        assert_eq!(inferred_size(&[2, -1], 6).unwrap()[..], [2, 3]);
        assert_eq!(inferred_size(&[-1, 3], 0).unwrap()[..], [0, 3]);
        for size in [&[-1, -1][..], &[4], &[-2, 3], &[5, -1], &[i64::MAX, 4], &[i64::MAX, i64::MAX, -1]] {
            assert!(inferred_size(size, 6).is_err(), "{size:?}");
        }
        assert!(inferred_size(&[-1, 0], 0).unwrap_err().to_string().contains("anything"));
    }

    #[test]
    fn reshaping_follows_runs_in_memory() {
        let dense = Geometry::contiguous(&[2, 3, 4]).unwrap();
        assert_eq!(reshaped(&dense, &[6, 4]).unwrap().strides(), [4, 1]);
        assert_eq!(reshaped(&dense, &[2, 1, 12]).unwrap().strides(), [12, 12, 1]);
        let rows = geometry(&[2, 3, 4], &[0, 4, 1]);
        assert_eq!(reshaped(&rows, &[2, 12]).unwrap().strides(), [0, 1]);
        let transposed = geometry(&[3, 2], &[1, 3]);
        assert!(reshaped(&transposed, &[6]).unwrap_err().to_string().contains("use reshape"));
        assert_eq!(reshaped(&geometry(&[], &[]), &[1, 1]).unwrap().strides(), [1, 1]);
        assert_eq!(reshaped(&geometry(&[1], &[7]), &[]).unwrap().sizes(), [0i64; 0]);
        assert_eq!(reshaped(&geometry(&[0, 3], &[9, 9]), &[0, 3]).unwrap().strides(), [9, 9]);
        assert_eq!(reshaped(&geometry(&[0, 3], &[9, 9]), &[3, 0]).unwrap().strides(), [1, 1]);
    }

    #[test]
    fn expanding_repeats_only_ones() {
        let x = geometry(&[3, 1], &[1, 1]);
        assert_eq!(expanded(&x, &[2, -1, 4]).unwrap().strides(), [0, 1, 0]);
        assert_eq!(expanded(&geometry(&[3], &[1]), &[1, 3]).unwrap().strides(), [3, 1]);
        assert!(
            expanded(&x, &[3]).is_err()
                && expanded(&x, &[2, 4]).is_err()
                && expanded(&x, &[-1, 3, 1]).is_err()
        );
    }

    #[test]
    fn slices_stay_inside() {
        let x = geometry(&[5], &[2]);
        let part = sliced(&x, 0, Some(-4), Some(100), 2).unwrap();
        assert_eq!((part.sizes(), part.strides(), part.offset()), (&[2i64][..], &[4i64][..], 2));
        assert_eq!(sliced(&x, 0, Some(i64::MAX), Some(i64::MIN), 1).unwrap().sizes(), [0]);
        assert_eq!(sliced(&x, 0, None, None, i64::MAX).unwrap().sizes(), [1]);
        assert!(
            sliced(&x, 0, None, None, 0).is_err() && sliced(&geometry(&[], &[]), 0, None, None, 1).is_err()
        );
        assert!(selected(&x, 0, 5).is_err() && selected(&x, 0, -5).is_ok());
    }

    #[test]
    fn pieces_cover_the_dimension() {
        let sizes = |size| {
            let pieces = split(&geometry(&[5], &[1]), size, 0).unwrap();
            pieces.iter().map(|piece| (piece.sizes()[0], piece.offset())).collect::<Vec<_>>()
        };
        assert_eq!(sizes(2), [(2, 0), (2, 2), (1, 4)]);
        assert_eq!(sizes(i64::MAX), [(5, 0)]);
        assert!(split(&geometry(&[5], &[1]), 0, 0).is_err());
        assert_eq!(split(&geometry(&[0], &[1]), 0, 0).unwrap().len(), 1);
    }

    /// The positions in memory of all elements, in row-major order.
    fn positions(sizes: &[i64], strides: &[i64]) -> Vec<i64> {
        sizes.iter().zip(strides).fold(vec![0], |starts, (&size, &stride)| {
            starts.iter().flat_map(|start| (0..size).map(move |at| start + at * stride)).collect()
        })
    }

    /// Strides for a size, found by looking at where the neighbours of the first element are.
    fn strides_by_search(sizes: &[i64], wanted: &[i64]) -> Option<Vec<i64>> {
        let steps = contiguous_strides(sizes);
        let strides =
            sizes.iter().zip(&steps).map(|(&size, &step)| if size > 1 { wanted[step as usize] } else { 1 });
        let strides: Vec<i64> = strides.collect();
        (strides.iter().all(|&stride| stride >= 0) && positions(sizes, &strides) == wanted).then_some(strides)
    }

    #[test]
    fn strides_are_found_whenever_there_are_any() {
        let (extents, steps) = ([1, 2, 3, 4], [0, 1, 2, 3, 4, 6, 12]);
        let pairs = || extents.iter().flat_map(|&a| extents.iter().map(move |&b| (a, b)));
        let targets: Vec<Vec<i64>> = pairs()
            .flat_map(|(a, b)| extents.iter().map(move |&c| vec![a, b, c]))
            .chain([vec![12], vec![6]])
            .collect();
        for (a, b) in pairs() {
            for (s, t) in steps.iter().flat_map(|&s| steps.iter().map(move |&t| (s, t))) {
                let from = geometry(&[a, b], &[s, t]);
                let wanted = positions(from.sizes(), from.strides());
                for sizes in targets.iter().filter(|sizes| sizes.iter().product::<i64>() == a * b) {
                    let found = strides_for(&from, sizes);
                    assert_eq!(
                        found.is_some(),
                        strides_by_search(sizes, &wanted).is_some(),
                        "{from:?} {sizes:?}"
                    );
                    assert!(
                        found.is_none_or(|found| positions(sizes, &found) == wanted),
                        "{from:?} {sizes:?}"
                    );
                }
            }
        }
    }
}
