//! Questions about tensors and numbers that no element answers.

use keyway::{DType, Error, ErrorKind, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::memory_format::is_contiguous_in;
use crate::promotion::{can_cast as may_be_cast, promote, result_dtype};
use crate::shape::dimension::wrap;

#[kernel("aten::is_complex", CompositeImplicitAutograd)]
fn is_complex(self_: &Tensor) -> Result<bool> {
    Ok(self_.dtype().is_complex())
}

#[kernel("aten::is_floating_point", CompositeImplicitAutograd)]
fn is_floating_point(self_: &Tensor) -> Result<bool> {
    Ok(self_.dtype().is_floating_point())
}

#[kernel("aten::is_signed", CompositeImplicitAutograd)]
fn is_signed(self_: &Tensor) -> Result<bool> {
    Ok(self_.dtype().is_signed())
}

#[kernel("aten::is_contiguous", CompositeImplicitAutograd)]
fn is_contiguous(self_: &Tensor) -> Result<bool> {
    is_contiguous_in(self_.geometry(), MemoryFormat::Contiguous)
}

#[kernel("aten::is_same_size", CompositeExplicitAutograd)]
fn is_same_size(self_: &Tensor, other: &Tensor) -> Result<bool> {
    Ok(self_.sizes() == other.sizes())
}

#[kernel("aten::numel", CompositeImplicitAutograd)]
fn numel(self_: &Tensor) -> Result<i64> {
    Ok(self_.numel() as i64)
}

/// A dimension of a tensor that must have some.
fn dimension(x: &Tensor, dim: i64) -> Result<usize> {
    match x.dim() {
        0 => Err(Error::index("a tensor without dimensions has none to ask about")),
        rank => wrap(dim, rank),
    }
}

#[kernel("aten::size.int", CompositeImplicitAutograd)]
fn size(self_: &Tensor, dim: i64) -> Result<i64> {
    Ok(self_.sizes()[dimension(self_, dim)?])
}

#[kernel("aten::stride.int", CompositeImplicitAutograd)]
fn stride(self_: &Tensor, dim: i64) -> Result<i64> {
    Ok(self_.strides()[dimension(self_, dim)?])
}

#[kernel("aten::result_type.Tensor", CompositeImplicitAutograd)]
fn result_type(tensor: &Tensor, other: &Tensor) -> Result<DType> {
    result_dtype(&[tensor.into(), other.into()])
}

#[kernel("aten::result_type.Scalar", CompositeImplicitAutograd)]
fn result_type_scalar(tensor: &Tensor, other: Scalar) -> Result<DType> {
    result_dtype(&[tensor.into(), other.into()])
}

#[kernel("aten::result_type.Scalar_Tensor", CompositeImplicitAutograd)]
fn result_type_scalar_tensor(scalar: Scalar, tensor: &Tensor) -> Result<DType> {
    result_dtype(&[scalar.into(), tensor.into()])
}

#[kernel("aten::result_type.Scalar_Scalar", CompositeImplicitAutograd)]
fn result_type_scalar_scalar(scalar1: Scalar, scalar2: Scalar) -> Result<DType> {
    result_dtype(&[scalar1.into(), scalar2.into()])
}

#[kernel("aten::can_cast", CompositeImplicitAutograd)]
fn can_cast(from_: DType, to: DType) -> Result<bool> {
    Ok(may_be_cast(from_, to))
}

#[kernel("aten::promote_types", CompositeImplicitAutograd)]
fn promote_types(type1: DType, type2: DType) -> Result<DType> {
    Ok(promote(type1, type2))
}

#[kernel("aten::is_nonzero", CompositeImplicitAutograd)]
fn is_nonzero(self_: &Tensor) -> Result<bool> {
    match self_.numel() {
        1 => Ok(aten::item::default.call(self_)?.to_bool()),
        n => Err(Error::new(
            ErrorKind::Runtime,
            format!("`self` must have one element to be true or false, it has {n}"),
        )),
    }
}
