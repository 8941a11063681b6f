//! An operator of this example's own: the entry is in `digits.yaml`, the kernels are here, and that is all.

use keyway::{DType, Device, Error, Result, Tensor, kernel};

use crate::digits;

#[kernel("digits::vote", CPU)]
fn vote(labels: &Tensor, classes: i64) -> Result<Tensor> {
    let (rows, neighbours) = rows_and_neighbours(labels)?;
    let cast = |_| Error::value(format!("there cannot be {classes} classes"));
    let classes = usize::try_from(classes).map_err(cast)?;
    let elements = labels.to_vec::<i64>()?;
    let mut winners = Vec::with_capacity(rows);
    for row in elements.chunks(neighbours) {
        let mut votes = vec![0usize; classes];
        for &label in row {
            let votes = usize::try_from(label).ok().and_then(|label| votes.get_mut(label));
            *votes
                .ok_or_else(|| Error::index(format!("label {label} is not one of {classes} classes")))? += 1;
        }
        let most = votes.iter().max().copied().unwrap_or(0);
        // Rows are sorted by distance: the first label with the most votes is the nearest one.
        winners.extend(row.iter().copied().find(|&label| votes[label as usize] == most));
    }
    Tensor::from_slice(&winners, &[rows as i64])
}

#[kernel("digits::vote", Meta)]
fn vote_meta(labels: &Tensor, _classes: i64) -> Result<Tensor> {
    let (rows, _) = rows_and_neighbours(labels)?;
    Tensor::zeros(&[rows as i64], DType::Int64, Device::META)
}

/// The shape rule of both kernels.
fn rows_and_neighbours(labels: &Tensor) -> Result<(usize, usize)> {
    match (labels.dtype(), labels.sizes()) {
        (DType::Int64, &[rows, neighbours]) if neighbours > 0 => Ok((rows as usize, neighbours as usize)),
        (dtype, sizes) => Err(Error::shape(format!(
            "`labels` must be int64 of [rows, neighbours], it is {dtype} of {sizes:?}"
        ))),
    }
}
