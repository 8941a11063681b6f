//! Calls this crate's operators: typed, by name, and asks which way a call takes.

use keyway::{KeySet, LocalKeySets, Tensor, Value, find_operator};
use mine::mine::{mean_pair, scaled_add};

fn main() -> keyway::Result<()> {
    let x = Tensor::from_slice(&[1.0_f64, 2.0, 3.0], &[3])?;
    let y = Tensor::from_slice(&[10.0_f64, 20.0, 30.0], &[3])?;

    let sum = scaled_add::default.call(&x, &y, 0.5)?;
    println!("typed:   {:?}", sum.to_vec::<f64>()?);

    let boxed = find_operator("mine::scaled_add")?.call([x.clone().into(), y.into(), Value::Float(0.5)])?;
    println!("by name: {boxed:?}");
    println!("mean:    {}", mean_pair(1.0, 4.0)?);

    let operator = scaled_add::default.operator();
    println!("{}", operator.explain(x.key_set() | KeySet::EMPTY, LocalKeySets::DEFAULT));
    Ok(())
}
