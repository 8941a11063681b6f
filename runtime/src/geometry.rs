//! Sizes, strides and offset of a tensor, and how a tensor publishes a new set of them.
//!
//! Readers get a plain borrow without a lock. Changing a tensor's geometry (resizing an out tensor, an in-place view) or its
//! memory publishes a new value of both and keeps the old one until the tensor goes, so that no borrow can dangle. This is
//! one of the few modules with unsafe code.
#![allow(unsafe_code, reason = "publishes a value by pointer; each block says why it is sound")]

use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::storage::Storage;

/// Extents of dimensions, or strides: inline up to five dimensions.
pub type Dims = SmallVec<[i64; 5]>;

/// Sizes, strides and storage offset, in elements.
#[derive(Debug, PartialEq, Eq)]
pub struct Geometry {
    sizes: Dims,
    strides: Dims,
    offset: i64,
    numel: usize,
}

impl Clone for Geometry {
    /// By hand because copying slices is faster than cloning their elements one by one.
    fn clone(&self) -> Geometry {
        let Geometry { ref sizes, ref strides, offset, numel } = *self;
        Geometry { sizes: Dims::from_slice(sizes), strides: Dims::from_slice(strides), offset, numel }
    }
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
        let numel = checked_numel(sizes)?;
        Ok(Geometry { sizes: Dims::from_slice(sizes), strides: Dims::from_slice(strides), offset, numel })
    }

    /// Row-major order from offset 0.
    ///
    /// # Errors
    /// `Shape` if a size is negative or the number of elements does not fit 63 bits.
    pub fn contiguous(sizes: &[i64]) -> Result<Geometry> {
        let numel = checked_numel(sizes)?;
        Ok(Geometry { sizes: Dims::from_slice(sizes), strides: contiguous_strides(sizes), offset: 0, numel })
    }

    /// Extents of the dimensions.
    pub fn sizes(&self) -> &[i64] {
        &self.sizes
    }

    /// Steps between neighbours of each dimension, in elements.
    pub fn strides(&self) -> &[i64] {
        &self.strides
    }

    /// The first element's position in the storage, in elements.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.numel
    }

    /// Whether the elements lie in row-major order without gaps; strides of extents below two do not count.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.sizes.iter().zip(&self.strides).rev() {
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
        self.sizes.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
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
        let last = self.sizes.iter().zip(&self.strides).try_fold(self.offset, |last, (&size, &stride)| {
            (size - 1).checked_mul(stride).and_then(|step| last.checked_add(step))
        });
        match last.and_then(|last| usize::try_from(last).ok()) {
            Some(last) => Ok(last + 1),
            None => Err(Error::shape("sizes and strides reach beyond any storage")),
        }
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

/// The part of a memory that a tensor shows.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) geometry: Geometry,
    pub(crate) storage: Storage,
}

/// A window that can be replaced while borrowed, geometry and storage together. The first one is stored inline.
#[derive(Debug)]
pub(crate) struct PublishedWindow {
    first: Window,
    /// Null while the first one holds, else the last box of `later`.
    current: AtomicPtr<Window>,
    /// Every window published after the first; boxes, because borrows of them are out.
    #[expect(clippy::vec_box, reason = "borrows point into the boxes, which must not move")]
    later: Mutex<Vec<Box<Window>>>,
}

impl PublishedWindow {
    pub(crate) fn new(geometry: Geometry, storage: Storage) -> Self {
        let first = Window { geometry, storage };
        PublishedWindow { first, current: AtomicPtr::default(), later: Mutex::new(Vec::new()) }
    }

    #[inline]
    pub(crate) fn get(&self) -> &Window {
        let current = self.current.load(Ordering::Acquire);
        if current.is_null() {
            return &self.first;
        }
        // SAFETY: `current` points into a box of `later`. Boxes are only ever added while `self` lives, so the
        // referent outlives the borrow of `self`; it is never written after being published with `Release`.
        unsafe { &*current }
    }

    /// Shows another part of the memory that is shown.
    pub(crate) fn set_geometry(&self, geometry: Geometry) {
        let mut later = self.later.lock();
        let storage = self.get().storage.clone();
        self.publish(&mut later, Window { geometry, storage });
    }

    /// Shows a part of another memory.
    pub(crate) fn set(&self, window: Window) {
        self.publish(&mut self.later.lock(), window);
    }

    #[expect(clippy::vec_box, reason = "that of `later`")]
    fn publish(&self, later: &mut Vec<Box<Window>>, window: Window) {
        let shown = self.get();
        if shown.geometry == window.geometry && shown.storage.is_same(&window.storage) {
            return;
        }
        later.push(Box::new(window));
        let newest: *const Window = &**later.last().expect("one was just pushed");
        self.current.store(newest.cast_mut(), Ordering::Release);
    }
}
