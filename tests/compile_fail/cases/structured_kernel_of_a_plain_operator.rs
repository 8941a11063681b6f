use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::scale", CPU, structured)]
fn scale(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

#[kernel("sample::fold", CPU, structured, in_place)]
fn fold(self_: &Tensor, dims: &[i64], how: Option<&str>, out: &Tensor) -> Result<()> {
    let _ = (self_, dims, how, out);
    Ok(())
}

fn main() {}
