//! Statistics of many elements: variances, medians, sums and counts of some of them. Accumulated in double precision.

use keyway::{Complex, DType, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::{for_each, reduce, store};
use crate::cpu::number::{Number, Ordered};
use crate::cpu::reductions::Summed;
use crate::shape::dimension::wrap;
use crate::shape::indexing::kth_position;
use crate::shape::reduction::{self, Reduction};

/// The variance of a lane; the sum of squares is divided by the number of elements less `correction`.
fn variance<T: Number>(lane: &[T], correction: f64) -> f64 {
    let count = lane.len() as f64;
    let wide = |x: T| x.cast::<Complex<f64>>();
    let mean = lane.iter().map(|&x| wide(x)).fold(Complex::ZERO, |sum, x| sum + x) / count;
    let squares: f64 = lane.iter().map(|&x| (wide(x) - mean).norm_sqr()).sum();
    squares / (count - correction).max(0.0)
}

/// The variances or standard deviations along dimensions.
fn spread(
    plan: &Reduction,
    x: &Tensor,
    correction: Option<Scalar>,
    out: &Tensor,
    finish: fn(f64) -> f64,
) -> Result<()> {
    let correction = correction.map_or(1.0, Scalar::to_f64);
    dispatch_dtype!(fractional: x.dtype(), T => {
        reduce::<T, f64>(out, x, plan.axes(), |lane| finish(variance(lane, correction)))
    })
}

/// Kernels of one measure of spread, alone and with the mean.
macro_rules! spreads {
    ($($alone:tt $kernel:ident, $with_mean:tt $both:ident = $finish:expr;)*) => {$(
        #[kernel($alone, CPU)]
        fn $kernel(
            self_: &Tensor,
            dim: Option<&[i64]>,
            correction: Option<Scalar>,
            keepdim: bool,
        ) -> Result<Tensor> {
            reduction::variance(self_, dim.unwrap_or(&[]), keepdim)?
                .filled(|plan, out| spread(plan, self_, correction, out, $finish))
        }

        #[kernel($with_mean, CPU)]
        fn $both(
            self_: &Tensor,
            dim: Option<&[i64]>,
            correction: Option<Scalar>,
            keepdim: bool,
        ) -> Result<(Tensor, Tensor)> {
            let spread = $kernel(self_, dim, correction, keepdim)?;
            Ok((spread, aten::mean::dim.call(self_, dim, keepdim, None)?))
        }
    )*};
}
spreads! {
    "aten::var.correction" var, "aten::var_mean.correction" var_mean = |variance| variance;
    "aten::std.correction" std, "aten::std_mean.correction" std_mean = f64::sqrt;
}

#[kernel("aten::nansum", CPU)]
fn nansum(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    reduction::sum(self_, dim.unwrap_or(&[]), keepdim, dtype)?.filled(|plan, out| {
        dispatch_dtype!(ordered: plan.dtype(), T => reduce::<T, T>(out, self_, plan.axes(), |lane| {
            let numbers: Vec<T> = lane.iter().copied().filter(|x| !x.is_nan()).collect();
            <T as Summed>::sum(&numbers).cast()
        }))
    })
}

#[kernel("aten::count_nonzero.dim_IntList", CPU)]
fn count_nonzero(self_: &Tensor, dim: &[i64]) -> Result<Tensor> {
    reduction::counts(self_, dim)?.filled(|plan, out| {
        dispatch_dtype!(values: self_.dtype(), T => reduce::<T, i64>(out, self_, plan.axes(), |lane| {
            lane.iter().filter(|x| x.is_true()).count() as i64
        }))
    })
}

/// The position of the element that would be at a place if the lane were sorted; the first not-a-number if there is one.
fn position_of_kth<T: Ordered>(lane: &[T], k: usize) -> usize {
    if let Some(first) = lane.iter().position(|x| x.is_nan()) {
        return first;
    }
    let mut positions: Vec<usize> = (0..lane.len()).collect();
    positions.sort_by(|&a, &b| lane[a].partial_cmp(&lane[b]).unwrap_or(std::cmp::Ordering::Equal));
    positions[k]
}

/// The lower one of two in the middle.
fn middle(len: usize) -> usize {
    len.saturating_sub(1) / 2
}

/// Nothing has the median not-a-number, or the lowest integer.
fn median_of<T: Ordered>(lane: &[T]) -> T {
    match lane.is_empty() {
        true => f64::NAN.cast(),
        false => lane[position_of_kth(lane, middle(lane.len()))],
    }
}

#[kernel("aten::median", CPU)]
fn median(self_: &Tensor) -> Result<Tensor> {
    reduction::one_of_all(self_)?.filled(|plan, out| {
        dispatch_dtype!(numbers: self_.dtype(), T => reduce::<T, T>(out, self_, plan.axes(), median_of))
    })
}

#[kernel("aten::nanmedian", CPU)]
fn nanmedian(self_: &Tensor) -> Result<Tensor> {
    reduction::one_of_all(self_)?.filled(|plan, out| {
        dispatch_dtype!(numbers: self_.dtype(), T => reduce::<T, T>(out, self_, plan.axes(), |lane| {
            let numbers: Vec<T> = lane.iter().copied().filter(|x| !x.is_nan()).collect();
            median_of(&numbers)
        }))
    })
}

/// The element of each lane that would be at a place if it were sorted, and where it is.
fn chosen(x: &Tensor, dim: i64, keepdim: bool, place: impl Fn(usize) -> usize) -> Result<(Tensor, Tensor)> {
    let (elements, positions) = reduction::chosen_along(x, dim, keepdim)?;
    let (elements, positions) = (elements.empty()?, positions.empty()?);
    let d = wrap(dim, x.dim())?;
    dispatch_dtype!(numbers: x.dtype(), T => {
        let (mut held, mut places) = (Vec::new(), Vec::new());
        for_each::<T>(x, d, |lane| {
            let position = position_of_kth(lane, place(lane.len()));
            held.push(lane[position]);
            places.push(position as i64);
        })?;
        // One element is left of each lane, so the results lie in the lanes' order.
        store(&elements, elements.dim(), &held)?;
        store(&positions, positions.dim(), &places)
    })?;
    Ok((elements, positions))
}

#[kernel("aten::median.dim", CPU)]
fn median_dim(self_: &Tensor, dim: i64, keepdim: bool) -> Result<(Tensor, Tensor)> {
    chosen(self_, dim, keepdim, middle)
}

#[kernel("aten::kthvalue", CPU)]
fn kthvalue(self_: &Tensor, k: i64, dim: i64, keepdim: bool) -> Result<(Tensor, Tensor)> {
    let place = kth_position(self_.sizes(), k, dim)?;
    chosen(self_, dim, keepdim, |_| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_of_few_elements() {
        assert_eq!(variance(&[1.0f32, 2.0, 3.0], 1.0), 1.0);
        assert!(variance(&[1.0f32], 1.0).is_nan() && variance::<f64>(&[], 0.0).is_nan());
        assert_eq!(variance(&[Complex::new(0.0f64, 1.0), Complex::new(0.0, -1.0)], 0.0), 1.0);
    }

    #[test]
    fn the_lower_median_or_not_a_number() {
        assert_eq!(median_of(&[4i64, 1, 3, 2]), 2);
        assert!(median_of(&[1.0, f32::NAN]).is_nan());
    }
}
