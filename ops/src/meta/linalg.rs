//! Linear algebra without data; most of it has its kernels from shape functions.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::shape::linalg::equations;

#[kernel("aten::linalg_solve_triangular", Meta)]
fn linalg_solve_triangular_meta(
    self_: &Tensor,
    b: &Tensor,
    _upper: bool,
    left: bool,
    _unitriangular: bool,
) -> Result<Tensor> {
    Tensor::zeros(equations(self_, b, left)?.solution(), b.dtype(), b.device())
}
