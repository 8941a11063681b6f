//! Quantiles: elements at shares of a sorted row, or between two of them.

use keyway::{Error, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::dimension::wrap;
use crate::shape::window::refused;

/// The rows of a quantile's input with the chosen dimension last, and the sizes of a result for one share.
fn rows(x: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<(Tensor, Vec<i64>)> {
    let Some(dim) = dim else {
        let sizes = if keepdim { vec![1; x.dim()] } else { Vec::new() };
        return Ok((x.reshape(&[-1])?, sizes));
    };
    let d = wrap(dim, x.dim())?;
    let mut sizes = x.sizes().to_vec();
    match (keepdim, sizes.get_mut(d)) {
        (true, Some(size)) => *size = 1,
        (false, Some(_)) => drop(sizes.remove(d)),
        (_, None) => {}
    }
    let row = if x.dim() == 0 { x.unsqueeze(0)? } else { x.movedim_int(d as i64, -1)? };
    Ok((row, sizes))
}

#[kernel("aten::quantile", CompositeImplicitAutograd)]
fn quantile(
    self_: &Tensor,
    q: &Tensor,
    dim: Option<i64>,
    keepdim: bool,
    interpolation: &str,
) -> Result<Tensor> {
    if self_.numel() == 0 || q.dim() > 1 || self_.dtype() != q.dtype() || !self_.dtype().is_floating_point() {
        return Err(refused(format!(
            "`self` must have elements, and `q` be a number or a vector, both of one floating-point dtype; they are {} \
             of sizes {:?} and {} of sizes {:?}",
            self_.dtype(),
            self_.sizes(),
            q.dtype(),
            q.sizes()
        )));
    }
    let (rows, sizes) = rows(self_, dim, keepdim)?;
    let sorted = aten::sort::default.call(&rows, -1, false)?.0;
    let last = sorted.sizes()[sorted.dim() - 1] - 1;
    // Of a row with something that is not a number, no share is one either.
    let undefined = aten::any::dim.call(&sorted.isnan()?, -1, true)?;
    let ranks = q.reshape(&[-1])?.mul_scalar(last)?;
    let at = |position: &Tensor| {
        let index = position.clamp_with(Some(Scalar::Int(0)), Some(Scalar::Int(last)))?;
        aten::index_select::default.call(&sorted, -1, &index.to_dtype(keyway::DType::Int64)?)
    };
    let between = || -> Result<Tensor> {
        let lower = at(&ranks.floor()?)?;
        lower.lerp(&at(&ranks.ceil()?)?, &ranks.sub(&ranks.floor()?)?.expand(lower.sizes())?)
    };
    let found = match interpolation {
        "linear" => between()?,
        "lower" => at(&ranks.floor()?)?,
        "higher" => at(&ranks.ceil()?)?,
        "nearest" => at(&ranks.round()?)?,
        "midpoint" => at(&ranks.floor()?)?.add(&at(&ranks.ceil()?)?)?.mul_scalar(0.5)?,
        other => {
            return Err(refused(format!(
                "`interpolation` must be \"linear\", \"lower\", \"higher\", \"midpoint\" or \"nearest\", it is {other:?}"
            )));
        }
    };
    let found = found.masked_fill(&undefined, f64::NAN)?;
    let first = found.movedim_int(-1, 0)?;
    let shares = if q.dim() == 0 { Vec::new() } else { q.sizes().to_vec() };
    first.reshape(&[shares, sizes].concat())
}

#[kernel("aten::quantile.scalar", CompositeImplicitAutograd)]
fn quantile_scalar(
    self_: &Tensor,
    q: f64,
    dim: Option<i64>,
    keepdim: bool,
    interpolation: &str,
) -> Result<Tensor> {
    if !(0.0..=1.0).contains(&q) {
        return Err(Error::new(keyway::ErrorKind::Runtime, format!("`q` must be from 0 to 1, it is {q}")));
    }
    let (dtype, device) = (Some(self_.dtype()), Some(self_.device()));
    let share = aten::scalar_tensor::default.call(Scalar::Float(q), dtype, None, device, None)?;
    aten::quantile::default.call(self_, &share, dim, keepdim, interpolation)
}
