//! Softmax with a dtype to compute in.

use keyway::{DType, Result, Tensor, kernel};

use crate::aten;

fn converted(x: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    match dtype {
        Some(dtype) => aten::to::dtype.call(x, dtype, false, false, None),
        None => Ok(x.clone()),
    }
}

#[kernel("aten::softmax.int", CompositeImplicitAutograd)]
fn softmax(self_: &Tensor, dim: i64, dtype: Option<DType>) -> Result<Tensor> {
    aten::_softmax::default.call(&converted(self_, dtype)?, dim, false)
}

#[kernel("aten::log_softmax.int", CompositeImplicitAutograd)]
fn log_softmax(self_: &Tensor, dim: i64, dtype: Option<DType>) -> Result<Tensor> {
    aten::_log_softmax::default.call(&converted(self_, dtype)?, dim, false)
}
