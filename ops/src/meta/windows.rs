//! Convolution, pooling and resizing without data. Structured pooling has its kernels from shape functions.

use keyway::{KeySet, Operator, Result, Stack, Tensor, Value, kernel};

use crate::aten;
use crate::cpu::boxed::answer;
use crate::cpu::convolution::{Gradients, column_sizes, image_sizes, plane_windows};
use crate::shape::convolution::{Convolution, Parameters};
use crate::shape::pooling::resized;

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

#[kernel("aten::_adaptive_avg_pool2d", Meta)]
fn _adaptive_avg_pool2d_meta(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    resized(self_, output_size, &[3, 4])?.allocate()
}
