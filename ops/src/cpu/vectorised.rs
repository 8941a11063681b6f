//! Loops compiled for the vectors that the processor has, chosen when they run.

use std::sync::OnceLock;

use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};

/// From so many elements on, a loop gains more from wider vectors than choosing them costs.
const LARGE: usize = 1 << 10;

/// The processor, which takes longer to ask than to remember.
#[inline]
fn processor() -> Arch {
    static PROCESSOR: OnceLock<Arch> = OnceLock::new();
    *PROCESSOR.get_or_init(Arch::new)
}

/// Runs a loop over so many elements, and whatever is inlined into it, with the instructions of this processor if it is a
/// large one. What is computed is the same.
///
/// Not with the widest vectors: loops of few operations wait for memory, and each width is compiled of its own. A closure
/// may not be inlined if it is a large one; work of a type of its own, whose `call` is always inlined, is.
#[inline]
pub(crate) fn vectorised<Work: NullaryFnOnce>(elements: usize, work: Work) -> Work::Output {
    if elements < LARGE {
        return work.call();
    }
    match processor() {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V4(processor) => Simd::vectorize(*processor, work),
        processor => processor.dispatch(work),
    }
}

/// Runs a loop of many operations with the widest vectors there are. How products are added up may depend on the processor, not on
/// the number of elements.
#[inline]
pub(crate) fn widest<Work: WithSimd>(work: Work) -> Work::Output {
    processor().dispatch(work)
}

/// A function of one element in a form that vectorises, for [`widest`].
pub(crate) trait WideFunction<T>: Sync {
    /// Its value.
    fn of<S: Simd>(&self, x: T) -> T;
}

/// `a * b + c`, rounded once where the processor of `S` does so as fast.
#[inline(always)]
pub(crate) fn multiply_add<S: Simd>(a: f32, b: f32, c: f32) -> f32 {
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_loops_compute_the_same() {
        for len in [3, LARGE + 3] {
            let x: Vec<f32> = (0..len).map(|i| i as f32 * 0.37 - 2.0).collect();
            let sum = || x.iter().zip(x.iter().rev()).map(|(a, b)| a * b + 0.1).collect::<Vec<f32>>();
            assert_eq!(vectorised(len, sum), sum());
        }
    }
}
