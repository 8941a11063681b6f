//! Creation composed of `empty`, the ranges and fills.

use keyway::{
    DType, Device, Geometry, Layout, MemoryFormat, Result, Scalar, Tensor, contiguous_strides, kernel,
};

use crate::aten;
use crate::composite::out::resize;
use crate::creation::check_extent;
use crate::memory_format::geometry_like;
use crate::promotion::dtype_of_number;

/// The options of a creation operator, in schema order.
pub(crate) type Options = (Option<DType>, Option<Layout>, Option<Device>, Option<bool>);

fn filled(size: &[i64], value: Scalar, (dtype, layout, device, pin_memory): Options) -> Result<Tensor> {
    let out = aten::empty::memory_format.call(size, dtype, layout, device, pin_memory, None)?;
    aten::fill_::Scalar.call(&out, value)?;
    Ok(out)
}

#[kernel("aten::zeros", CompositeExplicitAutograd)]
fn zeros(
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    filled(size, Scalar::Int(0), (dtype, layout, device, pin_memory))
}

#[kernel("aten::ones", CompositeExplicitAutograd)]
fn ones(
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    filled(size, Scalar::Int(1), (dtype, layout, device, pin_memory))
}

#[kernel("aten::full", CompositeExplicitAutograd)]
fn full(
    size: &[i64],
    fill_value: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let dtype = dtype.unwrap_or_else(|| dtype_of_number(fill_value));
    filled(size, fill_value, (Some(dtype), layout, device, pin_memory))
}

#[kernel("aten::scalar_tensor", CompositeExplicitAutograd)]
fn scalar_tensor(
    s: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    filled(&[], s, (dtype, layout, device, pin_memory))
}

#[kernel("aten::zeros.out", CompositeExplicitAutograd)]
fn zeros_out(size: &[i64], out: &Tensor) -> Result<()> {
    full_out(size, Scalar::Int(0), out)
}

#[kernel("aten::full.out", CompositeExplicitAutograd)]
fn full_out(size: &[i64], fill_value: Scalar, out: &Tensor) -> Result<()> {
    resize(out, size, &contiguous_strides(size))?;
    aten::fill_::Scalar.call(out, fill_value)?;
    Ok(())
}

#[kernel("aten::arange", CompositeExplicitAutograd)]
fn arange(
    end: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    arange_start(Scalar::Int(0), end, dtype, layout, device, pin_memory)
}

#[kernel("aten::arange.start", CompositeExplicitAutograd)]
fn arange_start(
    start: Scalar,
    end: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    aten::arange::start_step.call(start, end, Scalar::Int(1), dtype, layout, device, pin_memory)
}

/// The numbers have the dtype of `out`, which keeps its sizes if it has as many elements as there are numbers.
#[kernel("aten::arange.start_out", CompositeExplicitAutograd)]
fn arange_start_out(start: Scalar, end: Scalar, step: Scalar, out: &Tensor) -> Result<()> {
    let (dtype, device) = (Some(out.dtype()), Some(out.device()));
    let range = aten::arange::start_step.call(start, end, step, dtype, None, device, None)?;
    if out.numel() != range.numel() {
        resize(out, range.sizes(), range.strides())?;
    }
    let range = range.view_as(Geometry::contiguous(out.sizes())?)?;
    aten::copy_::default.call(out, &range, false)?;
    Ok(())
}

#[kernel("aten::eye", CompositeExplicitAutograd)]
fn eye(
    n: i64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    eye_m(n, n, dtype, layout, device, pin_memory)
}

#[kernel("aten::eye.m", CompositeExplicitAutograd)]
fn eye_m(
    n: i64,
    m: i64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    check_extent("n", n)?;
    check_extent("m", m)?;
    let out = filled(&[n, m], Scalar::Int(0), (dtype, layout, device, pin_memory))?;
    set_diagonal(&out)?;
    Ok(out)
}

#[kernel("aten::eye.m_out", CompositeExplicitAutograd)]
fn eye_m_out(n: i64, m: i64, out: &Tensor) -> Result<()> {
    check_extent("n", n)?;
    check_extent("m", m)?;
    full_out(&[n, m], Scalar::Int(0), out)?;
    set_diagonal(out)
}

/// Writes ones to the main diagonal of a matrix.
fn set_diagonal(matrix: &Tensor) -> Result<()> {
    let (sizes, strides) = (matrix.sizes(), matrix.strides());
    let diagonal = Geometry::new(
        &[sizes[0].min(sizes[1])],
        &[strides[0].saturating_add(strides[1])],
        matrix.storage_offset(),
    )?;
    aten::fill_::Scalar.call(&matrix.view_as(diagonal)?, Scalar::Int(1))?;
    Ok(())
}

