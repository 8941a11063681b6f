//! Quantisation on the host: numbers to integers and back, and numbers rounded to what integers could stand for.
//!
//! Numbers are multiplied with the reciprocal of the scale in single precision, rounded to even, and bounded.

use std::sync::Arc;

use keyway::{DType, Device, QScheme, Quantizer, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Number;
use crate::cpu::plain::{compute, store, to_vec, with};
use crate::quantized::{
    self, PerChannelAffine, PerTensorAffine, bounds, check, check_channels, check_range, quantizer,
};

/// A scale with its reciprocal, and a zero point.
#[derive(Clone, Copy)]
struct Line {
    scale: f32,
    inverse: f32,
    zero_point: i64,
}

impl Line {
    fn new(scale: f64, zero_point: i64) -> Line {
        let scale = scale as f32;
        Line { scale, inverse: 1.0 / scale, zero_point }
    }

    /// The integer nearest to a number, whatever its size.
    fn integer(self, x: f32) -> i64 {
        ((x * self.inverse).round_ties_even() as i64).saturating_add(self.zero_point)
    }

    fn number(self, integer: i64) -> f32 {
        (integer - self.zero_point) as f32 * self.scale
    }
}

/// The lines of the elements of a tensor, in row-major order.
enum Lines {
    One(Line),
    Each { lines: Vec<Line>, inner: usize },
}

impl Lines {
    fn per_channel(sizes: &[i64], channels: &PerChannelAffine) -> Lines {
        let lines =
            channels.scales.iter().zip(&channels.zero_points).map(|(&scale, &zero)| Line::new(scale, zero));
        let inner = sizes[channels.axis + 1..].iter().product::<i64>() as usize;
        Lines::Each { lines: lines.collect(), inner: inner.max(1) }
    }

    fn of(x: &Tensor) -> Result<Lines> {
        match quantizer::<PerTensorAffine>(x) {
            Ok(one) => Ok(Lines::One(Line::new(one.scale, one.zero_point))),
            Err(_) => Ok(Lines::per_channel(x.sizes(), quantizer::<PerChannelAffine>(x)?)),
        }
    }

    fn at(&self, position: usize) -> Line {
        match self {
            Lines::One(line) => *line,
            Lines::Each { lines, inner } => lines[position / inner % lines.len()],
        }
    }
}

fn quantize(x: &Tensor, lines: &Lines, dtype: DType, quantizer: Arc<dyn Quantizer>) -> Result<Tensor> {
    let out = quantized::empty(x.sizes(), dtype, Device::CPU, quantizer)?;
    let (least, largest) = bounds(dtype)?;
    let integers = with::<f32, 1, _>([x], |[x]| {
        let integer = |(at, &x): (usize, &f32)| lines.at(at).integer(x).clamp(least, largest);
        Ok(x.iter().enumerate().map(integer).collect::<Vec<i64>>())
    })?;
    store(&out.integers()?, &integers)?;
    Ok(out)
}

#[kernel("aten::quantize_per_tensor", CPU)]
fn quantize_per_tensor(self_: &Tensor, scale: f64, zero_point: i64, dtype: DType) -> Result<Tensor> {
    check(self_, &[zero_point], dtype)?;
    let lines = Lines::One(Line::new(scale, zero_point));
    quantize(self_, &lines, dtype, Arc::new(PerTensorAffine { scale, zero_point }))
}

#[kernel("aten::quantize_per_tensor.tensor_qparams", CPU)]
fn quantize_per_tensor_tensor_qparams(
    self_: &Tensor,
    scale: &Tensor,
    zero_point: &Tensor,
    dtype: DType,
) -> Result<Tensor> {
    quantize_per_tensor(self_, scale.item()?.to_f64(), zero_point.item()?.to_i64(), dtype)
}

#[kernel("aten::quantize_per_channel", CPU)]
fn quantize_per_channel(
    self_: &Tensor,
    scales: &Tensor,
    zero_points: &Tensor,
    axis: i64,
    dtype: DType,
) -> Result<Tensor> {
    let axis = check_channels(self_, scales, zero_points, axis)?;
    let channels = PerChannelAffine { scales: to_vec(scales)?, zero_points: to_vec(zero_points)?, axis };
    check(self_, &channels.zero_points, dtype)?;
    quantize(self_, &Lines::per_channel(self_.sizes(), &channels), dtype, Arc::new(channels.clone()))
}

/// What is not quantised stands for itself; the schema says that the result is a new tensor.
#[kernel("aten::dequantize.self", CPU, Meta)]
fn dequantize(self_: &Tensor) -> Result<Tensor> {
    aten::to::dtype.call(self_, DType::Float32, false, true, None)
}

#[kernel("aten::dequantize.self", QuantizedCPU)]
fn dequantize_quantized(self_: &Tensor) -> Result<Tensor> {
    let lines = Lines::of(self_)?;
    let out = Tensor::zeros(self_.sizes(), DType::Float32, Device::CPU)?;
    let integers = to_vec::<i64>(&self_.integers()?)?;
    compute::<f32, 0>(&out, [], |out, _| {
        out.iter_mut().zip(&integers).enumerate().for_each(|(at, (out, &integer))| {
            *out = lines.at(at).number(integer);
        });
        Ok(())
    })?;
    Ok(out)
}

#[kernel("aten::int_repr", QuantizedCPU)]
fn int_repr(self_: &Tensor) -> Result<Tensor> {
    aten::clone::default.call(&self_.integers()?, None)
}

#[kernel("aten::q_scale", QuantizedCPU, QuantizedMeta)]
fn q_scale(self_: &Tensor) -> Result<f64> {
    Ok(quantizer::<PerTensorAffine>(self_)?.scale)
}

#[kernel("aten::q_zero_point", QuantizedCPU, QuantizedMeta)]
fn q_zero_point(self_: &Tensor) -> Result<i64> {
    Ok(quantizer::<PerTensorAffine>(self_)?.zero_point)
}

fn vector<T: Number>(x: &Tensor, elements: &[T]) -> Result<Tensor> {
    let out = Tensor::zeros(&[elements.len() as i64], T::DTYPE, x.device())?;
    if x.device() == Device::CPU {
        store(&out, elements)?;
    }
    Ok(out)
}

#[kernel("aten::q_per_channel_scales", QuantizedCPU, QuantizedMeta)]
fn q_per_channel_scales(self_: &Tensor) -> Result<Tensor> {
    vector(self_, &quantizer::<PerChannelAffine>(self_)?.scales)
}

#[kernel("aten::q_per_channel_zero_points", QuantizedCPU, QuantizedMeta)]
fn q_per_channel_zero_points(self_: &Tensor) -> Result<Tensor> {
    vector(self_, &quantizer::<PerChannelAffine>(self_)?.zero_points)
}

#[kernel("aten::q_per_channel_axis", QuantizedCPU, QuantizedMeta)]
fn q_per_channel_axis(self_: &Tensor) -> Result<i64> {
    Ok(quantizer::<PerChannelAffine>(self_)?.axis as i64)
}

#[kernel("aten::qscheme", QuantizedCPU, QuantizedMeta)]
fn qscheme(self_: &Tensor) -> Result<QScheme> {
    self_
        .quantizer()
        .map(|quantizer| quantizer.scheme())
        .ok_or_else(|| quantized::refused(format!("a tensor of {} has no quantizer", self_.dtype())))
}

/// Elements rounded to what integers of a range could stand for, and which of them are in the range.
fn rounded(x: &Tensor, lines: &Lines, least: i64, largest: i64, is_on: bool) -> Result<(Tensor, Tensor)> {
    let geometry = crate::memory_format::geometry_like(x.geometry(), keyway::MemoryFormat::Preserve)?;
    let out = Tensor::zeros_strided(geometry.clone(), x.dtype(), x.device())?;
    let mask = Tensor::zeros_strided(geometry, DType::Bool, x.device())?;
    let mut inside = vec![true; x.numel()];
    dispatch_dtype!(floats: x.dtype(), T => compute::<T, 1>(&out, [x], |out, [x]| {
        for (at, ((out, &x), inside)) in out.iter_mut().zip(x).zip(&mut inside).enumerate() {
            let line = lines.at(at);
            let integer = line.integer(x.cast());
            *inside = !is_on || (least..=largest).contains(&integer);
            let number = || T::from_f64(f64::from(line.number(integer.clamp(least, largest))));
            *out = if is_on { number() } else { x };
        }
        Ok(())
    }))?;
    store(&mask, &inside)?;
    Ok((out, mask))
}

#[kernel("aten::fake_quantize_per_tensor_affine_cachemask", CPU)]
fn fake_quantize_per_tensor_affine_cachemask(
    self_: &Tensor,
    scale: f64,
    zero_point: i64,
    quant_min: i64,
    quant_max: i64,
) -> Result<(Tensor, Tensor)> {
    check_range(&[zero_point], quant_min, quant_max)?;
    rounded(self_, &Lines::One(Line::new(scale, zero_point)), quant_min, quant_max, true)
}

#[kernel("aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", CPU)]
fn _fake_quantize_per_tensor_affine_cachemask_tensor_qparams(
    self_: &Tensor,
    scale: &Tensor,
    zero_point: &Tensor,
    fake_quant_enabled: &Tensor,
    quant_min: i64,
    quant_max: i64,
) -> Result<(Tensor, Tensor)> {
    check_range(&[], quant_min, quant_max)?;
    let line = Line::new(scale.item()?.to_f64(), zero_point.item()?.to_i64());
    rounded(self_, &Lines::One(line), quant_min, quant_max, fake_quant_enabled.item()?.to_bool())
}

#[kernel("aten::fake_quantize_per_channel_affine_cachemask", CPU)]
fn fake_quantize_per_channel_affine_cachemask(
    self_: &Tensor,
    scale: &Tensor,
    zero_point: &Tensor,
    axis: i64,
    quant_min: i64,
    quant_max: i64,
) -> Result<(Tensor, Tensor)> {
    let axis = check_channels(self_, scale, zero_point, axis)?;
    let channels = PerChannelAffine { scales: to_vec(scale)?, zero_points: to_vec(zero_point)?, axis };
    check_range(&channels.zero_points, quant_min, quant_max)?;
    rounded(self_, &Lines::per_channel(self_.sizes(), &channels), quant_min, quant_max, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Storage;

    #[test]
    fn channels_have_their_own_lines_wherever_they_lie() {
        let x = Tensor::from_slice(&[1.0f32, 1.0, 1.0, -4.0], &[2, 2]).unwrap();
        let scales = Tensor::from_slice(&[0.5f64, 2.0], &[2]).unwrap();
        let zero_points = Tensor::from_slice(&[0i64, 1], &[2]).unwrap();
        let integers = |axis| {
            let quantised = quantize_per_channel(&x, &scales, &zero_points, axis, DType::QInt8).unwrap();
            (int_repr(&quantised).unwrap().to_vec::<i8>().unwrap(), quantised)
        };
        assert_eq!(integers(0).0, [2, 2, 1, -1]);
        let (along_columns, quantised) = integers(1);
        assert_eq!(along_columns, [2, 1, 2, -1]);
        let numbers = dequantize_quantized(&quantised).unwrap();
        assert_eq!(numbers.to_vec::<f32>().unwrap(), [1.0, 0.0, 1.0, -4.0]);
        assert_eq!(q_per_channel_axis(&quantised).unwrap(), 1);
        assert!(q_scale(&quantised).is_err());
    }

    #[test]
    fn integers_are_bounded_by_the_dtype() {
        let x = Tensor::from_slice(&[1e30f32, -1e30, f32::INFINITY], &[3]).unwrap();
        let quantised = quantize_per_tensor(&x, 0.1, 3, DType::QUInt8).unwrap();
        assert_eq!(int_repr(&quantised).unwrap().to_vec::<u8>().unwrap(), [255, 0, 255]);
        let storage = Storage::from_slice(&[0u8; 2]);
        assert!(Tensor::from_storage(storage, DType::QUInt8, Device::CPU, x.geometry().clone()).is_err());
    }
}
