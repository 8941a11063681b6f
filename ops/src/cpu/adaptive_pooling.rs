//! Pooling to a size on the host: the mean or the largest element of each of as many windows as asked for.
//!
//! Loops run over blocks; a plane is a block of one plane.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Number, Ordered};
use crate::cpu::plain::{compute, store};
use crate::cpu::pooling::{give_back, planes, positions_in};
use crate::shape::pooling::{Samples, adaptive_gradient, resized_to};

/// The windows of an adaptive pooling: as many as asked for, which may overlap, and cover everything.
struct Windows {
    image: [usize; 3],
    counts: [usize; 3],
}

/// The elements of one window, along each dimension.
type Window = [std::ops::Range<usize>; 3];

impl Windows {
    /// Those over the last dimensions of a tensor, of which there are as many as the result has in its own.
    fn over(x: &Tensor, pooled: &Tensor, rank: usize) -> Windows {
        let last = |sizes: &[i64]| {
            let mut all = [1; 3];
            let own = sizes[sizes.len() - rank..].iter();
            all[3 - rank..].iter_mut().zip(own).for_each(|(to, &size)| *to = size as usize);
            all
        };
        Windows { image: last(x.sizes()), counts: last(pooled.sizes()) }
    }

    fn image_len(&self) -> usize {
        self.image.iter().fold(1, |len: usize, &extent| len.saturating_mul(extent))
    }

    fn count(&self) -> usize {
        self.counts.iter().fold(1, |len: usize, &count| len.saturating_mul(count))
    }

    /// The windows in order.
    fn each(&self) -> impl Iterator<Item = Window> {
        let [depths, rows, columns] = self.counts;
        (0..depths * rows * columns).map(move |at| {
            let place = [at / (rows * columns), at / columns % rows, at % columns];
            std::array::from_fn(|d| {
                let (extent, count) = (self.image[d], self.counts[d]);
                place[d] * extent / count..((place[d] + 1) * extent).div_ceil(count)
            })
        })
    }

    /// Where the rows of a window are.
    fn rows(&self, window: &Window) -> impl Iterator<Item = std::ops::Range<usize>> {
        let [_, height, width] = self.image;
        let [depths, rows, columns] = window.clone();
        depths.flat_map(move |depth| {
            let columns = columns.clone();
            rows.clone().map(move |row| {
                let row = (depth * height + row) * width;
                row + columns.start..row + columns.end
            })
        })
    }
}

fn elements(window: &Window) -> f64 {
    window.iter().map(ExactSizeIterator::len).product::<usize>() as f64
}

fn means(x: &Tensor, output_size: &[i64], rank: usize) -> Result<Tensor> {
    let out = resized_to(x, output_size, rank, Samples::May)?.allocate()?;
    let windows = Windows::over(x, &out, rank);
    dispatch_dtype!(floats: x.dtype(), T => compute::<T, 1>(&out, [x], |out, [image]| {
        for (image, out) in planes(image, windows.image_len(), out, windows.count()) {
            for (out, window) in out.iter_mut().zip(windows.each()) {
                let of_window = windows.rows(&window).flat_map(|row| &image[row]);
                let sum: f64 = of_window.map(|x| x.cast::<f64>()).sum();
                *out = T::from_f64(sum / elements(&window));
            }
        }
        Ok(())
    }))?;
    Ok(out)
}

fn means_gradient(grad: &Tensor, x: &Tensor, rank: usize) -> Result<Tensor> {
    let out = adaptive_gradient(grad, x, rank)?.allocate()?;
    let windows = Windows::over(x, grad, rank);
    dispatch_dtype!(floats: x.dtype(), T => compute::<T, 1>(&out, [grad], |out, [grad]| {
        out.fill(T::ZERO);
        for (grad, out) in planes(grad, windows.count(), out, windows.image_len()) {
            for (grad, window) in grad.iter().zip(windows.each()) {
                let share = T::from_f64(grad.cast::<f64>() / elements(&window));
                windows.rows(&window).for_each(|row| out[row].iter_mut().for_each(|to| *to += share));
            }
        }
        Ok(())
    }))?;
    Ok(out)
}

