//! Overloads for plain numbers, which rest on those for tensors: a number becomes a tensor that ranks as a number does.
//!
//! Each line names an operator, its kernel, and the overload it calls.

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;

/// Functional operators with a number as the second operand.
macro_rules! second {
    ($($operator:tt, $key:ident, $kernel:ident = $callee:expr;)*) => {$(
        #[kernel($operator, $key)]
        fn $kernel(self_: &Tensor, other: Scalar) -> Result<Tensor> {
            $callee.call(self_, &Tensor::wrapped_number(other)?)
        }
    )*};
}
second! {
    "aten::floor_divide.Scalar", CompositeExplicitAutograd, floor_divide_scalar = aten::floor_divide::default;
    "aten::remainder.Scalar", CompositeExplicitAutograd, remainder_scalar = aten::remainder::Tensor;
    "aten::fmod.Scalar", CompositeExplicitAutograd, fmod_scalar = aten::fmod::Tensor;
    "aten::copysign.Scalar", CompositeExplicitAutograd, copysign_scalar = aten::copysign::Tensor;
    "aten::bitwise_and.Scalar", CompositeExplicitAutograd, bitwise_and_scalar = aten::bitwise_and::Tensor;
    "aten::bitwise_or.Scalar", CompositeExplicitAutograd, bitwise_or_scalar = aten::bitwise_or::Tensor;
    "aten::bitwise_xor.Scalar", CompositeExplicitAutograd, bitwise_xor_scalar = aten::bitwise_xor::Tensor;
    "aten::bitwise_left_shift.Tensor_Scalar", CompositeExplicitAutograd, bitwise_left_shift_tensor_scalar
        = aten::bitwise_left_shift::Tensor;
    "aten::bitwise_right_shift.Tensor_Scalar", CompositeExplicitAutograd, bitwise_right_shift_tensor_scalar
        = aten::bitwise_right_shift::Tensor;
}

/// In-place operators with a number as the second operand.
macro_rules! second_in_place {
    ($($operator:tt, $key:ident, $kernel:ident = $callee:expr;)*) => {$(
        #[kernel($operator, $key)]
        fn $kernel(self_: &Tensor, other: Scalar) -> Result<()> {
            $callee.call(self_, &Tensor::wrapped_number(other)?).map(|_| ())
        }
    )*};
}
second_in_place! {
    "aten::floor_divide_.Scalar", CompositeExplicitAutograd, floor_divide_scalar_ = aten::floor_divide_::Tensor;
    "aten::remainder_.Scalar", CompositeExplicitAutograd, remainder_scalar_ = aten::remainder_::Tensor;
    "aten::fmod_.Scalar", CompositeExplicitAutograd, fmod_scalar_ = aten::fmod_::Tensor;
    "aten::copysign_.Scalar", CompositeExplicitAutograd, copysign_scalar_ = aten::copysign_::Tensor;
    "aten::bitwise_and_.Scalar", CompositeImplicitAutograd, bitwise_and_scalar_ = aten::bitwise_and_::Tensor;
    "aten::bitwise_or_.Scalar", CompositeImplicitAutograd, bitwise_or_scalar_ = aten::bitwise_or_::Tensor;
    "aten::bitwise_xor_.Scalar", CompositeImplicitAutograd, bitwise_xor_scalar_ = aten::bitwise_xor_::Tensor;
}

/// Out forms with a number as the second operand.
macro_rules! second_out {
    ($($operator:tt, $kernel:ident = $callee:expr;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel(self_: &Tensor, other: Scalar, out: &Tensor) -> Result<()> {
            $callee.call(self_, &Tensor::wrapped_number(other)?, out).map(|_| ())
        }
    )*};
}
second_out! {
    "aten::remainder.Scalar_out", remainder_scalar_out = aten::remainder::Tensor_out;
    "aten::fmod.Scalar_out", fmod_scalar_out = aten::fmod::Tensor_out;
    "aten::bitwise_and.Scalar_out", bitwise_and_scalar_out = aten::bitwise_and::Tensor_out;
    "aten::bitwise_or.Scalar_out", bitwise_or_scalar_out = aten::bitwise_or::Tensor_out;
    "aten::bitwise_xor.Scalar_out", bitwise_xor_scalar_out = aten::bitwise_xor::Tensor_out;
}

