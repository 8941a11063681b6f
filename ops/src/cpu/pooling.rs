//! Pooling on the host: the largest element or the mean of each window over planes of elements, and gradients.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Number, Ordered};
use crate::cpu::plain::{compute, store, to_vec};
use crate::room;
use crate::shape::pooling::Pooled;
use crate::shape::window::{Windows, refused};

/// Where a window starts and ends in the plane along one dimension, and where it would end with padding.
struct Span {
    start: usize,
    end: usize,
    /// How many elements it has, those in the padding on both sides counted.
    padded: i64,
}

fn span(windows: &Windows, d: usize, position: usize) -> Span {
    let first = position as i64 * windows.stride[d] - windows.padding[d];
    let padded_end = (first + windows.kernel[d]).min(windows.image[d] + windows.padding[d]);
    let clamp = |at: i64| at.clamp(0, windows.image[d]) as usize;
    Span { start: clamp(first), end: clamp(padded_end), padded: padded_end - first }
}

/// How the sum of a window becomes a mean.
#[derive(Clone, Copy)]
struct Divisor {
    counts_padding: bool,
    given: Option<i64>,
}

impl Divisor {
    fn of(self, rows: &Span, columns: &Span) -> f64 {
        let count = match (self.given, self.counts_padding) {
            (Some(given), _) => given,
            (None, true) => rows.padded * columns.padded,
            (None, false) => ((rows.end - rows.start) * (columns.end - columns.start)) as i64,
        };
        count as f64
    }
}

/// Calls `visit` with each window of a plane: its number, and its rows and columns.
fn for_each_window(windows: &Windows, mut visit: impl FnMut(usize, Span, Span)) {
    let columns = windows.positions[1] as usize;
    for row in 0..windows.positions[0] as usize {
        for column in 0..columns {
            visit(row * columns + column, span(windows, 0, row), span(windows, 1, column));
        }
    }
}

/// The planes of two slices side by side.
pub(crate) fn planes<'a, A, B>(
    image: &'a [A],
    image_len: usize,
    pooled: &'a mut [B],
    count: usize,
) -> impl Iterator<Item = (&'a [A], &'a mut [B])> {
    image.chunks_exact(image_len.max(1)).zip(pooled.chunks_exact_mut(count.max(1)))
}

#[kernel("aten::avg_pool2d.out", CPU, structured)]
fn avg_pool2d(
    plan: &Pooled,
    self_: &Tensor,
    _kernel_size: &[i64],
    _stride: &[i64],
    _padding: &[i64],
    _ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Option<i64>,
    out: &Tensor,
) -> Result<()> {
    let windows = plan.windows();
    let divisor = Divisor { counts_padding: count_include_pad, given: divisor_override };
    let width = windows.image[1] as usize;
    dispatch_dtype!(numbers: self_.dtype(), T => compute::<T, 1>(out, [self_], |out, [image]| {
        for (image, out) in planes(image, windows.image_len(), out, windows.count()) {
            for_each_window(windows, |at, rows, columns| {
                let sum: f64 = (rows.start..rows.end)
                    .flat_map(|row| &image[row * width..][columns.start..columns.end])
                    .map(|x| x.cast::<f64>())
                    .sum();
                out[at] = T::from_f64(sum / divisor.of(&rows, &columns));
            });
        }
        Ok(())
    }))
}

#[kernel("aten::avg_pool2d_backward.grad_input", CPU, structured)]
fn avg_pool2d_backward(
    plan: &Pooled,
    grad_output: &Tensor,
    self_: &Tensor,
    _kernel_size: &[i64],
    _stride: &[i64],
    _padding: &[i64],
    _ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Option<i64>,
    grad_input: &Tensor,
) -> Result<()> {
    let windows = plan.windows();
    let divisor = Divisor { counts_padding: count_include_pad, given: divisor_override };
    let width = windows.image[1] as usize;
    dispatch_dtype!(numbers: self_.dtype(), T => compute::<T, 1>(grad_input, [grad_output], |out, [grad]| {
        out.fill(T::ZERO);
        for (grad, out) in planes(grad, windows.count(), out, windows.image_len()) {
            for_each_window(windows, |at, rows, columns| {
                let share = T::from_f64(grad[at].cast::<f64>() / divisor.of(&rows, &columns));
                for row in rows.start..rows.end {
                    let to = &mut out[row * width..][columns.start..columns.end];
                    to.iter_mut().for_each(|to| *to = to.plus(share));
                }
            });
        }
        Ok(())
    }))
}

