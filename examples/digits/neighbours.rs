//! Nearest neighbours, written with the generated operators. It does not know what runs it: the host, `Meta`, or a
//! fallback that watches.

use keyway::{DType, Result, Tensor};
use keyway_ops::TensorMethods;

use crate::digits;

/// The classes there are.
const CLASSES: i64 = 10;

/// Squared distances between each query and each known image: `[queries, known]`.
pub(crate) fn distances(queries: &Tensor, known: &Tensor) -> Result<Tensor> {
    let query_norms = queries.square()?.sum_dim_with(Some(&[1]), true, None)?;
    let known_norms = known.square()?.sum_dim(Some(&[1]))?;
    let products = queries.mm(&known.t()?)?;
    query_norms.sub(&products.mul_scalar(2.0)?)?.add(&known_norms)
}

/// The label of the nearest known image.
pub(crate) fn nearest(queries: &Tensor, known: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let nearest = distances(queries, known)?.argmin_with(Some(1), false)?;
    labels.index_select(0, &nearest)
}

/// What the nearest `k` known images vote for, by this example's own operator.
pub(crate) fn vote_of(k: i64, queries: &Tensor, known: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let distances = distances(queries, known)?;
    let (_, nearest) = distances.topk_with(k, 1, false, true)?;
    let labels = labels.index_select(0, &nearest.flatten()?)?.view(&[queries.sizes()[0], k])?;
    digits::vote(&labels, CLASSES)
}

/// The share of predictions that are right.
pub(crate) fn accuracy(predicted: &Tensor, labels: &Tensor) -> Result<f64> {
    let right = predicted.eq_tensor(labels)?.to_dtype(DType::Float64)?;
    Ok(right.mean()?.item()?.to_f64())
}
