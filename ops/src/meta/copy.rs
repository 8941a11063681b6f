//! `Meta` kernels that write to an existing tensor: the checks, and nothing to write.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::copying::check_copy;
use crate::number_range::in_range;

#[kernel("aten::copy_", Meta)]
fn copy_meta_(self_: &Tensor, src: &Tensor, _non_blocking: bool) -> Result<()> {
    check_copy(self_, src).map(|_| ())
}

#[kernel("aten::fill_.Scalar", Meta)]
fn fill_meta_(self_: &Tensor, value: Scalar) -> Result<()> {
    in_range(value, self_.dtype())
}
