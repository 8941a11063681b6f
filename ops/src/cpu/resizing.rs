//! Rows, planes and blocks in other extents on the host, and gradients: each element of the result the nearest one of the
//! input, or a weighted sum of those around it, one dimension after the other.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Number};
use crate::cpu::plain::compute;
use crate::room;

/// How far apart elements of the input are for neighbours in the result.
fn scale(input: i64, output: i64, given: Option<f64>) -> f64 {
    match given {
        Some(scale) if scale > 0.0 => 1.0 / scale,
        _ => input as f64 / output as f64,
    }
}

/// Which element an element of the result is, along one dimension.
#[derive(Clone, Copy)]
enum Nearest {
    /// The one that its own start is in.
    ToStart,
    /// The one that its own middle is in.
    ToMiddle,
}

impl Nearest {
    fn places(self, image: i64, output: i64, given: Option<f64>) -> Result<Vec<usize>> {
        // In single precision, like PyTorch: where it rounds is which element it is.
        let scale = scale(image, output, given) as f32;
        let of = |at: i64| match self {
            Nearest::ToStart => at as f32 * scale,
            Nearest::ToMiddle => (at as f32 + 0.5) * scale,
        };
        room::collected(output as usize, (0..output).map(|at| (of(at) as i64).min(image - 1) as usize))
    }
}

/// Extents, and what was given as scales, of three dimensions; those that are missing are one.
fn in_blocks<V: Copy>(values: &[V], missing: V) -> [V; 3] {
    let mut all = [missing; 3];
    all[3 - values.len()..].copy_from_slice(values);
    all
}

/// The places of the input that a block of the result takes its elements from, in order.
fn places(nearest: Nearest, image: &[i64], output: &[i64], scales: &[Option<f64>]) -> Result<Vec<usize>> {
    let (image, output, scales) = (in_blocks(image, 1), in_blocks(output, 1), in_blocks(scales, None));
    let along = |d: usize| nearest.places(image[d], output[d], scales[d]);
    let (depths, rows, columns) = (along(0)?, along(1)?, along(2)?);
    let mut places = room::collected(depths.len() * rows.len() * columns.len(), [])?;
    for depth in depths {
        for row in &rows {
            let row = (depth * image[1] as usize + row) * image[2] as usize;
            places.extend(columns.iter().map(|column| row + column));
        }
    }
    Ok(places)
}

fn len(extents: &[i64]) -> usize {
    extents.iter().fold(1, |len: i64, &extent| len.saturating_mul(extent)) as usize
}

fn resize_nearest(out: &Tensor, x: &Tensor, nearest: Nearest, scales: &[Option<f64>]) -> Result<()> {
    if out.numel() == 0 {
        return Ok(());
    }
    let (image, output) = (&x.sizes()[2..], &out.sizes()[2..]);
    let places = places(nearest, image, output, scales)?;
    dispatch_dtype!(ordered: x.dtype(), T => compute::<T, 1>(out, [x], |out, [x]| {
        let blocks = x.chunks_exact(len(image).max(1)).zip(out.chunks_exact_mut(places.len().max(1)));
        for (image, out) in blocks {
            out.iter_mut().zip(&places).for_each(|(out, &at)| *out = image[at]);
        }
        Ok(())
    }))
}

fn nearest_gradient(out: &Tensor, grad: &Tensor, nearest: Nearest, scales: &[Option<f64>]) -> Result<()> {
    if out.numel() == 0 {
        return Ok(());
    }
    let (image, output) = (&out.sizes()[2..], &grad.sizes()[2..]);
    let places = places(nearest, image, output, scales)?;
    dispatch_dtype!(floats: grad.dtype(), T => compute::<T, 1>(out, [grad], |out, [grad]| {
        out.fill(T::ZERO);
        let blocks = grad.chunks_exact(places.len().max(1)).zip(out.chunks_exact_mut(len(image).max(1)));
        for (grad, out) in blocks {
            grad.iter().zip(&places).for_each(|(&grad, &at)| out[at] += grad);
        }
        Ok(())
    }))
}

