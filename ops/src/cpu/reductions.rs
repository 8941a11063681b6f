//! Reductions: many elements to one, along some dimensions.
//!
//! Sums, products and scans of `float32` are accumulated in `float64`. Not-a-number wins over every element where an
//! extreme one is looked for.

use keyway::{Complex, DType, Result, Tensor, kernel};
use pulp::NullaryFnOnce;

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::reduce;
use crate::cpu::number::{Number, Ordered};
use crate::cpu::vectorised::vectorised;
use crate::shape::dimension::Axes;
use crate::shape::reduction::{self, Reduction};

/// An element that can be added up.
pub(crate) trait Summed: Number {
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
            #[inline(always)]
            fn sum(lane: &[Self]) -> $accumulator {
                let mut partial = [<$accumulator>::ZERO; 8];
                let (blocks, rest) = lane.as_chunks::<8>();
                for block in blocks {
                    for (sum, &x) in partial.iter_mut().zip(block) {
                        *sum = sum.plus(x.cast::<$accumulator>());
                    }
                }
                for (sum, &x) in partial.iter_mut().zip(rest) {
                    *sum = sum.plus(x.cast::<$accumulator>());
                }
                partial.into_iter().fold(<$accumulator>::ZERO, Number::plus)
            }
        }
    )*};
}
summed!(u8 => u8, i32 => i32, i64 => i64, f64 => f64, bool => bool);
summed!(Complex<f32> => Complex<f64>, Complex<f64> => Complex<f64>);

impl Summed for f32 {
    type Accumulator = f64;

    /// In partial sums of a few elements each in single precision, whose sums are in double precision: as accurate as the
    /// result, and without a conversion of each element.
    #[inline(always)]
    fn sum(lane: &[f32]) -> f64 {
        const PARTS: usize = 64;
        const QUARTER: usize = PARTS / 4;
        const ELEMENTS_OF_PART: usize = 16;
        let mut total = [0f64; QUARTER];
        for some in lane.chunks(PARTS * ELEMENTS_OF_PART) {
            let mut partial = [[0f32; QUARTER]; 4];
            let (blocks, rest) = some.as_chunks::<PARTS>();
            for block in blocks {
                // By quarters, which compilers keep in registers; the whole they keep in memory.
                for (sums, quarter) in partial.iter_mut().zip(block.as_chunks::<QUARTER>().0) {
                    sums.iter_mut().zip(quarter).for_each(|(sum, &x)| *sum += x);
                }
            }
            partial.as_flattened_mut().iter_mut().zip(rest).for_each(|(sum, &x)| *sum += x);
            for quarter in &partial {
                total.iter_mut().zip(quarter).for_each(|(total, &sum)| *total += f64::from(sum));
            }
        }
        total.into_iter().sum()
    }
}

/// The sum of a lane as work that is vectorised.
struct SumOf<'a, T>(&'a [T]);

impl<T: Summed> NullaryFnOnce for SumOf<'_, T> {
    type Output = T::Accumulator;

    #[inline(always)]
    fn call(self) -> T::Accumulator {
        T::sum(self.0)
    }
}

#[kernel("aten::sum.IntList_out", CPU, structured)]
fn sum(
    plan: &Reduction,
    self_: &Tensor,
    _dim: Option<&[i64]>,
    _keepdim: bool,
    _dtype: Option<DType>,
    out: &Tensor,
) -> Result<()> {
    dispatch_dtype!(values: plan.dtype(), T => {
        reduce::<T, T>(out, self_, plan.axes(), |lane| vectorised(lane.len(), SumOf(lane)).cast())
    })
}

#[kernel("aten::mean.out", CPU, structured)]
fn mean(
    plan: &Reduction,
    self_: &Tensor,
    _dim: Option<&[i64]>,
    _keepdim: bool,
    _dtype: Option<DType>,
    out: &Tensor,
) -> Result<()> {
    dispatch_dtype!(fractional: plan.dtype(), T => {
        type Wide = <T as Summed>::Accumulator;
        reduce::<T, T>(out, self_, plan.axes(), |lane| {
            (vectorised(lane.len(), SumOf(lane)) / Wide::from_i64(lane.len() as i64)).cast()
        })
    })
}

fn product(plan: &Reduction, x: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(values: plan.dtype(), T => {
        reduce::<T, T>(out, x, plan.axes(), |lane| lane.iter().copied().fold(T::ONE, Number::times))
    })
}

#[kernel("aten::prod", CPU)]
fn prod(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    reduction::sum(self_, &[], false, dtype)?.filled(|plan, out| product(plan, self_, out))
}

