//! Copies into new memory, and what rests on them; leaving the tensor for a plain number.

use keyway::{
    DType, Device, Error, ErrorKind, Geometry, Layout, MemoryFormat, Result, Scalar, Tensor, kernel,
};

use crate::aten;
use crate::composite::creation::new_like;
use crate::creation::check_options;
use crate::memory_format::{is_contiguous_in, new_geometry, suggested_format};

#[kernel("aten::clone", CompositeExplicitAutograd)]
fn clone(self_: &Tensor, memory_format: Option<MemoryFormat>) -> Result<Tensor> {
    // Where elements lie row by row, these keep them so.
    let is_kept = matches!(memory_format, None | Some(MemoryFormat::Preserve | MemoryFormat::Contiguous));
    if is_kept && let Some(copy) = self_.small_copy() {
        return Ok(copy);
    }
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
    let device = self_.device();
    converted(self_, Target { dtype, device, copy, non_blocking, format: memory_format })
}

/// What a tensor is converted to, and whether a copy is wanted in any case.
struct Target {
    dtype: DType,
    device: Device,
    copy: bool,
    non_blocking: bool,
    format: Option<MemoryFormat>,
}

/// The tensor itself where nothing about it would change.
fn converted(x: &Tensor, target: Target) -> Result<Tensor> {
    let format = target.format.unwrap_or(MemoryFormat::Preserve);
    let lies_so = format == MemoryFormat::Preserve || format == suggested_format(x.geometry());
    if x.dtype() == target.dtype && x.device() == target.device && !target.copy && lies_so {
        return Ok(x.clone());
    }
    let (dtype, device) = (Some(target.dtype), Some(target.device));
    aten::_to_copy::default.call(x, dtype, None, device, None, target.non_blocking, target.format)
}

#[kernel("aten::to.dtype_layout", CompositeImplicitAutograd)]
fn to_dtype_layout(
    self_: &Tensor,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    non_blocking: bool,
    copy: bool,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    check_options(layout, pin_memory)?;
    let (dtype, device) = (dtype.unwrap_or(self_.dtype()), device.unwrap_or(self_.device()));
    converted(self_, Target { dtype, device, copy, non_blocking, format: memory_format })
}

#[kernel("aten::to.device", CompositeImplicitAutograd)]
fn to_device(
    self_: &Tensor,
    device: Device,
    dtype: DType,
    non_blocking: bool,
    copy: bool,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    converted(self_, Target { dtype, device, copy, non_blocking, format: memory_format })
}

#[kernel("aten::to.other", CompositeImplicitAutograd)]
fn to_other(
    self_: &Tensor,
    other: &Tensor,
    non_blocking: bool,
    copy: bool,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    let (dtype, device) = (other.dtype(), other.device());
    converted(self_, Target { dtype, device, copy, non_blocking, format: memory_format })
}

#[kernel("aten::type_as", CompositeImplicitAutograd)]
fn type_as(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    aten::to::other.call(self_, other, false, false, None)
}

#[kernel("aten::copy", CompositeExplicitAutograd)]
fn copy(self_: &Tensor, src: &Tensor, non_blocking: bool) -> Result<Tensor> {
    let out = match self_.repeats_elements() {
        true => new_like(self_, (None, None, None, None), Some(MemoryFormat::Contiguous))?,
        false => aten::empty_strided::default.call(
            self_.sizes(),
            self_.strides(),
            Some(self_.dtype()),
            None,
            Some(self_.device()),
            None,
        )?,
    };
    aten::copy_::default.call(&out, src, non_blocking).cloned()
}

#[kernel("aten::fill.Scalar", CompositeExplicitAutograd)]
fn fill(self_: &Tensor, value: Scalar) -> Result<Tensor> {
    let out = new_like(self_, (None, None, None, None), None)?;
    aten::fill_::Scalar.call(&out, value).cloned()
}

#[kernel("aten::fill.Tensor", CompositeExplicitAutograd)]
fn fill_tensor(self_: &Tensor, value: &Tensor) -> Result<Tensor> {
    let out = new_like(self_, (None, None, None, None), None)?;
    aten::fill_::Tensor.call(&out, value).cloned()
}

#[kernel("aten::fill_.Tensor", CompositeExplicitAutograd)]
fn fill_tensor_(self_: &Tensor, value: &Tensor) -> Result<()> {
    match value.dim() {
        0 => aten::copy_::default.call(self_, value, false).map(|_| ()),
        rank => Err(Error::new(
            ErrorKind::Runtime,
            format!("`value` must have no dimensions, it has {rank}; use copy_ to write a tensor"),
        )),
    }
}

#[kernel("aten::resize_", CompositeExplicitAutograd)]
fn resize_(self_: &Tensor, size: &[i64], memory_format: Option<MemoryFormat>) -> Result<()> {
    let geometry = match memory_format {
        Some(MemoryFormat::Preserve) => {
            return Err(Error::new(ErrorKind::Runtime, "a resized tensor has no memory format to preserve"));
        }
        format => new_geometry(size, format.unwrap_or(MemoryFormat::Contiguous))?,
    };
    if self_.sizes() == size && memory_format.is_none() {
        return Ok(());
    }
    self_.set_geometry(Geometry::new(geometry.sizes(), geometry.strides(), self_.storage_offset())?)
}

#[kernel("aten::resize_as_", CompositeExplicitAutograd)]
fn resize_as_(self_: &Tensor, the_template: &Tensor, memory_format: Option<MemoryFormat>) -> Result<()> {
    let format = match memory_format {
        Some(MemoryFormat::Preserve) => Some(suggested_format(the_template.geometry())),
        other => other,
    };
    aten::resize_::default.call(self_, the_template.sizes(), format).map(|_| ())
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
