//! Reductions: the dimensions they run over, the dtype of sums and means, and tensors that have no extreme element.

use keyway::{DType, Error, ErrorKind, OutputMeta, Result, Scalar, StructuredMeta, Tensor};

use super::dimension::{Axes, extent, wrap};
use crate::copying::truth_value;

/// What a reduction will compute: the result, and the dimensions that go.
#[derive(Clone, Debug)]
pub struct Reduction {
    output: OutputMeta,
    axes: Axes,
}

impl Reduction {
    fn new(x: &Tensor, axes: Axes, keepdim: bool, dtype: DType) -> Result<Reduction> {
        let output = OutputMeta::contiguous(&axes.reduced(x.sizes(), keepdim), dtype, x.device())?;
        Ok(Reduction { output, axes })
    }

    /// Whether a dimension is reduced.
    pub fn runs_over(&self, dim: usize) -> bool {
        self.axes.contains(dim)
    }

    pub(crate) fn axes(&self) -> Axes {
        self.axes
    }

    /// The dtype of the result.
    pub(crate) fn dtype(&self) -> DType {
        self.output.dtype()
    }

    /// The result without elements, on the input's device.
    pub(crate) fn empty(&self) -> Result<Tensor> {
        self.output.allocate()
    }

    /// The result, filled by a kernel.
    pub(crate) fn filled(self, kernel: impl FnOnce(&Reduction, &Tensor) -> Result<()>) -> Result<Tensor> {
        let out = self.empty()?;
        kernel(&self, &out)?;
        Ok(out)
    }
}

