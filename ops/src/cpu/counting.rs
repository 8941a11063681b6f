//! Different elements and how often they occur.

use std::cmp::Ordering;

use keyway::{DType, Device, Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::for_each;
use crate::cpu::number::Ordered;
use crate::cpu::plain::{store, to_vec};
use crate::room;
use crate::shape::dimension::wrap;
use crate::shape::reduction::histogram;

/// Rows grouped: the position of the first of each group, the group of each row, and the sizes of the groups.
struct Groups {
    first: Vec<i64>,
    group: Vec<i64>,
    counts: Vec<i64>,
}

impl Groups {
    /// Runs of equal rows in an order of them.
    fn of_runs<T: Ordered>(rows: &[Vec<T>], order: &[usize]) -> Groups {
        let mut groups = Groups { first: Vec::new(), group: vec![0; rows.len()], counts: Vec::new() };
        for (at, &row) in order.iter().enumerate() {
            let continues = at > 0 && rows[order[at - 1]] == rows[row];
            match (continues, groups.counts.last_mut()) {
                (true, Some(count)) => *count += 1,
                _ => {
                    groups.first.push(row as i64);
                    groups.counts.push(1);
                }
            }
            groups.group[row] = groups.counts.len() as i64 - 1;
        }
        groups
    }

    /// The groups' rows, and the other two lists where they are wanted.
    fn into_results(
        self,
        x: &Tensor,
        dim: i64,
        sizes: &[i64],
        (inverse, counts): (bool, bool),
    ) -> Result<(Tensor, Tensor, Tensor)> {
        let first = Tensor::from_slice(&self.first, &[self.first.len() as i64])?;
        let unique = aten::index_select::default.call(x, dim, &first)?;
        let nothing = || Tensor::zeros(&[0], DType::Int64, Device::CPU);
        let group = if inverse { Tensor::from_slice(&self.group, sizes)? } else { nothing()? };
        let len = self.counts.len() as i64;
        let counts = if counts { Tensor::from_slice(&self.counts, &[len])? } else { nothing()? };
        Ok((unique, group, counts))
    }
}

/// The slices along a dimension as lists of elements.
fn rows_of<T: Ordered>(x: &Tensor, dim: i64) -> Result<Vec<Vec<T>>> {
    let slices = aten::movedim::int.call(x, dim, 0)?;
    let flat = aten::reshape::default
        .call(&slices, &[slices.sizes()[0], slices.numel() as i64 / slices.sizes()[0].max(1)])?;
    let mut rows = Vec::new();
    for_each::<T>(&flat, 1, |row| rows.push(row.to_vec()))?;
    Ok(rows)
}

fn compare<T: Ordered>(a: &[T], b: &[T]) -> Ordering {
    let decided =
        a.iter().zip(b).map(|(a, b)| a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())));
    decided.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[kernel("aten::_unique2", CPU)]
fn _unique2(
    self_: &Tensor,
    _sorted: bool,
    return_inverse: bool,
    return_counts: bool,
) -> Result<(Tensor, Tensor, Tensor)> {
    let flat = aten::reshape::default.call(self_, &[-1])?;
    dispatch_dtype!(ordered: self_.dtype(), T => {
        let rows = rows_of::<T>(&flat, 0)?;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| compare(&rows[a], &rows[b]));
        // Counts come with the positions of all elements.
        let wanted = (return_inverse || return_counts, return_counts);
        Groups::of_runs(&rows, &order).into_results(&flat, 0, self_.sizes(), wanted)
    })
}

#[kernel("aten::unique_dim", CPU)]
fn unique_dim(
    self_: &Tensor,
    dim: i64,
    _sorted: bool,
    return_inverse: bool,
    return_counts: bool,
) -> Result<(Tensor, Tensor, Tensor)> {
    let x = aten::atleast_1d::default.call(self_)?;
    let d = wrap(dim, x.dim())?;
    let size = x.sizes()[d];
    if size == 0 || x.numel() > 0 {
        return dispatch_dtype!(ordered: x.dtype(), T => {
            let rows = rows_of::<T>(&x, d as i64)?;
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|&a, &b| compare(&rows[a], &rows[b]));
            Groups::of_runs(&rows, &order).into_results(&x, d as i64, &[size], (return_inverse, return_counts))
        });
    }
    Err(Error::new(
        ErrorKind::Runtime,
        format!("slices along dimension {d} of sizes {:?} have no elements to tell them apart", x.sizes()),
    ))
}

