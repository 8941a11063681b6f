//! Sorting along a dimension. Not-a-number counts as larger than every number; equal elements keep their order.

use std::cmp::Ordering;

use keyway::{Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::{for_each, store};
use crate::cpu::number::Ordered;
use crate::shape::dimension::wrap;

/// The total order of elements.
#[inline]
fn compare<T: Ordered>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[inline]
fn directed<T: Ordered>(descending: bool) -> impl Fn(&(T, i64), &(T, i64)) -> Ordering {
    move |a, b| if descending { compare(&b.0, &a.0) } else { compare(&a.0, &b.0) }
}

/// The elements of a lane with their positions.
fn placed<T: Ordered>(lane: &[T]) -> Vec<(T, i64)> {
    lane.iter().copied().zip(0..).collect()
}

/// Stores what was chosen of the lanes along a dimension to tensors for the elements and for their positions.
fn store_chosen<T: Ordered>(
    values: &Tensor,
    indices: &Tensor,
    dim: usize,
    chosen: &[(T, i64)],
) -> Result<()> {
    store(values, dim, &chosen.iter().map(|&(value, _)| value).collect::<Vec<T>>())?;
    store(indices, dim, &chosen.iter().map(|&(_, position)| position).collect::<Vec<i64>>())
}

#[kernel("aten::sort.values_stable", CPU, structured)]
fn sort_stable(
    self_: &Tensor,
    _stable: Option<bool>,
    dim: i64,
    descending: bool,
    values: &Tensor,
    indices: &Tensor,
) -> Result<()> {
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(ordered: self_.dtype(), T => {
        let mut chosen = Vec::with_capacity(self_.numel());
        for_each::<T>(self_, d, |lane| {
            let from = chosen.len();
            chosen.extend(placed(lane));
            chosen[from..].sort_by(directed(descending));
        })?;
        store_chosen(values, indices, d, &chosen)
    })
}

#[kernel("aten::topk.values", CPU, structured)]
fn topk(
    self_: &Tensor,
    k: i64,
    dim: i64,
    largest: bool,
    sorted: bool,
    values: &Tensor,
    indices: &Tensor,
) -> Result<()> {
    if k == 0 {
        return Ok(());
    }
    let (k, d) = (k as usize, wrap(dim, self_.dim())?);
    dispatch_dtype!(numbers: self_.dtype(), T => {
        let mut chosen = Vec::with_capacity(values.numel());
        for_each::<T>(self_, d, |lane| {
            let mut lane = placed(lane);
            if k < lane.len() {
                lane.select_nth_unstable_by(k - 1, directed(largest));
            }
            lane.truncate(k);
            if sorted {
                lane.sort_by(directed(largest));
            }
            chosen.extend(lane);
        })?;
        store_chosen(values, indices, d, &chosen)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_is_largest_and_equal_ones_stay_in_order() {
        let x = Tensor::from_slice(&[2f32, f32::NAN, 1.0, 2.0], &[4]).unwrap();
        let (_, up) = aten::sort::stable.call(&x, Some(true), -1, false).unwrap();
        assert_eq!(up.to_vec::<i64>().unwrap(), [2, 0, 3, 1]);
        let (_, down) = aten::sort::stable.call(&x, None, -1, true).unwrap();
        assert_eq!(down.to_vec::<i64>().unwrap(), [1, 0, 3, 2]);
    }

    #[test]
    fn topk_chooses_along_any_dimension() {
        let x = Tensor::from_slice(&[1i64, 9, 7, 3, 5, 5], &[3, 2]).unwrap();
        let (values, indices) = aten::topk::default.call(&x, 2, 0, true, true).unwrap();
        assert_eq!((values.sizes(), values.to_vec::<i64>().unwrap()), (&[2i64, 2][..], vec![7, 9, 5, 5]));
        assert_eq!(indices.to_vec::<i64>().unwrap(), [1, 0, 2, 2]);
        assert!(aten::topk::default.call(&x, 4, 0, true, true).is_err());
    }
}
