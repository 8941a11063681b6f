use std::cell::Cell;

use keyway::{Kernel, Result};

fn main() {
    let count = Cell::new(0);
    let _ = Kernel::from_fn(move |x: i64| -> Result<i64> {
        count.set(count.get() + 1);
        Ok(x)
    });
}
