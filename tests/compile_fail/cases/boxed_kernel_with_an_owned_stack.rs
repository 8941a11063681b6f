use keyway::{KeySet, Operator, Result, Stack, kernel};
#[allow(unused_imports, reason = "the mistake is below")]
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU, boxed)]
fn add(operator: &'static Operator, keys: KeySet, stack: Stack) -> Result<()> {
    let _ = (operator, keys, stack);
    Ok(())
}

fn main() {}