/// The elements of a window that are in the plane, along one dimension.
fn places(windows: &Windows, d: usize, position: usize) -> impl Iterator<Item = usize> + Clone {
    let first = position as i64 * windows.stride[d] - windows.padding[d];
    let (dilation, image) = (windows.dilation[d], windows.image[d]);
    (0..windows.kernel[d])
        .map(move |k| first + k * dilation)
        .filter(move |at| (0..image).contains(at))
        .map(|at| at as usize)
}

/// The largest element of each window of a plane, the first one of several, and where it is; not-a-number is largest.
fn largest<T: Ordered>(windows: &Windows, image: &[T], mut keep: impl FnMut(usize, T, i64)) {
    let (width, columns) = (windows.image[1] as usize, windows.positions[1] as usize);
    for row in 0..windows.positions[0] as usize {
        for column in 0..columns {
            let mut held: Option<(T, usize)> = None;
            for y in places(windows, 0, row) {
                for x in places(windows, 1, column) {
                    let (at, value) = (y * width + x, image[y * width + x]);
                    if held.is_none_or(|(largest, _)| value > largest || value.is_nan()) {
                        held = Some((value, at));
                    }
                }
            }
            if let Some((value, at)) = held {
                keep(row * columns + column, value, at as i64);
            }
        }
    }
}

#[kernel("aten::max_pool2d_with_indices.out", CPU, structured)]
fn max_pool2d_with_indices(
    plan: &Pooled,
    self_: &Tensor,
    _kernel_size: &[i64],
    _stride: &[i64],
    _padding: &[i64],
    _dilation: &[i64],
    _ceil_mode: bool,
    out: &Tensor,
    indices: &Tensor,
) -> Result<()> {
    let windows = plan.windows();
    let mut positions = vec![0i64; indices.numel()];
    dispatch_dtype!(numbers: self_.dtype(), T => compute::<T, 1>(out, [self_], |out, [image]| {
        let parts = planes(image, windows.image_len(), out, windows.count());
        for ((image, out), positions) in parts.zip(positions.chunks_exact_mut(windows.count())) {
            largest(windows, image, |window, value, at| (out[window], positions[window]) = (value, at));
        }
        Ok(())
    }))?;
    store(indices, &positions)
}

/// The positions in planes that indices hold, one for each element of a gradient.
pub(crate) fn positions_in(indices: &Tensor, image_len: usize, grad: &Tensor) -> Result<Vec<i64>> {
    let positions = to_vec::<i64>(indices)?;
    let are_inside = positions.iter().all(|&at| (0..image_len as i64).contains(&at));
    match positions.len() == grad.numel() && are_inside {
        true => Ok(positions),
        false => Err(refused(
            "`indices` are not positions in the planes of `self`, one for each window".to_owned(),
        )),
    }
}

/// Adds each element of a gradient to the element it is the gradient of.
pub(crate) fn give_back<T: Number>(grad: &[T], positions: &[i64], out: &mut [T]) {
    for (&grad, &at) in grad.iter().zip(positions) {
        out[at as usize] = out[at as usize].plus(grad);
    }
}

#[kernel("aten::max_pool2d_with_indices_backward.grad_input", CPU, structured)]
fn max_pool2d_with_indices_backward(
    plan: &Pooled,
    grad_output: &Tensor,
    self_: &Tensor,
    _kernel_size: &[i64],
    _stride: &[i64],
    _padding: &[i64],
    _dilation: &[i64],
    _ceil_mode: bool,
    indices: &Tensor,
    grad_input: &Tensor,
) -> Result<()> {
    let (image_len, count) = (plan.windows().image_len(), plan.windows().count());
    let positions = positions_in(indices, image_len, grad_output)?;
    dispatch_dtype!(numbers: self_.dtype(), T => compute::<T, 1>(grad_input, [grad_output], |out, [grad]| {
        out.fill(T::ZERO);
        let parts = planes(grad, count, out, image_len).zip(positions.chunks_exact(count));
        parts.for_each(|((grad, out), positions)| give_back(grad, positions, out));
        Ok(())
    }))
}

