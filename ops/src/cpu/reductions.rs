//! Reductions: many elements to one, along some dimensions.
//!
//! Sums, products and scans of `float32` are accumulated in `float64`. Not-a-number wins over every element where an
//! extreme one is looked for.

use keyway::{DType, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::{map, reduce};
use crate::cpu::number::Number;
use crate::shape::dimension::{Axes, wrap};
use crate::shape::reduction::{arg_axes, mean_dtype, nonempty_axes, sum_dtype, truth_dtype};

/// An element that can be added up.
pub(super) trait Summed: Number {
    /// What sums are accumulated in.
    type Accumulator: Number;

    /// The sum of many.
    fn sum(lane: &[Self]) -> Self::Accumulator;
}

macro_rules! summed {
    ($($t:ty => $accumulator:ty),*) => {$(
        impl Summed for $t {
            type Accumulator = $accumulator;

            /// In eight partial sums, which vectorises and keeps rounding errors small.
            fn sum(lane: &[Self]) -> $accumulator {
                let mut partial = [<$accumulator>::ZERO; 8];
                let (blocks, rest) = lane.as_chunks::<8>();
                for block in blocks {
                    for (sum, &x) in partial.iter_mut().zip(block) {
                        *sum = sum.plus(<$accumulator>::from(x));
                    }
                }
                for (sum, &x) in partial.iter_mut().zip(rest) {
                    *sum = sum.plus(<$accumulator>::from(x));
                }
                partial.into_iter().fold(<$accumulator>::ZERO, Number::plus)
            }
        }
    )*};
}
summed!(u8 => u8, i32 => i32, i64 => i64, f32 => f64, f64 => f64, bool => bool);

#[kernel("aten::sum.dim_IntList", CPU)]
fn sum_dim(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    let axes = Axes::of(dim.unwrap_or(&[]), self_.dim())?;
    dispatch_dtype!(all: sum_dtype(self_.dtype(), dtype), T => {
        reduce::<T, T>(self_, axes, keepdim, |lane| <T as Summed>::sum(lane).cast())
    })
}

#[kernel("aten::mean.dim", CPU)]
fn mean_dim(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    let axes = Axes::of(dim.unwrap_or(&[]), self_.dim())?;
    dispatch_dtype!(floats: mean_dtype(self_.dtype(), dtype)?, T => {
        reduce::<T, T>(self_, axes, keepdim, |lane| T::from_f64(<T as Summed>::sum(lane) / lane.len() as f64))
    })
}

fn product(x: &Tensor, axes: Axes, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    dispatch_dtype!(all: sum_dtype(x.dtype(), dtype), T => {
        reduce::<T, T>(x, axes, keepdim, |lane| lane.iter().copied().fold(T::ONE, Number::times))
    })
}

#[kernel("aten::prod", CPU)]
fn prod(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    product(self_, Axes::all(self_.dim())?, false, dtype)
}

#[kernel("aten::prod.dim_int", CPU)]
fn prod_dim(self_: &Tensor, dim: i64, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    product(self_, Axes::one(dim, self_.dim())?, keepdim, dtype)
}

/// Which extreme is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extreme {
    /// The largest element.
    Largest,
    /// The smallest element.
    Smallest,
}

impl Extreme {
    /// Whether an element takes the place of the one held so far; equal ones do not.
    #[inline]
    fn replaces<T: Number>(self, new: T, held: T) -> bool {
        let beyond = match self {
            Extreme::Largest => new > held,
            Extreme::Smallest => new < held,
        };
        beyond || (new.is_nan() && !held.is_nan())
    }

    /// The extreme element of a lane that has one, by way of the extremes of eight parts, which vectorises.
    pub(super) fn of<T: Number>(self, lane: &[T]) -> T {
        let further = |held: T, &new: &T| {
            let beyond = match self {
                Extreme::Largest => new > held,
                Extreme::Smallest => new < held,
            };
            if beyond | new.is_nan() { new } else { held }
        };
        let mut held = [lane[0]; 8];
        let (blocks, rest) = lane.as_chunks::<8>();
        for block in blocks {
            held = std::array::from_fn(|part| further(held[part], &block[part]));
        }
        held.iter().chain(rest).fold(lane[0], further)
    }

    /// The position of the first extreme element.
    fn position<T: Number>(self, lane: &[T]) -> i64 {
        let mut held = 0;
        for (position, &new) in lane.iter().enumerate().skip(1) {
            if self.replaces(new, lane[held]) {
                held = position;
            }
        }
        held as i64
    }

