//! Convolution: which inputs, weights and parameters fit each other, and the sizes of the result.

use keyway::{Dims, Error, Geometry, MemoryFormat, Result, Tensor};

use super::window::{Windows, at_least, for_each_dimension, reach, refused, window_count};
use crate::memory_format::{new_geometry, suggested_format};

/// The parameters of a convolution as an operator gets them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a> {
    /// See [`Windows`].
    pub(crate) stride: &'a [i64],
    /// See [`Windows`].
    pub(crate) padding: &'a [i64],
    /// See [`Windows`].
    pub(crate) dilation: &'a [i64],
    /// Whether input and output change their roles.
    pub(crate) transposed: bool,
    /// How much larger a transposed convolution's output is on one side.
    pub(crate) output_padding: &'a [i64],
    /// Channels of the input see channels of the output of the same group only.
    pub(crate) groups: i64,
}

/// A convolution whose parts fit each other.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    /// The windows: over the input, or over the output of a transposed convolution.
    pub(crate) windows: Windows,
    /// Whether input and output change their roles.
    pub(crate) transposed: bool,
    /// How many groups of channels there are.
    pub(crate) groups: usize,
    /// Channels a group has on the side that windows move over, and on the other side.
    pub(crate) image_channels: usize,
    /// See `image_channels`.
    pub(crate) position_channels: usize,
    /// How many samples there are.
    pub(crate) samples: usize,
    /// Where the result lies.
    pub(crate) geometry: Geometry,
}

fn same_dtype(tensors: [(&str, Option<&Tensor>); 3]) -> Result<()> {
    let expected = tensors[0].1.map(Tensor::dtype);
    for (name, tensor) in tensors {
        if let Some(tensor) = tensor.filter(|tensor| Some(tensor.dtype()) != expected) {
            let message = format!("`{name}` is {}, it must have the dtype of `input`", tensor.dtype());
            return Err(Error::dtype(message));
        }
    }
    match expected {
        Some(dtype) if !dtype.is_floating_point() => Err(Error::not_implemented(format!(
            "not implemented for {dtype}; convert `input` and `weight` to a floating-point dtype first"
        ))),
        _ => Ok(()),
    }
}

impl Convolution {
    /// Checks the parts of a convolution.
    pub(crate) fn new(
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        parameters: Parameters<'_>,
    ) -> Result<Convolution> {
        let (sizes, weights) = (input.sizes(), weight.sizes());
        if sizes.len() < 3 || sizes.len() != weights.len() {
            return Err(refused(format!(
                "`input` of sizes {sizes:?} and `weight` of sizes {weights:?} must have the same number of dimensions, \
                 samples and channels first"
            )));
        }
        same_dtype([("input", Some(input)), ("weight", Some(weight)), ("bias", bias)])?;
        let groups = parameters.groups;
        at_least("groups", &[groups], 1)?;
        if weights[0] < groups || weights[0] % groups != 0 {
            return Err(refused(format!("`weight` of sizes {weights:?} does not fall into {groups} groups")));
        }
        let (input_channels, output_channels) = match parameters.transposed {
            false => (weights[1] * groups, weights[0]),
            true => (weights[0], weights[1] * groups),
        };
        if sizes[1] != input_channels {
            return Err(refused(format!(
                "`input` of sizes {sizes:?} has {} channels, `weight` of sizes {weights:?} with {groups} groups needs \
                 {input_channels}",
                sizes[1]
            )));
        }
        if let Some(bias) = bias.filter(|bias| bias.sizes() != [output_channels]) {
            return Err(refused(format!(
                "`bias` must have one dimension of {output_channels} channels, its sizes are {:?}",
                bias.sizes()
            )));
        }
        let windows = windows(&sizes[2..], &weights[2..], parameters)?;
        let extents = if parameters.transposed { &windows.image } else { &windows.positions };
        let geometry =
            new_geometry(&[&[sizes[0], output_channels], &extents[..]].concat(), format(input, weight))?;
        let [image_channels, position_channels] = match parameters.transposed {
            false => [input_channels, output_channels],
            true => [output_channels, input_channels],
        }
        .map(|channels| (channels / groups) as usize);
        Ok(Convolution {
            windows,
            transposed: parameters.transposed,
            groups: groups as usize,
            image_channels,
            position_channels,
            samples: sizes[0] as usize,
            geometry,
        })
    }
}

/// The format of the result: channels last if one of the operands is, unless there is nothing to compute.
fn format(input: &Tensor, weight: &Tensor) -> MemoryFormat {
    let is_last = |x: &Tensor| suggested_format(x.geometry()) == MemoryFormat::ChannelsLast;
    match input.numel() > 0 && (is_last(input) || is_last(weight)) {
        true => MemoryFormat::ChannelsLast,
        false => MemoryFormat::Contiguous,
    }
}

fn windows(extents: &[i64], kernel: &[i64], parameters: Parameters<'_>) -> Result<Windows> {
    let rank = extents.len();
    let stride = for_each_dimension("stride", parameters.stride, rank)?;
    let padding = for_each_dimension("padding", parameters.padding, rank)?;
    let dilation = for_each_dimension("dilation", parameters.dilation, rank)?;
    let output_padding = for_each_dimension("output_padding", parameters.output_padding, rank)?;
    at_least("stride", &stride, 1)?;
    at_least("padding", &padding, 0)?;
    at_least("dilation", &dilation, 1)?;
    at_least("output_padding", &output_padding, 0)?;
    let mut others = Dims::new();
    for d in 0..rank {
        let own = [stride[d], padding[d], dilation[d]];
        let other = match parameters.transposed {
            true => {
                (extents[d] - 1) * stride[d] - 2 * padding[d]
                    + reach(kernel[d], dilation[d])
                    + output_padding[d]
            }
            false if extents[d] + 2 * padding[d] < reach(kernel[d], dilation[d]) => 0,
            false => window_count(extents[d], kernel[d], own, false),
        };
        if other < 1 || kernel[d] < 1 {
            return Err(refused(format!(
                "a window of extents {kernel:?}, {dilation:?} apart, does not fit extents {extents:?} with {padding:?} \
                 around them"
            )));
        }
        others.push(other);
    }
    let (image, positions) = match parameters.transposed {
        true => (others, Dims::from_slice(extents)),
        false => (Dims::from_slice(extents), others),
    };
    Ok(Windows { image, kernel: kernel.into(), stride, padding, dilation, positions })
}

/// The padding with which windows that move by one leave the size as it is, before and after the elements.
pub(crate) fn same_padding(kernel: &[i64], stride: &[i64], dilation: &[i64]) -> Result<Vec<(i64, i64)>> {
    if stride.iter().any(|&stride| stride != 1) {
        return Err(refused(format!("`padding` \"same\" needs a stride of 1, `stride` is {stride:?}")));
    }
    let dilation = for_each_dimension("dilation", dilation, kernel.len())?;
    let around = |(&kernel, &dilation): (&i64, &i64)| {
        let all = reach(kernel, dilation) - 1;
        (all / 2, all - all / 2)
    };
    Ok(kernel.iter().zip(&dilation).map(around).collect())
}
