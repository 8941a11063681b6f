//! Matrix products without data.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::shape::matmul as rules;

fn product(sizes: &[i64], a: &Tensor) -> Result<Tensor> {
    Tensor::zeros(sizes, a.dtype(), a.device())
}

#[kernel("aten::mm", Meta)]
fn mm_meta(self_: &Tensor, mat2: &Tensor) -> Result<Tensor> {
    rules::same_dtype(&[("self", self_), ("mat2", mat2)])?;
    product(&rules::matrix_matrix(["self", "mat2"], self_.sizes(), mat2.sizes())?, self_)
}

#[kernel("aten::bmm", Meta)]
fn bmm_meta(self_: &Tensor, mat2: &Tensor) -> Result<Tensor> {
    rules::same_dtype(&[("self", self_), ("mat2", mat2)])?;
    product(&rules::batches(self_.sizes(), mat2.sizes())?, self_)
}

#[kernel("aten::addmm", Meta)]
fn addmm_meta(self_: &Tensor, mat1: &Tensor, mat2: &Tensor, _beta: Scalar, _alpha: Scalar) -> Result<Tensor> {
    product(&rules::addmm(self_, mat1, mat2)?, mat1)
}

#[kernel("aten::mv", Meta)]
fn mv_meta(self_: &Tensor, vec: &Tensor) -> Result<Tensor> {
    rules::same_dtype(&[("self", self_), ("vec", vec)])?;
    product(&rules::matrix_vector(self_.sizes(), vec.sizes())?, self_)
}

#[kernel("aten::dot", Meta)]
fn dot_meta(self_: &Tensor, tensor: &Tensor) -> Result<Tensor> {
    rules::same_dtype(&[("self", self_), ("tensor", tensor)])?;
    rules::vectors(self_.sizes(), tensor.sizes())?;
    product(&[], self_)
}
