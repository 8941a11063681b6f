//! The matrix product for any number of dimensions, composed of the products of fixed ones.

use keyway::{Error, Result, Tensor, kernel};

use crate::aten;
use crate::broadcast::broadcast_sizes;

#[kernel("aten::matmul", CompositeImplicitAutograd)]
fn matmul(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    match (self_.dim(), other.dim()) {
        (0, _) | (_, 0) => Err(Error::shape(format!(
            "self of sizes {:?} and other of sizes {:?} must both have dimensions; multiply by a number with mul",
            self_.sizes(),
            other.sizes()
        ))),
        (1, 1) => aten::dot::default.call(self_, other),
        (2, 1) => aten::mv::default.call(self_, other),
        (2, 2) => aten::mm::default.call(self_, other),
        (1, 2) => {
            let row = aten::mm::default.call(&aten::unsqueeze::default.call(self_, 0)?, other)?;
            aten::squeeze::dim.call(&row, 0)
        }
        (_, 1 | 2) => folded(self_, other),
        _ => batched(self_, other),
    }
}

/// A batch of matrices times one matrix or vector: one product with all rows.
fn folded(batch: &Tensor, other: &Tensor) -> Result<Tensor> {
    let (&columns, rows) = batch.sizes().split_last().expect("a batch has dimensions");
    let all_rows = aten::reshape::default.call(batch, &[rows.iter().product(), columns])?;
    let product = match other.dim() {
        1 => aten::mv::default.call(&all_rows, other)?,
        _ => aten::mm::default.call(&all_rows, other)?,
    };
    aten::view::default.call(&product, &[rows, &product.sizes()[1..]].concat())
}

/// Batches of matrices, broadcast against each other.
fn batched(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let row = if a.dim() == 1 { Some(aten::unsqueeze::default.call(a, 0)?) } else { None };
    let a = row.as_ref().unwrap_or(a);
    let (a_batch, a_matrix) = a.sizes().split_at(a.dim() - 2);
    let (b_batch, b_matrix) = b.sizes().split_at(b.dim() - 2);
    let batch = broadcast_sizes(a_batch, b_batch)?;
    let count: i64 = batch.iter().product();
    let one_batch = |x: &Tensor, matrix: &[i64]| {
        let expanded = aten::expand::default.call(x, &[&batch[..], matrix].concat(), false)?;
        aten::reshape::default.call(&expanded, &[count, matrix[0], matrix[1]])
    };
    let product = aten::bmm::default.call(&one_batch(a, a_matrix)?, &one_batch(b, b_matrix)?)?;
    let kept_rows = if row.is_some() { &[][..] } else { &a_matrix[..1] };
    aten::view::default.call(&product, &[&batch[..], kept_rows, &b_matrix[1..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::{DType, Device};

    fn sizes(a: &[i64], b: &[i64]) -> Result<Vec<i64>> {
        let zeros = |sizes| Tensor::zeros(sizes, DType::Float32, Device::META).unwrap();
        Ok(matmul(&zeros(a), &zeros(b))?.sizes().to_vec())
    }

    #[test]
    fn all_numbers_of_dimensions() {
        for (a, b, product) in [
            (&[3][..], &[3][..], &[][..]),
            (&[2, 3], &[3], &[2]),
            (&[3], &[3, 4], &[4]),
            (&[2, 3], &[3, 4], &[2, 4]),
            (&[5, 2, 3], &[3], &[5, 2]),
            (&[5, 2, 3], &[3, 4], &[5, 2, 4]),
            (&[3], &[5, 3, 4], &[5, 4]),
            (&[2, 3], &[5, 3, 4], &[5, 2, 4]),
            (&[5, 1, 2, 3], &[6, 3, 4], &[5, 6, 2, 4]),
            (&[0, 2, 3], &[3], &[0, 2]),
            (&[0, 2, 3], &[1, 3, 4], &[0, 2, 4]),
        ] {
            assert_eq!(sizes(a, b).unwrap(), product, "{a:?} {b:?}");
        }
        assert!(sizes(&[], &[3]).is_err() && sizes(&[2, 2, 3], &[3, 3, 2]).is_err());
    }
}