/// Functional operators with a number as the first operand.
macro_rules! first {
    ($($operator:tt, $kernel:ident = $callee:expr;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel(self_: Scalar, other: &Tensor) -> Result<Tensor> {
            $callee.call(&Tensor::wrapped_number(self_)?, other)
        }
    )*};
}
first! {
    "aten::remainder.Scalar_Tensor", remainder_scalar_tensor = aten::remainder::Tensor;
    "aten::bitwise_and.Scalar_Tensor", bitwise_and_scalar_tensor = aten::bitwise_and::Tensor;
    "aten::bitwise_or.Scalar_Tensor", bitwise_or_scalar_tensor = aten::bitwise_or::Tensor;
    "aten::bitwise_xor.Scalar_Tensor", bitwise_xor_scalar_tensor = aten::bitwise_xor::Tensor;
}

#[kernel("aten::rsub.Tensor", CompositeExplicitAutograd)]
fn rsub(self_: &Tensor, other: &Tensor, alpha: Scalar) -> Result<Tensor> {
    aten::sub::Tensor.call(other, self_, alpha)
}

#[kernel("aten::rsub.Scalar", CompositeExplicitAutograd)]
fn rsub_scalar(self_: &Tensor, other: Scalar, alpha: Scalar) -> Result<Tensor> {
    aten::sub::Tensor.call(&Tensor::wrapped_number(other)?, self_, alpha)
}

#[kernel("aten::where.ScalarSelf", CompositeImplicitAutograd)]
fn where_scalarself(condition: &Tensor, self_: Scalar, other: &Tensor) -> Result<Tensor> {
    aten::r#where::self_.call(condition, &Tensor::wrapped_number(self_)?, other)
}

#[kernel("aten::where.ScalarOther", CompositeImplicitAutograd)]
fn where_scalarother(condition: &Tensor, self_: &Tensor, other: Scalar) -> Result<Tensor> {
    aten::r#where::self_.call(condition, self_, &Tensor::wrapped_number(other)?)
}

#[kernel("aten::where.Scalar", CompositeImplicitAutograd)]
fn where_scalar(condition: &Tensor, self_: Scalar, other: Scalar) -> Result<Tensor> {
    aten::r#where::self_.call(condition, &Tensor::wrapped_number(self_)?, &Tensor::wrapped_number(other)?)
}

/// The number that a mask is filled with, out of a tensor without dimensions.
fn number_of(value: &Tensor) -> Result<()> {
    match value.dim() {
        0 => Ok(()),
        dims => Err(Error::new(
            ErrorKind::Runtime,
            format!("`value` must have no dimensions, it has {dims}; pass one element of it"),
        )),
    }
}

#[kernel("aten::masked_fill.Tensor", CompositeExplicitAutograd)]
fn masked_fill_tensor(self_: &Tensor, mask: &Tensor, value: &Tensor) -> Result<Tensor> {
    number_of(value)?;
    let filled = aten::masked_fill::Scalar.call(self_, mask, Scalar::Int(0))?;
    masked_fill_tensor_(&filled, mask, value)?;
    Ok(filled)
}

/// The elements are chosen on their device, so the number need not be read.
#[kernel("aten::masked_fill_.Tensor", CompositeExplicitAutograd)]
fn masked_fill_tensor_(self_: &Tensor, mask: &Tensor, value: &Tensor) -> Result<()> {
    number_of(value)?;
    aten::masked_fill_::Scalar.call(self_, mask, Scalar::Int(0))?;
    let value = aten::_to_copy::default.call(
        value,
        Some(self_.dtype()),
        None,
        Some(self_.device()),
        None,
        false,
        None,
    )?;
    let chosen = aten::r#where::self_.call(mask, &value, self_)?;
    aten::copy_::default.call(self_, &chosen, false).map(|_| ())
}
