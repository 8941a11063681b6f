//! Which memory a tensor shows: replaced in place, and compared.

use keyway::{Error, ErrorKind, Geometry, Result, Storage, Tensor, contiguous_strides, kernel};

use crate::aten;

/// Has a tensor show a part of another memory, which grows where it is too short.
fn show(x: &Tensor, storage: &Storage, offset: i64, size: &[i64], stride: &[i64]) -> Result<()> {
    let row_major;
    let stride = match stride {
        [] => {
            row_major = contiguous_strides(size);
            &row_major[..]
        }
        given => given,
    };
    x.set_storage(storage.clone(), Geometry::new(size, stride, offset)?)
}

/// Memory is what a dtype makes of it: another one would show other numbers.
fn same_dtype(x: &Tensor, source: &Tensor) -> Result<()> {
    match x.dtype() == source.dtype() && x.device() == source.device() {
        true => Ok(()),
        false => Err(Error::dtype(format!(
            "`source` is {} on {}, `self` is {} on {}; convert `source` first",
            source.dtype(),
            source.device(),
            x.dtype(),
            x.device()
        ))),
    }
}

#[kernel("aten::set_", CompositeExplicitAutograd)]
fn set_(self_: &Tensor) -> Result<()> {
    let (dtype, device) = (Some(self_.dtype()), Some(self_.device()));
    let empty = aten::empty::memory_format.call(&[0], dtype, None, device, None, None)?;
    show(self_, empty.storage(), 0, &[0], &[1])
}

#[kernel("aten::set_.source_Tensor", CompositeExplicitAutograd)]
fn set_source_tensor_(self_: &Tensor, source: &Tensor) -> Result<()> {
    same_dtype(self_, source)?;
    self_.set_storage(source.storage().clone(), source.geometry().clone())
}

#[kernel("aten::set_.source_Tensor_storage_offset", CompositeExplicitAutograd)]
fn set_source_tensor_storage_offset_(
    self_: &Tensor,
    source: &Tensor,
    storage_offset: i64,
    size: &[i64],
    stride: &[i64],
) -> Result<()> {
    same_dtype(self_, source)?;
    if !source.is_contiguous() {
        let message = "`source` must lie in row-major order without gaps; pass `source.contiguous()`";
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    show(self_, source.storage(), storage_offset + source.storage_offset(), size, stride)
}

#[kernel("aten::set_.source_Storage", CompositeExplicitAutograd)]
fn set_source_storage_(self_: &Tensor, source: &Storage) -> Result<()> {
    let Some(bytes) = source.byte_len() else {
        return Err(Error::new(
            ErrorKind::Runtime,
            "the memory does not say how long it is; give a size with `set_.source_Storage_storage_offset`",
        ));
    };
    show(self_, source, 0, &[(bytes / self_.dtype().size()) as i64], &[1])
}

#[kernel("aten::set_.source_Storage_storage_offset", CompositeExplicitAutograd)]
fn set_source_storage_storage_offset_(
    self_: &Tensor,
    source: &Storage,
    storage_offset: i64,
    size: &[i64],
    stride: &[i64],
) -> Result<()> {
    show(self_, source, storage_offset, size, stride)
}

#[kernel("aten::is_set_to", CompositeExplicitAutograd)]
fn is_set_to(self_: &Tensor, tensor: &Tensor) -> Result<bool> {
    Ok(self_.shares_storage(tensor) && self_.geometry() == tensor.geometry())
}
