//! The chip's own kernels: what it does faster than the host. Everything else falls back.
//!
//! The key stands in quotes: it is added at run time, and the kernels take effect once it is there. Arithmetic is for
//! `float32`, as the chip's programs are; for other dtypes the kernels themselves go to the host. In-place and out
//! forms need no kernels here: the operator library composes them of these and of `copy_`. Neither do views, which are
//! arithmetic on sizes and strides over the same memory.

use keyway::{DType, Device, Dims, Error, Geometry, Layout, MemoryFormat, Result, Scalar, Storage, Tensor};
use keyway::{Value, kernel};
use keyway_ops::{TensorMethods, aten};

use crate::fallback::{call_on_host, mixed_devices};
use crate::hardware::{Command, Input, Program, send};
use crate::memory::ChipMemory;
use crate::mirror::{to_chip, to_host};

/// The way of creation: `zeros`, `full` and the others call `empty`, which has no tensor to be dispatched by;
/// `BackendSelect` sends it here by its `device`.
#[kernel("aten::empty.memory_format", "Chip")]
fn empty(
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    let row_major = [None, Some(MemoryFormat::Contiguous)].contains(&memory_format);
    if layout.is_some_and(|layout| layout != Layout::Strided) || pin_memory == Some(true) || !row_major {
        return Err(Error::not_implemented("memory on the chip is strided, row-major and not pinned"));
    }
    let device = device.unwrap_or(crate::register()?.device());
    new_tensor(Geometry::contiguous(size)?, dtype.unwrap_or(DType::Float32), device)
}

fn new_tensor(geometry: Geometry, dtype: DType, device: Device) -> Result<Tensor> {
    let bytes = geometry.storage_len()?.checked_mul(dtype.size());
    let bytes = bytes.ok_or_else(|| Error::shape("more bytes than memory can have"))?;
    Tensor::from_storage(Storage::opaque(ChipMemory::zeroed(bytes)?), dtype, device, geometry)
}

/// Copies on the chip, to it and from it. Conversions happen on the host.
#[kernel("aten::copy_", "Chip")]
fn copy_(self_: &Tensor, src: &Tensor, _non_blocking: bool) -> Result<()> {
    if !is_on_chip(self_) {
        return self_.copy_(&to_host(src)?).map(drop);
    }
    if self_.sizes().iter().zip(self_.strides()).any(|(&size, &stride)| size > 1 && stride == 0) {
        return Err(Error::value("`self` is expanded: several of its elements are one place in memory"));
    }
    let src = match is_on_chip(src) && src.dtype() == self_.dtype() {
        true => src.clone(),
        false if is_on_chip(src) => to_chip(&to_host(src)?.to_dtype(self_.dtype())?)?,
        false => to_chip(&src.to_dtype(self_.dtype())?)?,
    };
    let from = ChipMemory::expanded(&src, self_.sizes())?;
    send(Command::Copy { from, to: ChipMemory::view(self_)?, width: self_.dtype().size() });
    Ok(())
}

#[kernel("aten::add.Tensor", "Chip")]
fn add(self_: &Tensor, other: &Tensor, alpha: Scalar) -> Result<Tensor> {
    match (Elementwise::of(&[("self", self_), ("other", other)])?, alpha) {
        (Some(elements), Scalar::Int(_) | Scalar::Float(_)) => {
            elements.run(Program::Add { alpha: alpha.to_f64() as f32 })
        }
        _ => call_on_host(aten::add::Tensor.operator(), [self_.into(), other.into(), alpha.into()]),
    }
}

#[kernel("aten::mul.Tensor", "Chip")]
fn mul(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    match Elementwise::of(&[("self", self_), ("other", other)])? {
        Some(elements) => elements.run(Program::Multiply),
        None => call_on_host(aten::mul::Tensor.operator(), [self_.into(), other.into()]),
    }
}

