//! Pooling: windows over planes of elements, and the sizes of what is made of each.

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

/// How windows over planes are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a> {
    pub(crate) kernel_size: &'a [i64],
    pub(crate) stride: &'a [i64],
    pub(crate) padding: &'a [i64],
    pub(crate) dilation: &'a [i64],
    pub(crate) ceil_mode: bool,
}

/// The windows over the planes of a tensor of 3 or 4 dimensions.
fn windows(x: &Tensor, parameters: Parameters<'_>) -> Result<Windows> {
    let sizes = x.sizes();
    if !matches!(sizes.len(), 3 | 4) || sizes[sizes.len() - 3..].contains(&0) {
        return Err(refused(format!(
            "`self` must have 3 or 4 dimensions with elements, its sizes are {sizes:?}"
        )));
    }
    let kernel = for_each_dimension("kernel_size", parameters.kernel_size, 2)?;
    let stride = match parameters.stride {
        [] => kernel.clone(),
        given => for_each_dimension("stride", given, 2)?,
    };
    let padding = for_each_dimension("padding", parameters.padding, 2)?;
    let dilation = for_each_dimension("dilation", parameters.dilation, 2)?;
    at_least("stride", &stride, 1)?;
    at_least("kernel_size", &kernel, 1)?;
    at_least("dilation", &dilation, 1)?;
    at_least("padding", &padding, 0)?;
    let image: Dims = sizes[sizes.len() - 2..].into();
    let mut positions = Dims::new();
    for d in 0..2 {
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
            "a window of {kernel:?} does not fit planes of {image:?}; there would be none"
        ))),
    }
}

/// The results of pooling, one for each dtype, in the memory format of the input.
fn pooled(x: &Tensor, windows: Windows, dtypes: &[DType]) -> Result<Pooled> {
    let leading = &x.sizes()[..x.dim() - 2];
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

/// `max_pool2d_with_indices`.
pub(crate) fn largest(x: &Tensor, parameters: Parameters<'_>) -> Result<Pooled> {
    numeric(x)?;
    pooled(x, windows(x, parameters)?, &[x.dtype(), DType::Int64])
}

/// `avg_pool2d`.
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
    let output = resized(x, &windows.image, &[3, 4])?;
    Ok(Pooled { windows, outputs: vec![output] })
}

/// A gradient must have the sizes of what was pooled.
fn check_gradient(grad: &Tensor, x: &Tensor, windows: &Windows) -> Result<()> {
    let expected = [&x.sizes()[..x.dim() - 2], &windows.positions].concat();
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

/// The result of resizing the planes of a tensor, with dimensions before them.
pub(crate) fn resized(x: &Tensor, output_size: &[i64], ranks: &[usize]) -> Result<OutputMeta> {
    let sizes = x.sizes();
    let (&[height, width], true) = (output_size, ranks.contains(&sizes.len())) else {
        return Err(refused(format!(
            "`output_size` {output_size:?} must have two values and `self` {ranks:?} dimensions, its sizes are {sizes:?}"
        )));
    };
    at_least("output_size", output_size, 0)?;
    if sizes[sizes.len() - ranks[0].min(3) + 1..].contains(&0) {
        return Err(refused(format!("`self` of sizes {sizes:?} has planes without elements")));
    }
    let sizes = [&sizes[..sizes.len() - 2], &[height, width]].concat();
    let geometry = new_geometry(&sizes, suggested_format(x.geometry()))?;
    Ok(OutputMeta::new(geometry, x.dtype(), x.device()))
}

/// `adaptive_max_pool2d`: the largest elements and where they are.
pub(crate) fn adaptive_largest(x: &Tensor, output_size: &[i64]) -> Result<[OutputMeta; 2]> {
    let largest = resized(x, output_size, &[3, 4])?;
    Ok([largest.clone(), largest.with_dtype(DType::Int64)])
}

/// Its gradient, like what was pooled.
pub(crate) fn adaptive_gradient(grad: &Tensor, x: &Tensor, indices: &Tensor) -> Result<OutputMeta> {
    let fits = grad.dim() == x.dim() && grad.sizes() == indices.sizes() && grad.dtype() == x.dtype();
    match x.sizes() {
        [leading @ .., height, width] if fits && grad.sizes().starts_with(leading) => {
            resized(x, &[*height, *width], &[3, 4])
        }
        sizes => Err(refused(format!(
            "`grad_output` of {} and sizes {:?}, `indices` of sizes {:?} and `self` of {} and sizes {sizes:?} do not fit",
            grad.dtype(),
            grad.sizes(),
            indices.sizes(),
            x.dtype()
        ))),
    }
}
