//! Covariances and correlations of variables, a row of observations each.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::window::refused;

/// A weight for each observation.
fn check_weights(name: &str, weights: Option<&Tensor>, observations: i64, is_count: bool) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    let fits = weights.sizes() == [observations] && weights.dtype().is_floating_point() != is_count;
    match fits && !weights.dtype().is_complex() {
        true => Ok(()),
        false => Err(refused(format!(
            "`{name}` must be a vector of {} for each of {observations} observations; it is {} of sizes {:?}",
            if is_count { "an integer" } else { "a floating-point number" },
            weights.dtype(),
            weights.sizes()
        ))),
    }
}

fn adjoint(x: &Tensor) -> Result<Tensor> {
    if x.dtype().is_complex() { x.t()?.conj_physical() } else { x.t() }
}

#[kernel("aten::cov", CompositeImplicitAutograd)]
fn cov(
    self_: &Tensor,
    correction: i64,
    fweights: Option<&Tensor>,
    aweights: Option<&Tensor>,
) -> Result<Tensor> {
    if self_.dim() > 2 || self_.dtype() == DType::Bool {
        return Err(refused(format!(
            "`self` must have at most 2 dimensions and not be bool; it is {} of sizes {:?}",
            self_.dtype(),
            self_.sizes()
        )));
    }
    let x = if self_.dim() < 2 { self_.reshape(&[1, -1])? } else { self_.clone() };
    let observations = x.sizes()[1];
    check_weights("fweights", fweights, observations, true)?;
    check_weights("aweights", aweights, observations, false)?;
    let weights = match (fweights, aweights) {
        (Some(counts), Some(weights)) => Some(counts.mul(weights)?),
        (counts, weights) => counts.or(weights).cloned(),
    };
    let weighted = |x: &Tensor| weights.as_ref().map_or_else(|| Ok(x.clone()), |weights| x.mul(weights));
    let total = match &weights {
        Some(weights) => weights.sum()?,
        None => aten::scalar_tensor::default.call(
            Scalar::Int(observations),
            Some(DType::Int64),
            None,
            Some(x.device()),
            None,
        )?,
    };
    let mean = aten::sum::dim_IntList.call(&weighted(&x)?, Some(&[1]), false, None)?.div(&total)?;
    let norm = match (&weights, aweights) {
        (Some(weights), Some(own)) if correction != 0 => {
            let excess = weights.mul(own)?.sum()?.div(&total)?;
            total.sub(&excess.mul_scalar(correction)?)?
        }
        _ => total.sub_scalar(correction)?,
    };
    let centered = x.sub(&mean.unsqueeze(1)?)?;
    let products = centered.mm(&adjoint(&weighted(&centered)?)?)?;
    products.div(&norm.clamp_with(Some(Scalar::Int(0)), None)?)?.squeeze()
}

/// Rounding must not make more than one of them.
#[kernel("aten::corrcoef", CompositeImplicitAutograd)]
fn corrcoef(self_: &Tensor) -> Result<Tensor> {
    let covariances = cov(self_, 1, None, None)?;
    if covariances.dim() == 0 {
        return covariances.div(&covariances);
    }
    let diagonal = covariances.diagonal()?;
    let variances = if diagonal.dtype().is_complex() { aten::real(&diagonal)? } else { diagonal };
    let deviations = variances.sqrt()?;
    let c = covariances.div(&deviations.unsqueeze(1)?)?.div(&deviations.unsqueeze(0)?)?;
    let clip = |x: &Tensor| x.clamp_with(Some(Scalar::Int(-1)), Some(Scalar::Int(1)));
    match c.dtype().is_complex() {
        true => aten::complex(&clip(&aten::real(&c)?)?, &clip(&aten::imag(&c)?)?),
        false => clip(&c),
    }
}
