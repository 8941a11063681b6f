//! Rounding to what integers could stand for, without the mask.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::aten;

#[kernel("aten::fake_quantize_per_tensor_affine", CompositeImplicitAutograd)]
fn fake_quantize_per_tensor_affine(
    self_: &Tensor,
    scale: f64,
    zero_point: i64,
    quant_min: i64,
    quant_max: i64,
) -> Result<Tensor> {
    let round = aten::fake_quantize_per_tensor_affine_cachemask::default;
    Ok(round.call(self_, scale, zero_point, quant_min, quant_max)?.0)
}

#[kernel("aten::fake_quantize_per_tensor_affine.tensor_qparams", CompositeImplicitAutograd)]
fn fake_quantize_per_tensor_affine_tensor_qparams(
    self_: &Tensor,
    scale: &Tensor,
    zero_point: &Tensor,
    quant_min: i64,
    quant_max: i64,
) -> Result<Tensor> {
    let (dtype, device) = (Some(DType::Int64), Some(self_.device()));
    let enabled = aten::scalar_tensor::default.call(Scalar::Int(1), dtype, None, device, None)?;
    let round = aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams::default;
    Ok(round.call(self_, scale, zero_point, &enabled, quant_min, quant_max)?.0)
}

#[kernel("aten::fake_quantize_per_channel_affine", CompositeImplicitAutograd)]
fn fake_quantize_per_channel_affine(
    self_: &Tensor,
    scale: &Tensor,
    zero_point: &Tensor,
    axis: i64,
    quant_min: i64,
    quant_max: i64,
) -> Result<Tensor> {
    let round = aten::fake_quantize_per_channel_affine_cachemask::default;
    Ok(round.call(self_, scale, zero_point, axis, quant_min, quant_max)?.0)
}
