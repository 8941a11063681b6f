//! Embedding: what its gradient needs.

use keyway::{Result, Tensor};

use super::indexing::index_dtype;
use super::window::{at_least, refused};

/// The width of the rows of the weight's gradient.
pub(crate) fn gradient(grad: &Tensor, indices: &Tensor, rows: i64) -> Result<i64> {
    index_dtype(indices)?;
    at_least("num_weights", &[rows], 0)?;
    match grad.sizes().split_last() {
        Some((&width, leading)) if leading == indices.sizes() => Ok(width),
        _ => Err(refused(format!(
            "`grad_output` of sizes {:?} must have a row for each of the indices of sizes {:?}",
            grad.sizes(),
            indices.sizes()
        ))),
    }
}
