//! Norms by their public names, which rest on the norms of vectors.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::dimension::wrap;
use crate::shape::window::refused;

const TWO: Scalar = Scalar::Int(2);

#[kernel("aten::norm.Scalar", CompositeExplicitAutograd)]
fn norm_scalar(self_: &Tensor, p: Scalar) -> Result<Tensor> {
    aten::linalg_vector_norm::default.call(self_, p, None, false, None)
}

#[kernel("aten::norm.ScalarOpt_dtype", CompositeExplicitAutograd)]
fn norm_scalaropt_dtype(self_: &Tensor, p: Option<Scalar>, dtype: DType) -> Result<Tensor> {
    aten::linalg_vector_norm::default.call(self_, p.unwrap_or(TWO), None, false, Some(dtype))
}

#[kernel("aten::frobenius_norm.dim", CompositeImplicitAutograd)]
fn frobenius_norm(self_: &Tensor, dim: &[i64], keepdim: bool) -> Result<Tensor> {
    match dim.len() {
        0..=2 => aten::linalg_vector_norm::default.call(self_, TWO, Some(dim), keepdim, None),
        more => Err(refused(format!("`dim` must have at most two dimensions, it has {more}"))),
    }
}

#[kernel("aten::dist", CompositeExplicitAutograd)]
fn dist(self_: &Tensor, other: &Tensor, p: Scalar) -> Result<Tensor> {
    norm_scalar(&self_.sub(other)?, p)
}

/// The two dimensions of matrices, both counted from the front.
fn matrix_dims(x: &Tensor, dim: &[i64]) -> Result<[i64; 2]> {
    let &[rows, columns] = dim else {
        return Err(refused(format!("`dim` must name two dimensions, it is {dim:?}")));
    };
    if x.dim() < 2 {
        return Err(refused(format!(
            "`self` must have at least 2 dimensions, its sizes are {:?}",
            x.sizes()
        )));
    }
    let [rows, columns] = [wrap(rows, x.dim())?, wrap(columns, x.dim())?];
    match rows == columns {
        true => Err(refused(format!("`dim` {dim:?} names one dimension twice"))),
        false => Ok([rows as i64, columns as i64]),
    }
}

/// The largest or the smallest of the sums of absolute values along one dimension of matrices.
fn extreme_sum(x: &Tensor, [along, over]: [i64; 2], largest: bool, keepdim: bool) -> Result<Tensor> {
    let sums = aten::linalg_vector_norm::default.call(x, Scalar::Int(1), Some(&[along]), keepdim, None)?;
    let over = if !keepdim && over > along { over - 1 } else { over };
    match largest {
        true => aten::amax::default.call(&sums, &[over], keepdim),
        false => aten::amin::default.call(&sums, &[over], keepdim),
    }
}

#[kernel("aten::linalg_matrix_norm", CompositeImplicitAutograd)]
fn linalg_matrix_norm(
    self_: &Tensor,
    ord: Scalar,
    dim: &[i64],
    keepdim: bool,
    dtype: Option<DType>,
) -> Result<Tensor> {
    let [rows, columns] = matrix_dims(self_, dim)?;
    let converted = dtype.map(|dtype| self_.to_dtype(dtype)).transpose()?;
    let x = converted.as_ref().unwrap_or(self_);
    let order = ord.to_f64();
    match order.abs() {
        1.0 => extreme_sum(x, [rows, columns], order > 0.0, keepdim),
        f64::INFINITY => extreme_sum(x, [columns, rows], order > 0.0, keepdim),
        2.0 => of_singular_values(x, [rows, columns], keepdim, |values| match order > 0.0 {
            true => aten::amax::default.call(values, &[-1], false),
            false => aten::amin::default.call(values, &[-1], false),
        }),
        _ => Err(refused(format!("`ord` must be 1, -1, 2, -2, infinite, or a name, it is {ord}"))),
    }
}

/// The singular values of matrices whose rows and columns lie along two dimensions, and what becomes of them.
fn of_singular_values(
    x: &Tensor,
    [rows, columns]: [i64; 2],
    keepdim: bool,
    combine: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let others = (0..x.dim() as i64).filter(|&d| d != rows && d != columns);
    let order: Vec<i64> = others.chain([rows, columns]).collect();
    let norms = combine(&aten::linalg_svdvals(&x.permute(&order)?)?)?;
    match keepdim {
        true => norms.unsqueeze(rows.min(columns))?.unsqueeze(rows.max(columns)),
        false => Ok(norms),
    }
}

#[kernel("aten::linalg_matrix_norm.str_ord", CompositeImplicitAutograd)]
fn linalg_matrix_norm_str_ord(
    self_: &Tensor,
    ord: &str,
    dim: &[i64],
    keepdim: bool,
    dtype: Option<DType>,
) -> Result<Tensor> {
    let dims = matrix_dims(self_, dim)?;
    match ord {
        "fro" => aten::linalg_vector_norm::default.call(self_, TWO, Some(&dims), keepdim, dtype),
        "nuc" => {
            let converted = dtype.map(|dtype| self_.to_dtype(dtype)).transpose()?;
            of_singular_values(converted.as_ref().unwrap_or(self_), dims, keepdim, |values| {
                aten::sum::dim_IntList.call(values, Some(&[-1]), false, None)
            })
        }
        other => Err(refused(format!("`ord` must be \"fro\" or \"nuc\", it is {other:?}"))),
    }
}

#[kernel("aten::linalg_norm", CompositeImplicitAutograd)]
fn linalg_norm(
    self_: &Tensor,
    ord: Option<Scalar>,
    dim: Option<&[i64]>,
    keepdim: bool,
    dtype: Option<DType>,
) -> Result<Tensor> {
    let rank = dim.map_or(self_.dim(), <[i64]>::len);
    match ord {
        Some(ord) if rank == 2 => {
            aten::linalg_matrix_norm::default.call(self_, ord, dim.unwrap_or(&[0, 1]), keepdim, dtype)
        }
        Some(_) if rank != 1 => Err(refused(format!(
            "with `ord`, `dim` must name one or two dimensions; there are {rank} of sizes {:?}",
            self_.sizes()
        ))),
        ord => aten::linalg_vector_norm::default.call(self_, ord.unwrap_or(TWO), dim, keepdim, dtype),
    }
}

#[kernel("aten::linalg_norm.ord_str", CompositeImplicitAutograd)]
fn linalg_norm_ord_str(
    self_: &Tensor,
    ord: &str,
    dim: Option<&[i64]>,
    keepdim: bool,
    dtype: Option<DType>,
) -> Result<Tensor> {
    aten::linalg_matrix_norm::str_ord.call(self_, ord, dim.unwrap_or(&[0, 1]), keepdim, dtype)
}
