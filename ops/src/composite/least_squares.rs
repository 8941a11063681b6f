//! Least squares: what a matrix has to be multiplied with to come nearest to another one.

use keyway::{DType, Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::composite::out::write_results;
use crate::composite::singular_values::{adjoint, relative_to_largest};
use crate::shape::window::refused;

/// What a library routine of a name gives beside the solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    /// Matrices of full rank only: neither rank nor singular values.
    Gels,
    /// The rank.
    Gelsy,
    /// The rank and the singular values.
    Gelsd,
}

impl Driver {
    fn of(name: Option<&str>) -> Result<Driver> {
        match name {
            None | Some("gelsy") => Ok(Driver::Gelsy),
            Some("gels") => Ok(Driver::Gels),
            Some("gelsd" | "gelss") => Ok(Driver::Gelsd),
            Some(other) => Err(refused(format!(
                "`driver` must be \"gels\", \"gelsy\", \"gelsd\" or \"gelss\", it is {other:?}"
            ))),
        }
    }
}

/// By singular values, those that count as zero left out: of all that come as near, the solution is the smallest one.
#[kernel("aten::linalg_lstsq", CompositeExplicitAutograd)]
fn linalg_lstsq(
    self_: &Tensor,
    b: &Tensor,
    rcond: Option<f64>,
    driver: Option<&str>,
) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
    let driver = Driver::of(driver)?;
    let &[.., rows, columns] = self_.sizes() else {
        return Err(refused(format!(
            "`self` must have at least 2 dimensions, its sizes are {:?}",
            self_.sizes()
        )));
    };
    if self_.dtype() != b.dtype() {
        let dtypes = format!("`self` is {} and `b` {}", self_.dtype(), b.dtype());
        return Err(refused(format!("{dtypes}; convert one of them")));
    }
    let is_vector =
        b.dim() == 1 || (self_.dim() - 1 == b.dim() && b.sizes() == &self_.sizes()[..self_.dim() - 1]);
    let right = if is_vector { b.unsqueeze(-1)? } else { b.clone() };
    if right.dim() < 2 || right.sizes()[right.dim() - 2] != rows {
        return Err(refused(format!(
            "`b` of sizes {:?} must have as many rows as `self` of sizes {:?}",
            b.sizes(),
            self_.sizes()
        )));
    }
    let (left, values, other) = aten::linalg_svd::default.call(self_, false, None)?;
    let kept = relative_to_largest(self_, rcond, &values)?;
    let inverses = values.reciprocal()?.masked_fill(&kept.logical_not()?, 0)?;
    let along = adjoint(&left)?.matmul(&right)?.mul(&inverses.to_dtype(b.dtype())?.unsqueeze(-1)?)?;
    let solution = adjoint(&other)?.matmul(&along)?;
    let rank = aten::sum::dim_IntList.call(&kept, Some(&[-1]), false, None)?;
    let empty =
        |dtype: DType| aten::empty::memory_format.call(&[0], Some(dtype), None, Some(b.device()), None, None);
    let has_residuals = match driver {
        _ if rows <= columns => false,
        Driver::Gels => true,
        Driver::Gelsy => false,
        Driver::Gelsd => rank.eq_scalar(columns)?.all()?.item()?.to_bool(),
    };
    let residuals = match has_residuals {
        true => {
            let distance = self_.matmul(&solution)?.sub(&right)?.abs()?;
            aten::sum::dim_IntList.call(&distance.square()?, Some(&[-2]), false, None)?
        }
        false => empty(b.dtype().to_real())?,
    };
    let solution = if is_vector { solution.squeeze_dim(-1)? } else { solution };
    let rank = if driver == Driver::Gels { empty(DType::Int64)? } else { rank };
    let values = if driver == Driver::Gelsd { values } else { empty(values.dtype())? };
    Ok((solution, residuals, rank, values))
}

#[kernel("aten::linalg_lstsq.out", CompositeExplicitAutograd)]
fn linalg_lstsq_out(
    self_: &Tensor,
    b: &Tensor,
    rcond: Option<f64>,
    driver: Option<&str>,
    solution: &Tensor,
    residuals: &Tensor,
    rank: &Tensor,
    singular_values: &Tensor,
) -> Result<()> {
    let (own, distances, ranks, values) = linalg_lstsq(self_, b, rcond, driver)?;
    write_results([(solution, &own), (residuals, &distances), (rank, &ranks), (singular_values, &values)])
}
