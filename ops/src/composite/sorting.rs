//! Sorting without saying what happens to equal elements, and the positions alone.

use keyway::{Result, Tensor, kernel};

use crate::aten;

#[kernel("aten::sort", CompositeExplicitAutograd)]
fn sort(self_: &Tensor, dim: i64, descending: bool) -> Result<(Tensor, Tensor)> {
    aten::sort::stable.call(self_, Some(false), dim, descending)
}

#[kernel("aten::argsort", CompositeImplicitAutograd)]
fn argsort(self_: &Tensor, dim: i64, descending: bool) -> Result<Tensor> {
    Ok(aten::sort::default.call(self_, dim, descending)?.1)
}

#[kernel("aten::argsort.stable", CompositeImplicitAutograd)]
fn argsort_stable(self_: &Tensor, stable: bool, dim: i64, descending: bool) -> Result<Tensor> {
    Ok(aten::sort::stable.call(self_, Some(stable), dim, descending)?.1)
}

#[kernel("aten::msort", CompositeImplicitAutograd)]
fn msort(self_: &Tensor) -> Result<Tensor> {
    Ok(aten::sort::default.call(self_, 0, false)?.0)
}
