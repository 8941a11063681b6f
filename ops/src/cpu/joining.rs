//! Joining tensors along a dimension.

use std::ops::Range;

use keyway::{Device, Geometry, Result, Tensor, kernel};

use crate::aten;
use crate::shape::joining::{self, is_passed_over};

#[kernel("aten::cat", CPU)]
fn cat(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let joined = joining::cat(tensors, dim)?;
    let out = Tensor::zeros_strided(joined.geometry, joined.dtype, Device::CPU)?;
    let mut start = 0;
    for tensor in tensors.iter().filter(|tensor| !is_passed_over(tensor)) {
        let end = start + tensor.sizes()[joined.dim];
        place(&out, tensor, joined.dim, start..end)?;
        start = end;
    }
    Ok(out)
}

/// Writes a tensor to some positions of the result.
fn place(out: &Tensor, tensor: &Tensor, dim: usize, positions: Range<i64>) -> Result<()> {
    let (sizes, strides, offset) = (tensor.sizes(), out.strides(), positions.start * out.strides()[dim]);
    let slot = out.view_as(Geometry::new(sizes, strides, offset)?)?;
    aten::copy_::default.call(&slot, tensor, false).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_converted_and_joined() {
        let a = Tensor::from_slice(&[1i64, 2], &[1, 2]).unwrap();
        let b = Tensor::from_slice(&[0.5f32, 0.25], &[1, 2]).unwrap();
        let old_empty = Tensor::from_slice::<u8>(&[], &[0]).unwrap();
        let rows = cat(&[a.clone(), old_empty, b.clone()], 0).unwrap();
        assert_eq!(rows.to_vec::<f32>().unwrap(), [1.0, 2.0, 0.5, 0.25]);
        let columns = cat(&[a.clone(), a.clone()], -1).unwrap();
        assert_eq!(columns.to_vec::<i64>().unwrap(), [1, 2, 1, 2]);
        assert_eq!(cat(&[a.clone(), a], 0).unwrap().to_vec::<i64>().unwrap(), [1, 2, 1, 2]);
    }
}
