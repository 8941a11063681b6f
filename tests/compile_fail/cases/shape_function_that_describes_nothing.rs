use keyway::{OutputMeta, Result, Scalar, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::scale.out")]
fn scale_shape(self_: &Tensor, by: Scalar) -> Result<Vec<i64>> {
    let _ = by;
    Ok(self_.sizes().to_vec())
}

fn main() {
    let _ = OutputMeta::contiguous;
}
