use keyway::{Operator, Result, Tensor};

fn handle(operator: &'static Operator) -> Result<()> {
    operator.typed::<&Tensor, Tensor>()?;
    Ok(())
}

fn main() {
    let _ = handle;
}
