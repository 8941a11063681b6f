use keyway::{Result, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::convolution", CPU)]
fn convolution(a: &Tensor) -> Result<Tensor> {
    Ok(a.clone())
}

fn main() {}
