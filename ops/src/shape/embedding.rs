//! Embedding: what its gradient needs.

use keyway::{DType, Error, OutputMeta, Result, Tensor};

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

/// How the rows of a bag are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combine {
    /// They are added up.
    Sum,
    /// They are averaged.
    Mean,
    /// The largest element of each column stays.
    Largest,
}

/// Bags of rows of a matrix.
pub(crate) struct Bags {
    pub(crate) combine: Combine,
    /// How many elements a row has.
    pub(crate) width: i64,
    /// How many bags there are.
    pub(crate) count: i64,
    /// The combined rows, the bag of each index, the sizes of bags, and where largest elements come from.
    pub(crate) outputs: [OutputMeta; 4],
}

impl Bags {
    /// The bags that indices make, one starting at each offset; with `ends` the last offset only ends the one before.
    pub(crate) fn new(
        weight: &Tensor,
        [indices, offsets]: [&Tensor; 2],
        mode: i64,
        factors: Option<&Tensor>,
        ends: bool,
    ) -> Result<Bags> {
        let &[_, width] = weight.sizes() else {
            return Err(refused(format!("`weight` must be a matrix, its sizes are {:?}", weight.sizes())));
        };
        if !weight.dtype().is_floating_point() {
            return Err(Error::not_implemented(format!("not implemented for {}", weight.dtype())));
        }
        index_dtype(indices)?;
        index_dtype(offsets)?;
        let (&[len], &[starts]) = (indices.sizes(), offsets.sizes()) else {
            return Err(refused(format!(
                "`indices` and `offsets` must be vectors, their sizes are {:?} and {:?}",
                indices.sizes(),
                offsets.sizes()
            )));
        };
        let combine = match mode {
            0 => Combine::Sum,
            1 => Combine::Mean,
            2 => Combine::Largest,
            other => {
                return Err(refused(format!("`mode` must be 0 (sum), 1 (mean) or 2 (max), it is {other}")));
            }
        };
        if let Some(factors) = factors
            && (combine != Combine::Sum || factors.sizes() != [len] || factors.dtype() != weight.dtype())
        {
            return Err(refused(format!(
                "`per_sample_weights` are for sums, one {} for each of {len} indices; they are {} of sizes {:?}",
                weight.dtype(),
                factors.dtype(),
                factors.sizes()
            )));
        }
        if ends && starts == 0 {
            return Err(refused("`offsets` must have at least the end of the last bag".to_owned()));
        }
        let count = starts - i64::from(ends);
        let of = |sizes: &[i64], dtype: DType| OutputMeta::contiguous(sizes, dtype, weight.device());
        let places: &[i64] = if combine == Combine::Largest { &[count, width] } else { &[count] };
        let outputs = [
            of(&[count, width], weight.dtype())?,
            of(&[len], indices.dtype())?,
            of(&[count], indices.dtype())?,
            of(places, indices.dtype())?,
        ];
        Ok(Bags { combine, width, count, outputs })
    }
}
