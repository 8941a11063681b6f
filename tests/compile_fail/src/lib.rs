//! The operators that kernels in `cases/` are written for. What must not compile stands there, each beside the message
//! it must give.

use keyway::{OutputMeta, Result, Scalar, Tensor, structured};

keyway::include_operators!();
// The macro `sample_operators!`: the same operators in the crate that calls it, since shape functions stand in the crate
// of the list.
include!(concat!(env!("OUT_DIR"), "/sample_operators.rs"));

#[structured("sample::scale.out")]
fn scale_shape(self_: &Tensor, _by: Scalar) -> Result<OutputMeta> {
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}
