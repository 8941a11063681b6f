//! Calls the operators: typed, by name, without data; and shows which way a call takes.

use keyway::{DType, Device, LocalKeySets, Tensor, Value, find_operator};
use {crate}::mine;

fn main() -> keyway::Result<()> {
    let x = Tensor::from_slice(&[1.0_f32, 2.0, 3.0], &[3])?;
    let y = Tensor::from_slice(&[10.0_f32, 20.0, 30.0], &[3])?;

    let sum = mine::scaled_add::default.call(&x, &y, 0.5)?;
    println!("typed    {:?}", sum.to_vec::<f32>()?);

    let by_name = find_operator("mine::scaled_add")?;
    let results = by_name.call_named([x.clone().into(), y.into()], [("scale", Value::Float(0.5))])?;
    println!("by name  {:?}", results[0]);

    let meta = Tensor::zeros(&[3], DType::Float32, Device::META)?;
    println!("meta     sizes {:?}", mine::twice(&meta)?.sizes());

    println!("{}", by_name.explain(x.key_set(), LocalKeySets::DEFAULT));
    Ok(())
}