#[kernel("aten::unique_dim_consecutive", CPU)]
fn unique_dim_consecutive(
    self_: &Tensor,
    dim: i64,
    return_inverse: bool,
    return_counts: bool,
) -> Result<(Tensor, Tensor, Tensor)> {
    unique_consecutive(self_, return_inverse, return_counts, Some(dim))
}

#[kernel("aten::unique_consecutive", CPU)]
fn unique_consecutive(
    self_: &Tensor,
    return_inverse: bool,
    return_counts: bool,
    dim: Option<i64>,
) -> Result<(Tensor, Tensor, Tensor)> {
    let (x, d, sizes) = match dim {
        None => (aten::reshape::default.call(self_, &[-1])?, 0, self_.sizes().to_vec()),
        Some(dim) => {
            let d = wrap(dim, self_.dim())?;
            let x = aten::atleast_1d::default.call(self_)?;
            let size = x.sizes()[d];
            (x, d as i64, vec![size])
        }
    };
    dispatch_dtype!(ordered: self_.dtype(), T => {
        let rows = rows_of::<T>(&x, d)?;
        let order: Vec<usize> = (0..rows.len()).collect();
        Groups::of_runs(&rows, &order).into_results(&x, d, &sizes, (return_inverse, return_counts))
    })
}

#[kernel("aten::histc", CPU)]
fn histc(self_: &Tensor, bins: i64, min: Scalar, max: Scalar) -> Result<Tensor> {
    let out = Tensor::zeros(&histogram(self_, bins)?, self_.dtype(), Device::CPU)?;
    let elements = to_vec::<f64>(self_)?;
    let (mut low, mut high) = (min.to_f64(), max.to_f64());
    if low == high && !elements.is_empty() {
        low = elements.iter().copied().fold(f64::INFINITY, f64::min);
        high = elements.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    }
    if low == high {
        (low, high) = (low - 1.0, high + 1.0);
    }
    if !(low.is_finite() && high.is_finite()) || low > high {
        let message = format!("`min` and `max` must be finite and in order, they are {low} and {high}");
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    let mut counts = room::elements(bins as usize, 0.0f64)?;
    for x in elements.into_iter().filter(|x| (low..=high).contains(x)) {
        let bin = ((x - low) / (high - low) * bins as f64) as usize;
        counts[bin.min(bins as usize - 1)] += 1.0;
    }
    store(&out, &counts)?;
    Ok(out)
}

#[kernel("aten::bincount", CPU)]
fn bincount(self_: &Tensor, weights: Option<&Tensor>, minlength: i64) -> Result<Tensor> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Runtime, message));
    if minlength < 0 {
        return refuse(format!("`minlength` must not be negative, it is {minlength}"));
    }
    if self_.dim() != 1 || !self_.dtype().is_integer() {
        return refuse(format!(
            "`self` must be a vector of integers, it is {} of sizes {:?}",
            self_.dtype(),
            self_.sizes()
        ));
    }
    if weights.is_some_and(|weights| weights.sizes() != self_.sizes()) {
        return refuse("`weights` must have the sizes of `self`".to_owned());
    }
    let numbers = aten::to::dtype.call(self_, DType::Int64, false, false, None)?.to_vec::<i64>()?;
    if let Some(negative) = numbers.iter().find(|&&number| number < 0) {
        return refuse(format!("`self` must not hold negative numbers, it holds {negative}"));
    }
    let len = numbers.iter().max().map_or(0, |&largest| largest.saturating_add(1)).max(minlength);
    let Some(weights) = weights else {
        let mut counts = room::elements(len as usize, 0i64)?;
        numbers.iter().for_each(|&number| counts[number as usize] += 1);
        return Tensor::from_slice(&counts, &[len]);
    };
    let dtype = if weights.dtype() == DType::Float32 { DType::Float32 } else { DType::Float64 };
    let weights = aten::to::dtype.call(weights, DType::Float64, false, false, None)?.to_vec::<f64>()?;
    let mut sums = room::elements(len as usize, 0f64)?;
    numbers.iter().zip(weights).for_each(|(&number, weight)| sums[number as usize] += weight);
    aten::to::dtype.call(&Tensor::from_slice(&sums, &[len])?, dtype, false, false, None)
}
