//! The shape functions of structured operators on rows, planes and blocks: pooling and resizing, and gradients of both.

use keyway::{OutputMeta, Result, Tensor, structured};

use super::pooling::{self, Parameters, Pooled, Samples};
use crate::aten;

/// Means of windows and their gradient.
macro_rules! means {
    ($($rank:literal: $means:tt $shape:ident, $gradient:tt $back:ident;)*) => {$(
        #[structured($means)]
        fn $shape(
            self_: &Tensor,
            kernel_size: &[i64],
            stride: &[i64],
            padding: &[i64],
            ceil_mode: bool,
            _count_include_pad: bool,
            divisor_override: Option<i64>,
        ) -> Result<Pooled> {
            let parameters = Parameters { rank: $rank, kernel_size, stride, padding, dilation: &[1], ceil_mode };
            pooling::means(self_, parameters, divisor_override)
        }

        #[structured($gradient)]
        fn $back(
            grad_output: &Tensor,
            self_: &Tensor,
            kernel_size: &[i64],
            stride: &[i64],
            padding: &[i64],
            ceil_mode: bool,
            _count_include_pad: bool,
            _divisor_override: Option<i64>,
        ) -> Result<Pooled> {
            let parameters = Parameters { rank: $rank, kernel_size, stride, padding, dilation: &[1], ceil_mode };
            pooling::gradient(grad_output, self_, parameters)
        }
    )*};
}
means! {
    2: "aten::avg_pool2d.out" avg_pool2d_shape,
        "aten::avg_pool2d_backward.grad_input" avg_pool2d_backward_shape;
    3: "aten::avg_pool3d.out" avg_pool3d_shape,
        "aten::avg_pool3d_backward.grad_input" avg_pool3d_backward_shape;
}

#[structured("aten::max_pool2d_with_indices.out")]
fn max_pool2d_with_indices_shape(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
) -> Result<Pooled> {
    pooling::largest(self_, Parameters { rank: 2, kernel_size, stride, padding, dilation, ceil_mode })
}

#[structured("aten::max_pool2d_with_indices_backward.grad_input")]
fn max_pool2d_with_indices_backward_shape(
    grad_output: &Tensor,
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
    _indices: &Tensor,
) -> Result<Pooled> {
    let parameters = Parameters { rank: 2, kernel_size, stride, padding, dilation, ceil_mode };
    pooling::gradient(grad_output, self_, parameters)
}

/// The largest elements of as many windows as asked for, and their gradient.
macro_rules! adaptive {
    ($($rank:literal: $largest:tt $shape:ident, $gradient:tt $back:ident;)*) => {$(
        #[structured($largest)]
        fn $shape(self_: &Tensor, output_size: &[i64]) -> Result<[OutputMeta; 2]> {
            pooling::adaptive_largest(self_, output_size, $rank)
        }

        #[structured($gradient)]
        fn $back(grad_output: &Tensor, self_: &Tensor, indices: &Tensor) -> Result<OutputMeta> {
            pooling::adaptive_largest_gradient(grad_output, self_, indices, $rank)
        }
    )*};
}
adaptive! {
    2: "aten::adaptive_max_pool2d.out" adaptive_max_pool2d_shape,
        "aten::adaptive_max_pool2d_backward.grad_input" adaptive_max_pool2d_backward_shape;
    3: "aten::adaptive_max_pool3d.out" adaptive_max_pool3d_shape,
        "aten::adaptive_max_pool3d_backward.grad_input" adaptive_max_pool3d_backward_shape;
}

/// Resizing and its gradient. The arguments that do not decide about sizes are named in brackets.
macro_rules! resizing {
    ($($rank:literal($($own:ident: $type:ty),*): $operator:tt $shape:ident, $gradient:tt $back:ident;)*) => {$(
        #[structured($operator)]
        fn $shape(self_: &Tensor, output_size: &[i64] $(, $own: $type)*) -> Result<OutputMeta> {
            pooling::resized_to(self_, output_size, $rank, Samples::Must)
        }

        #[structured($gradient)]
        fn $back(
            grad_output: &Tensor,
            output_size: &[i64],
            input_size: &[i64]
            $(, $own: $type)*
        ) -> Result<OutputMeta> {
            pooling::resizing_gradient(grad_output, output_size, input_size, $rank)
        }
    )*};
}
resizing! {
    1(_w: Option<f64>): "aten::upsample_nearest1d.out" upsample_nearest1d_shape,
        "aten::upsample_nearest1d_backward.grad_input" upsample_nearest1d_backward_shape;
    2(_h: Option<f64>, _w: Option<f64>): "aten::upsample_nearest2d.out" upsample_nearest2d_shape,
        "aten::upsample_nearest2d_backward.grad_input" upsample_nearest2d_backward_shape;
    3(_d: Option<f64>, _h: Option<f64>, _w: Option<f64>): "aten::upsample_nearest3d.out" upsample_nearest3d_shape,
        "aten::upsample_nearest3d_backward.grad_input" upsample_nearest3d_backward_shape;
    1(_w: Option<f64>): "aten::_upsample_nearest_exact1d.out" upsample_nearest_exact1d_shape,
        "aten::_upsample_nearest_exact1d_backward.grad_input" upsample_nearest_exact1d_backward_shape;
    2(_h: Option<f64>, _w: Option<f64>): "aten::_upsample_nearest_exact2d.out" upsample_nearest_exact2d_shape,
        "aten::_upsample_nearest_exact2d_backward.grad_input" upsample_nearest_exact2d_backward_shape;
    3(_d: Option<f64>, _h: Option<f64>, _w: Option<f64>): "aten::_upsample_nearest_exact3d.out" upsample_nearest_exact3d_shape,
        "aten::_upsample_nearest_exact3d_backward.grad_input" upsample_nearest_exact3d_backward_shape;
    1(_align_corners: bool, _w: Option<f64>): "aten::upsample_linear1d.out" upsample_linear1d_shape,
        "aten::upsample_linear1d_backward.grad_input" upsample_linear1d_backward_shape;
    2(_align_corners: bool, _h: Option<f64>, _w: Option<f64>): "aten::upsample_bilinear2d.out" upsample_bilinear2d_shape,
        "aten::upsample_bilinear2d_backward.grad_input" upsample_bilinear2d_backward_shape;
    3(_align_corners: bool, _d: Option<f64>, _h: Option<f64>, _w: Option<f64>):
        "aten::upsample_trilinear3d.out" upsample_trilinear3d_shape,
        "aten::upsample_trilinear3d_backward.grad_input" upsample_trilinear3d_backward_shape;
    2(_align_corners: bool, _h: Option<f64>, _w: Option<f64>): "aten::upsample_bicubic2d.out" upsample_bicubic2d_shape,
        "aten::upsample_bicubic2d_backward.grad_input" upsample_bicubic2d_backward_shape;
}
