//! Softmax and its logarithm along a dimension, shifted by the largest element so that exponentials stay finite.

use keyway::{Error, ErrorKind, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::map;
use crate::cpu::number::{Float, Number};
use crate::cpu::reductions::{Extreme, Summed};
use crate::shape::dimension::wrap;

fn no_half(half_to_float: bool) -> Result<()> {
    match half_to_float {
        false => Ok(()),
        true => {
            Err(Error::new(ErrorKind::Runtime, "half_to_float is for half-precision tensors; pass false"))
        }
    }
}

/// Fills `out` with the exponentials of a lane's elements less the largest; gives that and the exponentials' sum.
fn exponentials<T: Float + Summed<Accumulator = f64>>(lane: &[T], out: &mut [T]) -> (T, f64) {
    let shift = Extreme::Largest.of(lane);
    out.iter_mut().zip(lane).for_each(|(to, &x)| *to = (x - shift).quick_exp());
    (shift, T::sum(out))
}

#[kernel("aten::_softmax", CPU)]
fn _softmax(self_: &Tensor, dim: i64, half_to_float: bool) -> Result<Tensor> {
    no_half(half_to_float)?;
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(floats: self_.dtype(), T => map::<T>(self_, d, |lane, out| {
        let (_, sum) = exponentials(lane, out);
        let scale = T::from_f64(1.0 / sum);
        out.iter_mut().for_each(|x| *x *= scale);
    }))
}

#[kernel("aten::_log_softmax", CPU)]
fn _log_softmax(self_: &Tensor, dim: i64, half_to_float: bool) -> Result<Tensor> {
    no_half(half_to_float)?;
    let d = wrap(dim, self_.dim())?;
    dispatch_dtype!(floats: self_.dtype(), T => map::<T>(self_, d, |lane, out| {
        let (shift, sum) = exponentials(lane, out);
        let log_sum = T::from_f64(sum.ln());
        out.iter_mut().zip(lane).for_each(|(to, &x)| *to = x - shift - log_sum);
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_elements_do_not_overflow() {
        let x = Tensor::from_slice(&[1000f32, 1000.0, -1000.0], &[3]).unwrap();
        assert_eq!(_softmax(&x, -1, false).unwrap().to_vec::<f32>().unwrap(), [0.5, 0.5, 0.0]);
        let logs = _log_softmax(&x, 0, false).unwrap().to_vec::<f32>().unwrap();
        assert!((logs[0] + 2f32.ln()).abs() < 1e-6 && logs[2] < -1999.0);
        assert!(_softmax(&x, 0, true).is_err() && _softmax(&x, 1, false).is_err());
    }
}
