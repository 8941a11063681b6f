//! The rules of pointwise operators: what each accepts, the dtype it computes in, and the result it makes.
//!
//! Every rule gives a [`Plan`]. For structured operators it is what the shape function returns; elsewhere host kernels
//! fill its result and `Meta` kernels return it empty. So all backends and forms refuse the same inputs and make the same
//! result. No element is looked at here.

use keyway::{DType, Error, Geometry, MemoryFormat, OutputMeta, Result, Scalar, StructuredMeta, Tensor};

use crate::broadcast::{broadcast_sizes, result_geometry};
use crate::copying::{castable, same_dtype};
use crate::memory_format::geometry_like;
use crate::promotion::{Operand, common_device, result_dtype, to_float};
use crate::shape::dimension::wrap;
use crate::shape::view::sliced;

/// What a pointwise operator will compute.
#[derive(Clone, Debug)]
pub struct Plan {
    compute: DType,
    keeps_numbers: bool,
    output: OutputMeta,
}

impl Plan {
    fn new(operands: &[Operand<'_>], compute: DType) -> Result<Plan> {
        let geometry = result_geometry(operands)?;
        let output = OutputMeta::new(geometry, compute, common_device(operands)).accepting(castable);
        Ok(Plan { compute, keeps_numbers: false, output })
    }

    #[inline]
    fn promoted(operands: &[Operand<'_>]) -> Result<Plan> {
        Plan::new(operands, result_dtype(operands)?)
    }

    #[inline]
    fn with_result(self, result: DType) -> Plan {
        Plan { output: self.output.with_dtype(result), ..self }
    }

    /// Only arguments of the result's own dtype can be written.
    #[inline]
    fn exact(self) -> Plan {
        Plan { output: self.output.accepting(same_dtype), ..self }
    }

    /// Single elements are not rounded to half precision before they are computed with, as in ATen's basic arithmetic.
    #[inline]
    fn keeping_numbers(self) -> Plan {
        Plan { keeps_numbers: true, ..self }
    }

    /// The dtype operands are converted to.
    pub fn compute(&self) -> DType {
        self.compute
    }

    /// Whether single elements and plain numbers are used as they are, although the dtype operands are converted to is a
    /// half-precision one.
    pub(crate) fn keeps_numbers(&self) -> bool {
        self.keeps_numbers
    }

    /// Whether elements have to be rounded to the dtype of the operation before they are computed with as `dtype`.
    pub(crate) fn is_narrower_than(&self, dtype: DType) -> bool {
        self.compute.size() < dtype.size()
    }

    /// The result without elements, on the operands' device.
    pub(crate) fn empty(&self) -> Result<Tensor> {
        self.output.allocate()
    }

    /// The result, filled by a kernel.
    pub(crate) fn filled(self, kernel: impl FnOnce(&Plan, &Tensor) -> Result<()>) -> Result<Tensor> {
        let out = self.empty()?;
        kernel(&self, &out)?;
        Ok(out)
    }
}

impl StructuredMeta for Plan {
    type Plan = Plan;
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        std::slice::from_ref(&self.output)
    }

    fn plan(&self) -> &Plan {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

/// How a quotient is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Not at all.
    None,
    /// Towards zero.
    Trunc,
    /// Downwards.
    Floor,
}

impl Rounding {
    /// The rounding of a name.
    pub(crate) fn of(mode: Option<&str>) -> Result<Rounding> {
        match mode {
            None => Ok(Rounding::None),
            Some("trunc") => Ok(Rounding::Trunc),
            Some("floor") => Ok(Rounding::Floor),
            Some(other) => {
                let message =
                    format!("`rounding_mode` must be None, \"trunc\" or \"floor\", it is {other:?}");
                Err(Error::new(keyway::ErrorKind::Runtime, message))
            }
        }
    }
}

/// Sums with a factor `alpha` for the second operand.
pub(crate) fn sum(a: Operand<'_>, b: Operand<'_>, alpha: Scalar) -> Result<Plan> {
    let plan = Plan::promoted(&[a, b])?.keeping_numbers();
    match alpha {
        Scalar::Bool(_) if plan.compute != DType::Bool => {
            Err(Error::dtype(format!("`alpha` is a bool, but the result is {}; pass a number", plan.compute)))
        }
        Scalar::Complex(..) if !plan.compute.is_complex() => {
            Err(Error::dtype(format!("`alpha` must be real when the result is {}", plan.compute)))
        }
        Scalar::Float(_) if !plan.compute.is_floating_point() && !plan.compute.is_complex() => {
            Err(Error::dtype(format!("`alpha` must be an integer when the result is {}", plan.compute)))
        }
        _ => Ok(plan),
    }
}

/// Differences: sums that `bool` has no part in.
pub(crate) fn difference(a: Operand<'_>, b: Operand<'_>, alpha: Scalar) -> Result<Plan> {
    for operand in [a, b] {
        if operand.dtype() == DType::Bool {
            return Err(Error::not_implemented(
                "bools cannot be subtracted; use `logical_not` to invert, or convert to an integer dtype first",
            ));
        }
    }
    sum(a, b, alpha)
}

/// Products: single elements keep their precision.
pub(crate) fn product(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    Ok(Plan::promoted(&[a, b])?.keeping_numbers())
}

/// True quotients, which are floating-point.
pub(crate) fn quotient(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    Ok(Plan::new(&[a, b], to_float(result_dtype(&[a, b])?))?.keeping_numbers())
}

/// Quotients with a rounding mode by name.
pub(crate) fn rounded_quotient(a: Operand<'_>, b: Operand<'_>, mode: Option<&str>) -> Result<Plan> {
    match Rounding::of(mode)? {
        Rounding::None => quotient(a, b),
        _ => floor_quotient(a, b),
    }
}

/// Quotients that are rounded, and remainders: integers stay integers.
pub(crate) fn floor_quotient(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    real(numeric(Plan::promoted(&[a, b])?)?)
}

/// Functions of two floating-point numbers, to which integers are converted.
pub(crate) fn float_pair(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    real(Plan::new(&[a, b], to_float(result_dtype(&[a, b])?))?)
}

/// Functions of two floating-point numbers, to which nothing else is converted.
pub(crate) fn floating_pair(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    floating(Plan::promoted(&[a, b])?)
}

/// The larger or smaller one of several operands.
pub(crate) fn ordered(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    let plan = Plan::promoted(&[a, b])?;
    match plan.compute.is_complex() {
        true => Err(Error::dtype(format!("{} has no order; compare absolute values", plan.compute))),
        false => Ok(plan),
    }
}

/// Functions of bits.
pub(crate) fn bitwise(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    integral(Plan::promoted(&[a, b])?)
}

/// Bits moved to other places.
pub(crate) fn shift(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    numeric(bitwise(a, b)?)
}

/// Inverted bits.
pub(crate) fn bitwise_function(x: &Tensor) -> Result<Plan> {
    integral(Plan::new(&[x.into()], x.dtype())?.exact())
}

/// Powers. Integers have no negative powers, which is known beforehand when the exponent is a number.
pub(crate) fn power(base: Operand<'_>, exponent: Operand<'_>) -> Result<Plan> {
    if let (Operand::Tensor(base), Operand::Number(exponent)) = (base, exponent)
        && base.dtype().is_integer()
        && exponent.is_integral()
        && exponent.to_i64() < 0
    {
        return Err(Error::shape(format!(
            "{} cannot be raised to the negative power {exponent}; convert `self` to a float dtype",
            base.dtype()
        )));
    }
    numeric(Plan::promoted(&[base, exponent])?)
}

/// Comparisons: operands are promoted, the result is `bool`.
pub(crate) fn comparison(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    Ok(Plan::promoted(&[a, b])?.with_result(DType::Bool))
}

/// Functions that keep the dtype and are not defined for `bool`.
pub(crate) fn arithmetic_function(x: &Tensor) -> Result<Plan> {
    numeric(Plan::new(&[x.into()], x.dtype())?.exact())
}

/// Absolute values and signs, which `bool` has too. Absolute values of complex numbers are real.
pub(crate) fn absolute(x: &Tensor) -> Result<Plan> {
    let plan = Plan::new(&[x.into()], x.dtype())?.exact();
    Ok(plan.with_result(x.dtype().to_real()))
}

/// Functions that keep any dtype.
pub(crate) fn same(x: &Tensor) -> Result<Plan> {
    Ok(Plan::new(&[x.into()], x.dtype())?.exact())
}

/// A result that lies like its one operand, which says more than broadcasting where there is no element.
pub(crate) fn lying_like(x: &Tensor, plan: Plan) -> Result<Plan> {
    with_geometry(plan, geometry_like(x.geometry(), MemoryFormat::Preserve)?)
}

fn with_geometry(plan: Plan, geometry: Geometry) -> Result<Plan> {
    let output = OutputMeta::new(geometry, plan.output.dtype(), plan.output.device());
    Ok(Plan { output, ..plan })
}

/// Functions of real numbers that keep the dtype.
pub(crate) fn real_function(x: &Tensor) -> Result<Plan> {
    real(same(x)?)
}

/// Functions of real numbers but `bool` that keep the dtype.
pub(crate) fn rounding(x: &Tensor) -> Result<Plan> {
    numeric(real_function(x)?)
}

/// Tests of each element that complex numbers do not have.
pub(crate) fn real_test(x: &Tensor) -> Result<Plan> {
    real(test(x)?)
}

/// Functions of floating-point numbers that keep the dtype, and have no meaning for integers.
pub(crate) fn floating_function(x: &Tensor) -> Result<Plan> {
    floating(same(x)?)
}

/// Functions with fractional values: integers and `bool` become floating-point.
pub(crate) fn float_function(x: &Tensor) -> Result<Plan> {
    Plan::new(&[x.into()], to_float(x.dtype()))
}

/// Functions with fractional values of real numbers.
pub(crate) fn real_float_function(x: &Tensor) -> Result<Plan> {
    real(float_function(x)?)
}

/// A step function, whose operands have one dtype.
pub(crate) fn step(x: &Tensor, values: &Tensor) -> Result<Plan> {
    match x.dtype() == values.dtype() && !x.dtype().is_complex() {
        true => Plan::promoted(&[x.into(), values.into()]),
        false => Err(Error::new(
            keyway::ErrorKind::Runtime,
            format!(
                "`self` and `values` must have one real dtype, they are {} and {}",
                x.dtype(),
                values.dtype()
            ),
        )),
    }
}

/// Functions of two integers.
pub(crate) fn divisor(a: Operand<'_>, b: Operand<'_>) -> Result<Plan> {
    numeric(integral(Plan::promoted(&[a, b])?)?)
}

/// Tests of each element.
pub(crate) fn test(x: &Tensor) -> Result<Plan> {
    Ok(Plan::new(&[x.into()], x.dtype())?.with_result(DType::Bool))
}

/// Clamping: the bounds take part in promotion unless `x` is floating-point already.
pub(crate) fn clamp(x: &Tensor, min: Option<Scalar>, max: Option<Scalar>) -> Result<Plan> {
    let bounds = min.into_iter().chain(max).map(Operand::Number);
    let operands: Vec<Operand<'_>> = std::iter::once(x.into()).chain(bounds).collect();
    bounded(&operands)?;
    real(numeric(Plan::new(&[x.into()], result_dtype(&operands)?)?.exact())?)
}

/// Clamping by tensors, which are broadcast with `x`.
pub(crate) fn clamp_tensor(x: &Tensor, min: Option<&Tensor>, max: Option<&Tensor>) -> Result<Plan> {
    let operands: Vec<Operand<'_>> = [Some(x), min, max].into_iter().flatten().map(Operand::from).collect();
    bounded(&operands)?;
    real(Plan::promoted(&operands)?.exact())
}

fn bounded(operands: &[Operand<'_>]) -> Result<()> {
    match operands.len() {
        1 => Err(Error::new(keyway::ErrorKind::Runtime, "give `min`, `max` or both")),
        _ => Ok(()),
    }
}

/// The sum of a tensor and something of two others.
pub(crate) fn sum_of_three(x: &Tensor, a: &Tensor, b: &Tensor, value: Scalar) -> Result<Plan> {
    let plan = Plan::promoted(&[x.into(), a.into(), b.into()])?;
    match value.imaginary() != 0.0 && !plan.compute.is_complex() {
        true => Err(Error::dtype(format!("`value` must be real when the result is {}", plan.compute))),
        false => Ok(plan),
    }
}

/// The sum of a tensor and a quotient of two others, one of which must have fractions.
pub(crate) fn sum_with_quotient(x: &Tensor, a: &Tensor, b: &Tensor, value: Scalar) -> Result<Plan> {
    let has_fractions = |x: &Tensor| x.dtype().is_floating_point() || x.dtype().is_complex();
    match has_fractions(a) || has_fractions(b) {
        true => sum_of_three(x, a, b, value),
        false => Err(Error::dtype(format!(
            "`tensor1` of {} and `tensor2` of {} are integers, which addcdiv does not divide; convert one of them",
            a.dtype(),
            b.dtype()
        ))),
    }
}

/// Interpolation between tensors of one dtype, which has fractions.
pub(crate) fn interpolation(start: &Tensor, end: &Tensor, weight: Operand<'_>) -> Result<Plan> {
    let others = [("end", Some(end)), ("weight", weight.tensor())];
    for (name, tensor) in others.into_iter().filter_map(|(name, tensor)| Some((name, tensor?))) {
        if tensor.dtype() != start.dtype() {
            return Err(Error::dtype(format!(
                "`{name}` must have the dtype of `self`, {}, it has {}",
                start.dtype(),
                tensor.dtype()
            )));
        }
    }
    let plan = Plan::new(&[start.into(), end.into(), weight], start.dtype())?;
    match plan.compute.is_floating_point() || plan.compute.is_complex() {
        true => Ok(plan.keeping_numbers()),
        false => Err(not_for(plan.compute)),
    }
}

/// Choosing between two operands by a condition.
pub(crate) fn choice(condition: &Tensor, a: &Tensor, b: &Tensor) -> Result<Plan> {
    if !matches!(condition.dtype(), DType::Bool | DType::UInt8) {
        return Err(Error::dtype(format!("`condition` must be bool, it is {}", condition.dtype())));
    }
    Ok(Plan::new(&[condition.into(), a.into(), b.into()], result_dtype(&[a.into(), b.into()])?)?.exact())
}

/// Filling where a mask is set: a result in row-major order, whatever the inputs are.
pub(crate) fn masked_fill(x: &Tensor, mask: &Tensor) -> Result<Plan> {
    if mask.dtype() != DType::Bool {
        return Err(Error::dtype(format!("`mask` must be bool, it is {}", mask.dtype())));
    }
    let geometry = Geometry::contiguous(&broadcast_sizes(x.sizes(), mask.sizes())?)?;
    let output = OutputMeta::new(geometry, x.dtype(), common_device(&[x.into(), mask.into()]));
    Ok(Plan { compute: x.dtype(), keeps_numbers: false, output })
}

/// Activations, which are defined for floating-point dtypes only.
pub(crate) fn activation(x: &Tensor) -> Result<Plan> {
    floating(Plan::new(&[x.into()], x.dtype())?)
}

/// Activations with a result in row-major order.
pub(crate) fn contiguous_activation(x: &Tensor) -> Result<Plan> {
    let output = OutputMeta::contiguous(x.sizes(), x.dtype(), x.device())?;
    floating(Plan { output, ..activation(x)? })
}

/// Gradients of activations, from the gradient of the result and the input or the result.
pub(crate) fn gradient(grad: &Tensor, x: &Tensor) -> Result<Plan> {
    floating(Plan::promoted(&[grad.into(), x.into()])?)
}

/// Which function `gelu` computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Approximation {
    /// The exact one.
    None,
    /// The one with a tanh.
    Tanh,
}

impl Approximation {
    /// The one of a name.
    pub(crate) fn of(name: &str) -> Result<Approximation> {
        match name {
            "none" => Ok(Approximation::None),
            "tanh" => Ok(Approximation::Tanh),
            other => {
                let message = format!("`approximate` must be \"none\" or \"tanh\", it is {other:?}");
                Err(Error::new(keyway::ErrorKind::Runtime, message))
            }
        }
    }
}

/// `gelu`.
pub(crate) fn gelu(x: &Tensor, approximate: &str) -> Result<Plan> {
    Approximation::of(approximate)?;
    activation(x)
}

/// The gradient of `gelu`.
pub(crate) fn gelu_gradient(grad: &Tensor, x: &Tensor, approximate: &str) -> Result<Plan> {
    Approximation::of(approximate)?;
    gradient(grad, x)
}

/// The two halves of a tensor along a dimension.
pub(crate) fn halves(x: &Tensor, dim: i64) -> Result<(Tensor, Tensor)> {
    if x.dim() == 0 {
        return Err(Error::shape("a tensor without dimensions cannot be halved"));
    }
    let size = x.sizes()[wrap(dim, x.dim())?];
    if size % 2 != 0 {
        return Err(Error::shape(format!(
            "dimension {dim} must have an even size to be halved, it has {size}"
        )));
    }
    let part = |from, to| x.view_as(sliced(x.geometry(), dim, Some(from), Some(to), 1)?);
    Ok((part(0, size / 2)?, part(size / 2, size)?))
}

/// `glu`, which multiplies one half by a function of the other.
pub(crate) fn glu(x: &Tensor, dim: i64) -> Result<Plan> {
    let (a, b) = halves(x, dim)?;
    gradient(&a, &b)
}

/// `threshold`, which integers have as well.
pub(crate) fn threshold(x: &Tensor) -> Result<Plan> {
    numeric(Plan::new(&[x.into()], x.dtype())?)
}

/// The gradient of `threshold`.
pub(crate) fn threshold_gradient(grad: &Tensor, x: &Tensor) -> Result<Plan> {
    numeric(Plan::promoted(&[grad.into(), x.into()])?)
}

/// `prelu`, whose weight is of the input's dtype.
pub(crate) fn prelu(x: &Tensor, weight: &Tensor) -> Result<Plan> {
    if x.dtype() != weight.dtype() {
        let message = format!("`weight` must be {} like `self`, it is {}", x.dtype(), weight.dtype());
        return Err(Error::dtype(message));
    }
    floating(Plan::promoted(&[x.into(), weight.into()])?)
}

/// Refuses to compute in `bool`.
fn numeric(plan: Plan) -> Result<Plan> {
    if plan.compute == DType::Bool { Err(not_for(plan.compute)) } else { Ok(plan) }
}

/// Refuses to compute with complex numbers.
fn real(plan: Plan) -> Result<Plan> {
    if plan.compute.is_complex() { Err(not_for(plan.compute)) } else { Ok(plan) }
}

/// Refuses to compute with anything but floating-point numbers.
fn floating(plan: Plan) -> Result<Plan> {
    if plan.compute.is_floating_point() { Ok(plan) } else { Err(not_for(plan.compute)) }
}

/// Refuses to compute with anything but integers and `bool`.
fn integral(plan: Plan) -> Result<Plan> {
    if plan.compute.is_integer() || plan.compute == DType::Bool {
        Ok(plan)
    } else {
        Err(not_for(plan.compute))
    }
}

#[cold]
fn not_for(dtype: DType) -> Error {
    Error::not_implemented(format!("not implemented for {dtype}; convert to another dtype first"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::{Device, ErrorKind};

    fn tensor(dtype: DType) -> Tensor {
        Tensor::zeros(&[2], dtype, Device::META).unwrap()
    }

    #[test]
    fn factors_must_suit_the_result() {
        let (ints, floats) = (tensor(DType::Int64), tensor(DType::Float32));
        let half = Scalar::Float(0.5);
        assert_eq!(sum((&ints).into(), (&floats).into(), half).unwrap().compute, DType::Float32);
        assert!(sum((&ints).into(), (&ints).into(), half).is_err());
        assert!(sum((&floats).into(), (&floats).into(), Scalar::Bool(true)).is_err());
    }

    #[test]
    fn bool_has_no_arithmetic_but_sums_and_products() {
        let flags = tensor(DType::Bool);
        let one = Scalar::Int(1);
        assert!(sum((&flags).into(), (&flags).into(), one).is_ok());
        for failed in [
            difference((&flags).into(), (&flags).into(), one),
            power((&flags).into(), (&flags).into()),
            arithmetic_function(&flags),
        ] {
            assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotImplemented);
        }
    }

    #[test]
    fn results_have_their_own_dtype() {
        let ints = tensor(DType::Int32);
        assert_eq!(quotient((&ints).into(), Scalar::Int(2).into()).unwrap().output.dtype(), DType::Float32);
        assert_eq!(comparison((&ints).into(), Scalar::Float(0.5).into()).unwrap().compute, DType::Float32);
        assert_eq!(test(&ints).unwrap().output.dtype(), DType::Bool);
        let made = float_function(&ints).unwrap().empty().unwrap();
        assert_eq!((made.dtype(), made.device()), (DType::Float32, Device::META));
    }
}
