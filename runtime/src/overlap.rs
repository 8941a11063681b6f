//! Memory that is written and read at once: what makes a result depend on the order of elements.
//!
//! Only geometry and the identity of storages are looked at, never elements.

use crate::geometry::Geometry;
use crate::tensor::Tensor;

impl Geometry {
    /// Whether the elements fill a stretch of memory without gaps and overlaps, in whatever order. Extents of one do not
    /// count.
    pub fn is_dense(&self) -> bool {
        if self.is_contiguous() {
            return true;
        }
        let (sizes, strides) = (self.sizes(), self.strides());
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|&d| (sizes[d] < 2, strides[d]));
        let mut expected = 1;
        order.into_iter().all(|d| {
            let fits = sizes[d] == 1 || strides[d] == expected;
            expected *= sizes[d].max(1);
            fits
        })
    }
}

impl Tensor {
    /// Whether one place in memory stands for several elements, so that writing to them has no meaning.
    pub fn repeats_elements(&self) -> bool {
        let geometry = self.geometry();
        let mut dims = geometry.sizes().iter().zip(geometry.strides());
        let is_repeated = dims.any(|(&size, &stride)| size > 1 && stride == 0);
        is_repeated && geometry.numel() > 0 && !geometry.is_dense()
    }

    /// Whether two tensors share some memory and are known not to be the same elements. Tensors with gaps are given the
    /// benefit of the doubt.
    pub fn overlaps_partially(&self, other: &Tensor) -> bool {
        if self.is_same(other)
            || !self.shares_storage(other)
            || self.numel() == 0
            || other.numel() == 0
            || !self.geometry().is_dense()
            || !other.geometry().is_dense()
        {
            return false;
        }
        let bytes = |x: &Tensor| {
            let start = x.storage_offset() as usize * x.dtype().size();
            start..start + x.numel() * x.dtype().size()
        };
        let (in_self, in_other) = (bytes(self), bytes(other));
        if in_self == in_other {
            return self.strides() != other.strides();
        }
        in_self.start < in_other.end && in_other.start < in_self.end
    }
}
