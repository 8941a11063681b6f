//! Linear algebra by its public names, composed of products and of the decompositions that backends compute.

use keyway::{Backend, Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::dimension::wrap;
use crate::shape::window::refused;

#[kernel("aten::linalg_matmul", CompositeImplicitAutograd)]
fn linalg_matmul(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    self_.matmul(other)
}

/// The first and the last tensor may be vectors, which stand for a row and a column.
#[kernel("aten::linalg_multi_dot", CompositeImplicitAutograd)]
fn linalg_multi_dot(tensors: &[Tensor]) -> Result<Tensor> {
    let [first, middle @ .., last] = tensors else {
        return Err(refused(format!("`tensors` must have at least 2 of them, it has {}", tensors.len())));
    };
    let row = if first.dim() == 1 { first.unsqueeze(0)? } else { first.clone() };
    let column = if last.dim() == 1 { last.unsqueeze(1)? } else { last.clone() };
    let matrices = [&[row], middle, &[column]].concat();
    if let Some(other) = matrices.iter().find(|matrix| matrix.dim() != 2) {
        return Err(refused(format!("`tensors` must be matrices, one has the sizes {:?}", other.sizes())));
    }
    let product = aten::chain_matmul(&matrices)?;
    match (first.dim(), last.dim()) {
        (1, 1) => product.view(&[]),
        (1, _) => product.squeeze_dim(0),
        (_, 1) => product.squeeze_dim(1),
        _ => Ok(product),
    }
}

fn check_square(x: &Tensor, name: &str) -> Result<i64> {
    match x.sizes() {
        [.., rows, columns] if rows == columns => Ok(*rows),
        sizes => Err(refused(format!("`{name}` must be square matrices, its sizes are {sizes:?}"))),
    }
}

#[kernel("aten::linalg_matrix_power", CompositeImplicitAutograd)]
fn linalg_matrix_power(self_: &Tensor, n: i64) -> Result<Tensor> {
    let size = check_square(self_, "self")?;
    let mut square = if n < 0 { aten::linalg_inv(self_)? } else { self_.clone() };
    let mut rest = n.unsigned_abs();
    if rest == 0 {
        let (dtype, device) = (Some(self_.dtype()), Some(self_.device()));
        let one = aten::eye::default.call(size, dtype, None, device, None)?;
        return one.expand(self_.sizes())?.clone_tensor_with(Some(keyway::MemoryFormat::Contiguous));
    }
    let mut power: Option<Tensor> = None;
    while rest > 0 {
        if rest % 2 == 1 {
            power = Some(power.map_or_else(|| Ok(square.clone()), |power| power.matmul(&square))?);
        }
        rest /= 2;
        if rest > 0 {
            square = square.matmul(&square)?;
        }
    }
    let power = power.unwrap_or(square);
    // The result is not the argument itself.
    if power.is_same(self_) { power.clone_tensor() } else { Ok(power) }
}

#[kernel("aten::matrix_power", CompositeImplicitAutograd)]
fn matrix_power(self_: &Tensor, n: i64) -> Result<Tensor> {
    aten::linalg_matrix_power(self_, n)
}

#[kernel("aten::linalg_diagonal", CompositeImplicitAutograd)]
fn linalg_diagonal(a: &Tensor, offset: i64, dim1: i64, dim2: i64) -> Result<Tensor> {
    aten::diagonal::default.call(a, offset, dim1, dim2)
}

#[kernel("aten::linalg_vecdot", CompositeImplicitAutograd)]
fn linalg_vecdot(x: &Tensor, y: &Tensor, dim: i64) -> Result<Tensor> {
    aten::sum::dim_IntList.call(&x.conj_physical()?.mul(y)?, Some(&[dim]), false, None)
}

#[kernel("aten::cross", CompositeImplicitAutograd)]
fn cross(self_: &Tensor, other: &Tensor, dim: Option<i64>) -> Result<Tensor> {
    let first = self_.sizes().iter().position(|&size| size == 3).map(|d| d as i64);
    match dim.or(first) {
        Some(dim) => aten::linalg_cross::default.call(self_, other, dim),
        None => Err(refused(format!("no dimension of `self` of sizes {:?} has 3 elements", self_.sizes()))),
    }
}

/// Without data nothing can be said about errors.
#[kernel("aten::_linalg_check_errors", CompositeExplicitAutograd)]
fn _linalg_check_errors(info: &Tensor, api_name: &str, is_matrix: bool) -> Result<()> {
    if info.device().backend == Backend::Meta {
        return Ok(());
    }
    let codes = info.to_dtype(keyway::DType::Int64)?.contiguous()?.view(&[-1])?.to_vec::<i64>()?;
    let Some((at, code)) = codes.iter().enumerate().find(|(_, code)| **code != 0) else { return Ok(()) };
    let of_batch = if is_matrix { String::new() } else { format!(" {at} of the batch") };
    let reason = match api_name.contains("cholesky") {
        true => format!("is not positive-definite: its leading minor of order {code} is not"),
        false => format!("is singular: the diagonal element {code} of its decomposition is zero"),
    };
    Err(refused(format!("{api_name}: the matrix{of_batch} {reason}")))
}

/// Fails if a decomposition of `x` failed.
fn check(info: &Tensor, name: &str, x: &Tensor) -> Result<()> {
    aten::_linalg_check_errors::default.call(info, name, x.dim() == 2)
}

#[kernel("aten::linalg_lu_factor", CompositeImplicitAutograd)]
fn linalg_lu_factor(a: &Tensor, pivot: bool) -> Result<(Tensor, Tensor)> {
    let (lu, pivots, info) = aten::linalg_lu_factor_ex::default.call(a, pivot, false)?;
    check(&info, "linalg.lu_factor", a)?;
    Ok((lu, pivots))
}

#[kernel("aten::linalg_det", CompositeImplicitAutograd)]
fn linalg_det(a: &Tensor) -> Result<Tensor> {
    Ok(aten::_linalg_det(a)?.0)
}

#[kernel("aten::det", CompositeImplicitAutograd)]
fn det(self_: &Tensor) -> Result<Tensor> {
    aten::linalg_det(self_)
}

#[kernel("aten::linalg_slogdet", CompositeImplicitAutograd)]
fn linalg_slogdet(a: &Tensor) -> Result<(Tensor, Tensor)> {
    let (sign, log, _, _) = aten::_linalg_slogdet(a)?;
    Ok((sign, log))
}

#[kernel("aten::slogdet", CompositeImplicitAutograd)]
fn slogdet(self_: &Tensor) -> Result<(Tensor, Tensor)> {
    aten::linalg_slogdet(self_)
}

#[kernel("aten::logdet", CompositeImplicitAutograd)]
fn logdet(self_: &Tensor) -> Result<Tensor> {
    let (sign, log) = aten::linalg_slogdet(self_)?;
    match self_.dtype().is_complex() {
        true => sign.log()?.add(&log),
        false => log.masked_fill(&sign.lt_scalar(0)?, f64::NAN),
    }
}

#[kernel("aten::linalg_inv", CompositeImplicitAutograd)]
fn linalg_inv(a: &Tensor) -> Result<Tensor> {
    let (inverse, info) = aten::linalg_inv_ex(a)?;
    check(&info, "linalg.inv", a)?;
    Ok(inverse)
}

#[kernel("aten::inverse", CompositeImplicitAutograd)]
fn inverse(self_: &Tensor) -> Result<Tensor> {
    aten::linalg_inv(self_)
}

#[kernel("aten::linalg_solve_ex", CompositeImplicitAutograd)]
fn linalg_solve_ex(a: &Tensor, b: &Tensor, left: bool, check_errors: bool) -> Result<(Tensor, Tensor)> {
    let (result, _, _, info) = aten::_linalg_solve_ex::default.call(a, b, left, check_errors)?;
    Ok((result, info))
}

#[kernel("aten::linalg_solve", CompositeImplicitAutograd)]
fn linalg_solve(a: &Tensor, b: &Tensor, left: bool) -> Result<Tensor> {
    let (result, info) = aten::linalg_solve_ex::default.call(a, b, left, false)?;
    check(&info, "linalg.solve", a)?;
    Ok(result)
}

#[kernel("aten::linalg_cholesky", CompositeImplicitAutograd)]
fn linalg_cholesky(self_: &Tensor, upper: bool) -> Result<Tensor> {
    let (factor, info) = aten::linalg_cholesky_ex::default.call(self_, upper, false)?;
    check(&info, "linalg.cholesky", self_)?;
    Ok(factor)
}

#[kernel("aten::trace", CompositeExplicitAutograd)]
fn trace(self_: &Tensor) -> Result<Tensor> {
    match self_.dim() {
        2 => self_.diagonal()?.sum(),
        _ => Err(refused(format!("`self` must be a matrix, its sizes are {:?}", self_.sizes()))),
    }
}

/// The dimensions of both tensors that are summed over go last in one and first in the other.
#[kernel("aten::tensordot", CompositeImplicitAutograd)]
fn tensordot(self_: &Tensor, other: &Tensor, dims_self: &[i64], dims_other: &[i64]) -> Result<Tensor> {
    if dims_self.len() != dims_other.len() {
        return Err(refused(format!(
            "`dims_self` {dims_self:?} and `dims_other` {dims_other:?} must be as many"
        )));
    }
    let wrapped = |x: &Tensor, dims: &[i64]| -> Result<Vec<i64>> {
        if x.dim() == 0 && !dims.is_empty() {
            return Err(refused(format!("a tensor without dimensions has none of {dims:?}")));
        }
        dims.iter().map(|&dim| Ok(wrap(dim, x.dim())? as i64)).collect()
    };
    let (inner_a, inner_b) = (wrapped(self_, dims_self)?, wrapped(other, dims_other)?);
    let (mut a, mut b) = (self_.clone(), other.clone());
    for (&d, &e) in inner_a.iter().zip(&inner_b) {
        let (size, opposite) = (self_.sizes()[d as usize], other.sizes()[e as usize]);
        // One element meets all of the other side: the sum of those.
        match (size, opposite) {
            (1, _) => b = aten::sum::dim_IntList.call(&b, Some(&[e]), true, None)?,
            (_, 1) => a = aten::sum::dim_IntList.call(&a, Some(&[d]), true, None)?,
            _ if size == opposite => {}
            _ => {
                return Err(refused(format!(
                    "dimension {d} of `self` has {size} elements, {e} of `other` {opposite}"
                )));
            }
        }
    }
    let outer =
        |x: &Tensor, inner: &[i64]| (0..x.dim() as i64).filter(|d| !inner.contains(d)).collect::<Vec<_>>();
    let (outer_a, outer_b) = (outer(&a, &inner_a), outer(&b, &inner_b));
    let sizes = |x: &Tensor, dims: &[i64]| dims.iter().map(|&d| x.sizes()[d as usize]).collect::<Vec<_>>();
    let summed: i64 = sizes(&a, &inner_a).iter().product();
    let rows: i64 = sizes(&a, &outer_a).iter().product();
    let columns: i64 = sizes(&b, &outer_b).iter().product();
    let left = a.permute(&[&outer_a[..], &inner_a].concat())?.reshape(&[rows, summed])?;
    let right = b.permute(&[&inner_b[..], &outer_b].concat())?.reshape(&[summed, columns])?;
    left.mm(&right)?.reshape(&[sizes(&a, &outer_a), sizes(&b, &outer_b)].concat())
}
