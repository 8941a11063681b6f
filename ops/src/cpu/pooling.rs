//! Pooling on the host: the largest element or the mean of each window over planes or blocks of elements, and gradients.
//!
//! Loops run over blocks; a plane is a block of one plane.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Number, Ordered};
use crate::cpu::plain::{compute, store, to_vec};
use crate::shape::pooling::{self as rules, Parameters, Pooled};
use crate::shape::window::{Windows, refused};

/// Where a window starts and ends along one dimension, and how far it would reach with padding.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    /// How many elements it has, those in the padding on both sides counted.
    padded: i64,
}

impl Span {
    fn len(self) -> usize {
        self.end - self.start
    }
}

fn span(windows: &Windows, d: usize, position: i64) -> Span {
    let first = position * windows.stride[d] - windows.padding[d];
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
    fn of(self, spans: &[Span; 3]) -> f64 {
        let count = match (self.given, self.counts_padding) {
            (Some(given), _) => given,
            (None, true) => spans.iter().map(|span| span.padded).product(),
            (None, false) => spans.iter().map(|span| span.len() as i64).product(),
        };
        count as f64
    }
}

/// Calls `visit` with the place of each window of a block, in order.
fn for_each_window(windows: &Windows, mut visit: impl FnMut(usize, [i64; 3])) {
    let positions = &windows.positions;
    let mut at = 0;
    for depth in 0..positions[0] {
        for row in 0..positions[1] {
            for column in 0..positions[2] {
                visit(at, [depth, row, column]);
                at += 1;
            }
        }
    }
}

/// Where the rows of a window are in a block.
fn rows<'w>(windows: &'w Windows, spans: &'w [Span; 3]) -> impl Iterator<Item = std::ops::Range<usize>> + 'w {
    let [depths, rows, columns] = spans;
    let [height, width] = [windows.image[1] as usize, windows.image[2] as usize];
    (depths.start..depths.end).flat_map(move |depth| {
        (rows.start..rows.end).map(move |row| {
            let row = (depth * height + row) * width;
            row + columns.start..row + columns.end
        })
    })
}

fn spans(windows: &Windows, place: [i64; 3]) -> [Span; 3] {
    std::array::from_fn(|d| span(windows, d, place[d]))
}

/// The planes, or blocks, of two slices side by side.
pub(crate) fn planes<'a, A, B>(
    image: &'a [A],
    image_len: usize,
    pooled: &'a mut [B],
    count: usize,
) -> impl Iterator<Item = (&'a [A], &'a mut [B])> {
    image.chunks_exact(image_len.max(1)).zip(pooled.chunks_exact_mut(count.max(1)))
}

fn means(plan: &Pooled, x: &Tensor, divisor: Divisor, out: &Tensor) -> Result<()> {
    let windows = plan.windows().in_blocks();
    dispatch_dtype!(numbers: x.dtype(), T => compute::<T, 1>(out, [x], |out, [image]| {
        for (image, out) in planes(image, windows.image_len(), out, windows.count()) {
            for_each_window(&windows, |at, place| {
                let spans = spans(&windows, place);
                let elements = rows(&windows, &spans).flat_map(|row| &image[row]);
                let sum: f64 = elements.map(|x| x.cast::<f64>()).sum();
                out[at] = T::from_f64(sum / divisor.of(&spans));
            });
        }
        Ok(())
    }))
}

fn means_gradient(plan: &Pooled, grad: &Tensor, divisor: Divisor, grad_input: &Tensor) -> Result<()> {
    let windows = plan.windows().in_blocks();
    dispatch_dtype!(numbers: grad.dtype(), T => compute::<T, 1>(grad_input, [grad], |out, [grad]| {
        out.fill(T::ZERO);
        for (grad, out) in planes(grad, windows.count(), out, windows.image_len()) {
            for_each_window(&windows, |at, place| {
                let spans = spans(&windows, place);
                let share = T::from_f64(grad[at].cast::<f64>() / divisor.of(&spans));
                for row in rows(&windows, &spans) {
                    out[row].iter_mut().for_each(|to| *to = to.plus(share));
                }
            });
        }
        Ok(())
    }))
}

/// Kernels of means and of their gradients.
macro_rules! mean_kernels {
    ($($means:tt $kernel:ident, $gradient:tt $back:ident;)*) => {$(
        #[kernel($means, CPU, structured)]
        fn $kernel(
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
            let divisor = Divisor { counts_padding: count_include_pad, given: divisor_override };
            means(plan, self_, divisor, out)
        }

        #[kernel($gradient, CPU, structured)]
        fn $back(
            plan: &Pooled,
            grad_output: &Tensor,
            _self_: &Tensor,
            _kernel_size: &[i64],
            _stride: &[i64],
            _padding: &[i64],
            _ceil_mode: bool,
            count_include_pad: bool,
            divisor_override: Option<i64>,
            grad_input: &Tensor,
        ) -> Result<()> {
            let divisor = Divisor { counts_padding: count_include_pad, given: divisor_override };
            means_gradient(plan, grad_output, divisor, grad_input)
        }
    )*};
}
mean_kernels! {
    "aten::avg_pool2d.out" avg_pool2d, "aten::avg_pool2d_backward.grad_input" avg_pool2d_backward;
    "aten::avg_pool3d.out" avg_pool3d, "aten::avg_pool3d_backward.grad_input" avg_pool3d_backward;
}

/// The elements of a window that are in the block, along one dimension.
fn places(windows: &Windows, d: usize, position: i64) -> impl Iterator<Item = usize> + Clone {
    let first = position * windows.stride[d] - windows.padding[d];
    let (dilation, image) = (windows.dilation[d], windows.image[d]);
    (0..windows.kernel[d])
        .map(move |k| first + k * dilation)
        .filter(move |at| (0..image).contains(at))
        .map(|at| at as usize)
}

