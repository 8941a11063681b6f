//! Scans: for each element, something of those up to it along a dimension. Sums of `float32` are accumulated in `float64`.

use keyway::{DType, Device, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::{for_each, map_to, store};
use crate::cpu::number::{Number, Ordered};
use crate::cpu::reductions::Summed;
use crate::shape::dimension::wrap;

#[kernel("aten::cumsum.out", CPU, structured)]
fn cumsum(self_: &Tensor, dim: i64, _dtype: Option<DType>, out: &Tensor) -> Result<()> {
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(values: out.dtype(), T => map_to::<T>(out, self_, d, |lane, out| {
        let mut sum = <T as Summed>::Accumulator::ZERO;
        for (to, &x) in out.iter_mut().zip(lane) {
            sum = sum.plus(x.cast());
            *to = sum.cast();
        }
    }))
}

#[kernel("aten::cumprod.out", CPU, structured)]
fn cumprod(self_: &Tensor, dim: i64, _dtype: Option<DType>, out: &Tensor) -> Result<()> {
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(values: out.dtype(), T => map_to::<T>(out, self_, d, |lane, out| {
        let mut product = <T as Summed>::Accumulator::ONE;
        for (to, &x) in out.iter_mut().zip(lane) {
            product = product.times(x.cast());
            *to = product.cast();
        }
    }))
}

#[kernel("aten::logcumsumexp.out", CPU, structured)]
fn logcumsumexp(self_: &Tensor, dim: i64, out: &Tensor) -> Result<()> {
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(floats: out.dtype(), T => map_to::<T>(out, self_, d, |lane, out| {
        let mut sum = f64::NEG_INFINITY;
        for (to, &x) in out.iter_mut().zip(lane) {
            sum = log_of_both(sum, x.cast());
            *to = T::from_f64(sum);
        }
    }))
}

/// The logarithm of the sum of two exponentials, of which the larger one is taken out.
fn log_of_both(a: f64, b: f64) -> f64 {
    let (large, small) = if a >= b || a.is_nan() { (a, b) } else { (b, a) };
    if large.is_infinite() { large } else { large + (small - large).exp().ln_1p() }
}

/// The extreme elements so far, and their positions; of equal ones the last.
fn extremes_so_far(x: &Tensor, dim: i64, is_largest: bool) -> Result<(Tensor, Tensor)> {
    let d = wrap(dim, x.dim())?;
    let elements = Tensor::zeros(x.sizes(), x.dtype(), Device::CPU)?;
    let positions = Tensor::zeros(x.sizes(), DType::Int64, Device::CPU)?;
    dispatch_dtype!(ordered: x.dtype(), T => {
        let (mut held, mut places) = (Vec::with_capacity(x.numel()), Vec::with_capacity(x.numel()));
        for_each::<T>(x, d, |lane| {
            let mut best = 0;
            for (at, &new) in lane.iter().enumerate() {
                if replaces(new, lane[best], is_largest) {
                    best = at;
                }
                held.push(lane[best]);
                places.push(best as i64);
            }
        })?;
        store(&elements, d, &held)?;
        store(&positions, d, &places)
    })?;
    Ok((elements, positions))
}

fn replaces<T: Ordered>(new: T, held: T, is_largest: bool) -> bool {
    let reaches = if is_largest { new >= held } else { new <= held };
    new.is_nan() || (!held.is_nan() && reaches)
}

#[kernel("aten::cummax", CPU)]
fn cummax(self_: &Tensor, dim: i64) -> Result<(Tensor, Tensor)> {
    extremes_so_far(self_, dim, true)
}

#[kernel("aten::cummin", CPU)]
fn cummin(self_: &Tensor, dim: i64) -> Result<(Tensor, Tensor)> {
    extremes_so_far(self_, dim, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_elements_move_on_and_not_a_number_stays() {
        let x = Tensor::from_slice(&[1f32, 3.0, 3.0, f32::NAN, 5.0], &[5]).unwrap();
        let (held, places) = cummax(&x, 0).unwrap();
        assert_eq!(places.to_vec::<i64>().unwrap(), [0, 1, 2, 3, 3]);
        assert!(held.to_vec::<f32>().unwrap()[4].is_nan());
    }
}
