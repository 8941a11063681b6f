//! Pointwise kernels: operands lined up with the result's memory, and loops over them.
//!
//! Where an operand lies like the result, or is one element, the loop runs over plain slices and vectorises. Broadcast
//! and strided operands are walked stretch by stretch; only an operand of another dtype is copied, in its own size.

use std::borrow::Cow;

use keyway::{Dims, Element, Error, Geometry, Result, Scalar, SmallBytes, Tensor};
use pulp::{Simd, WithSimd};

use crate::broadcast::broadcast_strides;
use crate::cpu::conversion::{converted, from_dtype, narrow, store};
use crate::cpu::elements::{Inputs, dense_copy, read_all, write_apart};
use crate::cpu::number::Number;
use crate::cpu::vectorised::{WideFunction, vectorised, widest};
use crate::cpu::walk::walk;
use crate::pointwise::Plan;
use crate::promotion::Operand;
use crate::threads::for_each_stretch;

/// An operand, lined up with the result.
pub(crate) enum LinedUp<'a, T: Element> {
    /// One element for each of the result, in the order of its memory.
    Each(Cow<'a, [T]>),
    /// The same element for all.
    Same(T),
    /// Steps through the elements for the result's dimensions.
    Strided(Cow<'a, [T]>, Dims),
}

impl<T: Element> LinedUp<'_, T> {
    /// The elements, and the steps through them for the result's dimensions.
    fn steps<'s>(&'s self, result: &'s Geometry, zeros: &'s [i64]) -> (&'s [T], &'s [i64]) {
        match self {
            LinedUp::Each(elements) => (elements, result.strides()),
            LinedUp::Same(element) => (std::slice::from_ref(element), zeros),
            LinedUp::Strided(elements, strides) => (elements, strides),
        }
    }
}

/// Opened inputs and the result they are lined up with.
pub(crate) struct Operands<'a, const N: usize> {
    inputs: &'a Inputs<'a, N>,
    tensors: [&'a Tensor; N],
    result: &'a Geometry,
    plan: &'a Plan,
}

impl<const N: usize> Operands<'_, N> {
    /// The input at a position, as elements of type `T`.
    #[inline]
    pub(crate) fn get<T: Number>(&self, position: usize) -> Result<LinedUp<'_, T>> {
        let (tensor, result) = (self.tensors[position], self.result);
        if tensor.dtype() != T::DTYPE || self.plan.is_narrower_than(T::DTYPE) {
            return self.converted(position);
        }
        let (from, geometry) = (self.inputs.get::<T>(position)?.as_memory(), tensor.geometry());
        Ok(if geometry.numel() == 1 {
            LinedUp::Same(from[0])
        } else if lies_like(geometry, result) {
            LinedUp::Each(Cow::Borrowed(&from[..result.numel()]))
        } else {
            LinedUp::Strided(Cow::Borrowed(from), broadcast_strides(geometry, result.sizes()))
        })
    }

    /// An input of another dtype: its own elements are converted, by way of the dtype of the operation, then lined up.
    #[inline(never)]
    fn converted<T: Number>(&self, position: usize) -> Result<LinedUp<'_, T>> {
        let (tensor, result) = (self.tensors[position], self.result);
        let (geometry, bytes) = (tensor.geometry(), self.inputs.bytes(position));
        let is_one = geometry.numel() == 1;
        let lies_like = !is_one && lies_like(geometry, result);
        let mut elements = match lies_like {
            true => {
                let mut elements = vec![T::ZERO; geometry.numel()];
                from_dtype::<T>(tensor.dtype())?(bytes, geometry.offset() as usize, 1, &mut elements)?;
                elements
            }
            false => converted::<T>(bytes, tensor.dtype(), geometry)?,
        };
        if tensor.dtype() != self.plan.compute() && !(is_one && self.plan.keeps_numbers()) {
            narrow(&mut elements, self.plan.compute());
        }
        Ok(match (is_one, lies_like) {
            (true, _) => LinedUp::Same(elements[0]),
            (_, true) => LinedUp::Each(elements.into()),
            _ => {
                let dense = Geometry::contiguous(geometry.sizes())?;
                LinedUp::Strided(elements.into(), broadcast_strides(&dense, result.sizes()))
            }
        })
    }
}

