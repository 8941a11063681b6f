use keyway::{Result, Tensor, kernel};

#[kernel("sample::add" CPU)]
fn add(a: &Tensor) -> Result<Tensor> {
    Ok(a.clone())
}

#[kernel("sample::add")]
fn add_without_key(a: &Tensor) -> Result<Tensor> {
    Ok(a.clone())
}

#[kernel("sample::a d d", CPU)]
fn add_of_no_name(a: &Tensor) -> Result<Tensor> {
    Ok(a.clone())
}

#[kernel]
fn add_of_nothing(a: &Tensor) -> Result<Tensor> {
    Ok(a.clone())
}

fn main() {}
