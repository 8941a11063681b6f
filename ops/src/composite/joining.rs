//! Joining along a new dimension, and joining on backends that have no kernel for it.

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::shape::joining::{self, is_passed_over, stack_dim};

#[kernel("aten::stack", CompositeExplicitAutograd)]
fn stack(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let dim = stack_dim(tensors, dim)? as i64;
    let widened: Vec<Tensor> =
        tensors.iter().map(|tensor| aten::unsqueeze::default.call(tensor, dim)).collect::<Result<_>>()?;
    aten::cat::default.call(&widened, dim)
}

/// For backends without a kernel of their own, and for an empty list, which names no backend.
#[kernel("aten::cat", CompositeExplicitAutograd)]
fn cat_in_slices(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let joined = joining::cat(tensors, dim)?;
    let (dim, device) = (joined.dim as i64, tensors[0].device());
    let sizes = joined.geometry.sizes();
    let out = aten::empty::memory_format.call(sizes, Some(joined.dtype), None, Some(device), None, None)?;
    let mut start = 0;
    for tensor in tensors.iter().filter(|tensor| !is_passed_over(tensor)) {
        let end = start + tensor.sizes()[joined.dim];
        aten::copy_::default.call(
            &aten::slice::Tensor.call(&out, dim, Some(start), Some(end), 1)?,
            tensor,
            false,
        )?;
        start = end;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_filled_one_by_one() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4], &[2, 2]).unwrap();
        let y = Tensor::from_slice(&[0.5f32, 0.25], &[2, 1]).unwrap();
        let joined = cat_in_slices(&[x, y], 1).unwrap();
        assert_eq!(joined.to_vec::<f32>().unwrap(), [1.0, 2.0, 0.5, 3.0, 4.0, 0.25]);
        assert_eq!(aten::cat::default.call(&[], 0).unwrap_err().kind(), keyway::ErrorKind::Value);
    }
}
