use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

fn few(self_: &Tensor) -> Option<Tensor> {
    Some(self_.clone())
}

#[kernel("sample::scale.out", CPU, structured, shortcut = few)]
fn scale(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

#[kernel("sample::add", CPU, shortcut = few)]
fn unstructured(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

fn main() {}
