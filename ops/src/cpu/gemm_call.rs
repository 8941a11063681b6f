//! The call into the `gemm` crate, whose entry takes pointers: one of the few rooms with unsafe code.
//!
//! What comes in are `ndarray` views, which know their bounds; nothing else may call `gemm`.
#![allow(unsafe_code, reason = "`gemm` takes pointers; the block says why they are good")]

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::cpu::number::Float;
use crate::threads;

/// `out = alpha * a * b`, or `out = beta * out + alpha * a * b` with a `beta`.
///
/// Large products are spread over the threads of [`threads`](crate::threads), which run nothing that waits for the operands'
/// storages.
///
/// # Panics
/// If the extents do not fit each other.
pub(crate) fn gemm<T: Float>(
    out: ArrayViewMut2<'_, T>,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    alpha: T,
    beta: Option<T>,
) {
    let steps = a.len().saturating_mul(b.dim().1);
    threads::spread(steps, |threads| gemm_on(threads, out, a, b, alpha, beta));
}

/// [`gemm`] on so many threads; one is the calling thread.
///
/// # Panics
/// As [`gemm`].
pub(crate) fn gemm_on<T: Float>(
    threads: usize,
    mut out: ArrayViewMut2<'_, T>,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    alpha: T,
    beta: Option<T>,
) {
    let (m, k) = a.dim();
    let n = b.dim().1;
    assert!(
        b.dim().0 == k && out.dim() == (m, n),
        "{:?} times {:?} is not {:?}",
        a.dim(),
        b.dim(),
        out.dim()
    );
    let (out_strides, a_strides, b_strides) = (steps(out.strides()), steps(a.strides()), steps(b.strides()));
    // SAFETY: `gemm` reads `a` at row < m, column < k, `b` at row < k, column < n, and reads and writes `out` at
    // row < m, column < n, all by the strides given, which by the assertion above are the extents of the views; every
    // such element is inside its view. `out` is borrowed mutably, so it overlaps neither input, and a mutable view
    // never has two indices for one element. `T` is `f32` or `f64`, the only types that are `Float`, which `gemm`
    // computes with and which have no invalid values.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            out_strides[1],
            out_strides[0],
            beta.is_some(),
            a.as_ptr(),
            a_strides[1],
            a_strides[0],
            b.as_ptr(),
            b_strides[1],
            b_strides[0],
            beta.unwrap_or(T::ZERO),
            alpha,
            false,
            false,
            false,
            match threads {
                1 => gemm::Parallelism::None,
                threads => gemm::Parallelism::Rayon(threads),
            },
        );
    }
}

fn steps(strides: &[isize]) -> [isize; 2] {
    [strides[0], strides[1]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder, array};

    #[test]
    fn products_of_any_strides() {
        let a = array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let row = [2.0f32, 1.0];
        let b = ArrayView2::from_shape((3, 2).strides((0, 1)), &row).unwrap();
        let mut out = Array2::from_elem((2, 2).f(), f32::NAN);
        gemm(out.view_mut(), a.view(), b, 1.0, None);
        assert_eq!(out, array![[12.0, 6.0], [30.0, 15.0]]);
        gemm(
            out.view_mut().reversed_axes(),
            a.view().slice_move(ndarray::s![.., ..2]).reversed_axes(),
            a.view().slice_move(ndarray::s![.., ..2]),
            1.0,
            Some(0.5),
        );
        assert_eq!(out, array![[6.0 + 17.0, 3.0 + 22.0], [15.0 + 22.0, 7.5 + 29.0]]);
    }

    #[test]
    fn a_product_over_nothing_is_zero() {
        let mut out = Array2::from_elem((2, 2), 7.0f64);
        gemm(out.view_mut(), Array2::zeros((2, 0)).view(), Array2::zeros((0, 2)).view(), 1.0, None);
        assert_eq!(out, Array2::zeros((2, 2)));
    }

    #[test]
    #[should_panic(expected = "times")]
    fn extents_must_fit() {
        let x = Array2::<f64>::zeros((2, 3));
        gemm(Array2::zeros((2, 2)).view_mut(), x.view(), x.view(), 1.0, None);
    }
}
