//! What follows from singular values and eigenvalues: pseudo-inverses, ranks, condition numbers, least squares, and the public
//! names of the decompositions.

use keyway::{DType, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::composite::out::{CASTS, EXACT, write_out, write_results};
use crate::shape::window::refused;

#[kernel("aten::linalg_svd", CompositeImplicitAutograd)]
fn linalg_svd(a: &Tensor, full_matrices: bool, driver: Option<&str>) -> Result<(Tensor, Tensor, Tensor)> {
    aten::_linalg_svd::default.call(a, full_matrices, true, driver)
}

#[kernel("aten::linalg_svd.U", CompositeImplicitAutograd)]
fn linalg_svd_out(
    a: &Tensor,
    full_matrices: bool,
    driver: Option<&str>,
    u: &Tensor,
    s: &Tensor,
    vh: &Tensor,
) -> Result<()> {
    let (left, values, right) = linalg_svd(a, full_matrices, driver)?;
    write_results([(u, &left), (s, &values), (vh, &right)])
}

#[kernel("aten::linalg_svdvals", CompositeImplicitAutograd)]
fn linalg_svdvals(a: &Tensor, driver: Option<&str>) -> Result<Tensor> {
    Ok(aten::_linalg_svd::default.call(a, false, false, driver)?.1)
}

#[kernel("aten::linalg_svdvals.out", CompositeImplicitAutograd)]
fn linalg_svdvals_out(a: &Tensor, driver: Option<&str>, out: &Tensor) -> Result<()> {
    write_out(out, &[&a], &linalg_svdvals(a, driver)?, EXACT)
}

/// The conjugate transpose.
pub(super) fn adjoint(a: &Tensor) -> Result<Tensor> {
    let turned = a.transpose(-2, -1)?;
    if a.dtype().is_complex() { turned.conj_physical() } else { Ok(turned) }
}

/// Without vectors, both sides are zeros.
#[kernel("aten::svd", CompositeImplicitAutograd)]
fn svd(self_: &Tensor, some: bool, compute_uv: bool) -> Result<(Tensor, Tensor, Tensor)> {
    if compute_uv {
        let (left, values, right) = aten::_linalg_svd::default.call(self_, !some, true, None)?;
        return Ok((left, values, adjoint(&right)?));
    }
    let values = linalg_svdvals(self_, None)?;
    let zeros = |size: i64| self_.new_zeros(&[&self_.sizes()[..self_.dim() - 2], &[size, size]].concat());
    let [rows, columns] = [2, 1].map(|from_end| self_.sizes()[self_.dim() - from_end]);
    Ok((zeros(rows)?, values, zeros(columns)?))
}

#[kernel("aten::linalg_eigh", CompositeImplicitAutograd)]
fn linalg_eigh(self_: &Tensor, uplo: &str) -> Result<(Tensor, Tensor)> {
    aten::_linalg_eigh::default.call(self_, uplo, true)
}

#[kernel("aten::linalg_eigh.eigvals", CompositeImplicitAutograd)]
fn linalg_eigh_out(self_: &Tensor, uplo: &str, eigvals: &Tensor, eigvecs: &Tensor) -> Result<()> {
    let (values, vectors) = linalg_eigh(self_, uplo)?;
    write_results([(eigvals, &values), (eigvecs, &vectors)])
}

#[kernel("aten::linalg_eigvalsh", CompositeImplicitAutograd)]
fn linalg_eigvalsh(self_: &Tensor, uplo: &str) -> Result<Tensor> {
    Ok(aten::_linalg_eigh::default.call(self_, uplo, false)?.0)
}

#[kernel("aten::linalg_eigvalsh.out", CompositeImplicitAutograd)]
fn linalg_eigvalsh_out(self_: &Tensor, uplo: &str, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &linalg_eigvalsh(self_, uplo)?, EXACT)
}

/// The sizes up to which singular values count as zero: absolute ones, and relative to the largest value of a matrix. Each is
/// one number, or one for each matrix.
struct Tolerance {
    absolute: Tensor,
    relative: Tensor,
}

