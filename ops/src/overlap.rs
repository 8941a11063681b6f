//! Memory that is written and read at once: what operators refuse because the result would depend on the order.
//!
//! Only geometry and the identity of storages are looked at, never elements.

use keyway::{DType, Error, Result, Scalar, Tensor};

/// Refuses to write to a tensor in which one place in memory stands for several elements.
pub(crate) fn forbid_internal_overlap(written: &Tensor) -> Result<()> {
    match written.repeats_elements() {
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
        match self.overlaps_partially(written) {
            false => Ok(()),
            true => Err(Error::shape(
                "an input and the written tensor share a part of their memory; clone one of them first",
            )),
        }
    }
}

impl ReadArgument for Option<&Tensor> {
    fn forbid_overlap_with(&self, written: &Tensor) -> Result<()> {
        self.iter().try_for_each(|tensor| tensor.forbid_overlap_with(written))
    }
}

impl ReadArgument for &[Tensor] {
    fn forbid_overlap_with(&self, written: &Tensor) -> Result<()> {
        self.iter().try_for_each(|tensor| tensor.forbid_overlap_with(written))
    }
}

impl ReadArgument for &[Option<Tensor>] {
    fn forbid_overlap_with(&self, written: &Tensor) -> Result<()> {
        self.iter().flatten().try_for_each(|tensor| tensor.forbid_overlap_with(written))
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
without_memory!(
    Scalar,
    Option<Scalar>,
    Option<&str>,
    i64,
    Option<i64>,
    bool,
    Option<DType>,
    &[i64],
    Option<&[i64]>
);

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
        assert!(forbid_internal_overlap(&view(&x, &[2, 0], &[0, 1], 0)).is_ok(), "there is no element");
    }
}