/// A number as an operand of a planned operator.
fn operand_of<T: Number>(plan: &Plan, number: Scalar) -> T {
    let mut element = [T::from_scalar(number)];
    if !plan.keeps_numbers() {
        narrow(&mut element, plan.compute());
    }
    element[0]
}

/// Whether the elements of a tensor lie exactly as those of the result, which has no gaps.
#[inline]
fn lies_like(geometry: &Geometry, result: &Geometry) -> bool {
    geometry.sizes() == result.sizes()
        && (geometry.strides() == result.strides() || (geometry.is_contiguous() && result.is_contiguous()))
}

/// Has a kernel compute the elements of a tensor without gaps, in the order of memory. An input that is the same elements is
/// copied first. Where the tensor has another dtype than what is computed, results are converted afterwards.
#[inline]
fn compute<R: Number, const N: usize>(
    plan: &Plan,
    out: &Tensor,
    tensors: [&Tensor; N],
    kernel: impl FnOnce(&mut [R], &Operands<'_, N>) -> Result<()>,
) -> Result<()> {
    let mut copies = [const { None }; N];
    for (copy, tensor) in copies.iter_mut().zip(tensors) {
        if tensor.shares_storage(out) {
            *copy = Some(dense_copy(tensor)?);
        }
    }
    let apart = std::array::from_fn(|position| copies[position].as_ref().unwrap_or(tensors[position]));
    compute_apart(plan, out, apart, kernel)
}

/// Whether an operand is the result itself, in a dtype that the loop can read and write where it is.
#[inline]
fn is_replaced<A: Number, R: Number>(plan: &Plan, out: &Tensor, operand: &Tensor) -> bool {
    operand.shares_storage(out)
        && out.dtype() == R::DTYPE
        && A::DTYPE == R::DTYPE
        && !plan.is_narrower_than(A::DTYPE)
}

/// [`compute`] where no input shares the tensor's memory.
#[inline]
fn compute_apart<R: Number, const N: usize>(
    plan: &Plan,
    out: &Tensor,
    tensors: [&Tensor; N],
    kernel: impl FnOnce(&mut [R], &Operands<'_, N>) -> Result<()>,
) -> Result<()> {
    let result = out.geometry();
    if out.dtype() != R::DTYPE {
        let mut elements = vec![R::ZERO; out.numel()];
        read_all(tensors, |inputs| kernel(&mut elements, &Operands { inputs, tensors, result, plan }))?;
        return store(out, &elements);
    }
    write_apart(out, tensors, |mut elements, inputs| {
        let elements = &mut elements.as_memory()[..out.numel()];
        kernel(elements, &Operands { inputs, tensors, result, plan })
    })
}

/// Few elements of an operand that lies like the result, or is one, and needs no conversion.
#[inline]
fn few<A: Number>(plan: &Plan, out: &Tensor, operand: &Tensor) -> Option<SmallBytes> {
    let geometry = operand.geometry();
    let is_plain = operand.dtype() == A::DTYPE
        && !plan.is_narrower_than(A::DTYPE)
        && geometry.offset() == 0
        && (geometry.numel() == 1 || lies_like(geometry, out.geometry()));
    if is_plain { operand.small() } else { None }
}

/// Has a kernel fill a tensor of few elements, whose operands are copies; tells whether it is one. Locks and lining up would take
/// many times as long as the kernel.
#[inline]
fn fill_few<R: Number>(out: &Tensor, kernel: impl FnOnce(&mut [R])) -> Result<bool> {
    let geometry = out.geometry();
    if out.dtype() != R::DTYPE || geometry.offset() != 0 {
        return Ok(false);
    }
    kernel(&mut out.storage().write()?.elements()?[..geometry.numel()]);
    Ok(true)
}

/// The element of few at a position, or the only one.
#[inline]
fn element<A: Number>(few: &[A], position: usize) -> A {
    if few.len() == 1 { few[0] } else { few[position] }
}

/// Applies a function to each element.
pub(crate) fn unary<A: Number, R: Number>(
    plan: &Plan,
    out: &Tensor,
    x: &Tensor,
    function: impl Fn(A) -> R + Sync,
) -> Result<()> {
    if is_replaced::<A, R>(plan, out, x) {
        return compute_apart(plan, out, [], |out: &mut [R], _| {
            out.iter_mut().for_each(|x| *x = function(x.cast()));
            Ok(())
        });
    }
    if let Some(x) = few::<A>(plan, out, x) {
        let x = x.elements::<A>()?;
        let fill = |out: &mut [R]| {
            out.iter_mut().enumerate().for_each(|(k, out)| *out = function(element(x, k)));
        };
        if fill_few(out, fill)? {
            return Ok(());
        }
    }
    compute(plan, out, [x], |out, operands| {
        match operands.get::<A>(0)? {
            LinedUp::Each(x) => for_each_stretch(out, 1, &|start, out| {
                vectorised(out.len(), || {
                    out.iter_mut().zip(&x[start..]).for_each(|(out, &x)| *out = function(x));
                });
            }),
            LinedUp::Same(x) => out.fill(function(x)),
            LinedUp::Strided(x, strides) => {
                let geometries = [operands.result.strides(), &strides];
                walk(operands.result.sizes(), geometries, |[at, start], [_, step], len| {
                    let stretch = out[at..at + len].iter_mut().enumerate();
                    stretch.for_each(|(k, out)| *out = function(x[start + k * step]));
                });
            }
        }
        Ok(())
    })
}

/// Applies a function of many operations to each element, with the widest vectors there are.
pub(crate) fn wide_unary<T: Number>(
    plan: &Plan,
    out: &Tensor,
    x: &Tensor,
    function: impl WideFunction<T>,
) -> Result<()> {
    if is_replaced::<T, T>(plan, out, x) {
        return compute_apart(plan, out, [], |out: &mut [T], _| {
            widest(Applied { out, x: Applicable::Itself, function: &function });
            Ok(())
        });
    }
    if let Some(x) = few::<T>(plan, out, x) {
        let x = match x.elements::<T>()? {
            [x] => Applicable::Same(*x),
            x => Applicable::Each(x),
        };
        if fill_few(out, |out| widest(Applied { out, x, function: &function }))? {
            return Ok(());
        }
    }
    compute(plan, out, [x], |out, operands| {
        let function = &function;
        match operands.get::<T>(0)? {
            LinedUp::Each(x) => for_each_stretch(out, STEPS_OF_WIDE, &|start, out| {
                widest(Applied { out, x: Applicable::Each(&x[start..]), function });
            }),
            LinedUp::Same(x) => widest(Applied { out, x: Applicable::Same(x), function }),
            LinedUp::Strided(x, strides) => {
                let geometries = [operands.result.strides(), &strides];
                walk(operands.result.sizes(), geometries, |[at, start], [_, step], len| {
                    let out = &mut out[at..at + len];
                    out.iter_mut().enumerate().for_each(|(k, out)| *out = x[start + k * step]);
                });
                widest(Applied { out, x: Applicable::Itself, function });
            }
        }
        Ok(())
    })
}

/// About how many times as long as a sum such a function takes.
const STEPS_OF_WIDE: usize = 8;

/// What a function is applied to.
enum Applicable<'a, T> {
    /// The elements that are replaced.
    Itself,
    /// One element for each result.
    Each(&'a [T]),
    /// The same element for all.
    Same(T),
}

/// The loop of [`wide_unary`].
struct Applied<'a, T, F> {
    out: &'a mut [T],
    x: Applicable<'a, T>,
    function: &'a F,
}

impl<T: Number, F: WideFunction<T>> WithSimd for Applied<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Applied { out, x, function } = self;
        match x {
            Applicable::Itself => out.iter_mut().for_each(|x| *x = function.of::<S>(*x)),
            Applicable::Each(x) => {
                out.iter_mut().zip(x).for_each(|(out, &x)| *out = function.of::<S>(x));
            }
            Applicable::Same(x) => out.fill(function.of::<S>(x)),
        }
    }
}

