use keyway::{OutputMeta, Result, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::spread.out")]
fn spread_shape(self_: &Tensor, dim: i64) -> Result<OutputMeta> {
    let _ = dim;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

fn main() {}
