//! Arguments for operators whose sizes have to fit each other in ways that trying does not find.

use keyway::testing::{elements, floats};
use keyway::{Value, operator_samples};

fn ints(list: &[i64]) -> Value {
    list.into()
}

fn bools(list: &[bool]) -> Value {
    list.to_vec().into()
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
    "aten::instance_norm" => [[floats(&[2, 3, 4]), floats(&[3]), NONE, NONE, NONE, true, 0.1, 1e-5, false]];
}
