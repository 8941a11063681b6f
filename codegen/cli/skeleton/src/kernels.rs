//! The kernels. A larger list has a file for each family of operators.

use crate::mine;
use keyway::{DType, Device, Error, Result, Tensor, kernel};

#[kernel("mine::scaled_add", CPU)]
fn scaled_add(x: &Tensor, y: &Tensor, scale: f64) -> Result<Tensor> {
    let sizes = sizes_of_both(x, y)?;
    let (x, y) = (x.to_vec::<f32>()?, y.to_vec::<f32>()?);
    let sums: Vec<f32> = x.iter().zip(&y).map(|(x, y)| x + scale as f32 * y).collect();
    Tensor::from_slice(&sums, sizes)
}

/// `Meta` tensors have sizes and no data.
#[kernel("mine::scaled_add", Meta)]
fn scaled_add_meta(x: &Tensor, y: &Tensor, _scale: f64) -> Result<Tensor> {
    Tensor::zeros(sizes_of_both(x, y)?, DType::Float32, Device::META)
}

#[kernel("mine::twice", CompositeExplicitAutograd)]
fn twice(x: &Tensor) -> Result<Tensor> {
    mine::scaled_add::default.call(x, x, 1.0)
}

/// The rule that both kernels of `scaled_add` share.
fn sizes_of_both<'a>(x: &'a Tensor, y: &Tensor) -> Result<&'a [i64]> {
    match x.sizes() == y.sizes() && [x, y].iter().all(|tensor| tensor.dtype() == DType::Float32) {
        true => Ok(x.sizes()),
        false => Err(Error::shape("`x` and `y` must be float32 and of the same sizes")),
    }
}
