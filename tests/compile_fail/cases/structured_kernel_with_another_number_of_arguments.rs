use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::scale.out", CPU, structured)]
fn scale(self_: &Tensor, by: Scalar) -> Result<()> {
    let _ = (self_, by);
    Ok(())
}

fn main() {}