/// How far apart elements of the input are for neighbours in the result.
fn scale(input: i64, output: i64, given: Option<f64>) -> f64 {
    match given {
        Some(scale) if scale > 0.0 => 1.0 / scale,
        _ => input as f64 / output as f64,
    }
}

#[kernel("aten::upsample_nearest2d.out", CPU, structured)]
fn upsample_nearest2d(
    self_: &Tensor,
    output_size: &[i64],
    scales_h: Option<f64>,
    scales_w: Option<f64>,
    out: &Tensor,
) -> Result<()> {
    if out.numel() == 0 {
        return Ok(());
    }
    let image = &self_.sizes()[2..];
    let nearest = |d: usize, given| {
        let (scale, last) = (scale(image[d], output_size[d], given) as f32, image[d] - 1);
        let positions = (0..output_size[d]).map(|at| ((at as f32 * scale) as i64).min(last) as usize);
        room::collected(output_size[d] as usize, positions)
    };
    let (rows, columns) = (nearest(0, scales_h)?, nearest(1, scales_w)?);
    let width = image[1] as usize;
    let image_len = (image[0] * image[1]) as usize;
    dispatch_dtype!(ordered: self_.dtype(), T => compute::<T, 1>(out, [self_], |out, [image]| {
        for (image, out) in planes(image, image_len, out, rows.len() * columns.len()) {
            let places = rows.iter().flat_map(|row| columns.iter().map(move |column| row * width + column));
            out.iter_mut().zip(places).for_each(|(out, at)| *out = image[at]);
        }
        Ok(())
    }))
}

/// The two elements an element of the result lies between, and how near it is to the second one.
fn between(
    image: i64,
    output: i64,
    given: Option<f64>,
    align_corners: bool,
) -> Result<Vec<(usize, usize, f64)>> {
    let scale = match align_corners {
        true if output > 1 => (image - 1) as f64 / (output - 1) as f64,
        true => 0.0,
        false => scale(image, output, given),
    };
    let place =
        |at: i64| if align_corners { at as f64 * scale } else { ((at as f64 + 0.5) * scale - 0.5).max(0.0) };
    let neighbours = (0..output).map(|at| {
        let place = place(at);
        let first = (place as i64).min(image - 1);
        (first as usize, (first + 1).min(image - 1) as usize, (place - first as f64).clamp(0.0, 1.0))
    });
    room::collected(output as usize, neighbours)
}

#[kernel("aten::upsample_bilinear2d.out", CPU, structured)]
fn upsample_bilinear2d(
    self_: &Tensor,
    output_size: &[i64],
    align_corners: bool,
    scales_h: Option<f64>,
    scales_w: Option<f64>,
    out: &Tensor,
) -> Result<()> {
    if out.numel() == 0 {
        return Ok(());
    }
    let image = &self_.sizes()[2..];
    let rows = between(image[0], output_size[0], scales_h, align_corners)?;
    let columns = between(image[1], output_size[1], scales_w, align_corners)?;
    let width = image[1] as usize;
    let image_len = (image[0] * image[1]) as usize;
    dispatch_dtype!(floats: self_.dtype(), T => compute::<T, 1>(out, [self_], |out, [image]| {
        for (image, out) in planes(image, image_len, out, rows.len() * columns.len()) {
            for (at, out) in out.iter_mut().enumerate() {
                let ((y0, y1, below), (x0, x1, right)) = (rows[at / columns.len()], columns[at % columns.len()]);
                let element = |y: usize, x: usize| image[y * width + x].cast::<f64>();
                let row = |y: usize| element(y, x0) * (1.0 - right) + element(y, x1) * right;
                *out = T::from_f64(row(y0) * (1.0 - below) + row(y1) * below);
            }
        }
        Ok(())
    }))
}
