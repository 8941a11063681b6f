use keyway::{KeySet, Operator, Result, Stack, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU, boxed)]
fn add(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<Tensor> {
    let _ = (operator, keys, stack);
    Tensor::from_slice(&[1.0_f32], &[1])
}

fn main() {}
