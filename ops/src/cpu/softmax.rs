//! Softmax and its logarithm along a dimension, shifted by the largest element so that exponentials stay finite.

use keyway::{Error, ErrorKind, Result, Tensor, kernel};
use pulp::{Simd, WithSimd};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::map_to;
use crate::cpu::number::Float;
use crate::cpu::reductions::Summed;
use crate::cpu::vectorised::widest;
use crate::shape::dimension::wrap;

fn no_half(half_to_float: bool) -> Result<()> {
    match half_to_float {
        false => Ok(()),
        true => {
            Err(Error::new(ErrorKind::Runtime, "half_to_float is for half-precision tensors; pass false"))
        }
    }
}

/// The largest element of a lane, or not-a-number if there is one. In partial results, which vectorises.
#[inline(always)]
fn largest<T: Float>(lane: &[T]) -> T {
    const PARTS: usize = 32;
    let (blocks, rest) = lane.as_chunks::<PARTS>();
    let mut partial = [T::from_f64(f64::NEG_INFINITY); PARTS];
    let larger = |a: T, b: T| if b > a || b.is_nan() { b } else { a };
    for block in blocks {
        partial.iter_mut().zip(block).for_each(|(held, &x)| *held = larger(*held, x));
    }
    partial.iter_mut().zip(rest).for_each(|(held, &x)| *held = larger(*held, x));
    partial.into_iter().fold(T::from_f64(f64::NEG_INFINITY), larger)
}

/// Fills `out` with the exponentials of a lane's elements less the largest; gives that and the exponentials' sum.
#[inline(always)]
fn exponentials<S: Simd, T: Float + Summed<Accumulator = f64>>(lane: &[T], out: &mut [T]) -> (T, f64) {
    let shift = largest(lane);
    out.iter_mut().zip(lane).for_each(|(to, &x)| *to = (x - shift).exponential_below_one::<S>());
    (shift, T::sum(out))
}

/// One lane of softmax.
struct Shares<'a, T>(&'a [T], &'a mut [T]);

impl<T: Float + Summed<Accumulator = f64>> WithSimd for Shares<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (_, sum) = exponentials::<S, T>(self.0, self.1);
        let scale = T::from_f64(1.0 / sum);
        self.1.iter_mut().for_each(|x| *x *= scale);
    }
}

/// One lane of its logarithm.
struct LogShares<'a, T>(&'a [T], &'a mut [T]);

impl<T: Float + Summed<Accumulator = f64>> WithSimd for LogShares<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (shift, sum) = exponentials::<S, T>(self.0, self.1);
        let log_sum = T::from_f64(sum.ln());
        self.1.iter_mut().zip(self.0).for_each(|(to, &x)| *to = x - shift - log_sum);
    }
}

#[kernel("aten::_softmax.out", CPU, structured)]
fn _softmax(self_: &Tensor, dim: i64, half_to_float: bool, out: &Tensor) -> Result<()> {
    no_half(half_to_float)?;
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(floats: self_.dtype(), T => map_to::<T>(out, self_, d, |lane, out| widest(Shares(lane, out))))
}

#[kernel("aten::_log_softmax.out", CPU, structured)]
fn _log_softmax(self_: &Tensor, dim: i64, half_to_float: bool, out: &Tensor) -> Result<()> {
    no_half(half_to_float)?;
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(floats: self_.dtype(), T => map_to::<T>(out, self_, d, |lane, out| widest(LogShares(lane, out))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_element_is_found_wherever_it_is() {
        for at in [0, 5, 16, 39] {
            let mut lane = [-1.0f32; 40];
            lane[at] = 2.0;
            assert_eq!(largest(&lane), 2.0);
            lane[39 - at] = f32::NAN;
            assert!(largest(&lane).is_nan());
        }
        assert_eq!(largest::<f64>(&[]), f64::NEG_INFINITY);
    }

    #[test]
    fn large_elements_do_not_overflow() {
        let x = Tensor::from_slice(&[1000f32, 1000.0, -1000.0], &[3]).unwrap();
        let softmax = aten::_softmax::default;
        assert_eq!(softmax.call(&x, -1, false).unwrap().to_vec::<f32>().unwrap(), [0.5, 0.5, 0.0]);
        let logs = aten::_log_softmax::default.call(&x, 0, false).unwrap().to_vec::<f32>().unwrap();
        assert!((logs[0] + 2f32.ln()).abs() < 1e-6 && logs[2] < -1999.0);
        assert!(softmax.call(&x, 0, true).is_err() && softmax.call(&x, 1, false).is_err());
    }
}
