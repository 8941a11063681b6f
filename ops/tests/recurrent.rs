//! Recurrent cells and layers of them: results are those of PyTorch for the same numbers, wrong weights are named.

use keyway::{Result, Tensor};
use keyway_ops::{TensorMethods, aten};

/// Numbers without a pattern, the same ones each time, times a factor.
fn numbers(sizes: &[i64], factor: f64) -> Tensor {
    let count: i64 = sizes.iter().product();
    let number = |i: i64| ((i * i * 7 + i * 3 + 1) % 23) as f64 / 5.0 - 2.0;
    let elements: Vec<f64> = (0..count).map(|i| number(i) * factor).collect();
    Tensor::from_slice(&elements, sizes).unwrap()
}

fn assert_close(x: &Tensor, sizes: &[i64], expected: &[f64]) {
    assert_eq!(x.sizes(), sizes);
    let elements = x.contiguous().unwrap().to_vec::<f64>().unwrap();
    let close = elements.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-6);
    assert!(close && elements.len() == expected.len(), "{elements:?} is not {expected:?}");
}

fn weight(rows: i64, columns: i64) -> Tensor {
    numbers(&[rows, columns], 0.3)
}

#[test]
fn one_step_of_each_cell() -> Result<()> {
    let (x, state) = (numbers(&[2, 3], 1.0), numbers(&[2, 2], 0.5));
    let bias = |rows| numbers(&[rows], 1.0);
    let tanh = aten::rnn_tanh_cell::default;
    let next = tanh.call(&x, &state, &weight(2, 3), &weight(2, 2), Some(&bias(2)), Some(&bias(2)))?;
    assert_close(&next, &[2, 2], &[-0.969022, 0.681548, -0.996464, 0.827452]);
    let gated = aten::gru_cell::default;
    let next = gated.call(&x, &state, &weight(6, 3), &weight(6, 2), Some(&bias(6)), Some(&bias(6)))?;
    assert_close(&next, &[2, 2], &[-0.49143, -0.909281, 0.073446, -0.658959]);
    let memory = state.add_scalar_with(0.25, 1)?;
    let cell = aten::lstm_cell::default;
    let (bias, states) = (bias(8), [state, memory]);
    let (next, memory) = cell.call(&x, &states, &weight(8, 3), &weight(8, 2), Some(&bias), Some(&bias))?;
    assert_close(&next, &[2, 2], &[-0.337396, -0.575506, 0.227159, -0.501851]);
    assert_close(&memory, &[2, 2], &[-0.356826, -0.663563, 0.234888, -0.556164]);
    Ok(())
}

#[test]
fn two_layers_in_both_directions_with_memory() -> Result<()> {
    let of_layer = |columns| [weight(8, columns), weight(8, 2), numbers(&[8], 0.1), numbers(&[8], 0.2)];
    let params = [of_layer(3), of_layer(3), of_layer(4), of_layer(4)].concat();
    let hidden = numbers(&[4, 2, 2], 0.5);
    let states = [hidden.clone(), hidden.add_scalar_with(0.1, 1)?];
    let lstm = aten::lstm::input;
    let (out, hidden, memory) =
        lstm.call(&numbers(&[3, 2, 3], 0.4), &states, &params, true, 2, 0.0, false, true, false)?;
    let expected = [
        0.224709, 0.381558, 0.06514, 0.008375, 0.270539, 0.017224, -0.027744, -0.130125, 0.211762, 0.227199,
        0.01612, -0.037357, 0.140512, -0.053218, 0.013734, -0.139753, 0.162765, 0.097443, -0.032407,
        -0.108802, 0.038285, -0.226806, 0.074305, -0.140446,
    ];
    assert_close(&out, &[3, 2, 4], &expected);
    let expected = [
        -0.125482, -0.10073, 0.010015, 0.068963, -0.041431, -0.173439, 0.151894, 0.102927, 0.162765,
        0.097443, 0.038285, -0.226806, 0.06514, 0.008375, -0.027744, -0.130125,
    ];
    assert_close(&hidden, &[4, 2, 2], &expected);
    let expected = [
        -0.199256, -0.156201, 0.015843, 0.095323, -0.057681, -0.24807, 0.231608, 0.139793, 0.282907,
        0.150381, 0.063652, -0.330899, 0.10637, 0.013462, -0.045166, -0.19973,
    ];
    assert_close(&memory, &[4, 2, 2], &expected);
    Ok(())
}

#[test]
fn samples_first_and_a_projection() -> Result<()> {
    let x = numbers(&[3, 2, 3], 0.4);
    let params = [weight(6, 3), weight(6, 2)];
    let gru = aten::gru::input;
    let (out, last) = gru.call(&x, &numbers(&[1, 3, 2], 0.5), &params, false, 1, 0.0, false, false, true)?;
    let expected = [
        -0.432767, -0.212164, -0.27647, -0.10928, 0.039749, -0.503257, -0.081645, -0.381392, 0.056697,
        0.025198, 0.156712, 0.274296,
    ];
    assert_close(&out, &[3, 2, 2], &expected);
    assert_close(&last, &[1, 3, 2], &[-0.27647, -0.10928, -0.081645, -0.381392, 0.156712, 0.274296]);
    let params = [weight(12, 3), weight(12, 2), weight(2, 3)];
    let states = [numbers(&[1, 2, 2], 1.0), numbers(&[1, 2, 3], 1.0)];
    let lstm = aten::lstm::input;
    let (_, hidden, memory) = lstm.call(&x, &states, &params, false, 1, 0.0, false, false, false)?;
    assert_close(&hidden, &[1, 2, 2], &[0.034177, 0.022556, 0.03163, 0.016824]);
    assert_close(&memory, &[1, 2, 3], &[-0.125841, -0.082646, 0.014023, -0.107064, 0.131771, 0.0151]);
    Ok(())
}

#[test]
fn wrong_weights_and_states_are_named() -> Result<()> {
    let x = numbers(&[2, 3], 1.0);
    let cell = aten::gru_cell::default;
    let error = cell.call(&x, &numbers(&[2, 3], 1.0), &weight(6, 3), &weight(6, 2), None, None).unwrap_err();
    assert!(error.to_string().contains("`hx`"), "{error}");
    let one = [numbers(&[2, 2], 1.0)];
    let error =
        aten::lstm_cell::default.call(&x, &one, &weight(8, 3), &weight(8, 2), None, None).unwrap_err();
    assert!(error.to_string().contains("must have 2 tensors"), "{error}");
    let params = [weight(2, 3), weight(2, 2), weight(2, 2)];
    let rnn = aten::rnn_tanh::input;
    let state = numbers(&[1, 2, 2], 1.0);
    let sequence = numbers(&[3, 2, 3], 1.0);
    let error = rnn.call(&sequence, &state, &params, false, 1, 0.0, false, false, false).unwrap_err();
    assert!(error.to_string().contains("`params` must have 2 tensors"), "{error}");
    let error = rnn.call(&x, &state, &params[..2], false, 1, 0.0, false, false, false).unwrap_err();
    assert!(error.to_string().contains("`input` must have 3 dimensions"), "{error}");
    let error =
        rnn.call(&sequence, &state, &params[..2], false, i64::MAX, 0.0, false, true, false).unwrap_err();
    assert!(error.to_string().contains("`params`"), "{error}");
    let wrong = numbers(&[2, 2, 2], 1.0);
    let error = rnn.call(&sequence, &wrong, &params[..2], false, 1, 0.0, false, false, false).unwrap_err();
    assert!(error.to_string().contains("`hx` must have the sizes"), "{error}");
    Ok(())
}
