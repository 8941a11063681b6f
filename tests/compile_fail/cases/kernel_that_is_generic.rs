use keyway::{Result, Tensor, kernel};
#[allow(unused_imports, reason = "the mistake is below")]
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add<T: Into<f64>>(a: &Tensor, b: &Tensor, alpha: T) -> Result<Tensor> {
    let _ = (b, alpha.into());
    Ok(a.clone())
}

fn main() {}
