//! Normalisation: which dimensions it runs over, and the weights and statistics that fit them.

use keyway::{Dims, Error, ErrorKind, Geometry, Result, Tensor};

use crate::memory_format::{new_geometry, suggested_format};

#[cold]
fn refused(message: String) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

/// Normalisation over rows of elements that lie one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rows {
    /// How many elements a row has.
    pub(crate) len: usize,
    /// The sizes of the statistics, one for each row.
    pub(crate) statistics: Dims,
}

fn floating_point(x: &Tensor) -> Result<()> {
    match x.dtype().is_floating_point() {
        true => Ok(()),
        false => Err(Error::not_implemented(format!(
            "not implemented for {}; convert `input` to a floating-point dtype first",
            x.dtype()
        ))),
    }
}

/// `layer_norm`: the last dimensions must be those named, and weight and bias have their sizes.
pub(crate) fn layer(
    input: &Tensor,
    normalized_shape: &[i64],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Result<Rows> {
    floating_point(input)?;
    if normalized_shape.is_empty() {
        return Err(refused("`normalized_shape` must name at least one dimension".to_owned()));
    }
    for (name, tensor) in [("weight", weight), ("bias", bias)] {
        if let Some(tensor) = tensor.filter(|tensor| tensor.sizes() != normalized_shape) {
            let message =
                format!("`{name}` must have the sizes {normalized_shape:?}, it has {:?}", tensor.sizes());
            return Err(refused(message));
        }
    }
    let sizes = input.sizes();
    let Some(leading) = sizes.strip_suffix(normalized_shape) else {
        return Err(refused(format!("`input` of sizes {sizes:?} does not end in {normalized_shape:?}")));
    };
    let statistics = leading.iter().copied().chain(normalized_shape.iter().map(|_| 1)).collect();
    Ok(Rows { len: normalized_shape.iter().product::<i64>() as usize, statistics })
}

/// A weight or bias must have one element a channel.
fn a_channel_each(name: &str, tensor: Option<&Tensor>, channels: i64) -> Result<()> {
    match tensor {
        Some(tensor) if tensor.dim() != 1 || tensor.numel() as i64 != channels => Err(refused(format!(
            "`{name}` must have one dimension of {channels} channels, its sizes are {:?}",
            tensor.sizes()
        ))),
        _ => Ok(()),
    }
}

/// `native_group_norm`: channels fall into groups of as many.
pub(crate) fn groups(
    input: &Tensor,
    [weight, bias]: [Option<&Tensor>; 2],
    [samples, channels, elements]: [i64; 3],
    groups: i64,
) -> Result<Rows> {
    floating_point(input)?;
    check_groups(channels, groups)?;
    let all = samples.checked_mul(channels).and_then(|count| count.checked_mul(elements));
    if all != Some(input.numel() as i64) {
        return Err(refused(format!(
            "{samples} samples of {channels} channels of {elements} elements are not what `input` of sizes {:?} holds",
            input.sizes()
        )));
    }
    a_channel_each("weight", weight, channels)?;
    a_channel_each("bias", bias, channels)?;
    let len = (channels / groups * elements) as usize;
    Ok(Rows { len, statistics: Dims::from_slice(&[samples, groups]) })
}

/// Refuses groups that do not have as many channels each.
pub(crate) fn check_groups(channels: i64, groups: i64) -> Result<()> {
    match groups > 0 && channels % groups == 0 {
        true => Ok(()),
        false => Err(refused(format!("{channels} channels do not make {groups} groups of as many each"))),
    }
}

/// Normalisation over everything but the channels, which are the second dimension.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    /// How many channels there are.
    pub(crate) count: i64,
    /// How many elements lie together in a channel of a sample.
    pub(crate) inner: usize,
    /// Where the result lies.
    pub(crate) geometry: Geometry,
}

/// `native_batch_norm`: weights and running statistics have one element a channel.
pub(crate) fn batch(
    input: &Tensor,
    weights: [Option<&Tensor>; 2],
    running: [Option<&Tensor>; 2],
    training: bool,
) -> Result<Channels> {
    floating_point(input)?;
    let sizes = input.sizes();
    let [_, count, rest @ ..] = sizes else {
        return Err(refused(format!("`input` must have at least 2 dimensions, its sizes are {sizes:?}")));
    };
    if !training && running.iter().any(Option::is_none) {
        return Err(refused("`running_mean` and `running_var` must be given when not training".to_owned()));
    }
    let named =
        ["weight", "bias", "running_mean", "running_var"].into_iter().zip([weights, running].concat());
    named.into_iter().try_for_each(|(name, tensor)| a_channel_each(name, tensor, *count))?;
    let geometry = new_geometry(sizes, suggested_format(input.geometry()))?;
    Ok(Channels { count: *count, inner: rest.iter().product::<i64>() as usize, geometry })
}

/// A tensor for statistics of `input`: none is needed when running ones are used.
pub(crate) fn statistics(channels: &Channels, training: bool, input: &Tensor) -> Result<Tensor> {
    let count = if training { channels.count } else { 0 };
    Tensor::zeros(&[count], input.dtype(), input.device())
}
