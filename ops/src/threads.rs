//! How many threads large work on the CPU is spread over.
//!
//! The threads are a pool of this library's own, and only parts of one kernel's work run on them: none of these takes a
//! lock or calls an operator, so that kernels of several callers cannot wait for each other there. Small work stays on
//! the calling thread. A child of `fork` has none of its parent's threads, and makes a pool of its own.

use std::sync::{Arc, OnceLock};

use keyway::{Error, ErrorKind, Result};
use parking_lot::RwLock;
use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

/// The threads there are, and their pool once large work has needed it.
struct Threads {
    count: usize,
    /// The process whose threads they are.
    process: u32,
    pool: OnceLock<Option<ThreadPool>>,
}

impl Threads {
    fn new(count: usize) -> Threads {
        Threads { count, process: std::process::id(), pool: OnceLock::new() }
    }
}

static THREADS: RwLock<Option<Arc<Threads>>> = RwLock::new(None);

fn current() -> Arc<Threads> {
    let known = THREADS.read().clone();
    match known {
        Some(threads) if threads.process == std::process::id() => threads,
        Some(of_parent) => {
            let own = Arc::new(Threads::new(of_parent.count));
            // The parent's pool is left alone: to end it would be to talk to threads that are not here.
            std::mem::forget(THREADS.write().replace(own.clone()));
            own
        }
        None => {
            let count = std::thread::available_parallelism().map_or(1, usize::from);
            THREADS.write().get_or_insert_with(|| Arc::new(Threads::new(count))).clone()
        }
    }
}

/// How many threads large work is spread over: as many as the machine has, unless [`set`] said otherwise.
pub fn get() -> usize {
    current().count
}

/// Spreads large work over so many threads from now on; one keeps it on the calling thread.
///
/// ```
/// keyway_ops::threads::set(1)?;
/// assert_eq!(keyway_ops::threads::get(), 1);
/// assert!(keyway_ops::threads::set(0).is_err());
/// # Ok::<(), keyway::Error>(())
/// ```
///
/// # Errors
/// `Runtime` for no threads at all.
pub fn set(count: usize) -> Result<()> {
    if count == 0 {
        return Err(Error::new(ErrorKind::Runtime, "work needs at least one thread, not 0"));
    }
    *THREADS.write() = Some(Arc::new(Threads::new(count)));
    Ok(())
}

/// From so many steps on, work is worth the way to other threads.
const LARGE: usize = 1 << 19;

/// Runs work of about so many steps where rayon has this library's threads, and tells how many; small work, and all of it
/// where there is one thread, runs on the calling thread.
pub(crate) fn spread<R: Send>(steps: usize, work: impl FnOnce(usize) -> R + Send) -> R {
    if steps < LARGE {
        return work(1);
    }
    let threads = current();
    if threads.count == 1 {
        return work(1);
    }
    let make = || rayon::ThreadPoolBuilder::new().num_threads(threads.count).build().ok();
    match threads.pool.get_or_init(make) {
        Some(pool) => pool.install(|| work(threads.count)),
        // No threads were to be had: the calling one does it all.
        None => work(1),
    }
}

/// Computes each piece of so many elements of a slice, given its number. A piece takes about `steps` steps.
pub(crate) fn for_each_piece<T: Send>(
    elements: &mut [T],
    len: usize,
    steps: usize,
    kernel: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    let pieces = elements.len() / len.max(1);
    spread(pieces.saturating_mul(steps), |threads| match threads {
        1 => elements.chunks_exact_mut(len.max(1)).enumerate().for_each(|(at, piece)| kernel(at, piece)),
        _ => elements.par_chunks_exact_mut(len.max(1)).enumerate().for_each(|(at, piece)| kernel(at, piece)),
    });
}

/// Stretches are of so many elements, which stay in a processor's cache.
const STRETCH: usize = 1 << 14;

/// Computes a slice in stretches, given where each starts. An element takes about `steps` steps. One thread has one stretch.
///
/// The kernel is behind a pointer so that a pool's machinery is compiled once a type, not once a kernel.
pub(crate) fn for_each_stretch<T: Send>(
    elements: &mut [T],
    steps: usize,
    kernel: &(dyn Fn(usize, &mut [T]) + Sync),
) {
    spread(elements.len().saturating_mul(steps), |threads| match threads {
        1 => kernel(0, elements),
        _ => elements.par_chunks_mut(STRETCH).enumerate().for_each(|(at, some)| kernel(at * STRETCH, some)),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_computed_once_on_any_number_of_threads() {
        for count in [1, 2, 3] {
            set(count).unwrap();
            let mut elements = vec![0usize; 3_000];
            for_each_piece(&mut elements, 3, LARGE, |at, piece| piece.iter_mut().for_each(|x| *x += at));
            assert!(elements.iter().enumerate().all(|(at, &x)| x == at / 3));
            let mut elements = vec![0usize; 3 * STRETCH + 5];
            for_each_stretch(&mut elements, LARGE, &|start, some| {
                some.iter_mut().enumerate().for_each(|(at, x)| *x += start + at);
            });
            assert!(elements.iter().enumerate().all(|(at, &x)| x == at));
        }
        set(1).unwrap();
    }
}
