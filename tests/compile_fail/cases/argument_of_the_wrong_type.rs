use keyway::{Result, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add(a: &Tensor, b: &Tensor, alpha: f64) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

fn main() {}
