//! Matrix products without data.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::shape::matmul as rules;

fn product(sizes: &[i64], a: &Tensor) -> Result<Tensor> {
    Tensor::zeros(sizes, a.dtype(), a.device())
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
