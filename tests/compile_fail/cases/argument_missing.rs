use keyway::{Result, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let _ = b;
    Ok(a.clone())
}

fn main() {}
