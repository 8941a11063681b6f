//! Broadcasting: the sizes operands have in common, and how the result of a pointwise operator lies in memory.
//!
//! The result's strides follow the order of the operands' dimensions in memory. Host kernels and `Meta` kernels both
//! take the result's geometry from here, so that they cannot disagree. Dtypes are in [`promotion`](crate::promotion).

use keyway::{Dims, Error, Geometry, MemoryFormat, Result};

use crate::memory_format::{dense_strides, is_channels_last, memory_order, new_geometry};
use crate::promotion::Operand;

/// The sizes of two operands broadcast against each other.
pub(crate) fn broadcast_sizes(a: &[i64], b: &[i64]) -> Result<Dims> {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let lead = long.len() - short.len();
    let mut sizes = Dims::from_slice(long);
    for (d, &size) in short.iter().enumerate() {
        match (sizes[lead + d], size) {
            (1, size) => sizes[lead + d] = size,
            (held, size) if held == size || size == 1 => {}
            (held, size) => return Err(mismatch(a, b, lead + d, held, size)),
        }
    }
    Ok(sizes)
}

#[cold]
fn mismatch(a: &[i64], b: &[i64], dimension: usize, held: i64, size: i64) -> Error {
    Error::shape(format!(
        "sizes {a:?} and {b:?} do not broadcast: {held} and {size} at dimension {dimension} must be equal, or one of \
         them 1"
    ))
}

/// The steps of an operand through dimensions it is broadcast to: zero where it is repeated.
pub(crate) fn broadcast_strides(geometry: &Geometry, sizes: &[i64]) -> Dims {
    let lead = sizes.len() - geometry.sizes().len();
    let mut strides = Dims::from_elem(0, sizes.len());
    for (d, (&size, &stride)) in geometry.sizes().iter().zip(geometry.strides()).enumerate() {
        if size != 1 || sizes[lead + d] == 1 {
            strides[lead + d] = stride;
        }
    }
    strides
}

/// The sizes of all operands broadcast against each other.
pub(crate) fn common_sizes(operands: &[Operand<'_>]) -> Result<Dims> {
    let mut sizes = Dims::new();
    for operand in operands {
        if operand.sizes() != &sizes[..] {
            sizes = broadcast_sizes(&sizes, operand.sizes())?;
        }
    }
    Ok(sizes)
}

/// Where the result of a pointwise operator lies: its sizes, and strides without gaps in the operands' memory order.
pub(crate) fn result_geometry(operands: &[Operand<'_>]) -> Result<Geometry> {
    if let Some(same) = uniform_geometry(operands) {
        return same;
    }
    let sizes = common_sizes(operands)?;
    let tensors = operands.iter().filter_map(Operand::tensor);
    let strides: Vec<Dims> = tensors.map(|tensor| broadcast_strides(tensor.geometry(), &sizes)).collect();
    let strides: Vec<&[i64]> = strides.iter().map(|strides| &strides[..]).collect();
    let order = memory_order(&sizes, &strides);
    if order.iter().rev().copied().eq(0..sizes.len()) {
        return Geometry::contiguous(&sizes);
    }
    Geometry::new(&sizes, &dense_strides(&sizes, &order), 0)
}

/// The result's geometry when all operands have the same sizes and lie in memory alike.
fn uniform_geometry(operands: &[Operand<'_>]) -> Option<Result<Geometry>> {
    let first = operands.first()?.tensor()?.geometry();
    let rest = &operands[1..];
    // The frequent case: everything in row-major order, which the first operand's geometry already describes.
    let same = |operand: &Operand<'_>| operand.tensor().is_some_and(|tensor| tensor.geometry() == first);
    if first.offset() == 0 && first.is_row_major() && rest.iter().all(same) {
        return Some(Ok(first.clone()));
    }
    if rest.iter().any(|operand| operand.tensor().is_none_or(|tensor| tensor.sizes() != first.sizes())) {
        return None;
    }
    let all = |holds: fn(&Geometry) -> bool| {
        holds(first) && rest.iter().filter_map(Operand::tensor).all(|tensor| holds(tensor.geometry()))
    };
    if all(Geometry::is_contiguous) {
        return Some(Geometry::contiguous(first.sizes()));
    }
    if all(is_channels_last) {
        return Some(new_geometry(first.sizes(), MemoryFormat::ChannelsLast));
    }
    let same_strides =
        rest.iter().filter_map(Operand::tensor).all(|tensor| tensor.strides() == first.strides());
    (same_strides && first.is_dense()).then(|| Geometry::new(first.sizes(), first.strides(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::{DType, Device, Scalar, Tensor};

    fn strided(sizes: &[i64], strides: &[i64]) -> Tensor {
        let geometry = Geometry::new(sizes, strides, 0).unwrap();
        Tensor::zeros_strided(geometry, DType::Float32, Device::META).unwrap()
    }

    fn strides_of(operands: &[Operand<'_>]) -> Vec<i64> {
        result_geometry(operands).unwrap().strides().to_vec()
    }

    #[test]
    fn sizes_of_one_stretch_and_missing_dimensions_count_as_one() {
        assert_eq!(broadcast_sizes(&[3, 1], &[2, 1, 4]).unwrap()[..], [2, 3, 4]);
        assert_eq!(broadcast_sizes(&[1], &[0]).unwrap()[..], [0]);
        assert_eq!(broadcast_sizes(&[], &[5]).unwrap()[..], [5]);
        let failed = broadcast_sizes(&[2, 3], &[4]).unwrap_err();
        assert!(failed.to_string().contains("3 and 4 at dimension 1"));
    }

    #[test]
    fn operands_that_lie_alike_give_a_result_that_lies_so() {
        let (rows, columns) = (strided(&[2, 3], &[3, 1]), strided(&[2, 3], &[1, 2]));
        assert_eq!(strides_of(&[(&rows).into(), (&rows).into()]), [3, 1]);
        assert_eq!(strides_of(&[(&columns).into(), (&columns).into()]), [1, 2]);
        assert_eq!(strides_of(&[(&columns).into(), Scalar::Int(1).into()]), [1, 2]);
    }

    #[test]
    fn the_first_operand_decides_and_repeated_dimensions_say_nothing() {
        let (rows, columns) = (strided(&[3, 4], &[4, 1]), strided(&[3, 4], &[1, 3]));
        assert_eq!(strides_of(&[(&columns).into(), (&rows).into()]), [1, 3]);
        assert_eq!(strides_of(&[(&rows).into(), (&columns).into()]), [4, 1]);
        let repeated = strided(&[3, 4], &[0, 1]);
        assert_eq!(strides_of(&[(&repeated).into(), (&columns).into()]), [1, 3]);
        assert_eq!(strides_of(&[(&columns).into(), (&strided(&[3, 1], &[1, 1])).into()]), [1, 3]);
    }
}
