//! Integrals of sampled functions by the rule of trapezoids.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::dimension::wrap;
use crate::shape::window::refused;

/// How far samples are apart.
enum Step<'a> {
    /// As far everywhere.
    Even(Scalar),
    /// As far as these places are.
    Between(&'a Tensor),
}

/// The samples but the last one and the samples but the first one along a dimension.
fn neighbours(x: &Tensor, dim: i64) -> Result<[Tensor; 2]> {
    let len = x.sizes()[wrap(dim, x.dim())?];
    let slice = aten::slice::Tensor;
    Ok([slice.call(x, dim, Some(0), Some(len - 1), 1)?, slice.call(x, dim, Some(1), Some(len), 1)?])
}

/// Twice the area between each sample and the next one.
fn doubled_areas(y: &Tensor, step: Step<'_>, dim: i64) -> Result<Tensor> {
    let [before, after] = neighbours(y, dim)?;
    let heights = before.add(&after)?;
    match step {
        Step::Even(step) => heights.mul_scalar(step),
        Step::Between(x) => {
            let places = match x.dim() {
                1 => {
                    let d = wrap(dim, y.dim())?;
                    let along: Vec<i64> = (0..y.dim()).map(|other| if other == d { -1 } else { 1 }).collect();
                    x.view(&along)?
                }
                _ => x.clone(),
            };
            let own = wrap(dim, y.dim())? as i64 - y.dim() as i64;
            let [start, end] = neighbours(&places, own)?;
            heights.mul(&end.sub(&start)?)
        }
    }
}

fn check(y: &Tensor, x: Option<&Tensor>, dim: i64) -> Result<()> {
    let len = y.sizes().get(wrap(dim, y.dim())?).copied();
    let is_bool = |x: &Tensor| x.dtype() == DType::Bool;
    match (len, x) {
        (None, _) => Err(refused("`y` must have at least 1 dimension".to_owned())),
        _ if is_bool(y) || x.is_some_and(is_bool) => {
            Err(refused("bools have no integral; convert them first".to_owned()))
        }
        (_, Some(x)) if x.dim() == 0 => Err(refused("`x` must have at least 1 dimension".to_owned())),
        (Some(len), Some(x)) if x.dim() == 1 && x.sizes() != [len] => {
            Err(refused(format!("`x` must have a place for each of {len} samples, it has {}", x.numel())))
        }
        _ => Ok(()),
    }
}

fn integral(y: &Tensor, step: Step<'_>, dim: i64) -> Result<Tensor> {
    if y.sizes()[wrap(dim, y.dim())?] == 0 {
        let sums = aten::sum::dim_IntList.call(y, Some(&[dim]), false, None)?;
        return if sums.dtype().is_integer() { sums.to_dtype(DType::Float32) } else { Ok(sums) };
    }
    let areas = doubled_areas(y, step, dim)?;
    aten::sum::dim_IntList.call(&areas, Some(&[dim]), false, None)?.div_scalar(2)
}

fn integrals_so_far(y: &Tensor, step: Step<'_>, dim: i64) -> Result<Tensor> {
    aten::cumsum::default.call(&doubled_areas(y, step, dim)?, dim, None)?.div_scalar(2)
}

#[kernel("aten::trapezoid.x", CompositeImplicitAutograd)]
fn trapezoid_x(y: &Tensor, x: &Tensor, dim: i64) -> Result<Tensor> {
    check(y, Some(x), dim)?;
    integral(y, Step::Between(x), dim)
}

#[kernel("aten::trapezoid.dx", CompositeImplicitAutograd)]
fn trapezoid_dx(y: &Tensor, dx: Scalar, dim: i64) -> Result<Tensor> {
    check(y, None, dim)?;
    integral(y, Step::Even(dx), dim)
}

#[kernel("aten::trapz.x", CompositeImplicitAutograd)]
fn trapz_x(y: &Tensor, x: &Tensor, dim: i64) -> Result<Tensor> {
    trapezoid_x(y, x, dim)
}

#[kernel("aten::trapz.dx", CompositeImplicitAutograd)]
fn trapz_dx(y: &Tensor, dx: f64, dim: i64) -> Result<Tensor> {
    trapezoid_dx(y, Scalar::Float(dx), dim)
}

#[kernel("aten::cumulative_trapezoid.x", CompositeImplicitAutograd)]
fn cumulative_trapezoid_x(y: &Tensor, x: &Tensor, dim: i64) -> Result<Tensor> {
    check(y, Some(x), dim)?;
    integrals_so_far(y, Step::Between(x), dim)
}

#[kernel("aten::cumulative_trapezoid.dx", CompositeImplicitAutograd)]
fn cumulative_trapezoid_dx(y: &Tensor, dx: Scalar, dim: i64) -> Result<Tensor> {
    check(y, None, dim)?;
    integrals_so_far(y, Step::Even(dx), dim)
}
