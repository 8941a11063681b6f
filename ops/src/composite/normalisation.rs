//! Normalisation by its public names, composed of the operators that do the work; out forms of these.

use keyway::{DType, Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::composite::out::write_results;
use crate::shape::normalisation as rules;

#[kernel("aten::layer_norm", CompositeImplicitAutograd)]
fn layer_norm(
    input: &Tensor,
    normalized_shape: &[i64],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
    _cudnn_enable: bool,
) -> Result<Tensor> {
    Ok(aten::native_layer_norm::default.call(input, normalized_shape, weight, bias, eps)?.0)
}

/// Half-precision elements are squared and added up in single precision.
#[kernel("aten::rms_norm", CompositeImplicitAutograd)]
fn rms_norm(
    input: &Tensor,
    normalized_shape: &[i64],
    weight: Option<&Tensor>,
    eps: Option<f64>,
) -> Result<Tensor> {
    rules::layer(input, normalized_shape, weight, None)?;
    let compute = if input.dtype().size() < DType::Float32.size() { DType::Float32 } else { input.dtype() };
    let eps = eps.unwrap_or(if compute == DType::Float64 { f64::EPSILON } else { f32::EPSILON.into() });
    let x = aten::to::dtype.call(input, compute, false, false, None)?;
    let dims: Vec<i64> = (1..=normalized_shape.len() as i64).map(|d| -d).collect();
    let squares = aten::mean::dim.call(&aten::mul::Tensor.call(&x, &x)?, Some(&dims), true, None)?;
    let rstd = aten::rsqrt(&aten::add::Scalar.call(&squares, Scalar::Float(eps), Scalar::Int(1))?)?;
    let normalised =
        aten::to::dtype.call(&aten::mul::Tensor.call(&x, &rstd)?, input.dtype(), false, false, None)?;
    match weight {
        Some(weight) => aten::mul::Tensor.call(&normalised, weight),
        None => Ok(normalised),
    }
}

#[kernel("aten::group_norm", CompositeImplicitAutograd)]
fn group_norm(
    input: &Tensor,
    num_groups: i64,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
    _cudnn_enabled: bool,
) -> Result<Tensor> {
    let [samples, channels, rest @ ..] = input.sizes() else {
        let message = format!("`input` must have at least 2 dimensions, its sizes are {:?}", input.sizes());
        return Err(Error::new(ErrorKind::Runtime, message));
    };
    rules::check_groups(*channels, num_groups)?;
    let elements = rest.iter().product();
    let x = aten::contiguous::default.call(input, keyway::MemoryFormat::Contiguous)?;
    let normalise = aten::native_group_norm::default;
    Ok(normalise.call(&x, weight, bias, *samples, *channels, elements, num_groups, eps)?.0)
}

#[kernel("aten::batch_norm", CompositeImplicitAutograd)]
fn batch_norm(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: Option<&Tensor>,
    running_var: Option<&Tensor>,
    training: bool,
    momentum: f64,
    eps: f64,
    _cudnn_enabled: bool,
) -> Result<Tensor> {
    let normalise = aten::native_batch_norm::default;
    Ok(normalise.call(input, weight, bias, running_mean, running_var, training, momentum, eps)?.0)
}

/// Each channel of each sample is a channel of one sample; running statistics follow the mean over samples.
#[kernel("aten::instance_norm", CompositeImplicitAutograd)]
fn instance_norm(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: Option<&Tensor>,
    running_var: Option<&Tensor>,
    use_input_stats: bool,
    momentum: f64,
    eps: f64,
    cudnn_enabled: bool,
) -> Result<Tensor> {
    let [samples, channels, rest @ ..] = input.sizes() else {
        let message = format!("`input` must have at least 2 dimensions, its sizes are {:?}", input.sizes());
        return Err(Error::new(ErrorKind::Runtime, message));
    };
    let repeated = |x: Option<&Tensor>| {
        x.map(|x| {
            let rows = aten::expand::default.call(x, &[*samples, *channels], false)?;
            let flat = aten::reshape::default.call(&rows, &[samples * channels])?;
            aten::clone::default.call(&flat, None)
        })
        .transpose()
    };
    let [weight, bias, mean, var] = [weight, bias, running_mean, running_var].map(repeated);
    let (weight, bias, mean, var) = (weight?, bias?, mean?, var?);
    let x = aten::reshape::default.call(input, &[&[1, samples * channels], rest].concat())?;
    let affine = [weight.as_ref(), bias.as_ref()];
    let normalised = aten::batch_norm::default.call(
        &x,
        affine[0],
        affine[1],
        mean.as_ref(),
        var.as_ref(),
        use_input_stats,
        momentum,
        eps,
        cudnn_enabled,
    )?;
    for (running, own) in [(running_mean, &mean), (running_var, &var)] {
        if let (Some(running), Some(own)) = (running, own) {
            let rows = aten::view::default.call(own, &[*samples, *channels])?;
            aten::copy_::default.call(
                running,
                &aten::mean::dim.call(&rows, Some(&[0]), false, None)?,
                false,
            )?;
        }
    }
    aten::view::default.call(&normalised, input.sizes())
}

#[kernel("aten::_native_batch_norm_legit_no_training", CompositeExplicitAutograd)]
fn _native_batch_norm_legit_no_training(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: &Tensor,
    running_var: &Tensor,
    momentum: f64,
    eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    let normalise = aten::_native_batch_norm_legit::default;
    normalise.call(input, weight, bias, running_mean, running_var, false, momentum, eps)
}

#[kernel("aten::native_batch_norm.out", CompositeExplicitAutograd)]
fn native_batch_norm_out(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: Option<&Tensor>,
    running_var: Option<&Tensor>,
    training: bool,
    momentum: f64,
    eps: f64,
    out: &Tensor,
    save_mean: &Tensor,
    save_invstd: &Tensor,
) -> Result<()> {
    let normalise = aten::native_batch_norm::default;
    let (x, mean, rstd) =
        normalise.call(input, weight, bias, running_mean, running_var, training, momentum, eps)?;
    write_results([(out, &x), (save_mean, &mean), (save_invstd, &rstd)])
}

#[kernel("aten::_native_batch_norm_legit.out", CompositeExplicitAutograd)]
fn _native_batch_norm_legit_out(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: &Tensor,
    running_var: &Tensor,
    training: bool,
    momentum: f64,
    eps: f64,
    out: &Tensor,
    save_mean: &Tensor,
    save_invstd: &Tensor,
) -> Result<()> {
    let normalise = aten::_native_batch_norm_legit::default;
    let (x, mean, rstd) =
        normalise.call(input, weight, bias, running_mean, running_var, training, momentum, eps)?;
    write_results([(out, &x), (save_mean, &mean), (save_invstd, &rstd)])
}

#[kernel("aten::_native_batch_norm_legit.no_stats_out", CompositeExplicitAutograd)]
fn _native_batch_norm_legit_no_stats_out(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    training: bool,
    momentum: f64,
    eps: f64,
    out: &Tensor,
    save_mean: &Tensor,
    save_invstd: &Tensor,
) -> Result<()> {
    let normalise = aten::_native_batch_norm_legit::no_stats;
    let (x, mean, rstd) = normalise.call(input, weight, bias, training, momentum, eps)?;
    write_results([(out, &x), (save_mean, &mean), (save_invstd, &rstd)])
}
