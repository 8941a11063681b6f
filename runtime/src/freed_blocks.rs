//! Large blocks of memory that storages gave back, kept for the next ones.
//!
//! The system gives large memory as pages that are zeroed one by one when they are first touched, which takes several times as long
//! as an elementwise kernel takes to fill them. What is kept is bounded ([`KEPT_BYTES`]); the blocks given back last are found first, since
//! they may still be in the processor's caches.

use bytemuck::{Pod, Zeroable};
use parking_lot::Mutex;

/// 16 bytes with that alignment, the unit storages are made of. More alignment would cost more than it gains: the
/// system gives 16 for nothing, and zeroed memory with it.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(16))]
pub(crate) struct Unit([u8; 16]);

/// Blocks of fewer bytes are left to the allocator, which keeps those itself.
const SMALLEST_BYTES: usize = 1 << 16;

/// The most that is kept in all. A block that is larger is given back to the system.
pub(crate) const KEPT_BYTES: usize = 64 << 20;

/// The most blocks that are kept, so that looking for one takes no time.
const MOST_BLOCKS: usize = 64;

/// Blocks in the order they were given back.
struct Freed {
    blocks: Vec<Vec<Unit>>,
    bytes: usize,
}

static FREED: Mutex<Freed> = Mutex::new(Freed { blocks: Vec::new(), bytes: 0 });

fn bytes_of(block: &Vec<Unit>) -> usize {
    block.capacity() * size_of::<Unit>()
}

impl Freed {
    /// The block given back last that is large enough, and not so large that an eighth of it would be wasted.
    fn take(&mut self, units: usize) -> Option<Vec<Unit>> {
        let fits = |block: &Vec<Unit>| (units..=units + units / 8).contains(&block.capacity());
        let block = self.blocks.remove(self.blocks.iter().rposition(fits)?);
        self.bytes -= bytes_of(&block);
        Some(block)
    }

    /// Keeps a block; gives those that have to go for it.
    fn put(&mut self, block: Vec<Unit>) -> Vec<Vec<Unit>> {
        self.bytes += bytes_of(&block);
        self.blocks.push(block);
        let mut bytes = self.bytes;
        let too_much = |block: &&Vec<Unit>| {
            let is_too_much = bytes > KEPT_BYTES;
            bytes -= bytes_of(block);
            is_too_much
        };
        let over = self.blocks.iter().take_while(too_much).count();
        let over = over.max(self.blocks.len().saturating_sub(MOST_BLOCKS));
        let gone: Vec<_> = self.blocks.drain(..over).collect();
        self.bytes -= gone.iter().map(bytes_of).sum::<usize>();
        gone
    }
}

/// A block of so many units, of zeros.
pub(crate) fn zeroed(units: usize) -> Vec<Unit> {
    match reused(units) {
        Some(mut block) => {
            block.fill(Unit::zeroed());
            block
        }
        None => fresh(units),
    }
}

/// A block from the system.
///
/// # Panics
/// If there is not enough memory, with a message that says so: kernels and front ends make errors of panics, and the process lives on.
fn fresh(units: usize) -> Vec<Unit> {
    let block = bytemuck::try_zeroed_vec(units);
    block.unwrap_or_else(|()| panic!("there is not enough memory for {} bytes", units * size_of::<Unit>()))
}

/// A block of so many units that hold whatever was in them before. Where assertions are on that is never zeros, so that tests find the
/// kernel that does not fill its result.
pub(crate) fn unfilled(units: usize) -> Vec<Unit> {
    let mut block = reused(units).unwrap_or_else(|| fresh(units));
    if cfg!(debug_assertions) {
        block.fill(Unit([0xff; 16]));
    }
    block
}

fn reused(units: usize) -> Option<Vec<Unit>> {
    if units * size_of::<Unit>() < SMALLEST_BYTES {
        return None;
    }
    let mut block = FREED.lock().take(units)?;
    block.resize(units, Unit::zeroed());
    Some(block)
}

/// Takes a block back.
pub(crate) fn give_back(block: Vec<Unit>) {
    if (SMALLEST_BYTES..=KEPT_BYTES).contains(&bytes_of(&block)) {
        let gone = FREED.lock().put(block);
        // The system takes its time, and nobody is to wait for that.
        drop(gone);
    }
}

/// Gives the memory back to the system that tensors used before and the next large ones would use again: 64 MiB at most.
pub fn release_freed_memory() {
    let gone = {
        let mut freed = FREED.lock();
        freed.bytes = 0;
        std::mem::take(&mut freed.blocks)
    };
    drop(gone);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(units: usize) -> Vec<Unit> {
        bytemuck::zeroed_vec(units)
    }

    #[test]
    fn a_block_that_fits_is_used_again_and_one_that_is_too_large_is_not() {
        let mut freed = Freed { blocks: Vec::new(), bytes: 0 };
        assert!(freed.put(block(1000)).is_empty() && freed.put(block(2000)).is_empty());
        assert!(freed.take(1500).is_none() && freed.take(2001).is_none());
        assert_eq!(freed.take(900).map(|block| block.capacity()), Some(1000));
        assert_eq!((freed.bytes, freed.take(2000).map(|block| block.capacity())), (32_000, Some(2000)));
        assert_eq!((freed.bytes, freed.blocks.len()), (0, 0));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut freed = Freed { blocks: Vec::new(), bytes: 0 };
        let third = KEPT_BYTES / size_of::<Unit>() / 3;
        for _ in 0..3 {
            assert!(freed.put(block(third)).is_empty());
        }
        assert_eq!(freed.put(block(third)).len(), 1);
        assert!(freed.bytes <= KEPT_BYTES);
        let mut many = Freed { blocks: Vec::new(), bytes: 0 };
        let gone: usize = (0..2 * MOST_BLOCKS).map(|_| many.put(block(1)).len()).sum();
        assert_eq!((gone, many.blocks.len(), many.bytes), (MOST_BLOCKS, MOST_BLOCKS, 16 * MOST_BLOCKS));
    }
}
