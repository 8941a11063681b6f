use keyway::{OutputMeta, Result, Scalar, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::scael.out")]
fn scale_shape(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

fn main() {}
