//! Writing to existing host memory: copies and fills, on which all in-place and out forms rest.

use keyway::{Element, Error, ErrorKind, Geometry, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::broadcast::broadcast_strides;
use crate::copying::{CopyKind, check_copy};
use crate::cpu::conversion::from_dtype;
use crate::cpu::elements::{as_bits, dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::cpu::walk::walk;
use crate::number_range::in_range;

#[kernel("aten::copy_", CPU)]
fn copy_(self_: &Tensor, src: &Tensor, _non_blocking: bool) -> Result<()> {
    match check_copy(self_, src)? {
        CopyKind::Nothing => Ok(()),
        CopyKind::Elements if self_.dtype() == src.dtype() => {
            let (to, from) = (as_bits(self_)?, as_bits(src)?);
            dispatch_dtype!(bits: to.dtype(), T => copy_elements::<T>(&to, &from))
        }
        CopyKind::Elements => {
            dispatch_dtype!(all: self_.dtype(), T => convert_elements::<T>(self_, src))
        }
    }
}

fn copy_elements<T: Number>(to: &Tensor, from: &Tensor) -> Result<()> {
    write::<T, 1, _>(to, [from], |mut out, inputs| {
        let source = inputs.get::<T>(0)?;
        let (source, geometry) = (source.as_memory(), source.geometry());
        let out = out.as_memory();
        let strides = broadcast_strides(geometry, to.sizes());
        walk(to.sizes(), [to.strides(), &strides], |[at, start], [step, stride], len| match (step, stride) {
            (1, 1) => out[at..at + len].copy_from_slice(&source[start..start + len]),
            (step, 0) => out[at..].iter_mut().step_by(step).take(len).for_each(|out| *out = source[start]),
            (step, stride) => {
                let source = source[start..].iter().step_by(stride).take(len);
                out[at..].iter_mut().step_by(step).zip(source).for_each(|(out, &x)| *out = x);
            }
        });
        Ok(())
    })
}

fn convert_elements<T: Number>(to: &Tensor, from: &Tensor) -> Result<()> {
    let convert = from_dtype::<T>(from.dtype())?;
    write::<T, 1, _>(to, [from], |mut out, inputs| {
        let (source, out) = (inputs.bytes(0), out.as_memory());
        let geometry = inputs.tensor(0).geometry();
        let (first, strides) = (geometry.offset() as usize, broadcast_strides(geometry, to.sizes()));
        let mut outcome = Ok(());
        // What a stretch of a result with gaps is converted into first.
        let mut between = Vec::new();
        walk(to.sizes(), [to.strides(), &strides], |[at, start], [step, stride], len| {
            if outcome.is_err() {
                return;
            }
            if step == 1 {
                outcome = convert(source, first + start, stride, &mut out[at..at + len]);
                return;
            }
            between.resize(len, T::ZERO);
            outcome = convert(source, first + start, stride, &mut between);
            out[at..].iter_mut().step_by(step).zip(&between).for_each(|(out, &x)| *out = x);
        });
        outcome
    })
}

#[kernel("aten::fill_.Scalar", CPU)]
fn fill_(self_: &Tensor, value: Scalar) -> Result<()> {
    in_range(value, self_.dtype())?;
    dispatch_dtype!(all: self_.dtype(), T => write::<T, 0, _>(self_, [], |mut out, _| {
        let (out, value) = (out.as_memory(), T::from_scalar(value));
        walk(self_.sizes(), [self_.strides()], |[at], [step], len| match step {
            0 => out[at] = value,
            1 => out[at..at + len].fill(value),
            step => out[at..].iter_mut().step_by(step).take(len).for_each(|out| *out = value),
        });
        Ok(())
    }))
}

/// Reads the first element; that there is only one is for `item` to check.
#[kernel("aten::_local_scalar_dense", CPU)]
fn _local_scalar_dense(self_: &Tensor) -> Result<Scalar> {
    if self_.numel() == 0 {
        return Err(Error::new(ErrorKind::Runtime, "`self` has no element to read"));
    }
    self_.view_as(Geometry::new(&[], &[], self_.storage_offset())?)?.item()
}
