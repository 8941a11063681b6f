use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::scale.out", CPU, structured)]
fn scale(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<Tensor> {
    let _ = (self_, by);
    Ok(out.clone())
}

fn main() {}
