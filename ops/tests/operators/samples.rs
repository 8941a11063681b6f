//! Arguments for operators whose sizes have to fit each other in ways that trying does not find.

use keyway::testing::{elements, floats};
use keyway::{DType, Value, operator_samples};
use keyway_ops::aten;

fn ints(list: &[i64]) -> Value {
    list.into()
}

fn bools(list: &[bool]) -> Value {
    list.to_vec().into()
}

fn tensors(list: &[Value]) -> Value {
    list.iter().filter_map(Value::as_tensor).cloned().collect::<Vec<_>>().into()
}

/// Integers with one scale, and with one for each row.
fn quantised() -> [Value; 2] {
    let tensor = |value: &Value| value.as_tensor().expect("a tensor was made").clone();
    let (x, scales) = (tensor(&floats(&[2, 3])), tensor(&elements(&[0.1f64, 0.5], &[2])));
    let zero_points = tensor(&elements(&[3i64, 100], &[2]));
    let one = aten::quantize_per_tensor(&x, 0.1, 10, DType::QUInt8);
    let several = aten::quantize_per_channel(&x, &scales, &zero_points, 0, DType::QUInt8);
    [one, several].map(|tensor| tensor.unwrap_or_else(|error| panic!("{error}")).into())
}

fn one_scale() -> Value {
    quantised()[0].clone()
}

fn several_scales() -> Value {
    quantised()[1].clone()
}

/// Two matrices that have inverses.
fn matrices() -> Value {
    elements(&[1f32, 2.0, 3.0, 4.0, 0.0, 1.0, 1.0, 0.0], &[2, 2, 2])
}

/// Memory that is no tensor's.
fn memory() -> Value {
    keyway::Storage::from_slice(&[1f32, 2.0, 3.0, 4.0, 5.0]).into()
}

const NONE: Value = Value::None;

