//! Memory for as many elements as a user asks for, or an error: an expanded tensor has elements for nothing, and sizes are plain numbers.

use keyway::{Error, ErrorKind, Result, Tensor};

/// Elements from which on it is asked whether there is room for a copy of them.
const MANY: usize = 1 << 26;
/// Tensors from which on it is asked whether there is room for them.
const MANY_TENSORS: usize = 1 << 16;
/// Bytes of a tensor, its geometry and what stands for it elsewhere, generously.
const OF_A_TENSOR: usize = 1 << 10;
/// Bytes of an element that kernels compute in, at least.
const COMPUTED: usize = 8;

/// So many elements, all the same.
///
/// # Errors
/// `Runtime` if there is not enough memory for them.
pub(crate) fn elements<T: Clone>(len: usize, element: T) -> Result<Vec<T>> {
    let mut made = Vec::new();
    made.try_reserve_exact(len).map_err(|_| too_little(len))?;
    made.resize(len, element);
    Ok(made)
}

/// What an iterator gives, `len` of them or fewer.
///
/// # Errors
/// `Runtime` if there is not enough memory for so many.
pub(crate) fn collected<T>(len: usize, items: impl IntoIterator<Item = T>) -> Result<Vec<T>> {
    let mut made = Vec::new();
    made.try_reserve_exact(len).map_err(|_| too_little(len))?;
    made.extend(items);
    Ok(made)
}

/// What becomes a tensor each of so many items.
///
/// # Errors
/// `Runtime` if there is not enough memory for the tensors, and those that the items fail with.
pub(crate) fn for_tensors<T>(len: usize, items: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
    if len >= MANY_TENSORS {
        let reserved = Vec::<u8>::new().try_reserve_exact(len.saturating_mul(OF_A_TENSOR));
        reserved.map_err(|_| too_little(len))?;
    }
    items.into_iter().collect()
}

/// Whether kernels may copy the elements of a tensor, which may have more of them than its memory has.
///
/// # Errors
/// `Runtime` if there is not enough memory for a copy.
#[inline]
pub(crate) fn expect_for_copy(x: &Tensor) -> Result<()> {
    if x.numel() < MANY { Ok(()) } else { expect_for_copy_of_many(x) }
}

#[cold]
fn expect_for_copy_of_many(x: &Tensor) -> Result<()> {
    let is_held = x.storage().byte_len().is_some_and(|held| x.numel() <= held / x.dtype().size());
    if is_held {
        return Ok(());
    }
    let bytes = x.numel().checked_mul(x.dtype().size().max(COMPUTED));
    let fits = bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    if fits { Ok(()) } else { Err(too_little(x.numel())) }
}

#[cold]
fn too_little(len: usize) -> Error {
    Error::new(ErrorKind::Runtime, format!("there is not enough memory for {len} elements"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Geometry;

    #[test]
    fn too_many_elements_are_an_error() {
        assert_eq!(elements(3, 1.5).unwrap(), [1.5; 3]);
        for len in [1 << 60, usize::MAX] {
            assert!(elements(len, 0u8).unwrap_err().to_string().contains("not enough memory"));
        }
        let x = Tensor::from_slice(&[1.0f32], &[1]).unwrap();
        assert!(expect_for_copy(&x).is_ok());
        let endless = x.view_as(Geometry::new(&[1 << 60], &[0], 0).unwrap()).unwrap();
        assert!(expect_for_copy(&endless).unwrap_err().to_string().contains("not enough memory for 11529"));
    }
}
