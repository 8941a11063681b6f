//! Results of few elements without a plan: what functional forms ask first (`shortcut` of `#[kernel]`).
//!
//! Planning, allocating and locking cost many times what adding up two numbers does. Here are operands in the dtype of the
//! computation that lie alike, row by row, and are held by the tensors themselves or by a small storage; everything else is
//! answered with `None` and takes the way of [`pointwise`](crate::pointwise), which makes the same result.

use keyway::{Element, Scalar, SmallBytes, Tensor};

use crate::cpu::dense::apply_widely;
use crate::cpu::number::Number;
use crate::cpu::vectorised::WideFunction;

/// So many elements are few.
const FEW: usize = 4;

/// Whether a tensor's elements are few, row by row from the first byte.
#[inline]
fn lies_plainly(x: &Tensor) -> bool {
    let geometry = x.geometry();
    geometry.numel() <= FEW && geometry.offset() == 0 && geometry.is_row_major()
}

/// The bytes of a tensor that lies plainly, if its elements are of this type, and no plain number.
#[inline]
fn held<T: Element>(x: &Tensor) -> Option<SmallBytes<2>> {
    if x.dtype() == T::DTYPE && !x.is_wrapped_number() { x.small() } else { None }
}

/// The result of a function that fills it, lying like a tensor of few elements.
#[inline]
fn filled<R: Number>(like: &Tensor, fill: impl FnOnce(&mut [R])) -> Option<Tensor> {
    let mut elements = [R::ZERO; FEW];
    let elements = elements.get_mut(..like.numel())?;
    fill(elements);
    Tensor::from_elements(elements, like.geometry()).ok()
}

/// A function of each element.
#[inline]
pub(crate) fn unary<A: Number, R: Number>(x: &Tensor, function: impl Fn(A) -> R) -> Option<Tensor> {
    let held = held::<A>(x).filter(|_| lies_plainly(x))?;
    let elements = held.elements::<A>().ok()?;
    filled(x, |out| out.iter_mut().zip(elements).for_each(|(out, &x)| *out = function(x)))
}

/// A function of many operations of each element, computed as for more of them.
#[inline]
pub(crate) fn wide_unary<T: Number>(x: &Tensor, function: impl WideFunction<T>) -> Option<Tensor> {
    let held = held::<T>(x).filter(|_| lies_plainly(x))?;
    let elements = held.elements::<T>().ok()?;
    filled(x, |out| apply_widely(out, elements, &function))
}

/// A function of each pair of elements.
#[inline]
pub(crate) fn binary<A: Number, R: Number>(
    a: &Tensor,
    b: &Tensor,
    function: impl Fn(A, A) -> R,
) -> Option<Tensor> {
    let (held_a, held_b) = (held::<A>(a)?, held::<A>(b)?);
    if a.geometry() != b.geometry() || !lies_plainly(a) {
        return None;
    }
    let (elements_a, elements_b) = (held_a.elements::<A>().ok()?, held_b.elements::<A>().ok()?);
    filled(a, |out| {
        let pairs = elements_a.iter().zip(elements_b);
        out.iter_mut().zip(pairs).for_each(|(out, (&a, &b))| *out = function(a, b));
    })
}

/// A function of each floating-point element and a real number.
#[inline]
pub(crate) fn with_number<A: Number, R: Number>(
    x: &Tensor,
    number: Scalar,
    function: impl Fn(A, A) -> R,
) -> Option<Tensor> {
    if !A::DTYPE.is_floating_point() || matches!(number, Scalar::Complex(..)) {
        return None;
    }
    let number = A::from_scalar(number);
    unary(x, |x| function(x, number))
}

/// The first result of an expression for some types of elements: `first_of!(T in f32, f64 => unary(x, sqrt::<T>))`.
macro_rules! first_of {
    ($t:ident in $($element:ty),* => $few:expr) => {
        None$(.or_else(|| {
            type $t = $element;
            $few
        }))*
    };
}
pub(crate) use first_of;
