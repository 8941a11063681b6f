//! Sampling at places of a grid, and the grids of affine maps.

use keyway::{DType, Device, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::window::{at_least, refused};

#[kernel("aten::grid_sampler", CompositeImplicitAutograd)]
fn grid_sampler(
    input: &Tensor,
    grid: &Tensor,
    interpolation_mode: i64,
    padding_mode: i64,
    align_corners: bool,
) -> Result<Tensor> {
    match input.dim() {
        4 => {
            let planes = aten::grid_sampler_2d::default;
            planes.call(input, grid, interpolation_mode, padding_mode, align_corners)
        }
        5 => {
            let blocks = aten::grid_sampler_3d::default;
            blocks.call(input, grid, interpolation_mode, padding_mode, align_corners)
        }
        _ => Err(refused(format!("`input` must have 4 or 5 dimensions, its sizes are {:?}", input.sizes()))),
    }
}

/// The coordinates of the elements of one dimension, from -1 to 1 over its extent.
fn coordinates(size: i64, align_corners: bool, dtype: DType, device: Device) -> Result<Tensor> {
    if size <= 1 {
        return aten::zeros::default.call(&[size], Some(dtype), None, Some(device), None);
    }
    let linspace = aten::linspace::default;
    let (first, last) = (Scalar::Int(-1), Scalar::Int(1));
    let all = linspace.call(first, last, size, Some(dtype), None, Some(device), None)?;
    match align_corners {
        true => Ok(all),
        false => all.mul_scalar((size - 1) as f64 / size as f64),
    }
}

#[kernel("aten::affine_grid_generator", CompositeExplicitAutograd)]
fn affine_grid_generator(theta: &Tensor, size: &[i64], align_corners: bool) -> Result<Tensor> {
    let rank = size.len().saturating_sub(2);
    let expected = [size.first().copied().unwrap_or(0), rank as i64, rank as i64 + 1];
    if !matches!(rank, 2 | 3) || theta.sizes() != expected {
        return Err(refused(format!(
            "`size` {size:?} must have samples, channels and 2 or 3 extents, and `theta` the sizes {expected:?}; it has {:?}",
            theta.sizes()
        )));
    }
    at_least("size", size, 1)?;
    let (dtype, device) = (theta.dtype(), theta.device());
    let extents = &size[2..];
    let mut columns = Vec::new();
    for (d, &extent) in extents.iter().enumerate().rev() {
        let along: Vec<i64> = (0..rank).map(|other| if other == d { extent } else { 1 }).collect();
        columns.push(coordinates(extent, align_corners, dtype, device)?.view(&along)?.expand(extents)?);
    }
    columns.push(aten::ones::default.call(extents, Some(dtype), None, Some(device), None)?);
    let count = extents.iter().fold(1, |count: i64, &extent| count.saturating_mul(extent));
    let base = aten::stack::default.call(&columns, -1)?.view(&[1, -1, rank as i64 + 1])?;
    let base = base.expand(&[size[0], count, rank as i64 + 1])?;
    let places = base.bmm(&theta.transpose(1, 2)?)?;
    places.view(&[&size[..1], extents, &[rank as i64]].concat())
}
