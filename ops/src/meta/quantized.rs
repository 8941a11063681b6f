//! Quantisation without data. Scales and zero points that are in tensors are not known, so that results have those of a
//! tensor that was not scaled.

use std::sync::Arc;

use keyway::{DType, MemoryFormat, Result, Tensor, kernel};

use crate::aten;
use crate::memory_format::geometry_like;
use crate::quantized::{self, PerChannelAffine, PerTensorAffine, check, check_channels, check_range};

#[kernel("aten::quantize_per_tensor", Meta)]
fn quantize_per_tensor_meta(self_: &Tensor, scale: f64, zero_point: i64, dtype: DType) -> Result<Tensor> {
    check(self_, &[zero_point], dtype)?;
    quantized::empty(self_.sizes(), dtype, self_.device(), Arc::new(PerTensorAffine { scale, zero_point }))
}

#[kernel("aten::quantize_per_tensor.tensor_qparams", Meta)]
fn quantize_per_tensor_tensor_qparams_meta(
    self_: &Tensor,
    _scale: &Tensor,
    _zero_point: &Tensor,
    dtype: DType,
) -> Result<Tensor> {
    quantize_per_tensor_meta(self_, 1.0, 0, dtype)
}

#[kernel("aten::quantize_per_channel", Meta)]
fn quantize_per_channel_meta(
    self_: &Tensor,
    scales: &Tensor,
    zero_points: &Tensor,
    axis: i64,
    dtype: DType,
) -> Result<Tensor> {
    let axis = check_channels(self_, scales, zero_points, axis)?;
    check(self_, &[], dtype)?;
    let (scales, zero_points) = (vec![1.0; scales.numel()], vec![0; scales.numel()]);
    let quantizer = PerChannelAffine { scales, zero_points, axis };
    quantized::empty(self_.sizes(), dtype, self_.device(), Arc::new(quantizer))
}

#[kernel("aten::dequantize.self", QuantizedMeta)]
fn dequantize_quantized_meta(self_: &Tensor) -> Result<Tensor> {
    Tensor::zeros(self_.sizes(), DType::Float32, self_.device())
}

#[kernel("aten::int_repr", QuantizedMeta)]
fn int_repr_meta(self_: &Tensor) -> Result<Tensor> {
    aten::clone::default.call(&self_.integers()?, None)
}

/// The rounded elements and the mask, both as the input lies.
fn rounded(x: &Tensor) -> Result<(Tensor, Tensor)> {
    if !x.dtype().is_floating_point() {
        return Err(keyway::Error::not_implemented(format!("not implemented for {}", x.dtype())));
    }
    let geometry = geometry_like(x.geometry(), MemoryFormat::Preserve)?;
    let out = Tensor::zeros_strided(geometry.clone(), x.dtype(), x.device())?;
    Ok((out, Tensor::zeros_strided(geometry, DType::Bool, x.device())?))
}

#[kernel("aten::fake_quantize_per_tensor_affine_cachemask", Meta)]
fn fake_quantize_per_tensor_affine_cachemask_meta(
    self_: &Tensor,
    _scale: f64,
    zero_point: i64,
    quant_min: i64,
    quant_max: i64,
) -> Result<(Tensor, Tensor)> {
    check_range(&[zero_point], quant_min, quant_max)?;
    rounded(self_)
}

#[kernel("aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", Meta)]
fn _fake_quantize_per_tensor_affine_cachemask_tensor_qparams_meta(
    self_: &Tensor,
    _scale: &Tensor,
    _zero_point: &Tensor,
    _fake_quant_enabled: &Tensor,
    quant_min: i64,
    quant_max: i64,
) -> Result<(Tensor, Tensor)> {
    check_range(&[], quant_min, quant_max)?;
    rounded(self_)
}

#[kernel("aten::fake_quantize_per_channel_affine_cachemask", Meta)]
fn fake_quantize_per_channel_affine_cachemask_meta(
    self_: &Tensor,
    scale: &Tensor,
    zero_point: &Tensor,
    axis: i64,
    quant_min: i64,
    quant_max: i64,
) -> Result<(Tensor, Tensor)> {
    check_channels(self_, scale, zero_point, axis)?;
    check_range(&[], quant_min, quant_max)?;
    rounded(self_)
}
