//! Pooling to a size on the host: the mean or the largest element of each of as many windows as asked for.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Number, Ordered};
use crate::cpu::plain::{compute, store};
use crate::cpu::pooling::{give_back, planes, positions_in};
use crate::shape::pooling::resized;

/// The windows of an adaptive pooling: as many as asked for, which may overlap, and cover everything.
fn adaptive(extent: usize, count: usize, position: usize) -> std::ops::Range<usize> {
    position * extent / count..((position + 1) * extent).div_ceil(count)
}

#[kernel("aten::_adaptive_avg_pool2d", CPU)]
fn _adaptive_avg_pool2d(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    let out = resized(self_, output_size, &[3, 4])?.allocate()?;
    let [height, width] = [2, 1].map(|from_end| self_.sizes()[self_.dim() - from_end] as usize);
    let [rows, columns] = [output_size[0] as usize, output_size[1] as usize];
    dispatch_dtype!(floats: self_.dtype(), T => compute::<T, 1>(&out, [self_], |out, [image]| {
        for (image, out) in planes(image, height * width, out, rows * columns) {
            for (at, out) in out.iter_mut().enumerate() {
                let (ys, xs) = (adaptive(height, rows, at / columns), adaptive(width, columns, at % columns));
                let count = (ys.len() * xs.len()) as f64;
                let sum: f64 = ys.flat_map(|y| &image[y * width..][xs.clone()]).map(|x| x.cast::<f64>()).sum();
                *out = T::from_f64(sum / count);
            }
        }
        Ok(())
    }))?;
    Ok(out)
}

/// The largest element of a window of a plane, the first one of several, and where it is; not-a-number is largest.
fn largest<T: Ordered>(
    image: &[T],
    width: usize,
    ys: std::ops::Range<usize>,
    xs: std::ops::Range<usize>,
) -> (T, i64) {
    let first = ys.start * width + xs.start;
    let mut held = (image[first], first as i64);
    for y in ys {
        let row = y * width + xs.start..y * width + xs.end;
        for (at, &x) in row.clone().zip(&image[row]) {
            if x > held.0 || x.is_nan() {
                held = (x, at as i64);
            }
        }
    }
    held
}

/// Height and width of the planes of a tensor.
fn plane_of(x: &Tensor) -> [usize; 2] {
    [2, 1].map(|from_end| x.sizes()[x.dim() - from_end] as usize)
}

#[kernel("aten::adaptive_max_pool2d.out", CPU, structured)]
fn adaptive_max_pool2d(self_: &Tensor, output_size: &[i64], out: &Tensor, indices: &Tensor) -> Result<()> {
    let [height, width] = plane_of(self_);
    let [rows, columns] = [output_size[0] as usize, output_size[1] as usize];
    let mut positions = vec![0i64; indices.numel()];
    dispatch_dtype!(floats: self_.dtype(), T => compute::<T, 1>(out, [self_], |out, [image]| {
        let parts = planes(image, height * width, out, rows * columns);
        for ((image, out), positions) in parts.zip(positions.chunks_exact_mut((rows * columns).max(1))) {
            for (at, (out, position)) in out.iter_mut().zip(positions).enumerate() {
                let (ys, xs) = (adaptive(height, rows, at / columns), adaptive(width, columns, at % columns));
                (*out, *position) = largest(image, width, ys, xs);
            }
        }
        Ok(())
    }))?;
    store(indices, &positions)
}

#[kernel("aten::adaptive_max_pool2d_backward.grad_input", CPU, structured)]
fn adaptive_max_pool2d_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    indices: &Tensor,
    grad_input: &Tensor,
) -> Result<()> {
    let [height, width] = plane_of(self_);
    let count = plane_of(grad_output).iter().product::<usize>();
    let positions = positions_in(indices, height * width, grad_output)?;
    dispatch_dtype!(floats: self_.dtype(), T => compute::<T, 1>(grad_input, [grad_output], |out, [grad]| {
        out.fill(T::ZERO);
        let parts = planes(grad, count, out, height * width);
        parts.zip(positions.chunks_exact(count.max(1))).for_each(|((grad, out), at)| give_back(grad, at, out));
        Ok(())
    }))
}
