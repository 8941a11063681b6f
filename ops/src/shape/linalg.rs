//! Decompositions of matrices and batches of them: which fit, and how their results lie in memory, column by column as in
//! libraries of linear algebra.

use keyway::{DType, Dims, Error, Geometry, OutputMeta, Result, Tensor};

use super::dimension::{extent, wrap};
use super::window::refused;
use crate::broadcast::broadcast_sizes;

/// Matrices of elements that decompositions are computed in.
fn check_elements(x: &Tensor, name: &str) -> Result<()> {
    match x.dtype() {
        DType::Float32 | DType::Float64 | DType::Complex64 | DType::Complex128 => Ok(()),
        other => Err(Error::not_implemented(format!(
            "not implemented for `{name}` of {other}; convert it to float32 or float64 first"
        ))),
    }
}

/// The batch, and rows and columns, of matrices.
pub(super) fn matrices<'a>(x: &'a Tensor, name: &str) -> Result<(&'a [i64], [i64; 2])> {
    check_elements(x, name)?;
    match x.sizes() {
        [batch @ .., rows, columns] => Ok((batch, [*rows, *columns])),
        sizes => Err(refused(format!("`{name}` must have at least 2 dimensions, its sizes are {sizes:?}"))),
    }
}

/// The batch and the extent of square matrices.
pub(super) fn squares<'a>(x: &'a Tensor, name: &str) -> Result<(&'a [i64], i64)> {
    match matrices(x, name)? {
        (batch, [rows, columns]) if rows == columns => Ok((batch, rows)),
        _ => Err(refused(format!("`{name}` must be square matrices, its sizes are {:?}", x.sizes()))),
    }
}

/// Sizes with matrices that lie column by column.
pub(super) fn by_columns(sizes: &[i64], dtype: DType, x: &Tensor) -> Result<OutputMeta> {
    let mut strides = keyway::contiguous_strides(sizes);
    if let [.., rows, _] = *sizes {
        let last = sizes.len() - 1;
        (strides[last - 1], strides[last]) = (1, rows.max(1));
    }
    Ok(OutputMeta::new(Geometry::new(sizes, &strides, 0)?, dtype, x.device()))
}

fn integers(sizes: &[i64], x: &Tensor) -> Result<OutputMeta> {
    OutputMeta::contiguous(sizes, DType::Int32, x.device())
}

/// `linalg_lu_factor_ex`: both triangles, pivots, where it failed.
pub(crate) fn lu(a: &Tensor) -> Result<[OutputMeta; 3]> {
    let (batch, [rows, columns]) = matrices(a, "A")?;
    let pivots = [batch, &[rows.min(columns)]].concat();
    Ok([by_columns(a.sizes(), a.dtype(), a)?, integers(&pivots, a)?, integers(batch, a)?])
}

/// `_linalg_det`: determinants, both triangles, pivots.
pub(crate) fn determinant(a: &Tensor) -> Result<[OutputMeta; 3]> {
    let (batch, _) = squares(a, "A")?;
    let [lu, pivots, _] = lu(a)?;
    Ok([OutputMeta::contiguous(batch, a.dtype(), a.device())?, lu, pivots])
}

/// `_linalg_slogdet`: signs, logarithms, both triangles, pivots.
pub(crate) fn signed_logarithm(a: &Tensor) -> Result<[OutputMeta; 4]> {
    let [sign, lu, pivots] = determinant(a)?;
    let log = OutputMeta::contiguous(sign.geometry().sizes(), a.dtype().to_real(), a.device())?;
    Ok([sign, log, lu, pivots])
}

/// `linalg_inv_ex` and `linalg_cholesky_ex`: matrices like those given, and where it failed.
pub(crate) fn of_squares(a: &Tensor, name: &str) -> Result<[OutputMeta; 2]> {
    let (batch, _) = squares(a, name)?;
    Ok([by_columns(a.sizes(), a.dtype(), a)?, integers(batch, a)?])
}

/// Systems of equations.
pub(crate) struct Equations {
    /// The sizes that `B` is expanded to, with its vectors as columns.
    pub(crate) right: Dims,
    /// The sizes that `A` is expanded to.
    pub(crate) left: Dims,
    /// Whether `B` holds one vector for each matrix.
    pub(crate) is_vector: bool,
}

/// The systems that matrices and right-hand sides make, from the left or from the right.
pub(crate) fn equations(a: &Tensor, b: &Tensor, left: bool) -> Result<Equations> {
    let (batch, size) = squares(a, "A")?;
    check_elements(b, "B")?;
    if a.dtype() != b.dtype() {
        return Err(refused(format!("`A` is {} and `B` {}; convert one of them", a.dtype(), b.dtype())));
    }
    let is_vector = b.dim() == 1 || (a.dim() - 1 == b.dim() && b.sizes() == &a.sizes()[..a.dim() - 1]);
    if is_vector && !left {
        return Err(refused("with `left` false, `B` must hold matrices, not vectors".to_owned()));
    }
    let columns = if is_vector { [b.sizes(), &[1]].concat() } else { b.sizes().to_vec() };
    let [own_batch @ .., rows, count] = &columns[..] else {
        return Err(refused(format!("`B` must have at least 1 dimension, its sizes are {:?}", b.sizes())));
    };
    if size != if left { *rows } else { *count } {
        return Err(refused(format!(
            "`A` of sizes {:?} and `B` of sizes {:?} do not fit each other",
            a.sizes(),
            b.sizes()
        )));
    }
    let batch = broadcast_sizes(batch, own_batch)?;
    let with = |last: [i64; 2]| batch.iter().copied().chain(last).collect();
    Ok(Equations { right: with([*rows, *count]), left: with([size, size]), is_vector })
}

impl Equations {
    /// The sizes of the solutions.
    pub(crate) fn solution(&self) -> &[i64] {
        &self.right[..self.right.len() - usize::from(self.is_vector)]
    }
}

/// `_linalg_solve_ex`: solutions, both triangles, pivots, where it failed.
pub(crate) fn solution(a: &Tensor, b: &Tensor, left: bool) -> Result<[OutputMeta; 4]> {
    let equations = equations(a, b, left)?;
    let result = match equations.is_vector || !left {
        true => OutputMeta::contiguous(equations.solution(), a.dtype(), a.device())?,
        false => by_columns(equations.solution(), a.dtype(), a)?,
    };
    let [lu, pivots, info] = lu(a)?;
    Ok([result, lu, pivots, info])
}

/// `linalg_cross`: vectors of three elements along a dimension.
pub(crate) fn cross(a: &Tensor, b: &Tensor, dim: i64) -> Result<OutputMeta> {
    if a.dim() != b.dim() {
        return Err(refused(format!("`self` has {} dimensions and `other` {}", a.dim(), b.dim())));
    }
    if a.dtype() != b.dtype() {
        return Err(refused(format!(
            "`self` is {} and `other` {}; convert one of them",
            a.dtype(),
            b.dtype()
        )));
    }
    let d = wrap(dim, a.dim())?;
    match (extent(a.sizes(), d), extent(b.sizes(), d)) {
        (3, 3) => OutputMeta::contiguous(&broadcast_sizes(a.sizes(), b.sizes())?, a.dtype(), a.device()),
        (of_a, of_b) => Err(refused(format!(
            "dimension {d} must have 3 elements in both tensors, it has {of_a} and {of_b}"
        ))),
    }
}
