use keyway::{OutputMeta, Result, Scalar, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::scale.out")]
fn scale_shape(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<OutputMeta> {
    let _ = (by, out);
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

fn main() {}
