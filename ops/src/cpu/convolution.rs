//! Convolution on the host: windows as columns, multiplied with the weight.
//!
//! Three products serve convolution, its transpose and the gradients of both: from the image that windows move over to the
//! positions of windows, the way back, and to the weight.

use keyway::{KeySet, Operator, Result, Stack, Tensor, Value, kernel};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::aten;
use crate::cpu::boxed::{answer, argument};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::gemm_call::{gemm, gemm_on};
use crate::cpu::number::Float;
use crate::cpu::plain::{compute, optional, store, with};
use crate::cpu::windows::{fold, lines, unfold, unfold_lines};
use crate::shape::convolution::{Convolution, Parameters};
use crate::shape::window::{Windows, at_least, for_each_dimension, refused, window_count};
use crate::threads::spread;

fn matrix<T>(elements: &[T], rows: usize, columns: usize) -> Result<ArrayView2<'_, T>> {
    ArrayView2::from_shape((rows, columns), elements).map_err(|cause| refused(cause.to_string()))
}

fn matrix_mut<T>(elements: &mut [T], rows: usize, columns: usize) -> Result<ArrayViewMut2<'_, T>> {
    ArrayViewMut2::from_shape((rows, columns), elements).map_err(|cause| refused(cause.to_string()))
}

/// Windows are multiplied so many elements at a time, which stay in the processor's cache until they are.
const TILE: usize = 1 << 16;

/// The products of one convolution, with memory for columns.
struct Products<'c, T> {
    convolution: &'c Convolution,
    /// Whether images are multiplied as they are.
    is_direct: bool,
    columns: Vec<T>,
}

