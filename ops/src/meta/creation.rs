//! `Meta` kernels of creation operators.

use keyway::{DType, Device, Layout, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::composite::with_elements;
use crate::creation::{Range, check_steps, new_strided, new_tensor, spaced_dtype, triangle};

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

#[kernel("aten::empty_strided", Meta)]
fn empty_strided_meta(
    size: &[i64],
    stride: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    new_strided(size, stride, dtype, layout, device.unwrap_or(Device::META), pin_memory)
}

/// Kernels of the triangles of a matrix.
macro_rules! triangles {
    ($($operator:tt $kernel:ident = $below:literal;)*) => {$(
        #[kernel($operator, Meta)]
        fn $kernel(
            row: i64,
            col: i64,
            offset: i64,
            dtype: Option<DType>,
            layout: Option<Layout>,
            device: Option<Device>,
            pin_memory: Option<bool>,
        ) -> Result<Tensor> {
            let (size, dtype) = (triangle(row, col, offset, $below)?.len() as i64, dtype.unwrap_or(DType::Int64));
            let device = device.unwrap_or(Device::META);
            new_tensor(&[2, size], Some(dtype), layout, device, pin_memory, None)
        }
    )*};
}
triangles! {
    "aten::tril_indices" tril_indices_meta = true;
    "aten::triu_indices" triu_indices_meta = false;
}

#[kernel("aten::linspace", Meta)]
fn linspace_meta(
    start: Scalar,
    end: Scalar,
    steps: i64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    check_steps(steps)?;
    let dtype = Some(spaced_dtype(start, end, dtype));
    new_tensor(&[steps], dtype, layout, device.unwrap_or(Device::META), pin_memory, None)
}

#[kernel("aten::linspace.out", Meta)]
fn linspace_out_meta(_start: Scalar, _end: Scalar, steps: i64, out: &Tensor) -> Result<()> {
    check_steps(steps)?;
    with_elements(out, steps)
}

#[kernel("aten::logspace", Meta)]
fn logspace_meta(
    start: Scalar,
    end: Scalar,
    steps: i64,
    _base: f64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    linspace_meta(start, end, steps, dtype, layout, device, pin_memory)
}

#[kernel("aten::logspace.out", Meta)]
fn logspace_out_meta(_start: Scalar, _end: Scalar, steps: i64, _base: f64, out: &Tensor) -> Result<()> {
    check_steps(steps)?;
    with_elements(out, steps)
}
