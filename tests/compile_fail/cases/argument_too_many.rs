use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add_", CPU)]
fn add_(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<()> {
    let _ = (a, b, alpha);
    Ok(())
}

fn main() {}