impl<'c, T: Float> Products<'c, T> {
    fn new(convolution: &'c Convolution) -> Products<'c, T> {
        let is_direct = windows_are_elements(&convolution.windows);
        Products { convolution, is_direct, columns: Vec::new() }
    }

    fn rows(&self) -> usize {
        self.convolution.image_channels * self.convolution.windows.kernel_len()
    }

    fn position_len(&self) -> usize {
        self.convolution.position_channels * self.convolution.windows.count()
    }

    fn image_len(&self) -> usize {
        self.convolution.image_channels * self.convolution.windows.image_len()
    }

    fn weight_len(&self) -> usize {
        self.convolution.position_channels * self.rows()
    }

    /// The images, positions and group of each sample and group, in order.
    fn parts(&self) -> impl Iterator<Item = usize> + use<T> {
        let groups = self.convolution.groups;
        (0..self.convolution.samples * groups).map(move |part| part % groups)
    }

    /// The windows of a group's image as columns, which for windows of one element is the image itself.
    fn columns<'s>(&'s mut self, image: &'s [T]) -> &'s [T] {
        if self.is_direct {
            return image;
        }
        self.make_room();
        unfold(&self.convolution.windows, self.convolution.image_channels, image, &mut self.columns);
        &self.columns
    }

    /// Memory for the windows of an image.
    fn make_room(&mut self) {
        self.columns.resize(self.rows() * self.convolution.windows.count(), T::ZERO);
    }

    /// `positions += weight * windows of the image`, or without what was there. Some lines of windows at a time.
    fn compute_positions(&self, weight: &[T], image: &[T], positions: &mut [T], adds: bool) -> Result<()> {
        let (outer, rows, count) =
            (self.convolution.position_channels, self.rows(), self.convolution.windows.count());
        let (mut positions, weight) = (matrix_mut(positions, outer, count)?, matrix(weight, outer, rows)?);
        let beta = adds.then_some(T::ONE);
        if self.is_direct {
            gemm(positions, weight, matrix(image, rows, count)?, T::ONE, beta);
            return Ok(());
        }
        let (windows, channels) = (&self.convolution.windows, self.convolution.image_channels);
        let lines = lines(windows);
        let width = count / lines.max(1);
        let per_tile = (TILE / (rows * width).max(1)).max(1);
        let multiply = |columns: &mut Vec<T>, (tile, out): (usize, ArrayViewMut2<'_, T>)| {
            let lines = tile * per_tile..((tile + 1) * per_tile).min(lines);
            columns.resize(rows * lines.len() * width, T::ZERO);
            unfold_lines(windows, channels, image, lines.clone(), columns);
            gemm_on(1, out, weight, matrix(columns, rows, lines.len() * width)?, T::ONE, beta);
            Ok(())
        };
        let tiles = positions.axis_chunks_iter_mut(Axis(1), (per_tile * width).max(1)).enumerate();
        let mut tiles: Vec<_> = tiles.collect();
        spread(outer * rows * count, |threads| match threads {
            1 => {
                let mut columns = Vec::new();
                tiles.drain(..).try_for_each(|tile| multiply(&mut columns, tile))
            }
            _ => std::mem::take(&mut tiles)
                .into_par_iter()
                .map_init(Vec::new, multiply)
                .try_for_each(|done| done),
        })
    }

    /// Adds `weight transposed * positions` to the windows of the image.
    fn add_to_image(&mut self, weight: &[T], positions: &[T], image: &mut [T]) -> Result<()> {
        let (outer, rows, count) =
            (self.convolution.position_channels, self.rows(), self.convolution.windows.count());
        let weight = matrix(weight, outer, rows)?.reversed_axes();
        let positions = matrix(positions, outer, count)?;
        if self.is_direct {
            gemm(matrix_mut(image, rows, count)?, weight, positions, T::ONE, Some(T::ONE));
            return Ok(());
        }
        self.make_room();
        gemm(matrix_mut(&mut self.columns, rows, count)?, weight, positions, T::ONE, None);
        fold(&self.convolution.windows, self.convolution.image_channels, &self.columns, image);
        Ok(())
    }

    /// Adds `positions * windows of the image transposed` to the weight.
    fn add_to_weight(&mut self, positions: &[T], image: &[T], weight: &mut [T]) -> Result<()> {
        let (outer, rows, count) =
            (self.convolution.position_channels, self.rows(), self.convolution.windows.count());
        let columns = matrix(self.columns(image), rows, count)?.reversed_axes();
        gemm(
            matrix_mut(weight, outer, rows)?,
            matrix(positions, outer, count)?,
            columns,
            T::ONE,
            Some(T::ONE),
        );
        Ok(())
    }

    /// `output` of an input, in the direction of the convolution; `output` holds the bias if there is one, else zeros if
    /// the convolution is transposed.
    fn forward(&mut self, input: &[T], weight: &[T], output: &mut [T], has_bias: bool) -> Result<()> {
        let (image_len, position_len, weight_len) =
            (self.image_len(), self.position_len(), self.weight_len());
        for (part, group) in self.parts().enumerate() {
            let weight = &weight[group * weight_len..][..weight_len];
            let (image, positions) = (part * image_len, part * position_len);
            match self.convolution.transposed {
                false => {
                    let output = &mut output[positions..][..position_len];
                    self.compute_positions(weight, &input[image..][..image_len], output, has_bias)?;
                }
                true => {
                    let output = &mut output[image..][..image_len];
                    self.add_to_image(weight, &input[positions..][..position_len], output)?;
                }
            }
        }
        Ok(())
    }

    /// The gradient of the input.
    fn input_gradient(&mut self, grad: &[T], weight: &[T], input: &mut [T]) -> Result<()> {
        let (image_len, position_len, weight_len) =
            (self.image_len(), self.position_len(), self.weight_len());
        for (part, group) in self.parts().enumerate() {
            let weight = &weight[group * weight_len..][..weight_len];
            let (image, positions) = (part * image_len, part * position_len);
            match self.convolution.transposed {
                false => self.add_to_image(
                    weight,
                    &grad[positions..][..position_len],
                    &mut input[image..][..image_len],
                )?,
                true => self.compute_positions(
                    weight,
                    &grad[image..][..image_len],
                    &mut input[positions..][..position_len],
                    false,
                )?,
            }
        }
        Ok(())
    }

    /// The gradient of the weight.
    fn weight_gradient(&mut self, grad: &[T], input: &[T], weight: &mut [T]) -> Result<()> {
        let (image_len, position_len, weight_len) =
            (self.image_len(), self.position_len(), self.weight_len());
        let (images, positions) = if self.convolution.transposed { (grad, input) } else { (input, grad) };
        for (part, group) in self.parts().enumerate() {
            self.add_to_weight(
                &positions[part * position_len..][..position_len],
                &images[part * image_len..][..image_len],
                &mut weight[group * weight_len..][..weight_len],
            )?;
        }
        Ok(())
    }
}

/// Whether windows are single elements, each in one window.
fn windows_are_elements(windows: &Windows) -> bool {
    windows.kernel_len() == 1
        && windows.stride.iter().all(|&stride| stride == 1)
        && windows.padding.iter().all(|&padding| padding == 0)
        && windows.image == windows.positions
}

#[kernel("aten::convolution", CPU)]
fn convolution(
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    transposed: bool,
    output_padding: &[i64],
    groups: i64,
) -> Result<Tensor> {
    let parameters = Parameters { stride, padding, dilation, transposed, output_padding, groups };
    let convolution = Convolution::new(input, weight, bias, parameters)?;
    let make = if transposed { Tensor::zeros_strided } else { Tensor::unfilled_strided };
    let out = make(convolution.geometry.clone(), input.dtype(), input.device())?;
    dispatch_dtype!(floats: input.dtype(), T => {
        let bias = optional::<T>(bias)?;
        compute::<T, 2>(&out, [input, weight], |out, [input, weight]| {
            if let Some(bias) = &bias {
                let planes = out.chunks_exact_mut((out.len() / (convolution.samples * bias.len()).max(1)).max(1));
                planes.enumerate().for_each(|(plane, out)| out.fill(bias[plane % bias.len()]));
            }
            Products::new(&convolution).forward(input, weight, out, bias.is_some())
        })
    })?;
    Ok(out)
}

/// Those gradients that the mask leaves out are undefined.
#[kernel("aten::convolution_backward", CPU, boxed)]
fn convolution_backward(_operator: &'static Operator, _keys: KeySet, stack: &mut Stack) -> Result<()> {
    answer(stack, 11, |arguments: &[Value]| {
        let gradients = Gradients::of(arguments)?;
        let (grad, input, weight) = (gradients.grad, gradients.input, gradients.weight);
        let convolution = &gradients.convolution;
        let zeros = |like: &Tensor| Tensor::zeros(like.sizes(), like.dtype(), like.device());
        dispatch_dtype!(floats: input.dtype(), T => {
            let of_input = gradients.asked(0).then(|| zeros(input)).transpose()?;
            if let Some(out) = &of_input {
                compute::<T, 2>(out, [grad, weight], |out, [grad, weight]| {
                    Products::new(convolution).input_gradient(grad, weight, out)
                })?;
            }
            let of_weight = gradients.asked(1).then(|| zeros(weight)).transpose()?;
            if let Some(out) = &of_weight {
                compute::<T, 2>(out, [grad, input], |out, [grad, input]| {
                    Products::new(convolution).weight_gradient(grad, input, out)
                })?;
            }
            let of_bias = gradients.asked(2).then(|| gradients.empty_bias()).transpose()?;
            if let Some(out) = &of_bias {
                let mut sums = vec![0.0; out.numel()];
                with::<f64, 1, _>([grad], |[grad]| {
                    let planes = grad.chunks_exact((grad.len() / (convolution.samples * sums.len()).max(1)).max(1));
                    let channels = sums.len();
                    planes.enumerate().for_each(|(plane, grad)| sums[plane % channels] += grad.iter().sum::<f64>());
                    Ok(())
                })?;
                store(out, &sums)?;
            }
            Ok([of_input, of_weight, of_bias])
        })
    })
}

/// The arguments of the gradients' operator.
pub(crate) struct Gradients<'a> {
    grad: &'a Tensor,
    input: &'a Tensor,
    weight: &'a Tensor,
    convolution: Convolution,
    mask: &'a [bool],
}

