//! Copies into new memory, and what rests on them; leaving the tensor for a plain number.

use keyway::{DType, Device, Error, ErrorKind, Layout, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::composite::creation::new_like;
use crate::memory_format::{is_contiguous_in, suggested_format};

#[kernel("aten::clone", CompositeExplicitAutograd)]
fn clone(self_: &Tensor, memory_format: Option<MemoryFormat>) -> Result<Tensor> {
    let out = new_like(self_, (None, None, None, None), memory_format)?;
    aten::copy_::default.call(&out, self_, false)?;
    Ok(out)
}

#[kernel("aten::contiguous", CompositeImplicitAutograd)]
fn contiguous(self_: &Tensor, memory_format: MemoryFormat) -> Result<Tensor> {
    match is_contiguous_in(self_.geometry(), memory_format)? {
        true => Ok(self_.clone()),
        false => aten::clone::default.call(self_, Some(memory_format)),
    }
}

#[kernel("aten::_to_copy", CompositeExplicitAutograd)]
fn _to_copy(
    self_: &Tensor,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    non_blocking: bool,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    let out = new_like(self_, (dtype, layout, device, pin_memory), memory_format)?;
    aten::copy_::default.call(&out, self_, non_blocking)?;
    Ok(out)
}

#[kernel("aten::to.dtype", CompositeImplicitAutograd)]
fn to_dtype(
    self_: &Tensor,
    dtype: DType,
    non_blocking: bool,
    copy: bool,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    let format = memory_format.unwrap_or(MemoryFormat::Preserve);
    let lies_so = format == MemoryFormat::Preserve || format == suggested_format(self_.geometry());
    if self_.dtype() == dtype && !copy && lies_so {
        return Ok(self_.clone());
    }
    aten::_to_copy::default.call(self_, Some(dtype), None, None, None, non_blocking, memory_format)
}

#[kernel("aten::zero_", CompositeExplicitAutograd)]
fn zero_(self_: &Tensor) -> Result<()> {
    aten::fill_::Scalar.call(self_, Scalar::Int(0)).map(|_| ())
}

#[kernel("aten::item", CompositeImplicitAutograd)]
fn item(self_: &Tensor) -> Result<Scalar> {
    match self_.numel() {
        1 => aten::_local_scalar_dense::default.call(self_),
        n => Err(Error::new(ErrorKind::Runtime, format!("`self` must have one element, it has {n}"))),
    }
}

#[kernel("aten::square", CompositeImplicitAutograd)]
fn square(self_: &Tensor) -> Result<Tensor> {
    aten::pow::Tensor_Scalar.call(self_, Scalar::Int(2))
}