impl Tolerance {
    /// What was given. Without an absolute size the relative one is what the precision of the dtype leaves.
    fn of(x: &Tensor, [absolute, relative]: [Option<Tensor>; 2]) -> Result<Tolerance> {
        let precision = precision(x)?;
        let relative = match (relative, &absolute) {
            (Some(relative), _) => relative,
            (None, None) => number(x, precision)?,
            // Only where the absolute size is nothing.
            (None, Some(absolute)) => {
                absolute.le_scalar(0)?.to_dtype(x.dtype().to_real())?.mul_scalar(precision)?
            }
        };
        Ok(Tolerance { absolute: absolute.map_or_else(|| number(x, 0.0), Ok)?, relative })
    }

    /// Which values are not zero, given those of each matrix.
    fn kept(&self, sizes: &Tensor) -> Result<Tensor> {
        let largest = aten::amax::default.call(sizes, &[-1], true)?;
        let bound = self.relative.unsqueeze(-1)?.mul(&largest)?.maximum(&self.absolute.unsqueeze(-1)?)?;
        sizes.gt_tensor(&bound)
    }
}

/// Which singular values of a matrix are more than a part of the largest one; by default what its precision leaves.
pub(super) fn relative_to_largest(x: &Tensor, part: Option<f64>, values: &Tensor) -> Result<Tensor> {
    Tolerance::of(x, numbers(x, [None, part])?)?.kept(values)
}

/// How far numbers of a matrix's dtype are apart at one, times its larger extent.
fn precision(x: &Tensor) -> Result<f64> {
    let epsilon = match x.dtype() {
        DType::Float64 | DType::Complex128 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    };
    match x.sizes() {
        [.., rows, columns] => Ok(epsilon * *rows.max(columns) as f64),
        sizes => Err(refused(format!("`self` must have at least 2 dimensions, its sizes are {sizes:?}"))),
    }
}

/// A number in the dtype that the singular values of a matrix have.
fn number(x: &Tensor, value: f64) -> Result<Tensor> {
    let dtype = Some(x.dtype().to_real());
    aten::full::default.call(&[], Scalar::Float(value), dtype, None, Some(x.device()), None)
}

fn numbers(x: &Tensor, values: [Option<f64>; 2]) -> Result<[Option<Tensor>; 2]> {
    let [absolute, relative] = values.map(|value| value.map(|value| number(x, value)).transpose());
    Ok([absolute?, relative?])
}

/// The inverse in the directions that a matrix keeps, and nothing in the others.
fn pseudo_inverse(x: &Tensor, hermitian: bool, tolerance: [Option<Tensor>; 2]) -> Result<Tensor> {
    let tolerance = Tolerance::of(x, tolerance)?;
    if x.numel() == 0 {
        return x.transpose(-2, -1)?.clone_tensor_with(Some(MemoryFormat::Contiguous));
    }
    let (left, values, right) = match hermitian {
        true => {
            let (values, vectors) = linalg_eigh(x, "L")?;
            (vectors.clone(), values, adjoint(&vectors)?)
        }
        false => linalg_svd(x, false, None)?,
    };
    let kept = tolerance.kept(&values.abs()?)?;
    let inverses = values.reciprocal()?.masked_fill(&kept.logical_not()?, 0)?;
    adjoint(&right)?.mul(&inverses.to_dtype(x.dtype())?.unsqueeze(-2)?)?.matmul(&adjoint(&left)?)
}

/// How many directions a matrix keeps.
fn rank(x: &Tensor, hermitian: bool, tolerance: [Option<Tensor>; 2]) -> Result<Tensor> {
    let tolerance = Tolerance::of(x, tolerance)?;
    if x.numel() == 0 {
        let batch = &x.sizes()[..x.dim() - 2];
        return aten::zeros::default.call(batch, Some(DType::Int64), None, Some(x.device()), None);
    }
    let values = if hermitian { linalg_eigvalsh(x, "L")?.abs()? } else { linalg_svdvals(x, None)? };
    aten::sum::dim_IntList.call(&tolerance.kept(&values)?, Some(&[-1]), false, None)
}