impl<'a> Gradients<'a> {
    /// Those on the stack, checked.
    pub(crate) fn of(arguments: &'a [Value]) -> Result<Gradients<'a>> {
        let [grad, input, weight] = [0, 1, 2].map(|position| argument::<&Tensor>(arguments, position));
        let (grad, input, weight) = (grad?, input?, weight?);
        let parameters = Parameters {
            stride: argument(arguments, 4)?,
            padding: argument(arguments, 5)?,
            dilation: argument(arguments, 6)?,
            transposed: argument(arguments, 7)?,
            output_padding: argument(arguments, 8)?,
            groups: argument(arguments, 9)?,
        };
        let convolution = Convolution::new(input, weight, None, parameters)?;
        match grad.sizes() == convolution.geometry.sizes() && grad.dtype() == input.dtype() {
            true => Ok(Gradients { grad, input, weight, convolution, mask: argument(arguments, 10)? }),
            false => Err(refused(format!(
                "`grad_output` must have the sizes and dtype of the result, {:?} and {}, it has {:?} and {}",
                convolution.geometry.sizes(),
                input.dtype(),
                grad.sizes(),
                grad.dtype()
            ))),
        }
    }

    fn asked(&self, which: usize) -> bool {
        self.mask.get(which).copied().unwrap_or(false)
    }

    fn empty_bias(&self) -> Result<Tensor> {
        Tensor::zeros(&self.grad.sizes()[1..2], self.input.dtype(), self.input.device())
    }

    /// The gradients that are asked for, without elements.
    pub(crate) fn empty(&self) -> Result<[Option<Tensor>; 3]> {
        let zeros = |like: &Tensor| Tensor::zeros(like.sizes(), like.dtype(), like.device());
        Ok([
            self.asked(0).then(|| zeros(self.input)).transpose()?,
            self.asked(1).then(|| zeros(self.weight)).transpose()?,
            self.asked(2).then(|| self.empty_bias()).transpose()?,
        ])
    }
}

/// The windows of `im2col` and `col2im` over planes of these extents.
pub(crate) fn plane_windows(
    image: &[i64],
    kernel_size: &[i64],
    dilation: &[i64],
    padding: &[i64],
    stride: &[i64],
) -> Result<Windows> {
    let kernel = for_each_dimension("kernel_size", kernel_size, 2)?;
    let dilation = for_each_dimension("dilation", dilation, 2)?;
    let padding = for_each_dimension("padding", padding, 2)?;
    let stride = for_each_dimension("stride", stride, 2)?;
    at_least("kernel_size", &kernel, 1)?;
    at_least("dilation", &dilation, 1)?;
    at_least("padding", &padding, 0)?;
    at_least("stride", &stride, 1)?;
    let image = for_each_dimension("output_size", image, 2)?;
    let count = |d: usize| window_count(image[d], kernel[d], [stride[d], padding[d], dilation[d]], false);
    let positions = keyway::Dims::from_slice(&[count(0), count(1)]);
    match positions.iter().all(|&count| count >= 1) {
        true => Ok(Windows { image, kernel, stride, padding, dilation, positions }),
        false => Err(refused(format!("a window of {kernel:?} does not fit planes of {image:?}"))),
    }
}

/// The sizes of the columns of a tensor, and of the image of columns.
pub(crate) fn column_sizes(x: &Tensor, windows: &Windows) -> Result<Vec<i64>> {
    let sizes = x.sizes();
    match sizes {
        [batch @ .., channels, _, _] if batch.len() <= 1 => {
            Ok([batch, &[channels.saturating_mul(windows.kernel_len() as i64), windows.count() as i64]]
                .concat())
        }
        _ => Err(refused(format!("`self` must have 3 or 4 dimensions, its sizes are {sizes:?}"))),
    }
}

/// See [`column_sizes`].
pub(crate) fn image_sizes(columns: &Tensor, windows: &Windows) -> Result<Vec<i64>> {
    let (sizes, kernel) = (columns.sizes(), windows.kernel_len() as i64);
    match sizes {
        [batch @ .., rows, count]
            if batch.len() <= 1 && rows % kernel == 0 && *count == windows.count() as i64 =>
        {
            Ok([batch, &[rows / kernel], &windows.image].concat())
        }
        _ => Err(refused(format!(
            "`self` of sizes {sizes:?} is not {} columns of windows of {kernel} elements",
            windows.count()
        ))),
    }
}

#[kernel("aten::im2col", CPU)]
fn im2col(
    self_: &Tensor,
    kernel_size: &[i64],
    dilation: &[i64],
    padding: &[i64],
    stride: &[i64],
) -> Result<Tensor> {
    let planes = &self_.sizes()[self_.dim().saturating_sub(2)..];
    let windows = plane_windows(planes, kernel_size, dilation, padding, stride)?;
    let out = Tensor::zeros(&column_sizes(self_, &windows)?, self_.dtype(), self_.device())?;
    dispatch_dtype!(values: self_.dtype(), T => compute::<T, 1>(&out, [self_], |out, [image]| {
        unfold(&windows, image.len() / windows.image_len().max(1), image, out);
        Ok(())
    }))?;
    Ok(out)
}

#[kernel("aten::col2im", CPU)]
fn col2im(
    self_: &Tensor,
    output_size: &[i64],
    kernel_size: &[i64],
    dilation: &[i64],
    padding: &[i64],
    stride: &[i64],
) -> Result<Tensor> {
    let windows = plane_windows(output_size, kernel_size, dilation, padding, stride)?;
    let out = Tensor::zeros(&image_sizes(self_, &windows)?, self_.dtype(), self_.device())?;
    dispatch_dtype!(values: self_.dtype(), T => compute::<T, 1>(&out, [self_], |out, [columns]| {
        fold(&windows, out.len() / windows.image_len().max(1), columns, out);
        Ok(())
    }))?;
    Ok(out)
}
