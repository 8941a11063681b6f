use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<i64> {
    let _ = (a, b, alpha);
    Ok(0)
}

fn main() {}
