//! `Meta` kernels of creation operators.

use keyway::{DType, Device, Layout, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::creation::{Range, new_tensor};

#[kernel("aten::empty.memory_format", Meta)]
fn empty_meta(
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    new_tensor(size, dtype, layout, device.unwrap_or(Device::META), pin_memory, memory_format)
}

#[kernel("aten::arange.start_step", Meta)]
fn arange_start_step_meta(
    start: Scalar,
    end: Scalar,
    step: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let range = Range::new(start, end, step, dtype)?;
    let device = device.unwrap_or(Device::META);
    new_tensor(&[range.len], Some(range.dtype), layout, device, pin_memory, None)
}
