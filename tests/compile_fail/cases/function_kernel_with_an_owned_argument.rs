use keyway::{Kernel, Result};

fn sum(numbers: Vec<i64>) -> Result<i64> {
    Ok(numbers.iter().sum())
}

fn main() {
    let _ = Kernel::from_fn(sum);
}
