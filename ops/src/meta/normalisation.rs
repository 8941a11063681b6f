//! Normalisation without data.

use keyway::{KeySet, Operator, Result, Stack, Tensor, Value, kernel};

use crate::aten;
use crate::cpu::boxed::{answer, argument};
use crate::shape::normalisation::{self as rules, Rows};

fn with_statistics(input: &Tensor, rows: &Rows) -> Result<(Tensor, Tensor, Tensor)> {
    let zeros = |sizes| Tensor::zeros(sizes, input.dtype(), input.device());
    Ok((zeros(input.sizes())?, zeros(&rows.statistics)?, zeros(&rows.statistics)?))
}

#[kernel("aten::native_layer_norm", Meta)]
fn native_layer_norm_meta(
    input: &Tensor,
    normalized_shape: &[i64],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    _eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    with_statistics(input, &rules::layer(input, normalized_shape, weight, bias)?)
}

#[kernel("aten::native_layer_norm_backward", Meta, boxed)]
fn native_layer_norm_backward_meta(
    _operator: &'static Operator,
    _keys: KeySet,
    stack: &mut Stack,
) -> Result<()> {
    answer(stack, 8, |arguments: &[Value]| {
        let input: &Tensor = argument(arguments, 1)?;
        let (shape, mask): (&[i64], &[bool]) = (argument(arguments, 2)?, argument(arguments, 7)?);
        rules::layer(input, shape, argument(arguments, 5)?, argument(arguments, 6)?)?;
        let zeros = |sizes| Tensor::zeros(sizes, input.dtype(), input.device());
        let mut asked = mask.iter();
        let gradients = [zeros(input.sizes())?, zeros(shape)?, zeros(shape)?];
        Ok(gradients.map(|gradient| asked.next().is_some_and(|&asked| asked).then_some(gradient)))
    })
}

#[kernel("aten::native_group_norm", Meta)]
#[allow(non_snake_case, reason = "the arguments of the schema")]
fn native_group_norm_meta(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    N: i64,
    C: i64,
    HxW: i64,
    group: i64,
    _eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    with_statistics(input, &rules::groups(input, [weight, bias], [N, C, HxW], group)?)
}

fn batch(
    input: &Tensor,
    affine: [Option<&Tensor>; 2],
    running: [Option<&Tensor>; 2],
    training: bool,
) -> Result<(Tensor, Tensor, Tensor)> {
    let channels = rules::batch(input, affine, running, training)?;
    let out = Tensor::zeros_strided(channels.geometry.clone(), input.dtype(), input.device())?;
    let statistics = || rules::statistics(&channels, training, input);
    Ok((out, statistics()?, statistics()?))
}

#[kernel("aten::native_batch_norm", Meta)]
fn native_batch_norm_meta(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: Option<&Tensor>,
    running_var: Option<&Tensor>,
    training: bool,
    _momentum: f64,
    _eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    batch(input, [weight, bias], [running_mean, running_var], training)
}

#[kernel("aten::_native_batch_norm_legit", Meta)]
fn _native_batch_norm_legit_meta(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: &Tensor,
    running_var: &Tensor,
    training: bool,
    _momentum: f64,
    _eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    batch(input, [weight, bias], [Some(running_mean), Some(running_var)], training)
}

#[kernel("aten::_native_batch_norm_legit.no_stats", Meta)]
fn _native_batch_norm_legit_no_stats_meta(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    training: bool,
    _momentum: f64,
    _eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    batch(input, [weight, bias], [None, None], training)
}