#[kernel("aten::empty_like", CompositeExplicitAutograd)]
fn empty_like(
    self_: &Tensor,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    new_like(self_, (dtype, layout, device, pin_memory), memory_format)
}

/// An uninitialised tensor of the size of another, whose order of dimensions in memory it keeps unless told otherwise.
pub(crate) fn new_like(
    x: &Tensor,
    (dtype, layout, device, pin_memory): Options,
    format: Option<MemoryFormat>,
) -> Result<Tensor> {
    let geometry = geometry_like(x.geometry(), format.unwrap_or(MemoryFormat::Preserve))?;
    let (dtype, device) = (Some(dtype.unwrap_or(x.dtype())), Some(device.unwrap_or(x.device())));
    let out = aten::empty::memory_format.call(x.sizes(), dtype, layout, device, pin_memory, None)?;
    if *out.geometry() != geometry {
        // As many elements without gaps: the memory is the same.
        out.set_geometry(geometry)?;
    }
    Ok(out)
}

fn filled_like(x: &Tensor, value: Scalar, options: Options, format: Option<MemoryFormat>) -> Result<Tensor> {
    let out = new_like(x, options, format)?;
    aten::fill_::Scalar.call(&out, value)?;
    Ok(out)
}

#[kernel("aten::zeros_like", CompositeExplicitAutograd)]
fn zeros_like(
    self_: &Tensor,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    filled_like(self_, Scalar::Int(0), (dtype, layout, device, pin_memory), memory_format)
}

#[kernel("aten::ones_like", CompositeExplicitAutograd)]
fn ones_like(
    self_: &Tensor,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    filled_like(self_, Scalar::Int(1), (dtype, layout, device, pin_memory), memory_format)
}

#[kernel("aten::full_like", CompositeExplicitAutograd)]
fn full_like(
    self_: &Tensor,
    fill_value: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    filled_like(self_, fill_value, (dtype, layout, device, pin_memory), memory_format)
}

#[kernel("aten::empty.out", CompositeExplicitAutograd)]
fn empty_out(size: &[i64], _memory_format: Option<MemoryFormat>, out: &Tensor) -> Result<()> {
    resize(out, size, &contiguous_strides(size))
}

#[kernel("aten::ones.out", CompositeExplicitAutograd)]
fn ones_out(size: &[i64], out: &Tensor) -> Result<()> {
    full_out(size, Scalar::Int(1), out)
}

#[kernel("aten::eye.out", CompositeExplicitAutograd)]
fn eye_out(n: i64, out: &Tensor) -> Result<()> {
    eye_m_out(n, n, out)
}

#[kernel("aten::arange.out", CompositeExplicitAutograd)]
fn arange_out(end: Scalar, out: &Tensor) -> Result<()> {
    arange_start_out(Scalar::Int(0), end, Scalar::Int(1), out)
}

/// The options of a tensor, where others are not asked for.
fn options_like(x: &Tensor, (dtype, layout, device, pin_memory): Options) -> Options {
    (dtype.or(Some(x.dtype())), layout, device.or(Some(x.device())), pin_memory)
}

#[kernel("aten::new_empty", CompositeExplicitAutograd)]
fn new_empty(
    self_: &Tensor,
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let (dtype, layout, device, pin_memory) = options_like(self_, (dtype, layout, device, pin_memory));
    aten::empty::memory_format.call(size, dtype, layout, device, pin_memory, None)
}

#[kernel("aten::new_empty_strided", CompositeExplicitAutograd)]
fn new_empty_strided(
    self_: &Tensor,
    size: &[i64],
    stride: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let (dtype, layout, device, pin_memory) = options_like(self_, (dtype, layout, device, pin_memory));
    aten::empty_strided::default.call(size, stride, dtype, layout, device, pin_memory)
}

#[kernel("aten::new_full", CompositeExplicitAutograd)]
fn new_full(
    self_: &Tensor,
    size: &[i64],
    fill_value: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    filled(size, fill_value, options_like(self_, (dtype, layout, device, pin_memory)))
}

#[kernel("aten::new_ones", CompositeExplicitAutograd)]
fn new_ones(
    self_: &Tensor,
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    filled(size, Scalar::Int(1), options_like(self_, (dtype, layout, device, pin_memory)))
}

#[kernel("aten::new_zeros", CompositeExplicitAutograd)]
fn new_zeros(
    self_: &Tensor,
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    filled(size, Scalar::Int(0), options_like(self_, (dtype, layout, device, pin_memory)))
}
