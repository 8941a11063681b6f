//! Convolution, pooling and resizing without data. Structured pooling has its kernels from shape functions.

use keyway::{KeySet, Operator, Result, Stack, Tensor, Value, kernel};

use crate::aten;
use crate::cpu::boxed::answer;
use crate::cpu::convolution::{Gradients, column_sizes, image_sizes, plane_windows};
use crate::shape::convolution::{Convolution, Parameters};
use crate::shape::grid::Sampling;
use crate::shape::pooling::{self, Samples, adaptive_gradient, resized_to};

#[kernel("aten::convolution", Meta)]
fn convolution_meta(
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
    Tensor::zeros_strided(convolution.geometry, input.dtype(), input.device())
}

#[kernel("aten::convolution_backward", Meta, boxed)]
fn convolution_backward_meta(_operator: &'static Operator, _keys: KeySet, stack: &mut Stack) -> Result<()> {
    answer(stack, 11, |arguments: &[Value]| Gradients::of(arguments)?.empty())
}

#[kernel("aten::im2col", Meta)]
fn im2col_meta(
    self_: &Tensor,
    kernel_size: &[i64],
    dilation: &[i64],
    padding: &[i64],
    stride: &[i64],
) -> Result<Tensor> {
    let planes = &self_.sizes()[self_.dim().saturating_sub(2)..];
    let windows = plane_windows(planes, kernel_size, dilation, padding, stride)?;
    Tensor::zeros(&column_sizes(self_, &windows)?, self_.dtype(), self_.device())
}

#[kernel("aten::col2im", Meta)]
fn col2im_meta(
    self_: &Tensor,
    output_size: &[i64],
    kernel_size: &[i64],
    dilation: &[i64],
    padding: &[i64],
    stride: &[i64],
) -> Result<Tensor> {
    let windows = plane_windows(output_size, kernel_size, dilation, padding, stride)?;
    Tensor::zeros(&image_sizes(self_, &windows)?, self_.dtype(), self_.device())
}

/// Means of as many windows as asked for, and their gradients.
macro_rules! adaptive_means {
    ($($rank:literal: $means:tt $kernel:ident, $gradient:tt $back:ident;)*) => {$(
        #[kernel($means, Meta)]
        fn $kernel(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
            resized_to(self_, output_size, $rank, Samples::May)?.allocate()
        }

        #[kernel($gradient, Meta)]
        fn $back(grad_output: &Tensor, self_: &Tensor) -> Result<Tensor> {
            adaptive_gradient(grad_output, self_, $rank)?.allocate()
        }
    )*};
}
adaptive_means! {
    2: "aten::_adaptive_avg_pool2d" _adaptive_avg_pool2d_meta,
        "aten::_adaptive_avg_pool2d_backward" _adaptive_avg_pool2d_backward_meta;
    3: "aten::_adaptive_avg_pool3d" _adaptive_avg_pool3d_meta,
        "aten::_adaptive_avg_pool3d_backward" _adaptive_avg_pool3d_backward_meta;
}

#[kernel("aten::max_pool3d_with_indices", Meta)]
fn max_pool3d_with_indices_meta(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
) -> Result<(Tensor, Tensor)> {
    let parameters = pooling::Parameters { rank: 3, kernel_size, stride, padding, dilation, ceil_mode };
    Ok(pooling::largest(self_, parameters)?.empty::<2>()?.into())
}

#[kernel("aten::max_pool3d_with_indices_backward", Meta)]
fn max_pool3d_with_indices_backward_meta(
    grad_output: &Tensor,
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
    _indices: &Tensor,
) -> Result<Tensor> {
    let parameters = pooling::Parameters { rank: 3, kernel_size, stride, padding, dilation, ceil_mode };
    let [grad_input] = pooling::gradient(grad_output, self_, parameters)?.empty()?;
    Ok(grad_input)
}

#[kernel("aten::max_unpool2d", Meta)]
fn max_unpool2d_meta(self_: &Tensor, indices: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    pooling::unpooled(self_, indices, output_size, 2)?.allocate()
}

#[kernel("aten::max_unpool3d", Meta)]
fn max_unpool3d_meta(
    self_: &Tensor,
    indices: &Tensor,
    output_size: &[i64],
    stride: &[i64],
    padding: &[i64],
) -> Result<Tensor> {
    pooling::unpooling_parameters(stride, padding)?;
    pooling::unpooled(self_, indices, output_size, 3)?.allocate()
}

/// Elements at places of a grid.
macro_rules! sampled {
    ($($rank:literal: $operator:tt $kernel:ident;)*) => {$(
        #[kernel($operator, Meta)]
        fn $kernel(
            input: &Tensor,
            grid: &Tensor,
            interpolation_mode: i64,
            padding_mode: i64,
            _align_corners: bool,
        ) -> Result<Tensor> {
            Sampling::new(input, grid, $rank, interpolation_mode, padding_mode)?.output.allocate()
        }
    )*};
}
sampled! {
    2: "aten::grid_sampler_2d" grid_sampler_2d_meta;
    3: "aten::grid_sampler_3d" grid_sampler_3d_meta;
}