#[kernel("aten::prod.int_out", CPU, structured)]
fn prod_dim(
    plan: &Reduction,
    self_: &Tensor,
    _dim: i64,
    _keepdim: bool,
    _dtype: Option<DType>,
    out: &Tensor,
) -> Result<()> {
    product(plan, self_, out)
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
    fn replaces<T: Ordered>(self, new: T, held: T) -> bool {
        let beyond = match self {
            Extreme::Largest => new > held,
            Extreme::Smallest => new < held,
        };
        beyond || (new.is_nan() && !held.is_nan())
    }

    /// The extreme element of a lane that has one, by way of the extremes of eight parts, which vectorises.
    pub(super) fn of<T: Ordered>(self, lane: &[T]) -> T {
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
    fn position<T: Ordered>(self, lane: &[T]) -> i64 {
        let mut held = 0;
        for (position, &new) in lane.iter().enumerate().skip(1) {
            if self.replaces(new, lane[held]) {
                held = position;
            }
        }
        held as i64
    }

    fn elements(self, plan: &Reduction, x: &Tensor, out: &Tensor) -> Result<()> {
        dispatch_dtype!(ordered: x.dtype(), T => reduce::<T, T>(out, x, plan.axes(), |lane| self.of(lane)))
    }

    fn positions(self, plan: &Reduction, x: &Tensor, out: &Tensor) -> Result<()> {
        dispatch_dtype!(numbers: x.dtype(), T => {
            reduce::<T, i64>(out, x, plan.axes(), |lane| self.position(lane))
        })
    }
}

/// Kernels of one extreme: over all elements, along dimensions, and the position of it.
macro_rules! extremes {
    ($($extreme:ident: $all:tt $whole:ident, $along:tt $some:ident, $of:tt $position:ident;)*) => {$(
        #[kernel($all, CPU)]
        fn $whole(self_: &Tensor) -> Result<Tensor> {
            reduction::extremes(self_, &[], false)?
                .filled(|plan, out| Extreme::$extreme.elements(plan, self_, out))
        }

        #[kernel($along, CPU, structured)]
        fn $some(plan: &Reduction, self_: &Tensor, _dim: &[i64], _keepdim: bool, out: &Tensor) -> Result<()> {
            Extreme::$extreme.elements(plan, self_, out)
        }

        #[kernel($of, CPU, structured)]
        fn $position(
            plan: &Reduction,
            self_: &Tensor,
            _dim: Option<i64>,
            _keepdim: bool,
            out: &Tensor,
        ) -> Result<()> {
            Extreme::$extreme.positions(plan, self_, out)
        }
    )*};
}
extremes! {
    Largest: "aten::max" max, "aten::amax.out" amax, "aten::argmax.out" argmax;
    Smallest: "aten::min" min, "aten::amin.out" amin, "aten::argmin.out" argmin;
}

/// Kernels of one extreme along a dimension, with its positions.
macro_rules! placed_extremes {
    ($($extreme:ident: $along:tt $kernel:ident;)*) => {$(
        #[kernel($along, CPU, structured)]
        fn $kernel(self_: &Tensor, dim: i64, _keepdim: bool, elements: &Tensor, positions: &Tensor) -> Result<()> {
            let axes = Axes::one(dim, self_.dim())?;
            dispatch_dtype!(ordered: self_.dtype(), T => {
                reduce::<T, T>(elements, self_, axes, |lane| Extreme::$extreme.of(lane))?;
                reduce::<T, i64>(positions, self_, axes, |lane| Extreme::$extreme.position(lane))
            })
        }
    )*};
}
placed_extremes! {
    Largest: "aten::max.dim_max" max_dim;
    Smallest: "aten::min.dim_min" min_dim;
}

#[kernel("aten::aminmax.out", CPU, structured)]
fn aminmax(self_: &Tensor, dim: Option<i64>, _keepdim: bool, min: &Tensor, max: &Tensor) -> Result<()> {
    let axes = dim.map_or_else(|| Axes::all(self_.dim()), |dim| Axes::one(dim, self_.dim()))?;
    dispatch_dtype!(ordered: self_.dtype(), T => {
        reduce::<T, T>(min, self_, axes, |lane| Extreme::Smallest.of(lane))?;
        reduce::<T, T>(max, self_, axes, |lane| Extreme::Largest.of(lane))
    })
}

/// Whether a lane holds a true element (`any`), or no false one (`all`): `sought` decides the answer.
fn truth(plan: &Reduction, x: &Tensor, out: &Tensor, sought: bool) -> Result<()> {
    dispatch_dtype!(values: x.dtype(), T => {
        let of = |lane: &[T]| lane.iter().any(|x| x.is_true() == sought) == sought;
        reduce::<T, bool>(out, x, plan.axes(), of)
    })
}

/// Kernels of one question: about all elements, along a dimension.
macro_rules! truths {
    ($($sought:literal: $all:tt $whole:ident, $along:tt $some:ident;)*) => {$(
        #[kernel($all, CPU, structured)]
        fn $whole(plan: &Reduction, self_: &Tensor, out: &Tensor) -> Result<()> {
            truth(plan, self_, out, $sought)
        }

        #[kernel($along, CPU, structured)]
        fn $some(plan: &Reduction, self_: &Tensor, _dim: i64, _keepdim: bool, out: &Tensor) -> Result<()> {
            truth(plan, self_, out, $sought)
        }
    )*};
}
truths! {
    true: "aten::any.all_out" any_all, "aten::any.out" any_dim;
    false: "aten::all.all_out" all_all, "aten::all.out" all_dim;
}

#[kernel("aten::any.dims_out", CPU, structured)]
fn any_dims(
    plan: &Reduction,
    self_: &Tensor,
    _dim: Option<&[i64]>,
    _keepdim: bool,
    out: &Tensor,
) -> Result<()> {
    truth(plan, self_, out, true)
}

#[kernel("aten::all.dims_out", CPU, structured)]
fn all_dims(
    plan: &Reduction,
    self_: &Tensor,
    _dim: Option<&[i64]>,
    _keepdim: bool,
    out: &Tensor,
) -> Result<()> {
    truth(plan, self_, out, false)
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
