//! Pooling: windows over planes or blocks of elements, and the sizes of what is made of each.

use keyway::{DType, Dims, Error, OutputMeta, Result, StructuredMeta, Tensor};

use super::window::{Windows, at_least, for_each_dimension, reach, refused, window_count};
use crate::memory_format::{new_geometry, suggested_format};

/// Windows over the planes of a tensor, and the results made of them.
#[derive(Clone, Debug)]
pub struct Pooled {
    windows: Windows,
    outputs: Vec<OutputMeta>,
}

impl Pooled {
    pub(crate) fn windows(&self) -> &Windows {
        &self.windows
    }

    /// The results without elements.
    pub(crate) fn empty<const N: usize>(&self) -> Result<[Tensor; N]> {
        let made = self.outputs.iter().map(OutputMeta::allocate).collect::<Result<Vec<Tensor>>>()?;
        made.try_into().map_err(|made: Vec<Tensor>| refused(format!("pooling makes {} tensors", made.len())))
    }
}

impl StructuredMeta for Pooled {
    type Plan = Pooled;
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        &self.outputs
    }

    fn plan(&self) -> &Pooled {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

/// How windows are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a> {
    /// How many dimensions a window has: 2 for planes, 3 for blocks.
    pub(crate) rank: usize,
    pub(crate) kernel_size: &'a [i64],
    pub(crate) stride: &'a [i64],
    pub(crate) padding: &'a [i64],
    pub(crate) dilation: &'a [i64],
    pub(crate) ceil_mode: bool,
}

/// The windows over the planes, or blocks, of a tensor with channels before them, and maybe samples before these.
fn windows(x: &Tensor, parameters: Parameters<'_>) -> Result<Windows> {
    let (sizes, rank) = (x.sizes(), parameters.rank);
    if !(rank + 1..=rank + 2).contains(&sizes.len()) || sizes[sizes.len() - rank - 1..].contains(&0) {
        return Err(refused(format!(
            "`self` must have {} or {} dimensions with elements, its sizes are {sizes:?}",
            rank + 1,
            rank + 2
        )));
    }
    let kernel = for_each_dimension("kernel_size", parameters.kernel_size, rank)?;
    let stride = match parameters.stride {
        [] => kernel.clone(),
        given => for_each_dimension("stride", given, rank)?,
    };
    let padding = for_each_dimension("padding", parameters.padding, rank)?;
    let dilation = for_each_dimension("dilation", parameters.dilation, rank)?;
    at_least("stride", &stride, 1)?;
    at_least("kernel_size", &kernel, 1)?;
    at_least("dilation", &dilation, 1)?;
    at_least("padding", &padding, 0)?;
    let image: Dims = sizes[sizes.len() - rank..].into();
    let mut positions = Dims::new();
    for d in 0..rank {
        if padding[d] > reach(kernel[d], dilation[d]) / 2 {
            return Err(refused(format!(
                "`padding` {padding:?} must be at most half of what a window of {kernel:?} reaches"
            )));
        }
        let own = [stride[d], padding[d], dilation[d]];
        positions.push(window_count(image[d], kernel[d], own, parameters.ceil_mode));
    }
    match positions.iter().all(|&count| count >= 1) {
        true => Ok(Windows { image, kernel, stride, padding, dilation, positions }),
        false => Err(refused(format!(
            "a window of {kernel:?} does not fit extents of {image:?}; there would be none"
        ))),
    }
}

/// The results of pooling, one for each dtype, in the memory format of the input.
fn pooled(x: &Tensor, windows: Windows, dtypes: &[DType]) -> Result<Pooled> {
    let leading = &x.sizes()[..x.dim() - windows.image.len()];
    let sizes = [leading, &windows.positions].concat();
    let geometry = new_geometry(&sizes, suggested_format(x.geometry()))?;
    let output = |&dtype: &DType| OutputMeta::new(geometry.clone(), dtype, x.device());
    Ok(Pooled { windows, outputs: dtypes.iter().map(output).collect() })
}

fn numeric(x: &Tensor) -> Result<()> {
    match x.dtype() == DType::Bool || x.dtype().is_complex() {
        true => Err(Error::not_implemented(format!("not implemented for {}; convert it first", x.dtype()))),
        false => Ok(()),
    }
}

/// The largest elements of windows, and where they are.
pub(crate) fn largest(x: &Tensor, parameters: Parameters<'_>) -> Result<Pooled> {
    numeric(x)?;
    pooled(x, windows(x, parameters)?, &[x.dtype(), DType::Int64])
}

/// The means of windows.
pub(crate) fn means(x: &Tensor, parameters: Parameters<'_>, divisor: Option<i64>) -> Result<Pooled> {
    numeric(x)?;
    if divisor == Some(0) {
        return Err(refused("`divisor_override` must not be zero".to_owned()));
    }
    pooled(x, windows(x, parameters)?, &[x.dtype()])
}

/// The gradient of what was pooled, like that.
pub(crate) fn gradient(grad: &Tensor, x: &Tensor, parameters: Parameters<'_>) -> Result<Pooled> {
    let windows = windows(x, parameters)?;
    check_gradient(grad, x, &windows)?;
    let output = resized(x, &windows.image, Samples::May)?;
    Ok(Pooled { windows, outputs: vec![output] })
}

/// A gradient must have the sizes of what was pooled.
fn check_gradient(grad: &Tensor, x: &Tensor, windows: &Windows) -> Result<()> {
    let expected = [&x.sizes()[..x.dim() - windows.image.len()], &windows.positions].concat();
    match grad.sizes() == expected && grad.dtype() == x.dtype() {
        true => Ok(()),
        false => Err(refused(format!(
            "`grad_output` must have sizes {expected:?} and dtype {}, it has {:?} and {}",
            x.dtype(),
            grad.sizes(),
            grad.dtype()
        ))),
    }
}

