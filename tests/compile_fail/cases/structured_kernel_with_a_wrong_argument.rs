use keyway::{Result, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::scale.out", CPU, structured)]
fn scale(self_: &Tensor, by: f64, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

#[kernel("sample::scale.out", CUDA, structured)]
fn scale_mutable(self_: &Tensor, by: keyway::Scalar, out: &mut Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

fn main() {}
