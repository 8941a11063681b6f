//! Loops compiled for the widest vectors that the processor has, chosen when they run.

/// From so many elements on, a loop gains more from wider vectors than choosing them costs.
const LARGE: usize = 1 << 10;

/// Runs a loop over so many elements, and whatever is inlined into it, with the instructions of this processor if it is a
/// large one. What is computed is the same.
#[inline]
pub(crate) fn vectorised<R>(elements: usize, work: impl FnOnce() -> R) -> R {
    if elements < LARGE { work() } else { pulp::Arch::new().dispatch(work) }
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
