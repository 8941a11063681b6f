use keyway::{Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Tensor {
    let _ = (b, alpha);
    a.clone()
}

fn main() {}
