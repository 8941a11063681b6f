//! Inputs and results as plain slices: in row-major order, in the type that is computed in.
//!
//! For kernels that work on whole planes or rows of elements (normalisation, convolution, pooling, losses), whatever strides
//! and dtypes their tensors have. An input that lies so and has that type is borrowed, others are copied; a result is
//! written where it is, or kept apart and then stored.

use std::borrow::Cow;

use keyway::{Result, Tensor};

use crate::cpu::conversion;
use crate::cpu::elements::{Inputs, dispatch_dtype, read_all, write, write_apart};
use crate::cpu::number::Number;

/// Has a kernel compute all elements of `out`, which is not in an input's memory.
pub(crate) fn compute<T: Number, const N: usize>(
    out: &Tensor,
    inputs: [&Tensor; N],
    kernel: impl FnOnce(&mut [T], [&[T]; N]) -> Result<()>,
) -> Result<()> {
    if out.dtype() != T::DTYPE || !out.is_contiguous() {
        let mut elements = vec![T::ZERO; out.numel()];
        with(inputs, |inputs| kernel(&mut elements, inputs))?;
        return store(out, &elements);
    }
    write_apart::<T, N, _>(out, inputs, |mut elements, opened| {
        let held = slices::<T, N>(opened)?;
        kernel(elements.as_slice().unwrap_or_default(), held.each_ref().map(|elements| &**elements))
    })
}

/// Gives a kernel the elements of tensors.
pub(crate) fn with<T: Number, const N: usize, R>(
    inputs: [&Tensor; N],
    kernel: impl FnOnce([&[T]; N]) -> Result<R>,
) -> Result<R> {
    read_all(inputs, |opened| {
        let held = slices::<T, N>(opened)?;
        kernel(held.each_ref().map(|elements| &**elements))
    })
}

fn slices<'a, T: Number, const N: usize>(opened: &'a Inputs<'_, N>) -> Result<[Cow<'a, [T]>; N]> {
    let mut held = [const { Cow::Borrowed(&[] as &[T]) }; N];
    for (position, held) in held.iter_mut().enumerate() {
        *held = elements(opened, position)?;
    }
    Ok(held)
}

/// The elements of one input.
fn elements<'a, T: Number, const N: usize>(
    opened: &'a Inputs<'_, N>,
    position: usize,
) -> Result<Cow<'a, [T]>> {
    let dtype = opened.tensor(position).dtype();
    if dtype == T::DTYPE {
        return opened.get::<T>(position)?.to_dense();
    }
    Ok(opened.converted::<T>(position)?.into())
}

/// Writes elements in row-major order to a tensor of any strides and dtype.
pub(crate) fn store<T: Number>(out: &Tensor, elements: &[T]) -> Result<()> {
    if out.is_contiguous() {
        return conversion::store(out, elements);
    }
    dispatch_dtype!(all: out.dtype(), To => write::<To, 0, _>(out, [], |mut to, _| {
        to.view()?.iter_mut().zip(elements).for_each(|(to, &from)| *to = from.cast());
        Ok(())
    }))
}

/// The elements of a tensor.
pub(crate) fn to_vec<T: Number>(x: &Tensor) -> Result<Vec<T>> {
    with([x], |[elements]| Ok(elements.to_vec()))
}

/// The elements of an optional tensor; none where there is no tensor.
pub(crate) fn optional<T: Number>(x: Option<&Tensor>) -> Result<Option<Vec<T>>> {
    x.map(to_vec).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::{DType, Device, Geometry};

    #[test]
    fn elements_are_seen_in_order_and_written_to_any_strides_and_dtype() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        let flipped = x.view_as(Geometry::new(&[3, 2], &[1, 3], 0).unwrap()).unwrap();
        let out =
            Tensor::zeros_strided(Geometry::new(&[3, 2], &[1, 3], 0).unwrap(), DType::Int32, Device::CPU);
        let out = out.unwrap();
        compute::<f32, 1>(&out, [&flipped], |out, [x]| {
            assert_eq!(x, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
            out.copy_from_slice(x);
            Ok(())
        })
        .unwrap();
        assert_eq!(out.to_vec::<i32>().unwrap(), [1, 4, 2, 5, 3, 6]);
    }
}