/// Whether there have to be samples before the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Samples {
    /// There may be.
    May,
    /// There must be.
    Must,
}

/// The result of giving other extents to the last dimensions of a tensor, with channels before them.
pub(crate) fn resized(x: &Tensor, output_size: &[i64], samples: Samples) -> Result<OutputMeta> {
    let (sizes, rank) = (x.sizes(), output_size.len());
    let least = if samples == Samples::Must { rank + 2 } else { rank + 1 };
    if !(least..=rank + 2).contains(&sizes.len()) {
        return Err(refused(format!(
            "`self` must have {}{} dimensions for {rank} in `output_size`, its sizes are {sizes:?}",
            if least < rank + 2 { format!("{least} or ") } else { String::new() },
            rank + 2
        )));
    }
    at_least("output_size", output_size, 0)?;
    if sizes[sizes.len() - rank..].contains(&0) {
        return Err(refused(format!("`self` of sizes {sizes:?} has planes without elements")));
    }
    let sizes = [&sizes[..sizes.len() - rank], output_size].concat();
    let geometry = new_geometry(&sizes, suggested_format(x.geometry()))?;
    Ok(OutputMeta::new(geometry, x.dtype(), x.device()))
}

/// [`resized`] to so many extents, of which there must be just that many.
pub(crate) fn resized_to(
    x: &Tensor,
    output_size: &[i64],
    rank: usize,
    samples: Samples,
) -> Result<OutputMeta> {
    match output_size.len() == rank {
        true => resized(x, output_size, samples),
        false => Err(refused(format!("`output_size` must have {rank} values, it is {output_size:?}"))),
    }
}

/// The gradient of what was resized, of the sizes that it had.
pub(crate) fn resizing_gradient(
    grad: &Tensor,
    output_size: &[i64],
    input_size: &[i64],
    rank: usize,
) -> Result<OutputMeta> {
    let fits = output_size.len() == rank
        && input_size.len() == rank + 2
        && grad.sizes() == [&input_size[..2], output_size].concat();
    match fits && !input_size[1..].contains(&0) {
        true => {
            let geometry = new_geometry(input_size, suggested_format(grad.geometry()))?;
            Ok(OutputMeta::new(geometry, grad.dtype(), grad.device()))
        }
        false => Err(refused(format!(
            "`grad_output` of sizes {:?} is not that of resizing {input_size:?} to {output_size:?}",
            grad.sizes()
        ))),
    }
}

/// Adaptive pooling: the largest elements and where they are.
pub(crate) fn adaptive_largest(x: &Tensor, output_size: &[i64], rank: usize) -> Result<[OutputMeta; 2]> {
    let largest = resized_to(x, output_size, rank, Samples::May)?;
    Ok([largest.clone(), largest.with_dtype(DType::Int64)])
}

/// The gradient of adaptive pooling, like what was pooled.
pub(crate) fn adaptive_gradient(grad: &Tensor, x: &Tensor, rank: usize) -> Result<OutputMeta> {
    let sizes = x.sizes();
    let fits = (rank + 1..=rank + 2).contains(&sizes.len())
        && grad.dim() == x.dim()
        && grad.dtype() == x.dtype()
        && grad.sizes().starts_with(&sizes[..sizes.len() - rank]);
    match fits {
        true => resized(x, &sizes[sizes.len() - rank..], Samples::May),
        false => Err(refused(format!(
            "`grad_output` of {} and sizes {:?} and `self` of {} and sizes {sizes:?} do not fit",
            grad.dtype(),
            grad.sizes(),
            x.dtype()
        ))),
    }
}

/// [`adaptive_gradient`] with the positions of the largest elements.
pub(crate) fn adaptive_largest_gradient(
    grad: &Tensor,
    x: &Tensor,
    indices: &Tensor,
    rank: usize,
) -> Result<OutputMeta> {
    match grad.sizes() == indices.sizes() {
        true => adaptive_gradient(grad, x, rank),
        false => Err(refused(format!(
            "`indices` of sizes {:?} must be as many as `grad_output` has elements, which is of sizes {:?}",
            indices.sizes(),
            grad.sizes()
        ))),
    }
}

/// `max_unpool`: the elements of planes, or blocks, at positions in larger ones.
pub(crate) fn unpooled(x: &Tensor, indices: &Tensor, output_size: &[i64], rank: usize) -> Result<OutputMeta> {
    if !x.dtype().is_floating_point() {
        return Err(Error::not_implemented(format!("not implemented for {}; convert it first", x.dtype())));
    }
    if indices.dtype() != DType::Int64 || indices.sizes() != x.sizes() {
        return Err(refused(format!(
            "`indices` must be int64 of the sizes of `self`, {:?}; it is {} of {:?}",
            x.sizes(),
            indices.dtype(),
            indices.sizes()
        )));
    }
    resized_to(x, output_size, rank, Samples::May)
}

/// Stride and padding of blocks, which say nothing about the result of `max_unpool3d`.
pub(crate) fn unpooling_parameters(stride: &[i64], padding: &[i64]) -> Result<()> {
    match stride.len() == 3 && padding.len() == 3 {
        true => at_least("stride", stride, 1),
        false => {
            Err(refused(format!("`stride` {stride:?} and `padding` {padding:?} must have 3 values each")))
        }
    }
}
