//! The bytes of a storage of our own: few of them in words that are read without a lock, more in a block behind one.
//!
//! What is small costs as much as its locks do, so it has none for readers: they copy the words and look at a version before and
//! after, which a writer changes while it replaces the words. A writer changes a copy, alone, and puts it in place when it is
//! done; who reads meanwhile sees the bytes as they were.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

use parking_lot::{MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::dtype::Element;
use crate::error::Result;
use crate::freed_blocks::{self, Unit};
use crate::storage::elements_of;

/// How many words are kept in place.
const WORDS: usize = 8;

/// Up to so many bytes are kept in words.
pub(crate) const SMALL: usize = WORDS * size_of::<u64>();

/// A copy of few bytes, at most eight a word, aligned to 16.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub struct SmallBytes<const HELD: usize = WORDS> {
    words: [u64; HELD],
    len: usize,
}

impl<const HELD: usize> SmallBytes<HELD> {
    /// So many zeros; none if they are too many.
    #[inline]
    pub fn zeroed(len: usize) -> Option<SmallBytes<HELD>> {
        (len <= HELD * size_of::<u64>()).then_some(SmallBytes { words: [0; HELD], len })
    }

    /// A copy of elements; none if they are too many.
    #[inline]
    pub fn of<T: Element>(elements: &[T]) -> Option<SmallBytes<HELD>> {
        let mut made = SmallBytes::zeroed(size_of_val(elements))?;
        made.bytes_mut().copy_from_slice(bytemuck::cast_slice(elements));
        Some(made)
    }

    /// No bytes.
    pub(crate) const EMPTY: SmallBytes<HELD> = SmallBytes { words: [0; HELD], len: 0 };

    /// No memory, which is not the same as no bytes: it is within no number of words.
    pub(crate) const ABSENT: SmallBytes<HELD> = SmallBytes { words: [0; HELD], len: usize::MAX };

    #[inline]
    pub(crate) fn is_absent(&self) -> bool {
        self.len == usize::MAX
    }

    /// The same bytes in another number of words, unless they are too many.
    #[inline]
    pub(crate) fn within<const WORDS: usize>(&self) -> Option<SmallBytes<WORDS>> {
        let mut made = SmallBytes::zeroed(self.len)?;
        made.words.iter_mut().zip(self.words).for_each(|(to, from)| *to = from);
        Some(made)
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }

    /// The bytes as elements of a type.
    ///
    /// # Errors
    /// As [`crate::StorageRead::elements`].
    #[inline]
    pub fn elements<T: Element>(&self) -> Result<&[T]> {
        elements_of(self.bytes())
    }

    /// The bytes for writing.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }
}

impl<const HELD: usize> fmt::Debug for SmallBytes<HELD> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len)
    }
}

/// The words, aligned as blocks are: other libraries are given their address.
#[repr(align(16))]
struct Words([AtomicU64; WORDS]);

/// See the module. While there are at most [`SMALL`] bytes they are in the words, else in the block.
pub(crate) struct HostBytes {
    words: Words,
    /// How often the words were replaced, twice; odd while they are.
    version: AtomicU64,
    /// The number of bytes, which only grows. Changed by whoever writes the block.
    len: AtomicUsize,
    /// Its writer is the writer of the words too.
    block: RwLock<Vec<Unit>>,
    /// How many pins are on it. Changed by whoever writes the block, and by pins that go.
    pub(crate) pins: AtomicUsize,
}

impl HostBytes {
    #[inline]
    pub(crate) fn zeroed(len: usize) -> HostBytes {
        HostBytes::of(SmallBytes::zeroed(len), len, freed_blocks::zeroed)
    }

    /// Bytes that hold whatever was there before.
    #[inline]
    pub(crate) fn unfilled(len: usize) -> HostBytes {
        HostBytes::of(SmallBytes::zeroed(len), len, freed_blocks::unfilled)
    }

