//! Walking over strided geometries of the same sizes together, in as few and long stretches as they allow.
//!
//! Only positions are computed here; what is done with the elements is the caller's.

/// One dimension: its extent and a step for each geometry.
struct Dimension<const N: usize> {
    size: usize,
    steps: [usize; N],
}

/// Calls `visit` with the first positions, the steps and the length of every stretch. Stretches come in the order of
/// the first geometry's memory; positions count from each geometry's first element.
pub(crate) fn walk<const N: usize>(
    sizes: &[i64],
    strides: [&[i64]; N],
    mut visit: impl FnMut([usize; N], [usize; N], usize),
) {
    if sizes.contains(&0) {
        return;
    }
    let mut dimensions = merged(sizes, strides);
    let Dimension { size, steps } = dimensions.pop().unwrap_or(Dimension { size: 1, steps: [1; N] });
    let mut index = vec![0; dimensions.len()];
    let mut positions = [0; N];
    loop {
        visit(positions, steps, size);
        let mut d = dimensions.len();
        loop {
            let Some(outer) = d.checked_sub(1) else { return };
            d = outer;
            let dimension = &dimensions[d];
            index[d] += 1;
            if index[d] < dimension.size {
                (0..N).for_each(|k| positions[k] += dimension.steps[k]);
                break;
            }
            (0..N).for_each(|k| positions[k] -= dimension.steps[k] * (dimension.size - 1));
            index[d] = 0;
        }
    }
}

/// The dimensions from the outermost to the densest of the first geometry, neighbours merged where every geometry
/// runs through them in even steps.
fn merged<const N: usize>(sizes: &[i64], strides: [&[i64]; N]) -> Vec<Dimension<N>> {
    let dimension = |d: usize| Dimension { size: sizes[d] as usize, steps: strides.map(|s| s[d] as usize) };
    let mut dimensions: Vec<_> = (0..sizes.len()).filter(|&d| sizes[d] > 1).map(dimension).collect();
    dimensions.sort_by_key(|dimension| std::cmp::Reverse(dimension.steps[0]));
    let mut kept: Vec<Dimension<N>> = Vec::with_capacity(dimensions.len());
    for inner in dimensions {
        match kept.last_mut() {
            Some(outer) if (0..N).all(|k| outer.steps[k] == inner.steps[k] * inner.size) => {
                outer.size *= inner.size;
                outer.steps = inner.steps;
            }
            _ => kept.push(inner),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(sizes: &[i64], strides: [&[i64]; 2]) -> Vec<([usize; 2], [usize; 2], usize)> {
        let mut seen = Vec::new();
        walk(sizes, strides, |positions, steps, len| seen.push((positions, steps, len)));
        seen
    }

    #[test]
    fn even_dimensions_merge_into_one_stretch() {
        assert_eq!(stretches(&[2, 1, 3], [&[3, 9, 1], &[6, 7, 2]]), [([0, 0], [1, 2], 6)]);
        assert_eq!(stretches(&[], [&[], &[]]), [([0, 0], [1, 1], 1)]);
        assert!(stretches(&[0, 3], [&[3, 1], &[3, 1]]).is_empty());
    }

    #[test]
    fn the_first_geometry_gives_the_order() {
        let seen = stretches(&[2, 3], [&[1, 2], &[3, 1]]);
        assert_eq!(seen, [([0, 0], [1, 3], 2), ([2, 1], [1, 3], 2), ([4, 2], [1, 3], 2)]);
        let repeated = stretches(&[2, 3], [&[3, 1], &[0, 1]]);
        assert_eq!(repeated, [([0, 0], [1, 1], 3), ([3, 0], [1, 1], 3)]);
    }
}
