//! Joining tensors: which fit each other, where the result lies, and which dtype it has.

use keyway::{DType, Error, Geometry, MemoryFormat, Result, Tensor};

use super::dimension::wrap;
use crate::memory_format::{is_channels_last, new_geometry};
use crate::promotion::{Operand, result_dtype};

/// What tensors give when they are joined along a dimension.
pub(crate) struct Joined {
    /// Sizes and strides of the result.
    pub(crate) geometry: Geometry,
    /// The promoted dtype.
    pub(crate) dtype: DType,
    /// The dimension they are joined along.
    pub(crate) dim: usize,
}

/// Whether `cat` passes a tensor over: a vector without elements, from the time when nothing else was empty.
pub(crate) fn is_passed_over(tensor: &Tensor) -> bool {
    tensor.sizes() == [0]
}

/// The rule of `cat`.
pub(crate) fn cat(tensors: &[Tensor], dim: i64) -> Result<Joined> {
    if tensors.is_empty() {
        return Err(Error::value("tensors must not be an empty list"));
    }
    if let Some(position) = tensors.iter().position(|tensor| tensor.dim() == 0) {
        return Err(Error::shape(format!(
            "the tensor at position {position} has no dimensions to join along; unsqueeze it or use stack"
        )));
    }
    let dtype = result_dtype(&tensors.iter().map(Operand::from).collect::<Vec<_>>())?;
    let Some(first) = tensors.iter().position(|tensor| !is_passed_over(tensor)) else {
        // Nothing is joined, so any dimension will do.
        return Ok(Joined { geometry: Geometry::contiguous(&[0])?, dtype, dim: 0 });
    };
    let pattern = tensors[first].sizes();
    let dim = wrap(dim, pattern.len())?;
    let mut joined = 0i64;
    for (position, tensor) in tensors.iter().enumerate().filter(|(_, tensor)| !is_passed_over(tensor)) {
        let sizes = tensor.sizes();
        let fits =
            sizes.len() == pattern.len() && (0..sizes.len()).all(|d| d == dim || sizes[d] == pattern[d]);
        if !fits {
            return Err(Error::shape(format!(
                "the tensors at positions {first} and {position} have sizes {pattern:?} and {sizes:?}; they may \
                 differ only in dimension {dim}"
            )));
        }
        joined = joined.saturating_add(sizes[dim]);
    }
    let mut sizes = pattern.to_vec();
    sizes[dim] = joined;
    let format =
        match tensors.iter().all(|tensor| is_channels_last(tensor.geometry()) && !tensor.is_contiguous()) {
            true => MemoryFormat::ChannelsLast,
            false => MemoryFormat::Contiguous,
        };
    Ok(Joined { geometry: new_geometry(&sizes, format)?, dtype, dim })
}

/// The dimension `stack` puts in.
pub(crate) fn stack_dim(tensors: &[Tensor], dim: i64) -> Result<usize> {
    let Some(first) = tensors.first() else {
        return Err(Error::shape("tensors must not be an empty list"));
    };
    let d = wrap(dim, first.dim() + 1)?;
    match tensors.iter().position(|tensor| tensor.sizes() != first.sizes()) {
        None => Ok(d),
        Some(position) => Err(Error::shape(format!(
            "the tensors at positions 0 and {position} have sizes {:?} and {:?}; to be stacked they must be equal",
            first.sizes(),
            tensors[position].sizes()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Device;

    fn zeros(sizes: &[i64], dtype: DType) -> Tensor {
        Tensor::zeros(sizes, dtype, Device::META).unwrap()
    }

    #[test]
    fn only_the_joined_dimension_may_differ() {
        let (a, b) = (zeros(&[2, 3], DType::Int32), zeros(&[2, 1], DType::Float32));
        let joined = cat(&[a.clone(), b.clone()], -1).unwrap();
        assert_eq!((joined.geometry.sizes(), joined.dtype, joined.dim), (&[2i64, 4][..], DType::Float32, 1));
        assert!(cat(&[a.clone(), b], 0).is_err());
        assert!(cat(&[], 0).is_err() && cat(&[zeros(&[], DType::Bool)], 0).is_err());
        let old_empty = zeros(&[0], DType::Float64);
        let joined = cat(&[old_empty.clone(), a], 1).unwrap();
        assert_eq!((joined.geometry.sizes(), joined.dtype), (&[2i64, 3][..], DType::Float64));
        assert_eq!(cat(&[old_empty], 5).unwrap().geometry.sizes(), [0]);
    }

    #[test]
    fn stacking_needs_equal_sizes() {
        let (a, b) = (zeros(&[2], DType::Int32), zeros(&[3], DType::Int32));
        assert_eq!(stack_dim(&[a.clone(), a.clone()], -1).unwrap(), 1);
        assert!(
            stack_dim(&[a.clone(), b], 0).is_err()
                && stack_dim(&[a], 2).is_err()
                && stack_dim(&[], 0).is_err()
        );
    }
}