    pub(crate) fn of_bytes(source: &[u8]) -> HostBytes {
        match SmallBytes::of(source) {
            Some(small) => HostBytes::of(Some(small), small.len, freed_blocks::unfilled),
            None => {
                let mut made = HostBytes::unfilled(source.len());
                bytemuck::cast_slice_mut(made.block.get_mut())[..source.len()].copy_from_slice(source);
                made
            }
        }
    }

    #[inline]
    fn of(small: Option<SmallBytes>, len: usize, block: fn(usize) -> Vec<Unit>) -> HostBytes {
        let (words, block) = match small {
            Some(small) => (small.words, Vec::new()),
            None => ([0; WORDS], block(len.div_ceil(size_of::<Unit>()))),
        };
        HostBytes {
            words: Words(words.map(AtomicU64::new)),
            version: AtomicU64::new(0),
            len: AtomicUsize::new(len),
            block: RwLock::new(block),
            pins: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// A copy of the bytes, if they are few.
    #[inline]
    pub(crate) fn small<const HELD: usize>(&self) -> Option<SmallBytes<HELD>> {
        const { assert!(HELD <= WORDS) };
        let mut copy = SmallBytes::zeroed(self.len())?;
        loop {
            let before = self.version.load(Ordering::Acquire);
            self.copy_words(&mut copy);
            // The loads above are not moved below this, nor is the load below moved above it.
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before {
                return Some(copy);
            }
            // A writer is between two of its few stores.
            std::thread::yield_now();
        }
    }

    #[inline]
    fn copy_words<const HELD: usize>(&self, to: &mut SmallBytes<HELD>) {
        let len = to.len.div_ceil(size_of::<u64>());
        to.words
            .iter_mut()
            .zip(&self.words.0)
            .take(len)
            .for_each(|(to, from)| *to = from.load(Ordering::Relaxed));
    }

    /// Replaces the words. The caller is the writer of the block.
    fn replace_words(&self, by: &SmallBytes) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        // The stores below are not moved above this: who sees one of them sees the odd version.
        fence(Ordering::Release);
        self.words.0.iter().zip(by.words).for_each(|(to, from)| to.store(from, Ordering::Relaxed));
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    #[inline]
    pub(crate) fn read(&self) -> HostRead<'_> {
        match self.small() {
            Some(small) => HostRead::Small(small),
            None => {
                HostRead::Block(RwLockReadGuard::map(self.block.read_recursive(), |block| self.held(block)))
            }
        }
    }

    fn held<'a>(&self, block: &'a [Unit]) -> &'a [u8] {
        &bytemuck::cast_slice(block)[..self.len()]
    }

    pub(crate) fn write(&self) -> HostWrite<'_> {
        let block = self.block.write();
        match SmallBytes::zeroed(self.len()) {
            Some(mut bytes) => {
                self.copy_words(&mut bytes);
                HostWrite::Small(SmallWrite { bytes, of: self, _writer: block })
            }
            None => HostWrite::Block(RwLockWriteGuard::map(block, |block| {
                &mut bytemuck::cast_slice_mut(block)[..self.len()]
            })),
        }
    }

    /// Makes it at least so many bytes long, the new ones zero; tells whether it could, which it cannot while it is pinned.
    pub(crate) fn grow(&self, bytes: usize) -> bool {
        let mut block = self.block.write();
        let held = self.len();
        if held >= bytes {
            return true;
        }
        // Pins are made by writers.
        if self.pins.load(Ordering::Relaxed) != 0 {
            return false;
        }
        if bytes > SMALL {
            let mut grown = freed_blocks::zeroed(bytes.div_ceil(size_of::<Unit>()));
            let to: &mut [u8] = bytemuck::cast_slice_mut(&mut grown);
            match self.small::<WORDS>() {
                Some(small) => to[..held].copy_from_slice(small.bytes()),
                None => to[..held].copy_from_slice(self.held(&block)),
            }
            freed_blocks::give_back(std::mem::replace(&mut *block, grown));
        }
        self.len.store(bytes, Ordering::Release);
        true
    }

    /// Where the bytes are, as an address with exposed provenance, once more pinned.
    pub(crate) fn pin(&self) -> usize {
        let mut block = self.block.write();
        self.pins.fetch_add(1, Ordering::Relaxed);
        match self.len() {
            // Atomic words may be written through a shared reference.
            0..=SMALL => std::ptr::from_ref(&self.words).expose_provenance(),
            _ => block.as_mut_ptr().expose_provenance(),
        }
    }
}

