//! Norms of elements along dimensions on the host.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::reduce;
use crate::cpu::number::Number;
use crate::shape::dimension::wrap;
use crate::shape::reduction::Reduction;

/// The norm of absolute values.
fn norm<T: Number>(lane: &[T], order: f64) -> f64 {
    let sizes = lane.iter().map(|x| x.cast::<f64>().abs());
    let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    match order {
        0.0 => sizes.filter(|&x| x != 0.0).count() as f64,
        1.0 => sizes.sum(),
        2.0 => sizes.map(|x| x * x).sum::<f64>().sqrt(),
        f64::INFINITY => sizes.fold(0.0, larger),
        f64::NEG_INFINITY => -sizes.map(|x| -x).fold(f64::NEG_INFINITY, larger),
        order => sizes.map(|x| x.powf(order)).sum::<f64>().powf(1.0 / order),
    }
}

/// Complex numbers have absolute values of half their dtype.
fn norms(plan: &Reduction, x: &Tensor, order: f64, dtype: Option<DType>, out: &Tensor) -> Result<()> {
    let converted = dtype.map(|dtype| x.to_dtype(dtype)).transpose()?;
    let x = converted.as_ref().unwrap_or(x);
    let x = if x.dtype().is_complex() { x.abs()? } else { x.clone() };
    dispatch_dtype!(floats: x.dtype(), T => reduce::<T, f64>(out, &x, plan.axes(), |lane| norm(lane, order)))
}

#[kernel("aten::linalg_vector_norm.out", CPU, structured)]
fn linalg_vector_norm(
    plan: &Reduction,
    self_: &Tensor,
    ord: Scalar,
    _dim: Option<&[i64]>,
    _keepdim: bool,
    dtype: Option<DType>,
    out: &Tensor,
) -> Result<()> {
    norms(plan, self_, ord.to_f64(), dtype, out)
}

#[kernel("aten::norm.out", CPU, structured)]
fn norm_out(
    plan: &Reduction,
    self_: &Tensor,
    p: Option<Scalar>,
    _dim: &[i64],
    _keepdim: bool,
    out: &Tensor,
) -> Result<()> {
    norms(plan, self_, p.map_or(2.0, Scalar::to_f64), None, out)
}

#[kernel("aten::norm.dtype_out", CPU, structured)]
fn norm_dtype_out(
    plan: &Reduction,
    self_: &Tensor,
    p: Option<Scalar>,
    _dim: &[i64],
    _keepdim: bool,
    dtype: DType,
    out: &Tensor,
) -> Result<()> {
    norms(plan, self_, p.map_or(2.0, Scalar::to_f64), Some(dtype), out)
}

#[kernel("aten::renorm.out", CPU, structured)]
fn renorm(self_: &Tensor, p: Scalar, dim: i64, maxnorm: Scalar, out: &Tensor) -> Result<()> {
    let d = wrap(dim, self_.dim())? as i64;
    let others: Vec<i64> = (0..self_.dim() as i64).filter(|&other| other != d).collect();
    let norms = aten::linalg_vector_norm::default.call(self_, p, Some(&others), true, None)?;
    // A little more than the norm, so that no factor is without bounds.
    let factors = norms.add_scalar(1e-7)?.reciprocal()?.mul_scalar(maxnorm)?;
    let factors =
        aten::r#where::self_.call(&norms.gt_scalar(maxnorm)?, &factors, &aten::ones_like(&norms)?)?;
    aten::mul::out.call(self_, &factors, out).map(|_| ())
}
