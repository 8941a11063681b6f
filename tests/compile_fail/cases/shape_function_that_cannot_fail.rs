use keyway::{OutputMeta, Scalar, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::scale.out")]
fn scale_shape(self_: &Tensor, by: Scalar) -> OutputMeta {
    let _ = by;
    OutputMeta::new(self_.geometry().clone(), self_.dtype(), self_.device())
}

fn main() {}
