//! Elements sampled at places of a grid on the host. Coordinates run from -1 to 1 over the extent of a dimension, the last
//! dimension first.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Number};
use crate::cpu::plain::compute;
use crate::cpu::resizing::cubic_weights;
use crate::shape::grid::{Beyond, Interpolation, Sampling};
use crate::threads::for_each_piece;

/// One dimension of the input.
#[derive(Clone, Copy)]
struct Extent {
    size: i64,
    align_corners: bool,
    beyond: Beyond,
}

impl Extent {
    /// The place of a coordinate, computed in its own precision.
    fn place<T: Float>(self, coordinate: T) -> T {
        let (size, one, two) = (T::from_i64(self.size), T::ONE, T::from_f64(2.0));
        match self.align_corners {
            true => (coordinate + one) / two * (size - one),
            false => ((coordinate + one) * size - one) / two,
        }
    }

    /// A place that is beyond the border, brought back where that is asked for.
    fn inside<T: Float>(self, place: T) -> T {
        let last = T::from_i64(self.size - 1);
        let clipped =
            |place: T| if place > T::ZERO { if place < last { place } else { last } } else { T::ZERO };
        match self.beyond {
            Beyond::Zeros => place,
            Beyond::Border => clipped(place),
            Beyond::Reflection => clipped(self.mirrored(place)),
        }
    }

    /// A place mirrored at the first and the last element, or half an element beyond them.
    fn mirrored<T: Float>(self, place: T) -> T {
        let (low, span) = match self.align_corners {
            true => (T::ZERO, T::from_i64(self.size - 1)),
            false => (T::from_f64(-0.5), T::from_i64(self.size)),
        };
        if span == T::ZERO {
            return T::ZERO;
        }
        let distance = (place - low).abs();
        let (flips, rest) = ((distance / span).floor(), distance % span);
        match flips % T::from_f64(2.0) == T::ZERO {
            true => rest + low,
            false => span - rest + low,
        }
    }

    /// The element at a whole place, if there is one.
    fn element<T: Float>(self, place: T) -> Option<usize> {
        (place >= T::ZERO && place < T::from_i64(self.size)).then(|| place.cast::<i64>() as usize)
    }
}

/// The elements along one dimension that a sample is made of, and their weights. Those beyond the border count as zero.
type Taps<T> = [(Option<usize>, T); 4];

fn taps<T: Float>(extent: Extent, coordinate: T, interpolation: Interpolation) -> (Taps<T>, usize) {
    let place = extent.place(coordinate);
    let none = (None, T::ZERO);
    match interpolation {
        Interpolation::Nearest => {
            let place = extent.inside(place).round_ties_even();
            ([(extent.element(place), T::ONE), none, none, none], 1)
        }
        Interpolation::Linear => {
            let place = extent.inside(place);
            let first = place.floor();
            let (right, after) = (place - first, first + T::ONE);
            ([(extent.element(first), T::ONE - right), (extent.element(after), right), none, none], 2)
        }
        Interpolation::Cubic => {
            let first = place.floor();
            let weights = cubic_weights((place - first).cast());
            let tap = |k: usize| {
                let at = extent.inside(first + T::from_i64(k as i64 - 1));
                (extent.element(at), T::from_f64(weights[k]))
            };
            (std::array::from_fn(tap), 4)
        }
    }
}

/// A sample of a block as the offsets and weights of its elements.
fn weighted<T: Float>(
    extents: &[Extent],
    coordinates: &[T],
    interpolation: Interpolation,
) -> Vec<(usize, T)> {
    let mut elements = vec![(0, T::ONE)];
    for (extent, &coordinate) in extents.iter().zip(coordinates.iter().rev()) {
        let (taps, count) = taps(*extent, coordinate, interpolation);
        let present = taps[..count].iter().filter_map(|&(at, weight)| Some((at?, weight)));
        let present: Vec<(usize, T)> = present.collect();
        elements = elements
            .iter()
            .flat_map(|&(offset, outer)| {
                let size = extent.size as usize;
                present.iter().map(move |&(at, weight)| (offset * size + at, outer * weight))
            })
            .collect();
    }
    elements
}

fn sample(
    input: &Tensor,
    grid: &Tensor,
    rank: usize,
    [interpolation_mode, padding_mode]: [i64; 2],
    align_corners: bool,
) -> Result<Tensor> {
    let sampling = Sampling::new(input, grid, rank, interpolation_mode, padding_mode)?;
    let out = sampling.output.allocate()?;
    if out.numel() == 0 {
        return Ok(out);
    }
    let of_dimension = |&size: &i64| Extent { size, align_corners, beyond: sampling.beyond };
    let extents: Vec<Extent> = input.sizes()[2..].iter().map(of_dimension).collect();
    let image_len = input.sizes()[2..].iter().product::<i64>() as usize;
    let channels = input.sizes()[1] as usize;
    let count = out.sizes()[2..].iter().product::<i64>() as usize;
    dispatch_dtype!(floats: input.dtype(), T => compute::<T, 2>(&out, [input, grid], |out, [input, grid]| {
        let len = channels * count;
        for_each_piece(out, len, len, |sample, out| {
            let image = &input[sample * channels * image_len..][..channels * image_len];
            let places = grid[sample * count * rank..][..count * rank].chunks_exact(rank);
            for (at, coordinates) in places.enumerate() {
                let elements = weighted(&extents, coordinates, sampling.interpolation);
                for (image, out) in image.chunks_exact(image_len).zip(out.chunks_exact_mut(count)) {
                    out[at] = elements.iter().fold(T::ZERO, |sum, &(at, weight)| sum + image[at] * weight);
                }
            }
        });
        Ok(())
    }))?;
    Ok(out)
}

/// Kernels of planes and of blocks.
macro_rules! samplers {
    ($($rank:literal: $operator:tt $kernel:ident;)*) => {$(
        #[kernel($operator, CPU)]
        fn $kernel(
            input: &Tensor,
            grid: &Tensor,
            interpolation_mode: i64,
            padding_mode: i64,
            align_corners: bool,
        ) -> Result<Tensor> {
            sample(input, grid, $rank, [interpolation_mode, padding_mode], align_corners)
        }
    )*};
}
samplers! {
    2: "aten::grid_sampler_2d" grid_sampler_2d;
    3: "aten::grid_sampler_3d" grid_sampler_3d;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_beyond_the_border_come_back_as_asked() {
        let extent = |align_corners, beyond| Extent { size: 3, align_corners, beyond };
        assert_eq!(extent(true, Beyond::Border).inside(2.5f64), 2.0);
        assert_eq!(extent(true, Beyond::Reflection).inside(2.5f64), 1.5);
        assert_eq!(extent(true, Beyond::Reflection).inside(-4.5f64), 0.5);
        assert_eq!(extent(false, Beyond::Reflection).inside(-1.5f64), 0.5);
        assert_eq!(extent(false, Beyond::Zeros).inside(7.0f64), 7.0);
        assert_eq!(extent(false, Beyond::Zeros).element(3.0f64), None);
    }
}