    fn elements(self, x: &Tensor, dims: &[i64], keepdim: bool) -> Result<Tensor> {
        let axes = nonempty_axes(x.sizes(), dims)?;
        dispatch_dtype!(all: x.dtype(), T => reduce::<T, T>(x, axes, keepdim, |lane| self.of(lane)))
    }

    fn positions(self, x: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        let axes = arg_axes(x.sizes(), x.dtype(), dim)?;
        dispatch_dtype!(numbers: x.dtype(), T => reduce::<T, i64>(x, axes, keepdim, |lane| self.position(lane)))
    }
}

#[kernel("aten::max", CPU)]
fn max(self_: &Tensor) -> Result<Tensor> {
    Extreme::Largest.elements(self_, &[], false)
}

#[kernel("aten::min", CPU)]
fn min(self_: &Tensor) -> Result<Tensor> {
    Extreme::Smallest.elements(self_, &[], false)
}

#[kernel("aten::amax", CPU)]
fn amax(self_: &Tensor, dim: &[i64], keepdim: bool) -> Result<Tensor> {
    Extreme::Largest.elements(self_, dim, keepdim)
}

#[kernel("aten::amin", CPU)]
fn amin(self_: &Tensor, dim: &[i64], keepdim: bool) -> Result<Tensor> {
    Extreme::Smallest.elements(self_, dim, keepdim)
}

#[kernel("aten::argmax", CPU)]
fn argmax(self_: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
    Extreme::Largest.positions(self_, dim, keepdim)
}

#[kernel("aten::argmin", CPU)]
fn argmin(self_: &Tensor, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
    Extreme::Smallest.positions(self_, dim, keepdim)
}

/// Whether a lane holds a true element (`any`), or no false one (`all`): `sought` decides the answer.
fn truth(x: &Tensor, axes: Axes, keepdim: bool, sought: bool) -> Result<Tensor> {
    dispatch_dtype!(all: x.dtype(), T => {
        let of = |lane: &[T]| lane.iter().any(|x| x.is_true() == sought) == sought;
        match truth_dtype(x.dtype()) {
            DType::UInt8 => reduce::<T, u8>(x, axes, keepdim, |lane| of(lane).into()),
            _ => reduce::<T, bool>(x, axes, keepdim, of),
        }
    })
}

#[kernel("aten::any", CPU)]
fn any(self_: &Tensor) -> Result<Tensor> {
    truth(self_, Axes::all(self_.dim())?, false, true)
}

#[kernel("aten::any.dim", CPU)]
fn any_dim(self_: &Tensor, dim: i64, keepdim: bool) -> Result<Tensor> {
    truth(self_, Axes::one(dim, self_.dim())?, keepdim, true)
}

#[kernel("aten::all", CPU)]
fn all(self_: &Tensor) -> Result<Tensor> {
    truth(self_, Axes::all(self_.dim())?, false, false)
}

#[kernel("aten::all.dim", CPU)]
fn all_dim(self_: &Tensor, dim: i64, keepdim: bool) -> Result<Tensor> {
    truth(self_, Axes::one(dim, self_.dim())?, keepdim, false)
}

#[kernel("aten::cumsum", CPU)]
fn cumsum(self_: &Tensor, dim: i64, dtype: Option<DType>) -> Result<Tensor> {
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(all: sum_dtype(self_.dtype(), dtype), T => map::<T>(self_, d, |lane, out| {
        let mut sum = <T as Summed>::Accumulator::ZERO;
        for (to, &x) in out.iter_mut().zip(lane) {
            sum = sum.plus(x.cast());
            *to = sum.cast();
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_many_small_numbers_are_accurate() {
        let lane = vec![0.1f32; 1_000_003];
        assert!((<f32 as Summed>::sum(&lane) / 1_000_003.0 - 0.1).abs() < 1e-7);
        assert_eq!(<u8 as Summed>::sum(&[200, 100]), 44);
    }

    #[test]
    fn the_first_extreme_or_not_a_number_wins() {
        assert_eq!(Extreme::Largest.position(&[1, 3, 3, 2]), 1);
        assert_eq!(Extreme::Smallest.position(&[2.0, f32::NAN, 1.0, f32::NAN]), 1);
        assert!(Extreme::Largest.of(&[2.0, f64::NAN, 3.0]).is_nan());
        assert!(Extreme::Largest.of(&[false, true]));
    }
}