/// The largest element of each window of a block, the first one of several, and where it is; not-a-number is largest.
fn largest<T: Ordered>(windows: &Windows, image: &[T], mut keep: impl FnMut(usize, T, i64)) {
    let [height, width] = [windows.image[1] as usize, windows.image[2] as usize];
    for_each_window(windows, |window, place| {
        let mut held: Option<(T, usize)> = None;
        for z in places(windows, 0, place[0]) {
            for y in places(windows, 1, place[1]) {
                for x in places(windows, 2, place[2]) {
                    let at = (z * height + y) * width + x;
                    let value = image[at];
                    if held.is_none_or(|(largest, _)| value > largest || value.is_nan()) {
                        held = Some((value, at));
                    }
                }
            }
        }
        if let Some((value, at)) = held {
            keep(window, value, at as i64);
        }
    });
}

fn fill_largest(plan: &Pooled, x: &Tensor, out: &Tensor, indices: &Tensor) -> Result<()> {
    let windows = plan.windows().in_blocks();
    let mut positions = vec![0i64; indices.numel()];
    dispatch_dtype!(numbers: x.dtype(), T => compute::<T, 1>(out, [x], |out, [image]| {
        let parts = planes(image, windows.image_len(), out, windows.count());
        for ((image, out), positions) in parts.zip(positions.chunks_exact_mut(windows.count())) {
            largest(&windows, image, |window, value, at| (out[window], positions[window]) = (value, at));
        }
        Ok(())
    }))?;
    store(indices, &positions)
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
    fill_largest(plan, self_, out, indices)
}

#[kernel("aten::max_pool3d_with_indices", CPU)]
fn max_pool3d_with_indices(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
) -> Result<(Tensor, Tensor)> {
    let parameters = Parameters { rank: 3, kernel_size, stride, padding, dilation, ceil_mode };
    let plan = rules::largest(self_, parameters)?;
    let [out, indices] = plan.empty()?;
    fill_largest(&plan, self_, &out, &indices)?;
    Ok((out, indices))
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

fn largest_gradient(plan: &Pooled, grad: &Tensor, indices: &Tensor, grad_input: &Tensor) -> Result<()> {
    let (image_len, count) = (plan.windows().image_len(), plan.windows().count());
    let positions = positions_in(indices, image_len, grad)?;
    dispatch_dtype!(numbers: grad.dtype(), T => compute::<T, 1>(grad_input, [grad], |out, [grad]| {
        out.fill(T::ZERO);
        let parts = planes(grad, count, out, image_len).zip(positions.chunks_exact(count));
        parts.for_each(|((grad, out), positions)| give_back(grad, positions, out));
        Ok(())
    }))
}

#[kernel("aten::max_pool2d_with_indices_backward.grad_input", CPU, structured)]
fn max_pool2d_with_indices_backward(
    plan: &Pooled,
    grad_output: &Tensor,
    _self_: &Tensor,
    _kernel_size: &[i64],
    _stride: &[i64],
    _padding: &[i64],
    _dilation: &[i64],
    _ceil_mode: bool,
    indices: &Tensor,
    grad_input: &Tensor,
) -> Result<()> {
    largest_gradient(plan, grad_output, indices, grad_input)
}

#[kernel("aten::max_pool3d_with_indices_backward", CPU)]
fn max_pool3d_with_indices_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
    indices: &Tensor,
) -> Result<Tensor> {
    let parameters = Parameters { rank: 3, kernel_size, stride, padding, dilation, ceil_mode };
    let plan = rules::gradient(grad_output, self_, parameters)?;
    let [grad_input] = plan.empty()?;
    largest_gradient(&plan, grad_output, indices, &grad_input)?;
    Ok(grad_input)
}

/// Puts elements at positions in larger planes, or blocks, of zeros.
fn unpool(x: &Tensor, indices: &Tensor, output_size: &[i64], rank: usize) -> Result<Tensor> {
    let out = rules::unpooled(x, indices, output_size, rank)?.allocate()?;
    if out.numel() == 0 || x.numel() == 0 {
        return Ok(out);
    }
    let image_len = output_size.iter().product::<i64>() as usize;
    let count = x.sizes()[x.dim() - rank..].iter().product::<i64>() as usize;
    let positions = to_vec::<i64>(indices)?;
    if let Some(at) = positions.iter().find(|at| !(0..image_len as i64).contains(at)) {
        let message = format!("`indices` hold {at}, `output_size` {output_size:?} has {image_len} positions");
        return Err(refused(message));
    }
    dispatch_dtype!(floats: x.dtype(), T => compute::<T, 1>(&out, [x], |out, [x]| {
        out.fill(T::ZERO);
        for ((x, out), at) in planes(x, count, out, image_len).zip(positions.chunks_exact(count.max(1))) {
            x.iter().zip(at).for_each(|(&x, &at)| out[at as usize] = x);
        }
        Ok(())
    }))?;
    Ok(out)
}

#[kernel("aten::max_unpool2d", CPU)]
fn max_unpool2d(self_: &Tensor, indices: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    unpool(self_, indices, output_size, 2)
}

#[kernel("aten::max_unpool3d", CPU)]
fn max_unpool3d(
    self_: &Tensor,
    indices: &Tensor,
    output_size: &[i64],
    stride: &[i64],
    padding: &[i64],
) -> Result<Tensor> {
    rules::unpooling_parameters(stride, padding)?;
    unpool(self_, indices, output_size, 3)
}