/// Applies a function of many operations to each of few elements, as [`wide_unary`] does to many.
#[inline]
pub(crate) fn apply_widely<T: Number>(out: &mut [T], x: &[T], function: &impl WideFunction<T>) {
    widest(Applied { out, x: Applicable::Each(x), function });
}

/// Applies a function to each pair of elements.
pub(crate) fn binary<A: Number, R: Number>(
    plan: &Plan,
    out: &Tensor,
    a: Operand<'_>,
    b: Operand<'_>,
    function: impl Fn(A, A) -> R + Sync,
) -> Result<()> {
    match (a, b) {
        (Operand::Tensor(a), Operand::Tensor(b))
            if is_replaced::<A, R>(plan, out, a) && !b.shares_storage(out) =>
        {
            compute_apart(plan, out, [b], |out, operands| {
                replace(out, operands.result, &operands.get(0)?, function);
                Ok(())
            })
        }
        (Operand::Tensor(a), Operand::Tensor(b)) => {
            if let (Some(a), Some(b)) = (few::<A>(plan, out, a), few::<A>(plan, out, b)) {
                let (a, b) = (a.elements::<A>()?, b.elements::<A>()?);
                let fill = |out: &mut [R]| {
                    let each = out.iter_mut().enumerate();
                    each.for_each(|(k, out)| *out = function(element(a, k), element(b, k)));
                };
                if fill_few(out, fill)? {
                    return Ok(());
                }
            }
            compute(plan, out, [a, b], |out, operands| {
                zip(out, operands.result, &operands.get(0)?, &operands.get(1)?, function);
                Ok(())
            })
        }
        (Operand::Tensor(a), Operand::Number(b)) => {
            let b = operand_of(plan, b);
            unary(plan, out, a, |a| function(a, b))
        }
        (Operand::Number(a), Operand::Tensor(b)) => {
            let a = operand_of(plan, a);
            unary(plan, out, b, |b| function(a, b))
        }
        (Operand::Number(a), Operand::Number(b)) => compute(plan, out, [], |out, _| {
            out.fill(function(operand_of(plan, a), operand_of(plan, b)));
            Ok(())
        }),
    }
}

