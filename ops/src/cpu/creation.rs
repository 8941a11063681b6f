//! Creation on the host: what `empty` and the ranges need to know about memory and numbers.

use keyway::{DType, Device, Element, Layout, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::{dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::creation::{Range, new_tensor};

#[kernel("aten::empty.memory_format", CPU)]
fn empty(
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    new_tensor(size, dtype, layout, device.unwrap_or(Device::CPU), pin_memory, memory_format)
}

#[kernel("aten::arange.start_step", CPU)]
fn arange_start_step(
    start: Scalar,
    end: Scalar,
    step: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let range = Range::new(start, end, step, dtype)?;
    let device = device.unwrap_or(Device::CPU);
    let out = new_tensor(&[range.len], Some(range.dtype), layout, device, pin_memory, None)?;
    dispatch_dtype!(all: range.dtype, T => fill_range::<T>(&out, &range))?;
    Ok(out)
}

/// Integers are counted exactly, floats in double precision from the start, so that errors do not add up.
fn fill_range<T: Number + Element>(out: &Tensor, range: &Range) -> Result<()> {
    write::<T, 0, _>(out, [], |mut elements, _| {
        let elements = elements.as_memory();
        if range.dtype.is_floating_point() {
            let (start, step) = (range.start.to_f64(), range.step.to_f64());
            for (i, element) in elements.iter_mut().enumerate() {
                *element = T::from_f64(start + step * i as f64);
            }
        } else {
            let (start, step) = (range.start.to_i64(), range.step.to_i64());
            for (i, element) in elements.iter_mut().enumerate() {
                *element = T::from_i64(start.wrapping_add(step.wrapping_mul(i as i64)));
            }
        }
        Ok(())
    })
}
