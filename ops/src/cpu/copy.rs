//! Writing to existing host memory: copies and fills, on which all in-place and out forms rest.

use keyway::{Error, ErrorKind, Geometry, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::broadcast::broadcast_strides;
use crate::copying::{CopyKind, check_copy};
use crate::cpu::elements::{dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::cpu::walk::walk;
use crate::number_range::in_range;

#[kernel("aten::copy_", CPU)]
fn copy_(self_: &Tensor, src: &Tensor, _non_blocking: bool) -> Result<()> {
    match check_copy(self_, src)? {
        CopyKind::Nothing => Ok(()),
        CopyKind::Elements if self_.dtype() == src.dtype() => {
            dispatch_dtype!(all: self_.dtype(), T => copy_elements(self_, src, |x: T| x))
        }
        CopyKind::Elements => dispatch_dtype!(all: self_.dtype(), To => {
            dispatch_dtype!(all: src.dtype(), From => copy_elements(self_, src, |x: From| x.cast::<To>()))
        }),
    }
}

fn copy_elements<From: Number, To: Number>(
    to: &Tensor,
    from: &Tensor,
    convert: impl Fn(From) -> To,
) -> Result<()> {
    write::<To, 1, _>(to, [from], |mut out, inputs| {
        let source = inputs.get::<From>(0)?;
        let (source, geometry) = (source.as_memory(), source.geometry());
        let out = out.as_memory();
        let strides = broadcast_strides(geometry, to.sizes());
        walk(to.sizes(), [to.strides(), &strides], |[at, start], [step, stride], len| match (step, stride) {
            (1, 1) => {
                let pairs = out[at..at + len].iter_mut().zip(&source[start..start + len]);
                pairs.for_each(|(out, &x)| *out = convert(x));
            }
            (step, 0) => {
                let element = convert(source[start]);
                out[at..].iter_mut().step_by(step).take(len).for_each(|out| *out = element);
            }
            (step, stride) => {
                let source = source[start..].iter().step_by(stride).take(len);
                out[at..].iter_mut().step_by(step).zip(source).for_each(|(out, &x)| *out = convert(x));
            }
        });
        Ok(())
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