/// Which elements an element of the result is the weighted sum of, along one dimension.
type Taps = Vec<(usize, f64)>;

/// How elements around a place are weighted.
#[derive(Clone, Copy)]
enum Curve {
    /// The two nearest ones, by how near they are.
    Linear,
    /// The four nearest ones, by cubic convolution.
    Cubic,
}

impl Curve {
    /// The taps of each element of the result.
    fn taps(self, image: i64, output: i64, given: Option<f64>, align_corners: bool) -> Result<Vec<Taps>> {
        let scale = match align_corners {
            true if output > 1 => (image - 1) as f64 / (output - 1) as f64,
            true => 0.0,
            false => scale(image, output, given),
        };
        let place = |at: i64| if align_corners { at as f64 * scale } else { (at as f64 + 0.5) * scale - 0.5 };
        room::collected(output as usize, (0..output).map(|at| self.around(place(at), image)))
    }

    fn around(self, place: f64, image: i64) -> Taps {
        let inside = |at: i64| at.clamp(0, image - 1) as usize;
        match self {
            Curve::Linear => {
                let place = place.max(0.0);
                let first = (place as i64).min(image - 1);
                let right = (place - first as f64).clamp(0.0, 1.0);
                vec![(first as usize, 1.0 - right), (inside(first + 1), right)]
            }
            Curve::Cubic => {
                let first = place.floor();
                let weights = cubic_weights(place - first);
                weights
                    .into_iter()
                    .enumerate()
                    .map(|(k, weight)| (inside(first as i64 + k as i64 - 1), weight))
                    .collect()
            }
        }
    }
}

/// The weights of the elements before, at, after and two after a place that is `t` behind an element.
pub(crate) fn cubic_weights(t: f64) -> [f64; 4] {
    /// The slope of the curve at its neighbours.
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

/// One dimension of elements: how many runs there are before it, its own taps, and how long a run behind it is.
struct Along<'t> {
    taps: &'t [Taps],
    extent: usize,
    inner: usize,
}

impl Along<'_> {
    /// The weighted sums of elements.
    fn resize(&self, from: &[f64]) -> Result<Vec<f64>> {
        let mut to = room::elements(from.len() / self.extent * self.taps.len(), 0.0)?;
        let blocks = from.chunks_exact(self.extent * self.inner);
        for (from, to) in blocks.zip(to.chunks_exact_mut((self.taps.len() * self.inner).max(1))) {
            for (taps, to) in self.taps.iter().zip(to.chunks_exact_mut(self.inner)) {
                for &(at, weight) in taps {
                    let from = &from[at * self.inner..][..self.inner];
                    to.iter_mut().zip(from).for_each(|(to, &from)| *to += from * weight);
                }
            }
        }
        Ok(to)
    }

    /// The gradient of the elements, from that of their weighted sums.
    fn give_back(&self, from: &[f64]) -> Result<Vec<f64>> {
        let mut to = room::elements(from.len() / self.taps.len().max(1) * self.extent, 0.0)?;
        let blocks = from.chunks_exact((self.taps.len() * self.inner).max(1));
        for (from, to) in blocks.zip(to.chunks_exact_mut(self.extent * self.inner)) {
            for (taps, from) in self.taps.iter().zip(from.chunks_exact(self.inner)) {
                for &(at, weight) in taps {
                    let to = &mut to[at * self.inner..][..self.inner];
                    to.iter_mut().zip(from).for_each(|(to, &from)| *to += from * weight);
                }
            }
        }
        Ok(to)
    }
}

/// Weighted sums in the extents of `output` of blocks in those of `image`.
struct Weighted {
    image: [i64; 3],
    output: [i64; 3],
    taps: [Vec<Taps>; 3],
}

