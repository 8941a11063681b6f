use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU, Meta)]
fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

#[kernel("sample::add", CUDA, CPU)]
fn plus(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    add(a, b, alpha)
}

fn main() {}
