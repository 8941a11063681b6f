use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::scales.out", CPU, structured)]
fn scale(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

fn main() {}