operator_samples! {
    "aten::native_layer_norm" => [
        [floats(&[2, 3, 4]), ints(&[4]), floats(&[4]), floats(&[4]), 1e-5],
        [floats(&[2, 3, 4]), ints(&[3, 4]), NONE, NONE, 0.01],
    ];
    "aten::native_layer_norm_backward" => [[
        floats(&[2, 4]), floats(&[2, 4]), ints(&[4]), floats(&[2, 1]), floats(&[2, 1]), floats(&[4]), floats(&[4]),
        bools(&[true, true, true]),
    ]];
    "aten::layer_norm" => [[floats(&[2, 3]), ints(&[3]), floats(&[3])]];
    "aten::rms_norm" => [[floats(&[2, 3]), ints(&[3]), floats(&[3])]];
    "aten::native_group_norm" => [[floats(&[2, 4, 3]), floats(&[4]), NONE, 2, 4, 3, 2, 1e-5]];
    "aten::group_norm" => [[floats(&[2, 4, 3]), 2, floats(&[4]), floats(&[4])]];
    "aten::native_batch_norm" => [
        [floats(&[2, 3, 4]), floats(&[3]), floats(&[3]), NONE, NONE, true, 0.1, 1e-5],
        [floats(&[4, 3]), NONE, NONE, floats(&[3]), elements(&[0.5f32, 1.0, 2.0], &[3]), false, 0.1, 1e-5],
    ];
    "aten::_native_batch_norm_legit" => [
        [floats(&[2, 3, 4]), floats(&[3]), floats(&[3]), floats(&[3]), floats(&[3]), true, 0.1, 1e-5],
    ];
    "aten::_native_batch_norm_legit.no_stats" => [[floats(&[2, 3, 4]), floats(&[3]), NONE, true, 0.1, 1e-5]];
    "aten::_native_batch_norm_legit_no_training" => [[
        floats(&[2, 3, 4]), floats(&[3]), NONE, floats(&[3]), elements(&[0.5f32, 1.0, 2.0], &[3]), 0.1, 1e-5,
    ]];
    "aten::batch_norm" => [[floats(&[2, 3, 4]), floats(&[3]), NONE, NONE, NONE, true, 0.1, 1e-5, false]];
    "aten::convolution" => [
        [floats(&[1, 2, 4, 4]), floats(&[4, 1, 2, 3]), floats(&[4]), ints(&[1, 2]), ints(&[0, 1]), ints(&[1, 1]), false,
         ints(&[0, 0]), 2],
        [floats(&[1, 2, 3]), floats(&[2, 2, 2]), NONE, ints(&[2]), ints(&[1]), ints(&[1]), true, ints(&[1]), 1],
    ];
    "aten::convolution_backward" => [[
        floats(&[1, 2, 2, 2]), floats(&[1, 2, 4, 4]), floats(&[2, 1, 2, 2]), ints(&[2]), ints(&[2, 2]), ints(&[0, 0]),
        ints(&[1, 1]), false, ints(&[0, 0]), 2, bools(&[true, true, true]),
    ]];
    "aten::conv1d" => [[floats(&[1, 2, 6]), floats(&[2, 2, 3]), floats(&[2])], [floats(&[2, 6]), floats(&[3, 2, 2])]];
    "aten::conv1d.padding" => [[floats(&[1, 2, 6]), floats(&[2, 2, 2]), NONE, ints(&[1]), "same"]];
    "aten::conv2d" => [[floats(&[1, 2, 4, 4]), floats(&[3, 2, 3, 3]), NONE, ints(&[1]), ints(&[1])]];
    "aten::conv2d.padding" => [[floats(&[1, 2, 4, 4]), floats(&[2, 2, 2, 3]), NONE, ints(&[1]), "same"]];
    "aten::conv3d" => [[floats(&[1, 2, 3, 4, 4]), floats(&[3, 2, 2, 3, 3]), NONE, ints(&[1]), ints(&[1])]];
    "aten::conv3d.padding" => [[floats(&[1, 2, 3, 3, 3]), floats(&[2, 2, 2, 2, 3]), NONE, ints(&[1]), "same"]];
    "aten::conv_transpose3d.input" => [[floats(&[1, 2, 2, 3, 3]), floats(&[2, 1, 2, 2, 2]), NONE, ints(&[2])]];
    "aten::conv_transpose1d" => [[floats(&[1, 2, 3]), floats(&[2, 2, 2])]];
    "aten::conv_transpose2d.input" => [[floats(&[1, 2, 3, 3]), floats(&[2, 1, 2, 2]), NONE, ints(&[2])]];
    "aten::im2col" => [[floats(&[1, 2, 4, 4]), ints(&[2, 2]), ints(&[1, 1]), ints(&[0, 0]), ints(&[2, 2])]];
    "aten::col2im" => [[
        floats(&[1, 8, 4]), ints(&[4, 4]), ints(&[2, 2]), ints(&[1, 1]), ints(&[0, 0]), ints(&[2, 2]),
    ]];
    "aten::avg_pool2d" => [[floats(&[1, 2, 4, 4]), ints(&[2, 2])], [floats(&[2, 5, 5]), ints(&[3]), ints(&[2]), ints(&[1])]];
    "aten::avg_pool2d_backward" => [[
        floats(&[1, 1, 2, 2]), floats(&[1, 1, 4, 4]), ints(&[2, 2]), ints(&[2, 2]), ints(&[0, 0]), false, true, NONE,
    ]];
    "aten::avg_pool3d" => [
        [floats(&[1, 2, 4, 4, 4]), ints(&[2, 2, 2])], [floats(&[2, 3, 5, 5]), ints(&[3]), ints(&[2]), ints(&[1])],
    ];
    "aten::avg_pool3d_backward" => [[
        floats(&[1, 1, 1, 2, 2]), floats(&[1, 1, 2, 4, 4]), ints(&[2, 2, 2]), ints(&[2, 2, 2]), ints(&[0, 0, 0]), false,
        true, NONE,
    ]];
    "aten::max_pool3d_with_indices" => [[floats(&[1, 2, 2, 4, 4]), ints(&[2, 2, 2])]];
    "aten::max_pool3d_with_indices.out" => [[
        floats(&[1, 2, 2, 4, 4]), ints(&[2, 2, 2]), ints(&[]), ints(&[0]), ints(&[1]), false, floats(&[0]),
        elements::<i64>(&[], &[0]),
    ]];
    "aten::max_pool3d_with_indices_backward" => [[
        floats(&[1, 1, 1, 2, 2]), floats(&[1, 1, 2, 4, 4]), ints(&[2, 2, 2]), ints(&[2, 2, 2]), ints(&[0, 0, 0]),
        ints(&[1, 1, 1]), false, elements(&[0i64, 19, 9, 26], &[1, 1, 1, 2, 2]),
    ]];
    "aten::max_pool3d" => [[floats(&[2, 2, 4, 4]), ints(&[2, 2, 2])]];
    "aten::max_unpool2d" => [[floats(&[1, 1, 2, 2]), elements(&[0i64, 3, 9, 10], &[1, 1, 2, 2]), ints(&[4, 4])]];
    "aten::max_unpool3d" => [[
        floats(&[1, 1, 1, 2, 2]), elements(&[0i64, 3, 9, 26], &[1, 1, 1, 2, 2]), ints(&[2, 4, 4]), ints(&[2, 2, 2]),
        ints(&[0, 0, 0]),
    ]];
    "aten::_adaptive_avg_pool2d_backward" => [[floats(&[1, 2, 3, 2]), floats(&[1, 2, 5, 4])]];
    "aten::_adaptive_avg_pool3d" => [[floats(&[1, 2, 3, 5, 4]), ints(&[2, 3, 2])]];
    "aten::_adaptive_avg_pool3d_backward" => [[floats(&[1, 2, 2, 3, 2]), floats(&[1, 2, 3, 5, 4])]];
    "aten::adaptive_avg_pool3d_backward.grad_input" => [[
        floats(&[1, 2, 2, 3, 2]), floats(&[1, 2, 3, 5, 4]), floats(&[0]),
    ]];
    "aten::adaptive_avg_pool3d" => [[floats(&[2, 3, 5, 4]), ints(&[1, 1, 1])]];
    "aten::adaptive_max_pool3d" => [[floats(&[1, 2, 3, 5, 4]), ints(&[2, 3, 2])]];
    "aten::adaptive_max_pool3d_backward" => [[
        floats(&[1, 1, 1, 2, 2]), floats(&[1, 1, 2, 4, 4]), elements(&[0i64, 3, 9, 26], &[1, 1, 1, 2, 2]),
    ]];
    "aten::upsample_nearest1d" => [[floats(&[1, 2, 3]), ints(&[5])]];
    "aten::upsample_nearest1d_backward" => [[floats(&[1, 2, 5]), ints(&[5]), ints(&[1, 2, 3])]];
    "aten::upsample_nearest1d.vec" => [[floats(&[1, 2, 3]), NONE, vec![1.5]]];
    "aten::upsample_nearest2d_backward" => [[floats(&[1, 2, 4, 5]), ints(&[4, 5]), ints(&[1, 2, 2, 3])]];
    "aten::upsample_nearest3d" => [[floats(&[1, 2, 2, 2, 3]), ints(&[3, 4, 5])]];
    "aten::upsample_nearest3d_backward" => [[floats(&[1, 2, 3, 4, 5]), ints(&[3, 4, 5]), ints(&[1, 2, 2, 2, 3])]];
    "aten::upsample_nearest3d.vec" => [[floats(&[1, 2, 2, 2, 3]), NONE, vec![2.0, 1.5, 1.0]]];
    "aten::_upsample_nearest_exact1d" => [[floats(&[1, 2, 3]), ints(&[5])]];
    "aten::_upsample_nearest_exact1d_backward" => [[floats(&[1, 2, 5]), ints(&[5]), ints(&[1, 2, 3])]];
    "aten::_upsample_nearest_exact1d.vec" => [[floats(&[1, 2, 3]), ints(&[5]), NONE]];
    "aten::_upsample_nearest_exact2d" => [[floats(&[1, 2, 2, 3]), ints(&[4, 5])]];
    "aten::_upsample_nearest_exact2d_backward" => [[floats(&[1, 2, 4, 5]), ints(&[4, 5]), ints(&[1, 2, 2, 3])]];
    "aten::_upsample_nearest_exact2d.vec" => [[floats(&[1, 2, 2, 3]), NONE, vec![2.0, 1.5]]];
    "aten::_upsample_nearest_exact3d" => [[floats(&[1, 2, 2, 2, 3]), ints(&[3, 4, 5])]];
    "aten::_upsample_nearest_exact3d_backward" => [[floats(&[1, 2, 3, 4, 5]), ints(&[3, 4, 5]), ints(&[1, 2, 2, 2, 3])]];
    "aten::_upsample_nearest_exact3d.vec" => [[floats(&[1, 2, 2, 2, 3]), ints(&[3, 4, 5]), NONE]];
    "aten::upsample_linear1d" => [[floats(&[1, 2, 3]), ints(&[5]), false]];
    "aten::upsample_linear1d_backward" => [[floats(&[1, 2, 5]), ints(&[5]), ints(&[1, 2, 3]), true]];
    "aten::upsample_linear1d.vec" => [[floats(&[1, 2, 3]), NONE, true, vec![1.5]]];
    "aten::upsample_bilinear2d_backward" => [[floats(&[1, 2, 4, 5]), ints(&[4, 5]), ints(&[1, 2, 2, 3]), false]];
    "aten::upsample_trilinear3d" => [[floats(&[1, 2, 2, 2, 3]), ints(&[3, 4, 5]), false]];
    "aten::upsample_trilinear3d_backward" => [[floats(&[1, 2, 3, 4, 5]), ints(&[3, 4, 5]), ints(&[1, 2, 2, 2, 3]), true]];
    "aten::upsample_trilinear3d.vec" => [[floats(&[1, 2, 2, 2, 3]), ints(&[3, 4, 5]), false, NONE]];
    "aten::upsample_bicubic2d" => [[floats(&[1, 2, 2, 3]), ints(&[4, 5]), false]];
    "aten::upsample_bicubic2d_backward" => [[floats(&[1, 2, 4, 5]), ints(&[4, 5]), ints(&[1, 2, 2, 3]), true]];
    "aten::upsample_bicubic2d.vec" => [[floats(&[1, 2, 2, 3]), ints(&[4, 5]), true, NONE]];
    "aten::grid_sampler" => [[floats(&[1, 2, 3, 3]), floats(&[1, 2, 2, 2]), 0, 0, false]];
    "aten::grid_sampler_2d" => [
        [floats(&[1, 2, 3, 3]), floats(&[1, 2, 2, 2]), 2, 1, false], [floats(&[1, 2, 3, 3]), floats(&[1, 2, 2, 2]), 1, 2, true],
    ];
    "aten::grid_sampler_3d" => [[floats(&[1, 2, 2, 3, 3]), floats(&[1, 2, 2, 1, 3]), 0, 0, true]];
    "aten::affine_grid_generator" => [[floats(&[2, 2, 3]), ints(&[2, 1, 3, 2]), false]];
    "aten::index_reduce" => [[
        floats(&[3, 2]), 0, elements(&[0i64, 2], &[2]), floats(&[2, 2]), "mean",
    ]];
    "aten::index_reduce_" => [[
        floats(&[3, 2]), 0, elements(&[0i64, 2], &[2]), floats(&[2, 2]), "amax",
    ]];
    "aten::rnn_tanh_cell" => [[floats(&[2, 3]), floats(&[2, 4]), floats(&[4, 3]), floats(&[4, 4]), floats(&[4]), floats(&[4])]];
    "aten::rnn_relu_cell" => [[floats(&[2, 3]), floats(&[2, 4]), floats(&[4, 3]), floats(&[4, 4])]];
    "aten::gru_cell" => [[floats(&[2, 3]), floats(&[2, 4]), floats(&[12, 3]), floats(&[12, 4]), floats(&[12]), floats(&[12])]];
    "aten::lstm_cell" => [[
        floats(&[2, 3]), tensors(&[floats(&[2, 4]), floats(&[2, 4])]), floats(&[16, 3]), floats(&[16, 4]), floats(&[16]),
        floats(&[16]),
    ]];
    "aten::rnn_tanh.input" => [[
        floats(&[3, 2, 3]), floats(&[1, 2, 4]), tensors(&[floats(&[4, 3]), floats(&[4, 4])]), false, 1, 0.0, false, false, false,
    ]];
    "aten::rnn_relu.input" => [[
        floats(&[2, 3, 3]), floats(&[2, 2, 2]),
        tensors(&[floats(&[2, 3]), floats(&[2, 2]), floats(&[2, 3]), floats(&[2, 2])]), false, 1, 0.0, false, true, true,
    ]];
    "aten::gru.input" => [[
        floats(&[3, 2, 2]), floats(&[2, 2, 2]),
        tensors(&[floats(&[6, 2]), floats(&[6, 2]), floats(&[6]), floats(&[6]), floats(&[6, 2]), floats(&[6, 2]), floats(&[6]),
            floats(&[6])]), true, 2, 0.0, false, false, false,
    ]];
    "aten::lstm.input" => [[
        floats(&[3, 2, 3]), tensors(&[floats(&[1, 2, 2]), floats(&[1, 2, 2])]),
        tensors(&[floats(&[8, 3]), floats(&[8, 2]), floats(&[8]), floats(&[8])]), true, 1, 0.0, false, false, false,
    ]];
    "aten::avg_pool1d" => [[floats(&[1, 2, 6]), ints(&[2])]];
    "aten::max_pool2d_with_indices" => [[floats(&[1, 2, 4, 4]), ints(&[2, 2])]];
    "aten::max_pool2d_with_indices.out" => [[
        floats(&[1, 2, 4, 4]), ints(&[2, 2]), ints(&[]), ints(&[0]), ints(&[1]), false, floats(&[0]),
        elements::<i64>(&[], &[0]),
    ]];
    "aten::max_pool2d_with_indices_backward" => [[
        floats(&[1, 1, 2, 2]), floats(&[1, 1, 4, 4]), ints(&[2, 2]), ints(&[2, 2]), ints(&[0, 0]), ints(&[1, 1]), false,
        elements(&[0i64, 3, 9, 10], &[1, 1, 2, 2]),
    ]];
    "aten::max_pool2d" => [[floats(&[1, 2, 4, 4]), ints(&[2, 2])]];
    "aten::max_pool1d_with_indices" => [[floats(&[1, 2, 6]), ints(&[2])]];
    "aten::max_pool1d" => [[floats(&[2, 6]), ints(&[2])]];
    "aten::_adaptive_avg_pool2d" => [[floats(&[1, 2, 5, 4]), ints(&[3, 2])]];
    "aten::adaptive_avg_pool2d" => [[floats(&[2, 5, 4]), ints(&[1, 1])]];
    "aten::adaptive_avg_pool1d" => [[floats(&[1, 2, 5]), ints(&[2])]];
    "aten::upsample_nearest2d" => [[floats(&[1, 2, 2, 3]), ints(&[4, 5])]];
    "aten::upsample_nearest2d.vec" => [[floats(&[1, 2, 2, 3]), NONE, vec![2.0, 1.5]]];
    "aten::upsample_bilinear2d" => [[floats(&[1, 2, 2, 3]), ints(&[4, 5]), false]];
    "aten::upsample_bilinear2d.vec" => [[floats(&[1, 2, 2, 3]), ints(&[4, 5]), true, NONE]];
    "aten::pixel_shuffle" => [[floats(&[1, 4, 2, 2]), 2]];
    "aten::pixel_unshuffle" => [[floats(&[1, 1, 4, 4]), 2]];
    "aten::channel_shuffle" => [[floats(&[1, 4, 2, 2]), 2]];
    "aten::constant_pad_nd" => [[floats(&[2, 3]), ints(&[1, -1, 2, 0]), keyway::Scalar::Int(7)]];
    "aten::pad" => [[floats(&[1, 2, 3]), ints(&[1, 2]), "reflect"]];
    "aten::nll_loss_forward" => [
        [floats(&[3, 4]), elements(&[0i64, 3, 1], &[3]), floats(&[4]), 1, -100],
        [floats(&[3, 4]), elements(&[0i64, 3, 1], &[3]), NONE, 0, 3],
    ];
    "aten::nll_loss_forward.output" => [[
        floats(&[3, 4]), elements(&[0i64, 3, 1], &[3]), floats(&[4]), 2, -100, floats(&[0]), floats(&[0]),
    ]];
    "aten::nll_loss_backward" => [[
        elements(&[0.5f32], &[]), floats(&[3, 4]), elements(&[0i64, 3, 1], &[3]), NONE, 1, -100,
        elements(&[3f32], &[]),
    ]];
    "aten::nll_loss_backward.grad_input" => [[
        elements(&[0.5f32], &[]), floats(&[3, 4]), elements(&[0i64, 3, 1], &[3]), NONE, 1, -100,
        elements(&[3f32], &[]), floats(&[0]),
    ]];
    "aten::nll_loss" => [[floats(&[3, 4]), elements(&[0i64, 3, 1], &[3])]];
    "aten::nll_loss_nd" => [[floats(&[2, 3, 2]), elements(&[0i64, 2, 1, 1], &[2, 2]), NONE, 0]];
    "aten::cross_entropy_loss" => [
        [floats(&[3, 4]), elements(&[0i64, 3, 1], &[3]), floats(&[4]), 1, -100, 0.1],
        [floats(&[3, 4]), floats(&[3, 4])],
    ];
    "aten::scaled_dot_product_attention" => [[floats(&[1, 2, 3, 4]), floats(&[1, 2, 3, 4]), floats(&[1, 2, 3, 4]), NONE, 0.0, true]];
    "aten::_scaled_dot_product_attention_math" => [[floats(&[1, 2, 3, 4]), floats(&[1, 2, 3, 4]), floats(&[1, 2, 3, 4])]];
    "aten::embedding_dense_backward" => [[floats(&[3, 2]), elements(&[1i64, 3, 1], &[3]), 4, -1, true]];
    "aten::embedding_bag" => [[floats(&[4, 2]), elements(&[1i64, 3, 0], &[3]), elements(&[0i64, 2], &[2])]];
    "aten::embedding_bag.padding_idx" => [[
        floats(&[4, 2]), elements(&[1i64, 3, 0], &[3]), elements(&[0i64, 2], &[2]), false, 1, false, NONE, false, -1,
    ]];
    "aten::_embedding_bag" => [
        [floats(&[4, 2]), elements(&[1i64, 3, 0], &[3]), elements(&[0i64, 2], &[2]), false, 2],
        [floats(&[4, 2]), elements(&[1i64, 3, 0], &[3]), elements(&[0i64, 2], &[2]), false, 0, false, floats(&[3])],
    ];
    "aten::_embedding_bag_forward_only" => [[
        floats(&[4, 2]), elements(&[1i64, 3, 0], &[3]), elements(&[0i64, 2, 3], &[3]), false, 1, false, NONE, true,
    ]];
    "aten::combinations" => [[floats(&[3]), 2]];
    "aten::pdist" => [[floats(&[3, 2])]];
    "aten::_pdist_forward" => [[floats(&[3, 2]), 1.0]];
    "aten::trapezoid.x" => [[floats(&[2, 3]), floats(&[3])]];
    "aten::cumulative_trapezoid.x" => [[floats(&[2, 3]), floats(&[3])]];
    "aten::cov" => [[floats(&[2, 3])]];
    "aten::corrcoef" => [[floats(&[2, 3])]];
    "aten::one_hot" => [[elements(&[0i64, 2, 1], &[3]), 4]];
    "aten::baddbmm" => [[floats(&[3]), floats(&[2, 4, 2]), floats(&[2, 2, 3])]];
    "aten::baddbmm_" => [[floats(&[2, 4, 3]), floats(&[2, 4, 2]), floats(&[2, 2, 3])]];
    "aten::addbmm" => [[floats(&[3]), floats(&[2, 4, 2]), floats(&[2, 2, 3])]];
    "aten::addbmm_" => [[floats(&[4, 3]), floats(&[2, 4, 2]), floats(&[2, 2, 3])]];
    "aten::chain_matmul" => [[tensors(&[floats(&[2, 3]), floats(&[3, 4]), floats(&[4, 1])])]];
    "aten::linalg_multi_dot" => [[tensors(&[floats(&[3]), floats(&[3, 4]), floats(&[4, 2])])]];
    "aten::einsum" => [
        ["ij,jk->ik", tensors(&[floats(&[2, 3]), floats(&[3, 4])])],
        ["...ii,bi", tensors(&[floats(&[2, 3, 3]), floats(&[4, 3])])],
    ];
    "aten::tensordot" => [[floats(&[2, 3, 4]), floats(&[4, 3, 2]), ints(&[1, 2]), ints(&[1, 0])]];
    "aten::complex" => [[floats(&[2, 3]), floats(&[3])]];
    "aten::polar" => [[elements(&[1f32, 2.0, 0.5], &[3]), floats(&[3])]];
    "aten::_linalg_det" => [[matrices()]];
    "aten::_linalg_slogdet" => [[matrices()]];
    "aten::linalg_lu_factor_ex" => [[matrices()], [floats(&[2, 3, 2])]];
    "aten::linalg_inv_ex" => [[matrices()]];
    "aten::_linalg_solve_ex" => [
        [matrices(), floats(&[2, 2, 3])], [matrices(), floats(&[2])], [matrices(), floats(&[3, 2]), false],
    ];
    "aten::linalg_cholesky_ex" => [[elements(&[4f32, 2.0, 2.0, 5.0], &[2, 2])]];
    "aten::linalg_cholesky" => [[elements(&[4f32, 2.0, 2.0, 5.0], &[2, 2]), true]];
    "aten::linalg_qr" => [[matrices()], [floats(&[2, 3, 2]), "complete"], [floats(&[2, 3]), "r"]];
    "aten::_linalg_svd" => [[matrices()], [floats(&[2, 3, 2]), true], [floats(&[2, 3]), false, false]];
    "aten::linalg_svd" => [[matrices()], [floats(&[2, 3])]];
    "aten::linalg_svdvals" => [[floats(&[2, 3])]];
    "aten::svd" => [[floats(&[2, 3])], [floats(&[2, 3]), true, false]];
    "aten::_linalg_eigh" => [[matrices(), "U"], [matrices(), "L", false]];
    "aten::linalg_eigh" => [[matrices()]];
    "aten::linalg_eigvalsh" => [[matrices()]];
    "aten::linalg_pinv.atol_rtol_tensor" => [[floats(&[2, 3]), elements(&[0.1f32], &[]), NONE]];
    "aten::linalg_pinv.atol_rtol_float" => [[floats(&[2, 3]), NONE, 0.001]];
    "aten::linalg_pinv" => [[floats(&[2, 3]), 0.001]];
    "aten::linalg_pinv.rcond_tensor" => [[matrices(), elements(&[0.1f32, 0.2], &[2])]];
    "aten::linalg_matrix_rank.atol_rtol_tensor" => [[floats(&[2, 3]), elements(&[0.1f32], &[]), NONE]];
    "aten::linalg_matrix_rank.atol_rtol_float" => [[floats(&[2, 3]), NONE, 0.001]];
    "aten::linalg_matrix_rank" => [[floats(&[2, 3]), 0.001]];
    "aten::linalg_matrix_rank.tol_tensor" => [[matrices(), elements(&[0.1f32, 0.2], &[2])]];
    "aten::pinverse" => [[floats(&[2, 3])]];
    "aten::linalg_cond" => [[floats(&[2, 3])], [matrices(), keyway::Scalar::Int(1)]];
    "aten::linalg_cond.p_str" => [[matrices(), "fro"]];
    "aten::linalg_cond.out" => [[floats(&[2, 3]), NONE, floats(&[0])]];
    "aten::linalg_cond.p_str_out" => [[matrices(), "fro", floats(&[0])]];
    "aten::linalg_matrix_rank.out_tol_tensor" => [[
        matrices(), elements(&[0.1f32, 0.2], &[2]), false, elements::<i64>(&[], &[0]),
    ]];
    "aten::nuclear_norm" => [[floats(&[2, 3])]];
    "aten::nuclear_norm.dim" => [[floats(&[2, 3, 2]), ints(&[0, 1])]];
    "aten::linalg_lstsq" => [[floats(&[3, 2]), floats(&[3])], [floats(&[2, 3]), floats(&[2, 1]), NONE, "gelsd"]];
    "aten::_linalg_check_errors" => [[elements(&[0i32, 0], &[2]), "linalg.inv", false]];
    "aten::linalg_matrix_norm.str_ord" => [[floats(&[2, 3])]];
    "aten::linalg_norm.ord_str" => [[floats(&[2, 3]), "fro"]];
    "aten::linalg_matrix_norm" => [[floats(&[2, 3]), keyway::Scalar::Int(1)], [floats(&[2, 3]), keyway::Scalar::Float(f64::INFINITY)]];
    "aten::quantile" => [[floats(&[2, 3]), elements(&[0.25f32, 0.5], &[2]), 1]];
    "aten::binary_cross_entropy" => [[elements(&[0.25f32, 0.5], &[2]), elements(&[1f32, 0.0], &[2])]];
    "aten::adaptive_max_pool2d" => [[floats(&[1, 2, 5, 4]), ints(&[3, 2])]];
    "aten::adaptive_max_pool2d_backward" => [[
        floats(&[1, 1, 2, 2]), floats(&[1, 1, 4, 4]), elements(&[0i64, 3, 9, 10], &[1, 1, 2, 2]),
    ]];
    "aten::adaptive_max_pool1d" => [[floats(&[1, 2, 5]), ints(&[2])]];
    "aten::set_.source_Storage" => [[floats(&[2]), memory()]];
    "aten::set_.source_Storage_storage_offset" => [[floats(&[2]), memory(), 1, ints(&[2, 2])]];
    "aten::set_.source_Tensor_storage_offset" => [[floats(&[2]), floats(&[6]), 1, ints(&[2, 2]), ints(&[1, 2])]];
    "aten::scatter.reduce" => [[
        floats(&[3, 3]), 0, elements(&[0i64, 2, 1, 0], &[2, 2]), floats(&[2, 2]), "multiply",
    ]];
    "aten::scatter.value_reduce" => [[
        floats(&[3, 3]), 1, elements(&[0i64, 2, 1, 0], &[2, 2]), keyway::Scalar::Float(1.5), "add",
    ]];
    "aten::scatter_.reduce" => [[
        floats(&[3, 3]), 0, elements(&[0i64, 2, 1, 0], &[2, 2]), floats(&[2, 2]), "add",
    ]];
    "aten::scatter_.value_reduce" => [[
        floats(&[3, 3]), 1, elements(&[0i64, 2, 1, 0], &[2, 2]), keyway::Scalar::Float(1.5), "multiply",
    ]];
    "aten::reflection_pad1d" => [[floats(&[1, 2, 3]), ints(&[1, 2])]];
    "aten::reflection_pad2d" => [[floats(&[1, 3, 3]), ints(&[1, 2, 0, 1])]];
    "aten::replication_pad1d" => [[floats(&[1, 2, 3]), ints(&[1, 2])]];
    "aten::replication_pad2d" => [[floats(&[1, 3, 3]), ints(&[1, 2, 0, 1])]];
    "aten::put" => [[floats(&[2, 3]), elements(&[4i64, -6], &[2]), floats(&[2])]];
    "aten::put_" => [[floats(&[2, 3]), elements(&[4i64, -6], &[2]), floats(&[2]), true]];
    "aten::quantize_per_tensor" => [[floats(&[2, 3]), 0.1, 10, DType::QUInt8]];
    "aten::quantize_per_tensor.tensor_qparams" => [[
        floats(&[2, 3]), elements(&[0.1f32], &[]), elements(&[3i64], &[]), DType::QInt8,
    ]];
    "aten::quantize_per_channel" => [[
        floats(&[2, 3]), elements(&[0.1f64, 0.5], &[2]), elements(&[0i64, 3], &[2]), 0, DType::QInt8,
    ]];
    "aten::dequantize.self" => [[one_scale()], [several_scales()], [floats(&[2, 3])]];
    "aten::int_repr" => [[one_scale()], [several_scales()]];
    "aten::q_scale" => [[one_scale()]];
    "aten::q_zero_point" => [[one_scale()]];
    "aten::q_per_channel_scales" => [[several_scales()]];
    "aten::q_per_channel_zero_points" => [[several_scales()]];
    "aten::q_per_channel_axis" => [[several_scales()]];
    "aten::qscheme" => [[one_scale()], [several_scales()]];
    "aten::fake_quantize_per_tensor_affine" => [[floats(&[2, 3]), 0.1, 10, 0, 255]];
    "aten::fake_quantize_per_tensor_affine.tensor_qparams" => [[
        floats(&[2, 3]), elements(&[0.1f32], &[]), elements(&[3i64], &[]), 0, 255,
    ]];
    "aten::fake_quantize_per_tensor_affine_cachemask" => [[floats(&[2, 3]), 0.1, 0, -8, 7]];
    "aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams" => [[
        floats(&[2, 3]), elements(&[0.1f32], &[]), elements(&[3i64], &[]), elements(&[1i64], &[]), 0, 15,
    ]];
    "aten::fake_quantize_per_channel_affine" => [[
        floats(&[2, 3]), elements(&[0.1f32, 0.5], &[2]), elements(&[0i64, 3], &[2]), 0, -8, 7,
    ]];
    "aten::fake_quantize_per_channel_affine_cachemask" => [[
        floats(&[2, 3]), elements(&[0.1f32, 0.5], &[2]), elements(&[0i64, 3], &[2]), 0, -8, 7,
    ]];
    "aten::instance_norm" => [[floats(&[2, 3, 4]), floats(&[3]), NONE, NONE, NONE, true, 0.1, 1e-5, false]];
}
