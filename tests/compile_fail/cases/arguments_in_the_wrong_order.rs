use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add(a: &Tensor, alpha: Scalar, b: &Tensor) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

fn main() {}
