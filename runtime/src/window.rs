//! What a tensor shows: a geometry and the memory it is about, and how a tensor publishes a new pair of them.
//!
//! Readers get a plain borrow without a lock. Changing a tensor's geometry (resizing an out tensor, an in-place view) or its
//! memory publishes a new value of both and keeps the old one until the tensor goes, so that no borrow can dangle. This is
//! one of the few modules with unsafe code.
#![allow(unsafe_code, reason = "publishes a value by pointer; each block says why it is sound")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use crate::dtype::Element;
use crate::geometry::Geometry;
use crate::host_bytes::SmallBytes;
use crate::storage::Storage;

/// The part of a memory that a tensor shows.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) geometry: Geometry,
    pub(crate) storage: Storage,
}

/// The memory that a tensor is made over: a storage, or few elements in the tensor itself, or none, which become a storage when
/// somebody asks for it. Most results of few elements are read once, hardly anybody asks where nothing is, and neither costs an
/// allocation then.
#[derive(Debug)]
pub(crate) struct FirstMemory {
    storage: OnceLock<Storage>,
    /// What the storage is made of. Never changed, so that reading it needs no lock.
    elements: SmallBytes<HELD_WORDS>,
}

/// Up to so many words of elements are held by a tensor itself.
const HELD_WORDS: usize = 2;

impl From<Storage> for FirstMemory {
    #[inline]
    fn from(storage: Storage) -> FirstMemory {
        FirstMemory { storage: OnceLock::from(storage), elements: SmallBytes::EMPTY }
    }
}

impl FirstMemory {
    /// None: that of `Meta` tensors and of wrappers.
    #[inline]
    pub(crate) const fn absent() -> FirstMemory {
        FirstMemory::held(SmallBytes::ABSENT)
    }

    /// A copy of elements, row by row.
    #[inline]
    pub(crate) fn of<T: Element>(elements: &[T]) -> FirstMemory {
        match SmallBytes::of(elements) {
            Some(elements) => FirstMemory::held(elements),
            None => Storage::from_slice(elements).into(),
        }
    }

    /// Bytes that the tensor holds itself.
    #[inline]
    pub(crate) const fn held(elements: SmallBytes<HELD_WORDS>) -> FirstMemory {
        FirstMemory { storage: OnceLock::new(), elements }
    }

    #[inline]
    fn storage(&self) -> &Storage {
        self.storage.get_or_init(|| match self.elements.is_absent() {
            true => Storage::absent(),
            false => Storage::from_slice(self.elements.bytes()),
        })
    }
}

/// A window that can be replaced while borrowed, geometry and storage together. The first one is stored inline.
#[derive(Debug)]
pub(crate) struct PublishedWindow {
    geometry: Geometry,
    memory: FirstMemory,
    /// Null while the first one holds, else the last box of `later`.
    current: AtomicPtr<Window>,
    /// Every window published after the first; boxes, because borrows of them are out.
    #[expect(clippy::vec_box, reason = "borrows point into the boxes, which must not move")]
    later: Mutex<Vec<Box<Window>>>,
}

impl PublishedWindow {
    #[inline(always)]
    pub(crate) fn new(geometry: Geometry, memory: FirstMemory) -> Self {
        PublishedWindow { geometry, memory, current: AtomicPtr::default(), later: Mutex::new(Vec::new()) }
    }

    /// The window that took the place of the first one.
    #[inline]
    fn later(&self) -> Option<&Window> {
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: `current` is null, or points into a box of `later`. Boxes are only ever added while `self` lives, so the
        // referent outlives the borrow of `self`; it is never written after being published with `Release`.
        unsafe { current.as_ref() }
    }

    #[inline]
    pub(crate) fn geometry(&self) -> &Geometry {
        self.later().map_or(&self.geometry, |window| &window.geometry)
    }

    #[inline]
    pub(crate) fn storage(&self) -> &Storage {
        match self.later() {
            None => self.memory.storage(),
            Some(window) => &window.storage,
        }
    }

    /// The memory, unless nobody has asked for it yet.
    #[inline]
    pub(crate) fn made_storage(&self) -> Option<&Storage> {
        match self.later() {
            None => self.memory.storage.get(),
            Some(window) => Some(&window.storage),
        }
    }

    /// A copy of all bytes of the memory, if they are not more than asked for.
    #[inline]
    pub(crate) fn small<const WORDS: usize>(&self) -> Option<SmallBytes<WORDS>> {
        match self.made_storage() {
            Some(storage) => storage.small(),
            None => self.memory.elements.within(),
        }
    }

    /// Shows another part of the memory that is shown.
    pub(crate) fn set_geometry(&self, geometry: Geometry) {
        let mut later = self.later.lock();
        let storage = self.storage().clone();
        self.publish(&mut later, Window { geometry, storage });
    }

    /// Shows a part of another memory.
    pub(crate) fn set(&self, window: Window) {
        self.publish(&mut self.later.lock(), window);
    }

    #[expect(clippy::vec_box, reason = "that of `later`")]
    fn publish(&self, later: &mut Vec<Box<Window>>, window: Window) {
        if *self.geometry() == window.geometry && self.storage().is_same(&window.storage) {
            return;
        }
        later.push(Box::new(window));
        let newest: *const Window = &**later.last().expect("one was just pushed");
        self.current.store(newest.cast_mut(), Ordering::Release);
    }
}
