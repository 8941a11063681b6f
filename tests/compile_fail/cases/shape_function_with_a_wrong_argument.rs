use keyway::{OutputMeta, Result, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::scale.out")]
fn scale_shape(self_: &Tensor, by: i64) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

fn main() {}
