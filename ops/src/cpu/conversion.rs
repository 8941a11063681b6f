//! Conversions between element types: one small loop for each pair of types, and nothing else that is made for pairs.

use keyway::{DType, Element, Error, Geometry, Result, Tensor};

use crate::cpu::elements::{dispatch_dtype, write_apart};
use crate::cpu::number::Number;
use crate::cpu::walk::walk;

/// Converts a stretch of a storage, its first element and the step between elements given, to the elements of a slice.
pub(crate) type Stretch<T> = fn(from: &[u8], start: usize, step: usize, to: &mut [T]) -> Result<()>;

/// The conversion from a dtype.
pub(crate) fn from_dtype<T: Number>(from: DType) -> Result<Stretch<T>> {
    dispatch_dtype!(all: from, S => Ok(stretch::<S, T> as Stretch<T>))
}

fn stretch<S: Number, T: Number>(from: &[u8], start: usize, step: usize, to: &mut [T]) -> Result<()> {
    let Some(last) = to.len().checked_sub(1) else { return Ok(()) };
    let bytes = &from[start * size_of::<S>()..][..(last * step + 1) * size_of::<S>()];
    let from: &[S] = bytemuck::checked::try_cast_slice(bytes).map_err(|e| invalid::<S>(&e))?;
    match step {
        0 => to.fill(from[0].cast()),
        1 => to.iter_mut().zip(from).for_each(|(to, &x)| *to = x.cast()),
        step => to.iter_mut().zip(from.iter().step_by(step)).for_each(|(to, &x)| *to = x.cast()),
    }
    Ok(())
}

#[cold]
fn invalid<S: Element>(cause: &bytemuck::checked::CheckedCastError) -> Error {
    Error::dtype(format!("the storage does not hold {} elements: {cause:?}", S::DTYPE))
}

/// The elements that a geometry reaches in a storage as another type, in row-major order.
pub(crate) fn converted<T: Number>(from: &[u8], dtype: DType, geometry: &Geometry) -> Result<Vec<T>> {
    let convert = from_dtype::<T>(dtype)?;
    let mut elements = vec![T::ZERO; geometry.numel()];
    let (dense, first) = (Geometry::contiguous(geometry.sizes())?, geometry.offset() as usize);
    let mut outcome = Ok(());
    walk(dense.sizes(), [dense.strides(), geometry.strides()], |[at, start], [_, step], len| {
        if outcome.is_ok() {
            outcome = convert(from, first + start, step, &mut elements[at..at + len]);
        }
    });
    outcome.map(|()| elements)
}

/// Rounds or wraps elements to a narrower dtype than that they are computed in; does nothing for other dtypes.
#[inline(never)]
pub(crate) fn narrow<T: Number>(elements: &mut [T], dtype: DType) {
    macro_rules! through {
        ($narrow:ty) => {
            elements.iter_mut().for_each(|x| *x = x.cast::<$narrow>().cast())
        };
    }
    match dtype {
        DType::Int8 => through!(i8),
        DType::Int16 => through!(i16),
        DType::Float16 => through!(keyway::f16),
        DType::BFloat16 => through!(keyway::bf16),
        _ => {}
    }
}

/// Writes elements, in the order of memory, to a tensor without gaps of any dtype.
#[inline(never)]
pub(crate) fn store<T: Number>(out: &Tensor, elements: &[T]) -> Result<()> {
    dispatch_dtype!(all: out.dtype(), To => write_apart::<To, 0, _>(out, [], |mut out, _| {
        let to = &mut out.as_memory()[..elements.len()];
        stretch::<T, To>(bytemuck::cast_slice(elements), 0, 1, to)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Device;

    #[test]
    fn strided_elements_are_converted_in_row_major_order() {
        let x = Tensor::from_slice(&[1u8, 2, 3, 4, 5, 6], &[6]).unwrap();
        let transposed = Geometry::new(&[2, 2], &[1, 2], 1).unwrap();
        let read = x.storage().read().unwrap();
        assert_eq!(converted::<f64>(read.bytes(), DType::UInt8, &transposed).unwrap(), [2.0, 4.0, 3.0, 5.0]);
        let repeated = Geometry::new(&[2, 2], &[0, 1], 4).unwrap();
        assert_eq!(converted::<i64>(read.bytes(), DType::UInt8, &repeated).unwrap(), [5, 6, 5, 6]);
    }

    #[test]
    fn narrowing_rounds_and_wraps() {
        let mut wide = [300i32, -1];
        narrow(&mut wide, DType::Int8);
        assert_eq!(wide, [44, -1]);
        let mut floats = [2049f32];
        narrow(&mut floats, DType::Float16);
        assert_eq!(floats, [2048.0]);
        narrow(&mut floats, DType::Float32);
        assert_eq!(floats, [2048.0]);
    }

    #[test]
    fn results_are_stored_as_the_dtype_there_is() {
        let out = Tensor::zeros(&[2], DType::Bool, Device::CPU).unwrap();
        store(&out, &[0.5f32, 0.0]).unwrap();
        assert_eq!(out.to_vec::<bool>().unwrap(), [true, false]);
    }
}
