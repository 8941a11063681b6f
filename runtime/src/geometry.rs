//! Sizes, strides and offset of a tensor. Which of them a tensor shows is the business of `window`.

use std::fmt;

use smallvec::SmallVec;

use crate::error::{Error, Result};

/// Extents of dimensions, or strides: inline up to five dimensions.
pub type Dims = SmallVec<[i64; 5]>;

/// So many dimensions are kept in place.
const INLINE: usize = 5;

/// Sizes, strides and storage offset, in elements.
///
/// One is copied for each result: up to five dimensions are copied whole, whichever of them count.
#[derive(Clone, Eq)]
pub struct Geometry {
    offset: i64,
    numel: usize,
    rank: usize,
    /// Zero from the rank on, as are the strides.
    sizes: [i64; INLINE],
    strides: [i64; INLINE],
    /// Sizes and strides of more dimensions.
    more: Option<Box<[Box<[i64]>; 2]>>,
}

impl Geometry {
    /// A geometry as given.
    ///
    /// # Errors
    /// `Shape` if sizes and strides differ in number, a size or stride or the offset is negative, or the number of
    /// elements does not fit 63 bits.
    pub fn new(sizes: &[i64], strides: &[i64], offset: i64) -> Result<Geometry> {
        if sizes.len() != strides.len() {
            return Err(Error::shape(format!("{} sizes but {} strides", sizes.len(), strides.len())));
        }
        if strides.iter().any(|&s| s < 0) || offset < 0 {
            return Err(Error::shape(format!(
                "strides {strides:?} and offset {offset} must not be negative"
            )));
        }
        Ok(Geometry::of(sizes, strides, offset, checked_numel(sizes)?))
    }

    /// Row-major order from offset 0.
    ///
    /// # Errors
    /// `Shape` if a size is negative or the number of elements does not fit 63 bits.
    pub fn contiguous(sizes: &[i64]) -> Result<Geometry> {
        Ok(Geometry::of(sizes, &contiguous_strides(sizes), 0, checked_numel(sizes)?))
    }

    #[inline]
    fn of(sizes: &[i64], strides: &[i64], offset: i64, numel: usize) -> Geometry {
        let rank = sizes.len();
        let mut made = Geometry { offset, numel, rank, sizes: [0; INLINE], strides: [0; INLINE], more: None };
        match rank {
            0..=INLINE => {
                made.sizes.iter_mut().zip(sizes).for_each(|(to, &size)| *to = size);
                made.strides.iter_mut().zip(strides).for_each(|(to, &stride)| *to = stride);
            }
            _ => made.more = Some(Box::new([sizes.into(), strides.into()])),
        }
        made
    }

    /// Extents of the dimensions.
    #[inline]
    pub fn sizes(&self) -> &[i64] {
        match &self.more {
            None => &self.sizes[..self.rank],
            Some(more) => &more[0],
        }
    }

    /// Steps between neighbours of each dimension, in elements.
    #[inline]
    pub fn strides(&self) -> &[i64] {
        match &self.more {
            None => &self.strides[..self.rank],
            Some(more) => &more[1],
        }
    }

    /// The first element's position in the storage, in elements.
    #[inline]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.numel
    }

    /// Whether the elements lie in row-major order without gaps; strides of extents below two do not count.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.sizes().iter().zip(self.strides()).rev() {
            if size == 0 {
                return true;
            }
            if size != 1 && stride != expected {
                return false;
            }
            expected *= size;
        }
        true
    }

    /// Whether the strides are exactly those of row-major order, also where extents below two leave them open.
    pub fn is_row_major(&self) -> bool {
        let mut expected = 1;
        self.sizes().iter().zip(self.strides()).rev().all(|(&size, &stride)| {
            let fits = stride == expected;
            expected *= size.max(1);
            fits
        })
    }

    /// How many elements a storage must have for this geometry.
    ///
    /// # Errors
    /// `Shape` if that does not fit 63 bits.
    pub fn storage_len(&self) -> Result<usize> {
        if self.numel == 0 {
            return Ok(0);
        }
        let last = self.sizes().iter().zip(self.strides()).try_fold(self.offset, |last, (&size, &stride)| {
            (size - 1).checked_mul(stride).and_then(|step| last.checked_add(step))
        });
        match last.and_then(|last| usize::try_from(last).ok()) {
            Some(last) => Ok(last + 1),
            None => Err(Error::shape("sizes and strides reach beyond any storage")),
        }
    }
}

impl PartialEq for Geometry {
    /// By hand because the numbers are few: comparing them costs less than calling what compares many.
    #[inline]
    fn eq(&self, other: &Geometry) -> bool {
        fn differ(a: &[i64; INLINE], b: &[i64; INLINE]) -> i64 {
            a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))
        }
        let inline = differ(&self.sizes, &other.sizes) | differ(&self.strides, &other.strides);
        inline == 0 && self.rank == other.rank && self.offset == other.offset && self.more == other.more
    }
}

impl fmt::Debug for Geometry {
    /// What it says, not how it keeps it: `[2, 3] with strides [3, 1] at 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with strides {:?} at {}", self.sizes(), self.strides(), self.offset)
    }
}

/// The strides of row-major order. Extents of zero count as one, as ATen does.
pub fn contiguous_strides(sizes: &[i64]) -> Dims {
    let mut strides: Dims = SmallVec::from_elem(1, sizes.len());
    for d in (1..sizes.len()).rev() {
        strides[d - 1] = strides[d].saturating_mul(sizes[d].max(1));
    }
    strides
}

fn checked_numel(sizes: &[i64]) -> Result<usize> {
    if let Some(d) = sizes.iter().position(|&size| size < 0) {
        return Err(Error::shape(format!("size {} at dimension {d} is negative", sizes[d])));
    }
    let mut numel = 1i64;
    for &size in sizes {
        numel = numel
            .checked_mul(size.max(1))
            .ok_or_else(|| Error::shape(format!("sizes {sizes:?} have too many elements")))?;
    }
    Ok(if sizes.contains(&0) { 0 } else { numel as usize })
}