impl Weighted {
    fn new(
        curve: Curve,
        image: &[i64],
        output: &[i64],
        align_corners: bool,
        scales: &[Option<f64>],
    ) -> Result<Weighted> {
        let missing = 3 - image.len();
        let (image, output, scales) = (in_blocks(image, 1), in_blocks(output, 1), in_blocks(scales, None));
        let along = |d: usize| match d < missing {
            true => Ok(vec![vec![(0, 1.0)]]),
            false => curve.taps(image[d], output[d], scales[d], align_corners),
        };
        let taps = [along(0)?, along(1)?, along(2)?];
        Ok(Weighted { image, output, taps })
    }

    /// The dimensions that change, last one first. Behind each are the extents of the result.
    fn passes(&self) -> impl DoubleEndedIterator<Item = Along<'_>> {
        (0..3).rev().map(|d| Along {
            taps: &self.taps[d],
            extent: self.image[d] as usize,
            inner: len(&self.output[d + 1..]),
        })
    }

    fn fill<T: Float>(&self, out: &Tensor, x: &Tensor) -> Result<()> {
        compute::<T, 1>(out, [x], |out, [x]| {
            let blocks = x.chunks_exact(len(&self.image).max(1));
            for (image, out) in blocks.zip(out.chunks_exact_mut(len(&self.output).max(1))) {
                let image = image.iter().map(|x| x.cast()).collect();
                let made: Vec<f64> =
                    self.passes().try_fold(image, |from: Vec<f64>, along| along.resize(&from))?;
                out.iter_mut().zip(made).for_each(|(out, made)| *out = T::from_f64(made));
            }
            Ok(())
        })
    }

    fn fill_gradient<T: Float>(&self, out: &Tensor, grad: &Tensor) -> Result<()> {
        compute::<T, 1>(out, [grad], |out, [grad]| {
            out.fill(T::ZERO);
            let blocks = grad.chunks_exact(len(&self.output).max(1));
            for (grad, out) in blocks.zip(out.chunks_exact_mut(len(&self.image).max(1))) {
                let grad = grad.iter().map(|x| x.cast()).collect();
                let made: Vec<f64> =
                    self.passes().rev().try_fold(grad, |from: Vec<f64>, along| along.give_back(&from))?;
                out.iter_mut().zip(made).for_each(|(out, made)| *out = T::from_f64(made));
            }
            Ok(())
        })
    }
}

/// Kernels of the nearest element and of its gradient.
macro_rules! nearest_kernels {
    ($($way:ident($($scale:ident),*): $operator:tt $kernel:ident, $gradient:tt $back:ident;)*) => {$(
        #[kernel($operator, CPU, structured)]
        fn $kernel(
            self_: &Tensor,
            _output_size: &[i64],
            $($scale: Option<f64>,)*
            out: &Tensor,
        ) -> Result<()> {
            resize_nearest(out, self_, Nearest::$way, &[$($scale),*])
        }

        #[kernel($gradient, CPU, structured)]
        fn $back(
            grad_output: &Tensor,
            _output_size: &[i64],
            _input_size: &[i64],
            $($scale: Option<f64>,)*
            grad_input: &Tensor,
        ) -> Result<()> {
            nearest_gradient(grad_input, grad_output, Nearest::$way, &[$($scale),*])
        }
    )*};
}
nearest_kernels! {
    ToStart(w): "aten::upsample_nearest1d.out" upsample_nearest1d,
        "aten::upsample_nearest1d_backward.grad_input" upsample_nearest1d_backward;
    ToStart(h, w): "aten::upsample_nearest2d.out" upsample_nearest2d,
        "aten::upsample_nearest2d_backward.grad_input" upsample_nearest2d_backward;
    ToStart(d, h, w): "aten::upsample_nearest3d.out" upsample_nearest3d,
        "aten::upsample_nearest3d_backward.grad_input" upsample_nearest3d_backward;
    ToMiddle(w): "aten::_upsample_nearest_exact1d.out" _upsample_nearest_exact1d,
        "aten::_upsample_nearest_exact1d_backward.grad_input" _upsample_nearest_exact1d_backward;
    ToMiddle(h, w): "aten::_upsample_nearest_exact2d.out" _upsample_nearest_exact2d,
        "aten::_upsample_nearest_exact2d_backward.grad_input" _upsample_nearest_exact2d_backward;
    ToMiddle(d, h, w): "aten::_upsample_nearest_exact3d.out" _upsample_nearest_exact3d,
        "aten::_upsample_nearest_exact3d_backward.grad_input" _upsample_nearest_exact3d_backward;
}

