//! The gradient of embedding on the host.

use keyway::{Error, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Number;
use crate::cpu::plain::{compute, to_vec};
use crate::room;
use crate::shape::embedding::gradient;

/// Gradients are added up row by row; those of one class may be divided by how many there are.
#[kernel("aten::embedding_dense_backward", CPU)]
fn embedding_dense_backward(
    grad_output: &Tensor,
    indices: &Tensor,
    num_weights: i64,
    padding_idx: i64,
    scale_grad_by_freq: bool,
) -> Result<Tensor> {
    let width = gradient(grad_output, indices, num_weights)?;
    let out = Tensor::zeros(&[num_weights, width], grad_output.dtype(), grad_output.device())?;
    let rows = to_vec::<i64>(indices)?;
    let mut counts = room::elements(num_weights as usize, 0usize)?;
    for &row in &rows {
        match counts.get_mut(usize::try_from(row).unwrap_or(usize::MAX)) {
            Some(count) => *count += 1,
            None => return Err(Error::index(format!("`indices` hold {row}, there are {num_weights} rows"))),
        }
    }
    let width = width as usize;
    dispatch_dtype!(floats: grad_output.dtype(), T => compute::<T, 1>(&out, [grad_output], |out, [grad]| {
        for (&row, grad) in rows.iter().zip(grad.chunks_exact(width.max(1))).filter(|(row, _)| **row != padding_idx) {
            let scale = if scale_grad_by_freq { 1.0 / counts[row as usize] as f64 } else { 1.0 };
            let to = &mut out[row as usize * width..][..width];
            to.iter_mut().zip(grad).for_each(|(to, &grad)| *to = to.plus(grad.times(T::from_f64(scale))));
        }
        Ok(())
    }))?;
    Ok(out)
}