#[kernel("aten::relu", "Chip")]
fn relu(self_: &Tensor) -> Result<Tensor> {
    match Elementwise::of(&[("self", self_)])? {
        Some(elements) => elements.run(Program::Relu),
        None => call_on_host(aten::relu::default.operator(), [Value::from(self_)]),
    }
}

#[kernel("aten::mm", "Chip")]
fn mm(self_: &Tensor, mat2: &Tensor) -> Result<Tensor> {
    let is_ours = |tensor: &Tensor| is_on_chip(tensor) && tensor.dtype() == DType::Float32;
    match (self_.sizes(), mat2.sizes()) {
        (&[rows, inner], &[rows2, columns]) if inner == rows2 && is_ours(self_) && is_ours(mat2) => {
            let out = new_tensor(Geometry::contiguous(&[rows, columns])?, DType::Float32, self_.device())?;
            let (a, b) = (ChipMemory::view(self_)?, ChipMemory::view(mat2)?);
            send(Command::Product { a, b, out: ChipMemory::view(&out)? });
            Ok(out)
        }
        // The host also says what is wrong with sizes that do not fit.
        _ => call_on_host(aten::mm::default.operator(), [self_.into(), mat2.into()]),
    }
}

fn is_on_chip(tensor: &Tensor) -> bool {
    tensor.storage().downcast::<ChipMemory>().is_some()
}

/// The operands of an elementwise program, and where its results go.
struct Elementwise {
    inputs: Vec<Input>,
    sizes: Dims,
    device: Device,
}

impl Elementwise {
    /// Broadcasts the operands; nothing if the result would not be `float32`. Tensors without dimensions may be on the
    /// host: their number goes to the chip with the command.
    fn of(operands: &[(&str, &Tensor)]) -> Result<Option<Elementwise>> {
        let (chip, host): (Vec<_>, Vec<_>) = operands.iter().partition(|(_, tensor)| is_on_chip(tensor));
        let Some((_, first)) = chip.first() else { return Ok(None) };
        if let Some((name, tensor)) = host.iter().find(|(_, tensor)| tensor.dim() > 0) {
            return Err(mixed_devices(name, tensor.device(), first.device()));
        }
        // A number on the host changes the dtype only of tensors that are numbers too.
        let dimensioned = host.is_empty() || chip.iter().any(|(_, tensor)| tensor.dim() > 0);
        if !dimensioned || chip.iter().any(|(_, tensor)| tensor.dtype() != DType::Float32) {
            return Ok(None);
        }
        let Some(sizes) =
            chip.iter().try_fold(Dims::new(), |sizes, (_, tensor)| broadcast(&sizes, tensor.sizes()))
        else {
            return Ok(None);
        };
        let input = |(_, tensor): &(&str, &Tensor)| match is_on_chip(tensor) {
            true => Ok(Input::View(ChipMemory::expanded(tensor, &sizes)?)),
            false => Ok(Input::Number(tensor.item()?.to_f64() as f32)),
        };
        let inputs = operands.iter().map(input).collect::<Result<_>>()?;
        Ok(Some(Elementwise { inputs, device: first.device(), sizes }))
    }

    fn run(self, program: Program) -> Result<Tensor> {
        let out = new_tensor(Geometry::contiguous(&self.sizes)?, DType::Float32, self.device)?;
        send(Command::Elementwise { program, inputs: self.inputs, out: ChipMemory::view(&out)? });
        Ok(out)
    }
}

/// The sizes that two broadcast to; nothing if they do not, which the host then says.
fn broadcast(a: &[i64], b: &[i64]) -> Option<Dims> {
    let rank = a.len().max(b.len());
    let size = |of: &[i64], d: usize| (d + of.len()).checked_sub(rank).map_or(1, |d| of[d]);
    let sizes = (0..rank).map(|d| match (size(a, d), size(b, d)) {
        (a, 1) => Some(a),
        (1, b) => Some(b),
        (a, b) => (a == b).then_some(a),
    });
    sizes.collect()
}