/// The overloads of an operator with tolerances, and their out forms: numbers or tensors, absolute and relative ones, or one alone.
macro_rules! with_tolerances {
    ($made:ident, $dtypes:expr, $alone:expr;
        $both_tensors:tt $a:ident, $both_numbers:tt $b:ident, $number:tt $c:ident, $tensor:tt $d:ident;
        $both_tensors_out:tt $a_out:ident, $both_numbers_out:tt $b_out:ident, $number_out:tt $c_out:ident,
        $tensor_out:tt $d_out:ident, $key:ident) => {
        #[kernel($both_tensors, $key)]
        fn $a(
            self_: &Tensor,
            atol: Option<&Tensor>,
            rtol: Option<&Tensor>,
            hermitian: bool,
        ) -> Result<Tensor> {
            $made(self_, hermitian, [atol.cloned(), rtol.cloned()])
        }

        #[kernel($both_tensors_out, CompositeExplicitAutograd)]
        fn $a_out(
            self_: &Tensor,
            atol: Option<&Tensor>,
            rtol: Option<&Tensor>,
            hermitian: bool,
            out: &Tensor,
        ) -> Result<()> {
            write_out(out, &[&self_], &$a(self_, atol, rtol, hermitian)?, $dtypes)
        }

        #[kernel($both_numbers, CompositeImplicitAutograd)]
        fn $b(self_: &Tensor, atol: Option<f64>, rtol: Option<f64>, hermitian: bool) -> Result<Tensor> {
            $made(self_, hermitian, numbers(self_, [atol, rtol])?)
        }

        #[kernel($both_numbers_out, CompositeImplicitAutograd)]
        fn $b_out(
            self_: &Tensor,
            atol: Option<f64>,
            rtol: Option<f64>,
            hermitian: bool,
            out: &Tensor,
        ) -> Result<()> {
            write_out(out, &[&self_], &$b(self_, atol, rtol, hermitian)?, $dtypes)
        }

        #[kernel($number, CompositeImplicitAutograd)]
        fn $c(self_: &Tensor, tolerance: f64, hermitian: bool) -> Result<Tensor> {
            $made(self_, hermitian, $alone(number(self_, tolerance)?, number(self_, 0.0)?))
        }

        #[kernel($number_out, CompositeImplicitAutograd)]
        fn $c_out(self_: &Tensor, tolerance: f64, hermitian: bool, out: &Tensor) -> Result<()> {
            write_out(out, &[&self_], &$c(self_, tolerance, hermitian)?, $dtypes)
        }

        #[kernel($tensor, CompositeImplicitAutograd)]
        fn $d(self_: &Tensor, tolerance: &Tensor, hermitian: bool) -> Result<Tensor> {
            $made(self_, hermitian, $alone(tolerance.clone(), number(self_, 0.0)?))
        }

        #[kernel($tensor_out, CompositeImplicitAutograd)]
        fn $d_out(self_: &Tensor, tolerance: &Tensor, hermitian: bool, out: &Tensor) -> Result<()> {
            write_out(out, &[&self_], &$d(self_, tolerance, hermitian)?, $dtypes)
        }
    };
}
with_tolerances! {
    pseudo_inverse, EXACT, |given, zero| [Some(zero), Some(given)];
    "aten::linalg_pinv.atol_rtol_tensor" linalg_pinv_atol_rtol_tensor,
    "aten::linalg_pinv.atol_rtol_float" linalg_pinv_atol_rtol_float,
    "aten::linalg_pinv" linalg_pinv, "aten::linalg_pinv.rcond_tensor" linalg_pinv_rcond_tensor;
    "aten::linalg_pinv.atol_rtol_tensor_out" linalg_pinv_atol_rtol_tensor_out,
    "aten::linalg_pinv.atol_rtol_float_out" linalg_pinv_atol_rtol_float_out,
    "aten::linalg_pinv.out" linalg_pinv_out, "aten::linalg_pinv.out_rcond_tensor" linalg_pinv_out_rcond_tensor,
    CompositeExplicitAutograd
}
with_tolerances! {
    rank, CASTS, |given, zero| [Some(given), Some(zero)];
    "aten::linalg_matrix_rank.atol_rtol_tensor" linalg_matrix_rank_atol_rtol_tensor,
    "aten::linalg_matrix_rank.atol_rtol_float" linalg_matrix_rank_atol_rtol_float,
    "aten::linalg_matrix_rank" linalg_matrix_rank, "aten::linalg_matrix_rank.tol_tensor" linalg_matrix_rank_tol_tensor;
    "aten::linalg_matrix_rank.atol_rtol_tensor_out" linalg_matrix_rank_atol_rtol_tensor_out,
    "aten::linalg_matrix_rank.atol_rtol_float_out" linalg_matrix_rank_atol_rtol_float_out,
    "aten::linalg_matrix_rank.out" linalg_matrix_rank_out,
    "aten::linalg_matrix_rank.out_tol_tensor" linalg_matrix_rank_out_tol_tensor,
    CompositeExplicitAutograd
}

