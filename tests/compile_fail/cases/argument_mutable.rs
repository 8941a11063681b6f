use keyway::{Result, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add_", CPU)]
fn add_(a: &mut Tensor, b: &Tensor) -> Result<()> {
    let _ = (a, b);
    Ok(())
}

fn main() {}
