use keyway::{Result, Scalar, Tensor, kernel};
#[allow(unused_imports, reason = "the mistake is below")]
use keyway_compile_fail::sample;

#[kernel("sample::add", CPUU, CUDDA)]
fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

fn main() {}