impl StructuredMeta for Reduction {
    type Plan = Reduction;
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        std::slice::from_ref(&self.output)
    }

    fn plan(&self) -> &Reduction {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

/// Sums along dimensions; none means all.
pub(crate) fn sum(x: &Tensor, dims: &[i64], keepdim: bool, dtype: Option<DType>) -> Result<Reduction> {
    Reduction::new(x, Axes::of(dims, x.dim())?, keepdim, sum_dtype(x.dtype(), dtype))
}

/// Means along dimensions; none means all.
pub(crate) fn mean(x: &Tensor, dims: &[i64], keepdim: bool, dtype: Option<DType>) -> Result<Reduction> {
    Reduction::new(x, Axes::of(dims, x.dim())?, keepdim, mean_dtype(x.dtype(), dtype)?)
}

/// Extreme elements along dimensions; none means all.
pub(crate) fn extremes(x: &Tensor, dims: &[i64], keepdim: bool) -> Result<Reduction> {
    Reduction::new(x, nonempty_axes(x.sizes(), dims)?, keepdim, x.dtype())
}

/// Positions of extreme elements.
pub(crate) fn positions(x: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<Reduction> {
    Reduction::new(x, arg_axes(x.sizes(), x.dtype(), dim)?, keepdim, DType::Int64)
}

/// Whether any, or all, elements are true.
pub(crate) fn truth(x: &Tensor, dims: &[i64], keepdim: bool) -> Result<Reduction> {
    let plan = Reduction::new(x, Axes::of(dims, x.dim())?, keepdim, truth_dtype(x.dtype()))?;
    Ok(Reduction { output: plan.output.accepting(truth_value), ..plan })
}

/// Norms along dimensions; none means all.
pub(crate) fn norms(
    x: &Tensor,
    order: Scalar,
    dims: &[i64],
    keepdim: bool,
    dtype: Option<DType>,
) -> Result<Reduction> {
    let own = x.dtype();
    let computed = dtype.unwrap_or(own);
    if !computed.is_floating_point() && !computed.is_complex() || own.is_complex() && !computed.is_complex() {
        return Err(Error::new(
            ErrorKind::Runtime,
            format!(
                "norms of {own} in {computed}: give a floating-point `dtype`, a complex one for complex numbers"
            ),
        ));
    }
    let axes = Axes::of(dims, x.dim())?;
    let order = order.to_f64();
    let is_empty = (0..x.dim()).any(|d| axes.contains(d) && x.sizes()[d] == 0);
    match is_empty && (order < 0.0 || order == f64::INFINITY) {
        true => Err(Error::new(
            ErrorKind::Runtime,
            format!("there is no norm of order {order} of no elements; the sizes are {:?}", x.sizes()),
        )),
        false => Reduction::new(x, axes, keepdim, computed.to_real()),
    }
}

/// Softmax along a dimension, in row-major order; half precision may become `float32`.
pub(crate) fn softmax(x: &Tensor, dim: i64, half_to_float: bool) -> Result<OutputMeta> {
    wrap(dim, x.dim())?;
    let dtype = if half_to_float { DType::Float32 } else { x.dtype() };
    OutputMeta::contiguous(x.sizes(), dtype, x.device())
}

/// The sizes of a histogram of floating-point numbers.
pub(crate) fn histogram(x: &Tensor, bins: i64) -> Result<[i64; 1]> {
    match bins > 0 && x.dtype().is_floating_point() {
        true => Ok([bins]),
        false => Err(Error::new(
            ErrorKind::Runtime,
            format!("`bins` must be positive and `self` floating-point, they are {bins} and {}", x.dtype()),
        )),
    }
}

/// `renorm`: a result like its input, which is floating-point or complex and has more than one dimension.
pub(crate) fn renormalised(x: &Tensor, p: Scalar, dim: i64, maxnorm: Scalar) -> Result<OutputMeta> {
    wrap(dim, x.dim())?;
    let fits = x.dim() > 1 && (x.dtype().is_floating_point() || x.dtype().is_complex());
    match fits && p.to_f64() > 0.0 && maxnorm.to_f64() >= 0.0 {
        true => OutputMeta::contiguous(x.sizes(), x.dtype(), x.device()),
        false => Err(Error::new(
            ErrorKind::Runtime,
            format!(
                "`self` must be floating-point of at least 2 dimensions, `p` positive and `maxnorm` not negative; they are \
                 {} of sizes {:?}, {p} and {maxnorm}",
                x.dtype(),
                x.sizes()
            ),
        )),
    }
}

/// Logarithms of sums of exponentials so far along a dimension.
pub(crate) fn cumulative_floats(x: &Tensor, dim: i64) -> Result<OutputMeta> {
    match x.dtype().is_floating_point() {
        true => cumulative(x, dim, None),
        false => Err(Error::not_implemented(format!("not implemented for {}; convert it first", x.dtype()))),
    }
}

/// Sums of the elements so far along a dimension.
pub(crate) fn cumulative(x: &Tensor, dim: i64, dtype: Option<DType>) -> Result<OutputMeta> {
    wrap(dim, x.dim())?;
    OutputMeta::contiguous(x.sizes(), sum_dtype(x.dtype(), dtype), x.device())
}

/// The extreme elements along a dimension, and where they are.
pub(crate) fn extremes_with_positions(x: &Tensor, dim: i64, keepdim: bool) -> Result<[OutputMeta; 2]> {
    if x.dtype().is_complex() {
        return Err(Error::not_implemented(format!(
            "{} has no order; take the absolute values first",
            x.dtype()
        )));
    }
    nonempty_dim(x.sizes(), dim)?;
    let sizes = Axes::one(dim, x.dim())?.reduced(x.sizes(), keepdim);
    let like = |dtype| OutputMeta::contiguous(&sizes, dtype, x.device());
    Ok([like(x.dtype())?, like(DType::Int64)?])
}

/// The smallest and the largest elements, of all or along a dimension.
pub(crate) fn both_extremes(x: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<[OutputMeta; 2]> {
    let axes = match dim {
        Some(dim) => {
            nonempty_dim(x.sizes(), dim)?;
            Axes::one(dim, x.dim())?
        }
        None if x.numel() == 0 => {
            return Err(Error::shape(format!("sizes {:?} have no element to choose", x.sizes())));
        }
        None => Axes::all(x.dim())?,
    };
    let output = OutputMeta::contiguous(&axes.reduced(x.sizes(), keepdim), x.dtype(), x.device())?;
    Ok([output.clone(), output])
}

/// Numbers of elements along dimensions; none means all.
pub(crate) fn counts(x: &Tensor, dims: &[i64]) -> Result<Reduction> {
    Reduction::new(x, Axes::of(dims, x.dim())?, false, DType::Int64)
}

/// Variances along dimensions, which are real; none means all.
pub(crate) fn variance(x: &Tensor, dims: &[i64], keepdim: bool) -> Result<Reduction> {
    match x.dtype().is_floating_point() || x.dtype().is_complex() {
        true => Reduction::new(x, Axes::of(dims, x.dim())?, keepdim, x.dtype().to_real()),
        false => Err(Error::not_implemented(format!(
            "a variance of {} is not defined; convert to a floating-point or complex dtype first",
            x.dtype()
        ))),
    }
}

/// One element out of all.
pub(crate) fn one_of_all(x: &Tensor) -> Result<Reduction> {
    Reduction::new(x, Axes::all(x.dim())?, false, x.dtype())
}

/// A position out of a dimension: the elements, and where they are.
pub(crate) fn chosen_along(x: &Tensor, dim: i64, keepdim: bool) -> Result<(Reduction, Reduction)> {
    nonempty_dim(x.sizes(), dim)?;
    let axes = Axes::one(dim, x.dim())?;
    Ok((Reduction::new(x, axes, keepdim, x.dtype())?, Reduction::new(x, axes, keepdim, DType::Int64)?))
}

/// The dtype of a sum or product: the one asked for; `int64` for integers and `bool`; else the input's.
fn sum_dtype(input: DType, asked: Option<DType>) -> DType {
    match asked {
        Some(dtype) => dtype,
        None if input.is_floating_point() || input.is_complex() => input,
        None => DType::Int64,
    }
}

/// The dtype of a mean, which must be a floating-point one.
fn mean_dtype(input: DType, asked: Option<DType>) -> Result<DType> {
    let dtype = asked.unwrap_or(input);
    match dtype.is_floating_point() || dtype.is_complex() {
        true => Ok(dtype),
        false => Err(Error::not_implemented(format!(
            "a mean cannot be {dtype}; ask for a floating-point dtype with the argument `dtype`"
        ))),
    }
}

/// The dtype of `any` and `all`: `uint8` stays, from the time before there was `bool`.
fn truth_dtype(input: DType) -> DType {
    if input == DType::UInt8 { DType::UInt8 } else { DType::Bool }
}

/// The dimensions a reduction without a neutral element runs over; none of them may be empty.
fn nonempty_axes(sizes: &[i64], dims: &[i64]) -> Result<Axes> {
    let axes = Axes::of(dims, sizes.len())?;
    if sizes.contains(&0) {
        if dims.is_empty() {
            return Err(Error::shape(format!(
                "sizes {sizes:?} have no element to choose; name dims that are not empty"
            )));
        }
        dims.iter().try_for_each(|&dim| nonempty_dim(sizes, dim).map(|_| ()))?;
    }
    Ok(axes)
}

/// A dimension that must not be empty.
pub(crate) fn nonempty_dim(sizes: &[i64], dim: i64) -> Result<usize> {
    let d = wrap(dim, sizes.len())?;
    match extent(sizes, d) {
        0 => Err(Error::index(format!("dimension {d} of sizes {sizes:?} has no element to choose"))),
        _ => Ok(d),
    }
}

/// The dimensions of an `argmax`, which without a dimension runs over all elements.
fn arg_axes(sizes: &[i64], dtype: DType, dim: Option<i64>) -> Result<Axes> {
    if dtype.is_complex() {
        return Err(Error::dtype(format!("{dtype} has no order; take the absolute values first")));
    }
    if dtype == DType::Bool {
        return Err(Error::not_implemented("not implemented for bool; convert to uint8 first"));
    }
    match dim {
        Some(dim) => {
            nonempty_dim(sizes, dim)?;
            Axes::one(dim, sizes.len())
        }
        None if sizes.contains(&0) => Err(Error::index(format!(
            "sizes {sizes:?} have no element to choose; name a dim that is not empty"
        ))),
        None => Axes::all(sizes.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_summed_as_int64() {
        assert_eq!(sum_dtype(DType::Bool, None), DType::Int64);
        assert_eq!(sum_dtype(DType::Float32, None), DType::Float32);
        assert_eq!(sum_dtype(DType::Float32, Some(DType::UInt8)), DType::UInt8);
        assert!(mean_dtype(DType::Int64, None).unwrap_err().to_string().contains("argument `dtype`"));
    }

    #[test]
    fn nothing_has_no_extreme() {
        assert!(nonempty_axes(&[0, 3], &[1]).is_ok() && nonempty_axes(&[0, 3], &[0]).is_err());
        assert!(nonempty_axes(&[0, 3], &[]).is_err() && nonempty_axes(&[], &[0]).is_ok());
        assert!(arg_axes(&[0, 3], DType::Float32, None).is_err());
    }
}