/// Applies a function to each triple of elements.
pub(crate) fn ternary<A: Number, R: Number>(
    plan: &Plan,
    out: &Tensor,
    [a, b, c]: [Operand<'_>; 3],
    function: impl Fn(A, A, A) -> R,
) -> Result<()> {
    /// What is opened in the place of a number, and not read.
    fn held<'a>(operand: Operand<'a>, instead: &'a Tensor) -> &'a Tensor {
        match operand {
            Operand::Tensor(tensor) => tensor,
            Operand::Number(_) => instead,
        }
    }
    let mut tensors = [a, b, c].into_iter().filter_map(|operand| match operand {
        Operand::Tensor(tensor) => Some(tensor),
        Operand::Number(_) => None,
    });
    let instead = tensors.next().ok_or_else(|| Error::value("one of the operands must be a tensor"))?;
    compute(plan, out, [held(a, instead), held(b, instead), held(c, instead)], |out, operands| {
        let lined_up = |operand, position| match operand {
            Operand::Tensor(_) => operands.get::<A>(position),
            Operand::Number(number) => Ok(LinedUp::Same(operand_of(plan, number))),
        };
        let (a, b, c) = (lined_up(a, 0)?, lined_up(b, 1)?, lined_up(c, 2)?);
        let result = operands.result;
        let zeros = Dims::from_elem(0, result.sizes().len());
        let (a, a_strides) = a.steps(result, &zeros);
        let ((b, b_strides), (c, c_strides)) = (b.steps(result, &zeros), c.steps(result, &zeros));
        let geometries = [result.strides(), a_strides, b_strides, c_strides];
        walk(result.sizes(), geometries, |[at, i, j, l], [_, a_step, b_step, c_step], len| {
            for (k, out) in out[at..at + len].iter_mut().enumerate() {
                *out = function(a[i + k * a_step], b[j + k * b_step], c[l + k * c_step]);
            }
        });
        Ok(())
    })
}

/// [`zip`] where the first operand is the result itself.
fn replace<A: Number, R: Number>(
    out: &mut [R],
    result: &Geometry,
    b: &LinedUp<'_, A>,
    function: impl Fn(A, A) -> R + Sync,
) {
    match b {
        LinedUp::Each(b) => out.iter_mut().zip(b.iter()).for_each(|(x, &b)| *x = function(x.cast(), b)),
        LinedUp::Same(b) => out.iter_mut().for_each(|x| *x = function(x.cast(), *b)),
        LinedUp::Strided(..) => {
            let a = out.iter().map(|x| x.cast()).collect();
            zip(out, result, &LinedUp::Each(Cow::Owned(a)), b, function);
        }
    }
}

fn zip<A: Number, R: Number>(
    out: &mut [R],
    result: &Geometry,
    a: &LinedUp<'_, A>,
    b: &LinedUp<'_, A>,
    function: impl Fn(A, A) -> R + Sync,
) {
    match (a, b) {
        (LinedUp::Each(a), LinedUp::Each(b)) => {
            for_each_stretch(out, 1, &|start, out| {
                vectorised(out.len(), || zip_stretch(out, (&a[start..], 1), (&b[start..], 1), &function));
            });
        }
        (LinedUp::Each(a), LinedUp::Same(b)) => zip_stretch(out, (a, 1), (&[*b], 0), &function),
        (LinedUp::Same(a), LinedUp::Each(b)) => zip_stretch(out, (&[*a], 0), (b, 1), &function),
        (LinedUp::Same(a), LinedUp::Same(b)) => out.fill(function(*a, *b)),
        (a, b) => {
            let zeros = Dims::from_elem(0, result.sizes().len());
            let ((a, a_strides), (b, b_strides)) = (a.steps(result, &zeros), b.steps(result, &zeros));
            let geometries = [result.strides(), a_strides, b_strides];
            walk(result.sizes(), geometries, |[at, i, j], [_, a_step, b_step], len| {
                zip_stretch(&mut out[at..at + len], (&a[i..], a_step), (&b[j..], b_step), &function);
            });
        }
    }
}

/// One stretch of the result, which has no gaps. Operands step by one, by nothing, or by something else.
#[inline]
fn zip_stretch<A: Number, R: Number>(
    out: &mut [R],
    (a, a_step): (&[A], usize),
    (b, b_step): (&[A], usize),
    function: &impl Fn(A, A) -> R,
) {
    match (a_step, b_step) {
        (1, 1) => {
            let pairs = a.iter().zip(b);
            out.iter_mut().zip(pairs).for_each(|(out, (&a, &b))| *out = function(a, b));
        }
        (1, 0) => {
            let b = b[0];
            out.iter_mut().zip(a).for_each(|(out, &a)| *out = function(a, b));
        }
        (0, 1) => {
            let a = a[0];
            out.iter_mut().zip(b).for_each(|(out, &b)| *out = function(a, b));
        }
        _ => {
            let stretch = out.iter_mut().enumerate();
            stretch.for_each(|(k, out)| *out = function(a[k * a_step], b[k * b_step]));
        }
    }
}

/// Chooses the first of a pair of elements where a condition is true, and the second where it is not.
pub(crate) fn choose<A: Number>(
    plan: &Plan,
    out: &Tensor,
    condition: &Tensor,
    a: Operand<'_>,
    b: Operand<'_>,
) -> Result<()> {
    let held = |operand| match operand {
        Operand::Tensor(tensor) => tensor,
        // Not read: the number stands for it.
        Operand::Number(_) => condition,
    };
    compute(plan, out, [condition, held(a), held(b)], |out: &mut [A], operands| {
        let lined_up = |operand, position| match operand {
            Operand::Tensor(_) => operands.get::<A>(position),
            Operand::Number(number) => Ok(LinedUp::Same(operand_of(plan, number))),
        };
        let (condition, a, b) = (operands.get::<bool>(0)?, lined_up(a, 1)?, lined_up(b, 2)?);
        let result = operands.result;
        let zeros = Dims::from_elem(0, result.sizes().len());
        let (condition, c_strides) = condition.steps(result, &zeros);
        let ((a, a_strides), (b, b_strides)) = (a.steps(result, &zeros), b.steps(result, &zeros));
        let geometries = [result.strides(), c_strides, a_strides, b_strides];
        walk(result.sizes(), geometries, |[at, c, i, j], [_, c_step, a_step, b_step], len| {
            for (k, out) in out[at..at + len].iter_mut().enumerate() {
                *out = if condition[c + k * c_step] { a[i + k * a_step] } else { b[j + k * b_step] };
            }
        });
        Ok(())
    })
}
