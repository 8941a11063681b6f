use keyway::{KeySet, Result, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add_", CPU)]
fn add_(a: &Tensor, b: &Tensor, keys: KeySet) -> Result<()> {
    let _ = (a, b, keys);
    Ok(())
}

fn main() {}
