//! Memory that is written and read at once: what operators refuse because the result would depend on the order.
//!
//! Only geometry and the identity of storages are looked at, never elements.

use keyway::{DType, Error, Result, Scalar, Tensor};

use crate::memory_format::is_dense;

/// Refuses to write to a tensor in which one place in memory stands for several elements.
pub(crate) fn forbid_internal_overlap(written: &Tensor) -> Result<()> {
    let geometry = written.geometry();
    let repeats =
        geometry.sizes().iter().zip(geometry.strides()).any(|(&size, &stride)| size > 1 && stride == 0);
    match repeats && !is_dense(geometry) {
        false => Ok(()),
        true => Err(Error::shape(
            "several elements of the written tensor are one place in memory; clone the tensor first",
        )),
    }
}

/// An argument of an operator that writes to another one.
pub(crate) trait ReadArgument {
    /// Refuses an argument that shares some, but not all, of its memory with the written tensor.
    fn forbid_overlap_with(&self, written: &Tensor) -> Result<()>;
}

impl ReadArgument for &Tensor {
    fn forbid_overlap_with(&self, written: &Tensor) -> Result<()> {
        match overlap_partially(self, written) {
            false => Ok(()),
            true => Err(Error::shape(
                "an input and the written tensor share a part of their memory; clone one of them first",
            )),
        }
    }
}

impl ReadArgument for &[Tensor] {
    fn forbid_overlap_with(&self, written: &Tensor) -> Result<()> {
        self.iter().try_for_each(|tensor| tensor.forbid_overlap_with(written))
    }
}

macro_rules! without_memory {
    ($($t:ty),*) => {$(
        impl ReadArgument for $t {
            fn forbid_overlap_with(&self, _: &Tensor) -> Result<()> {
                Ok(())
            }
        }
    )*};
}
without_memory!(Scalar, Option<Scalar>, i64, Option<i64>, bool, Option<DType>, &[i64], Option<&[i64]>);

/// Whether two tensors share some memory and are known not to be the same elements. Tensors with gaps are given the
/// benefit of the doubt.
fn overlap_partially(a: &Tensor, b: &Tensor) -> bool {
    if a.is_same(b) || !a.storage().is_same(b.storage()) || a.numel() == 0 || b.numel() == 0 {
        return false;
    }
    if !is_dense(a.geometry()) || !is_dense(b.geometry()) {
        return false;
    }
    let bytes = |x: &Tensor| {
        let start = x.storage_offset() as usize * x.dtype().size();
        start..start + x.numel() * x.dtype().size()
    };
    let (in_a, in_b) = (bytes(a), bytes(b));
    if in_a == in_b {
        return a.strides() != b.strides();
    }
    in_a.start < in_b.end && in_b.start < in_a.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Geometry;

    fn view(of: &Tensor, sizes: &[i64], strides: &[i64], offset: i64) -> Tensor {
        of.view_as(Geometry::new(sizes, strides, offset).unwrap()).unwrap()
    }

    #[test]
    fn parts_overlap_and_the_whole_does_not() {
        let x = Tensor::from_slice(&[0f32; 6], &[6]).unwrap();
        let (head, tail) = (view(&x, &[4], &[1], 0), view(&x, &[4], &[1], 2));
        assert!((&head).forbid_overlap_with(&tail).is_err());
        assert!((&head).forbid_overlap_with(&view(&x, &[4], &[1], 0)).is_ok());
        assert!((&view(&x, &[2], &[1], 4)).forbid_overlap_with(&head).is_ok());
        assert!(
            (&view(&x, &[2, 2], &[2, 1], 0)).forbid_overlap_with(&view(&x, &[2, 2], &[1, 2], 0)).is_err()
        );
    }

    #[test]
    fn repeated_elements_cannot_be_written() {
        let x = Tensor::from_slice(&[0f32; 3], &[3]).unwrap();
        assert!(forbid_internal_overlap(&view(&x, &[2, 3], &[0, 1], 0)).is_err());
        assert!(forbid_internal_overlap(&view(&x, &[1, 3], &[0, 1], 0)).is_ok());
    }
}