/// Kernels of weighted sums and of their gradients.
macro_rules! weighted_kernels {
    ($($curve:ident($($scale:ident),*): $operator:tt $kernel:ident, $gradient:tt $back:ident;)*) => {$(
        #[kernel($operator, CPU, structured)]
        fn $kernel(
            self_: &Tensor,
            _output_size: &[i64],
            align_corners: bool,
            $($scale: Option<f64>,)*
            out: &Tensor,
        ) -> Result<()> {
            if out.numel() == 0 {
                return Ok(());
            }
            let (image, output) = (&self_.sizes()[2..], &out.sizes()[2..]);
            let weighted = Weighted::new(Curve::$curve, image, output, align_corners, &[$($scale),*])?;
            dispatch_dtype!(floats: self_.dtype(), T => weighted.fill::<T>(out, self_))
        }

        #[kernel($gradient, CPU, structured)]
        fn $back(
            grad_output: &Tensor,
            _output_size: &[i64],
            _input_size: &[i64],
            align_corners: bool,
            $($scale: Option<f64>,)*
            grad_input: &Tensor,
        ) -> Result<()> {
            if grad_input.numel() == 0 {
                return Ok(());
            }
            let (image, output) = (&grad_input.sizes()[2..], &grad_output.sizes()[2..]);
            let weighted = Weighted::new(Curve::$curve, image, output, align_corners, &[$($scale),*])?;
            dispatch_dtype!(floats: grad_output.dtype(), T => weighted.fill_gradient::<T>(grad_input, grad_output))
        }
    )*};
}
weighted_kernels! {
    Linear(w): "aten::upsample_linear1d.out" upsample_linear1d,
        "aten::upsample_linear1d_backward.grad_input" upsample_linear1d_backward;
    Linear(h, w): "aten::upsample_bilinear2d.out" upsample_bilinear2d,
        "aten::upsample_bilinear2d_backward.grad_input" upsample_bilinear2d_backward;
    Linear(d, h, w): "aten::upsample_trilinear3d.out" upsample_trilinear3d,
        "aten::upsample_trilinear3d_backward.grad_input" upsample_trilinear3d_backward;
    Cubic(h, w): "aten::upsample_bicubic2d.out" upsample_bicubic2d,
        "aten::upsample_bicubic2d_backward.grad_input" upsample_bicubic2d_backward;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_to_one_and_an_element_at_its_own_place_is_itself() {
        for t in [0.0, 0.25, 0.5, 0.9] {
            assert!((cubic_weights(t).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert_eq!(cubic_weights(0.0), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(Curve::Linear.around(1.25, 3), [(1, 0.75), (2, 0.25)]);
        assert_eq!(Curve::Linear.around(-0.25, 3), [(0, 1.0), (1, 0.0)]);
    }

    #[test]
    fn the_nearest_element_is_that_of_the_start_or_of_the_middle() {
        assert_eq!(Nearest::ToStart.places(5, 3, None).unwrap(), [0, 1, 3]);
        assert_eq!(Nearest::ToMiddle.places(5, 3, None).unwrap(), [0, 2, 4]);
        assert_eq!(Nearest::ToStart.places(2, 4, Some(2.0)).unwrap(), [0, 0, 1, 1]);
    }
}