#[kernel("aten::pinverse", CompositeImplicitAutograd)]
fn pinverse(self_: &Tensor, rcond: f64) -> Result<Tensor> {
    linalg_pinv(self_, rcond, false)
}

/// The product of the norms of a matrix and of its inverse; infinite where there is none.
fn condition(x: &Tensor, norm: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let (inverse, info) = aten::linalg_inv_ex(x)?;
    norm(x)?.mul(&norm(&inverse)?)?.masked_fill(&info.ne_scalar(0)?, f64::INFINITY)
}

#[kernel("aten::linalg_cond", CompositeImplicitAutograd)]
fn linalg_cond(self_: &Tensor, p: Option<Scalar>) -> Result<Tensor> {
    let order = p.map_or(2.0, Scalar::to_f64);
    if order.abs() != 2.0 {
        let norm = aten::linalg_matrix_norm::default;
        return condition(self_, |x| norm.call(x, p.unwrap_or(Scalar::Int(2)), &[-2, -1], false, None));
    }
    let values = linalg_svdvals(self_, None)?;
    if self_.numel() == 0 {
        return aten::sum::dim_IntList.call(&values, Some(&[-1]), false, None);
    }
    let ends = [0, -1].map(|at| aten::select::int.call(&values, -1, at));
    let [largest, smallest] = ends;
    if order > 0.0 { largest?.div(&smallest?) } else { smallest?.div(&largest?) }
}

#[kernel("aten::linalg_cond.p_str", CompositeImplicitAutograd)]
fn linalg_cond_p_str(self_: &Tensor, p: &str) -> Result<Tensor> {
    condition(self_, |x| aten::linalg_matrix_norm::str_ord.call(x, p, &[-2, -1], false, None))
}

#[kernel("aten::linalg_cond.out", CompositeImplicitAutograd)]
fn linalg_cond_out(self_: &Tensor, p: Option<Scalar>, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &linalg_cond(self_, p)?, CASTS)
}

#[kernel("aten::linalg_cond.p_str_out", CompositeImplicitAutograd)]
fn linalg_cond_p_str_out(self_: &Tensor, p: &str, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &linalg_cond_p_str(self_, p)?, CASTS)
}

#[kernel("aten::nuclear_norm", CompositeImplicitAutograd)]
fn nuclear_norm(self_: &Tensor, keepdim: bool) -> Result<Tensor> {
    match self_.dim() {
        2 => nuclear_norm_dim(self_, &[0, 1], keepdim),
        _ => Err(refused(format!("`self` must be a matrix, its sizes are {:?}", self_.sizes()))),
    }
}

#[kernel("aten::nuclear_norm.dim", CompositeImplicitAutograd)]
fn nuclear_norm_dim(self_: &Tensor, dim: &[i64], keepdim: bool) -> Result<Tensor> {
    aten::linalg_matrix_norm::str_ord.call(self_, "nuc", dim, keepdim, None)
}

#[kernel("aten::nuclear_norm.out", CompositeImplicitAutograd)]
fn nuclear_norm_out(self_: &Tensor, keepdim: bool, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &nuclear_norm(self_, keepdim)?, EXACT)
}

#[kernel("aten::nuclear_norm.dim_out", CompositeImplicitAutograd)]
fn nuclear_norm_dim_out(self_: &Tensor, dim: &[i64], keepdim: bool, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &nuclear_norm_dim(self_, dim, keepdim)?, EXACT)
}
