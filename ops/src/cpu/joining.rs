//! Joining tensors along a dimension.

use keyway::{Device, Result, Tensor, kernel};
use ndarray::{Axis, Slice};

use crate::aten;
use crate::cpu::elements::{dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::shape::joining::{self, is_passed_over};

#[kernel("aten::cat", CPU)]
fn cat(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let joined = joining::cat(tensors, dim)?;
    let out = Tensor::zeros_strided(joined.geometry, joined.dtype, Device::CPU)?;
    let mut start = 0;
    for tensor in tensors.iter().filter(|tensor| !is_passed_over(tensor)) {
        dispatch_dtype!(all: joined.dtype, T => place::<T>(&out, tensor, joined.dim, start))?;
        start += tensor.sizes()[joined.dim];
    }
    Ok(out)
}

/// Writes a tensor to the positions of the result from `start` on.
fn place<T: Number>(out: &Tensor, tensor: &Tensor, dim: usize, start: i64) -> Result<()> {
    let slots = Slice::from(start as isize..(start + tensor.sizes()[dim]) as isize);
    write::<T, 1, _>(out, [tensor], |mut out, inputs| {
        if dim == 0
            && let Some(out) = out.as_slice()
            && tensor.dtype() == T::DTYPE
            && let Some(from) = inputs.get::<T>(0)?.as_slice()
        {
            // Row-major throughout: one run of memory.
            let row: usize = tensor.sizes()[1..].iter().map(|&size| size as usize).product();
            out[start as usize * row..][..from.len()].copy_from_slice(from);
            return Ok(());
        }
        let mut view = out.view()?;
        let mut slots = view.slice_axis_mut(Axis(dim), slots);
        dispatch_dtype!(all: tensor.dtype(), S => {
            slots.zip_mut_with(&inputs.get::<S>(0)?.view()?, |to, &x| *to = x.cast());
            Ok(())
        })
    })
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
