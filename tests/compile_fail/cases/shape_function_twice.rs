use keyway::{OutputMeta, Result, Scalar, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured("sample::scale.out")]
fn scale_shape(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

mod elsewhere {
    use super::*;

    #[structured("sample::scale.out")]
    fn scale_shape_again(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
        scale_shape(self_, by)
    }
}

fn main() {}