impl Drop for HostBytes {
    fn drop(&mut self) {
        let block = self.block.get_mut();
        if block.capacity() != 0 {
            freed_blocks::give_back(std::mem::take(block));
        }
    }
}

impl fmt::Debug for HostBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// Open for reading: a copy, or a lock.
#[derive(Debug)]
pub(crate) enum HostRead<'a> {
    Small(SmallBytes),
    Block(MappedRwLockReadGuard<'a, [u8]>),
}

impl HostRead<'_> {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            HostRead::Small(small) => small.bytes(),
            HostRead::Block(block) => block,
        }
    }
}

/// Open for writing.
#[derive(Debug)]
pub(crate) enum HostWrite<'a> {
    Small(SmallWrite<'a>),
    Block(MappedRwLockWriteGuard<'a, [u8]>),
}

impl HostWrite<'_> {
    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        match self {
            HostWrite::Small(small) => small.bytes.bytes_mut(),
            HostWrite::Block(block) => block,
        }
    }
}

/// A copy that is put in place when this is dropped, and what keeps other writers away until then.
pub(crate) struct SmallWrite<'a> {
    bytes: SmallBytes,
    of: &'a HostBytes,
    _writer: RwLockWriteGuard<'a, Vec<Unit>>,
}

impl Drop for SmallWrite<'_> {
    fn drop(&mut self) {
        self.of.replace_words(&self.bytes);
    }
}

impl fmt::Debug for SmallWrite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(bytes: &HostBytes) -> Vec<u64> {
        bytes
            .read()
            .bytes()
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
            .collect()
    }

    #[test]
    fn who_reads_small_bytes_sees_all_of_a_write_or_nothing() {
        let bytes = HostBytes::zeroed(SMALL);
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let mut open = bytes.write();
                        let next = u64::from_le_bytes(open.bytes()[..8].try_into().unwrap()) + 1;
                        open.bytes()
                            .chunks_exact_mut(8)
                            .for_each(|word| word.copy_from_slice(&next.to_le_bytes()));
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }
            scope.spawn(|| {
                let mut last = 0;
                while done.load(Ordering::Relaxed) < 2 {
                    let seen = words(&bytes);
                    assert!(
                        seen.iter().all(|&word| word == seen[0]) && seen[0] >= last,
                        "{seen:?} after {last}"
                    );
                    last = seen[0];
                }
            });
        });
        // No write was lost.
        assert_eq!(words(&bytes), [10_000; WORDS]);
    }

    #[test]
    fn bytes_that_were_open_while_others_were_written_are_as_they_were() {
        let bytes = HostBytes::of_bytes(&[1, 2, 3]);
        let read = bytes.read();
        bytes.write().bytes()[0] = 9;
        assert_eq!((read.bytes(), bytes.read().bytes()), (&[1, 2, 3][..], &[9, 2, 3][..]));
    }

    #[test]
    fn bytes_grow_from_words_to_a_block_and_keep_what_they_held() {
        let bytes = HostBytes::of_bytes(&[7; 5]);
        for len in [6, SMALL, SMALL + 1, 3 * SMALL] {
            assert!(bytes.grow(len));
            let read = bytes.read();
            assert_eq!((read.bytes().len(), &read.bytes()[..6]), (len, &[7, 7, 7, 7, 7, 0][..]));
        }
        bytes.pin();
        assert!(bytes.grow(3 * SMALL) && !bytes.grow(4 * SMALL));
    }
}