/// The largest element of a window, the first one of several, and where it is; not-a-number is largest.
fn largest<T: Ordered>(
    image: &[T],
    mut rows: impl Iterator<Item = std::ops::Range<usize>>,
) -> Option<(T, i64)> {
    let mut held: Option<(T, i64)> = None;
    rows.by_ref().flatten().for_each(|at| {
        let x = image[at];
        if held.is_none_or(|(largest, _)| x > largest || x.is_nan()) {
            held = Some((x, at as i64));
        }
    });
    held
}

fn fill_largest(x: &Tensor, rank: usize, out: &Tensor, indices: &Tensor) -> Result<()> {
    let windows = Windows::over(x, out, rank);
    let mut positions = vec![0i64; indices.numel()];
    dispatch_dtype!(floats: x.dtype(), T => compute::<T, 1>(out, [x], |out, [image]| {
        let parts = planes(image, windows.image_len(), out, windows.count());
        for ((image, out), positions) in parts.zip(positions.chunks_exact_mut(windows.count().max(1))) {
            let results = out.iter_mut().zip(positions);
            for ((out, position), window) in results.zip(windows.each()) {
                if let Some(held) = largest(image, windows.rows(&window)) {
                    (*out, *position) = held;
                }
            }
        }
        Ok(())
    }))?;
    store(indices, &positions)
}

fn largest_gradient(grad: &Tensor, indices: &Tensor, rank: usize, grad_input: &Tensor) -> Result<()> {
    let windows = Windows::over(grad_input, grad, rank);
    let (image_len, count) = (windows.image_len(), windows.count());
    let positions = positions_in(indices, image_len, grad)?;
    dispatch_dtype!(floats: grad.dtype(), T => compute::<T, 1>(grad_input, [grad], |out, [grad]| {
        out.fill(T::ZERO);
        let parts = planes(grad, count, out, image_len);
        parts.zip(positions.chunks_exact(count.max(1))).for_each(|((grad, out), at)| give_back(grad, at, out));
        Ok(())
    }))
}

/// Kernels of planes and of blocks.
macro_rules! adaptive_kernels {
    ($($rank:literal: $means:tt $mean:ident, $means_back:tt $mean_back:ident, $largest:tt $max:ident,
        $largest_back:tt $max_back:ident;)*) => {$(
        #[kernel($means, CPU)]
        fn $mean(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
            means(self_, output_size, $rank)
        }

        #[kernel($means_back, CPU)]
        fn $mean_back(grad_output: &Tensor, self_: &Tensor) -> Result<Tensor> {
            means_gradient(grad_output, self_, $rank)
        }

        #[kernel($largest, CPU, structured)]
        fn $max(self_: &Tensor, _output_size: &[i64], out: &Tensor, indices: &Tensor) -> Result<()> {
            fill_largest(self_, $rank, out, indices)
        }

        #[kernel($largest_back, CPU, structured)]
        fn $max_back(
            grad_output: &Tensor,
            _self_: &Tensor,
            indices: &Tensor,
            grad_input: &Tensor,
        ) -> Result<()> {
            largest_gradient(grad_output, indices, $rank, grad_input)
        }
    )*};
}
adaptive_kernels! {
    2: "aten::_adaptive_avg_pool2d" _adaptive_avg_pool2d,
        "aten::_adaptive_avg_pool2d_backward" _adaptive_avg_pool2d_backward,
        "aten::adaptive_max_pool2d.out" adaptive_max_pool2d,
        "aten::adaptive_max_pool2d_backward.grad_input" adaptive_max_pool2d_backward;
    3: "aten::_adaptive_avg_pool3d" _adaptive_avg_pool3d,
        "aten::_adaptive_avg_pool3d_backward" _adaptive_avg_pool3d_backward,
        "aten::adaptive_max_pool3d.out" adaptive_max_pool3d,
        "aten::adaptive_max_pool3d_backward.grad_input" adaptive_max_pool3d_backward;
}
