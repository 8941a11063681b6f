//! Pointwise kernels over dense slices: operands brought into the order of the result's memory, one loop over them.
//!
//! An operand that lies like the result is borrowed, a single element is taken as a constant, anything else is copied
//! (converted, broadcast, reordered) first. Kernels therefore are plain loops over slices, which vectorise.

use std::borrow::Cow;

use keyway::{Device, Element, Geometry, Result, Tensor};

use crate::broadcast::broadcast_strides;
use crate::cpu::elements::{Inputs, dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::cpu::walk::walk;
use crate::pointwise::Plan;
use crate::promotion::Operand;

/// An operand in the order of the result's memory.
pub(crate) enum Dense<'a, T: Element> {
    /// One element for each of the result.
    Each(Cow<'a, [T]>),
    /// The same element for all.
    Same(T),
}

impl<T: Element> Dense<'_, T> {
    /// The element for a position of the result's memory.
    #[inline]
    pub(crate) fn at(&self, position: usize) -> T {
        match self {
            Dense::Each(elements) => elements[position],
            Dense::Same(element) => *element,
        }
    }
}

/// Opened inputs and the geometry their elements are brought into.
pub(crate) struct Operands<'a, const N: usize> {
    inputs: &'a Inputs<'a, N>,
    tensors: [&'a Tensor; N],
    result: &'a Geometry,
}

impl<const N: usize> Operands<'_, N> {
    /// The input at a position, as elements of type `T` in the order of the result's memory.
    pub(crate) fn get<T: Number>(&self, position: usize) -> Result<Dense<'_, T>> {
        let (tensor, result) = (self.tensors[position], self.result);
        let geometry = tensor.geometry();
        if tensor.dtype() == T::DTYPE {
            let held = self.inputs.get::<T>(position)?;
            if geometry.numel() == 1 {
                return Ok(Dense::Same(held.from_first()[0]));
            }
            if lies_like(geometry, result) {
                return Ok(Dense::Each(Cow::Borrowed(&held.from_first()[..result.numel()])));
            }
        }
        dispatch_dtype!(all: tensor.dtype(), S => {
            let from = self.inputs.get::<S>(position)?.from_first();
            Ok(Dense::Each(Cow::Owned(gather::<S, T>(from, geometry, result))))
        })
    }
}

/// Whether the elements of a tensor lie exactly as those of the result, which has no gaps.
fn lies_like(geometry: &Geometry, result: &Geometry) -> bool {
    geometry.sizes() == result.sizes()
        && (geometry.strides() == result.strides() || (geometry.is_contiguous() && result.is_contiguous()))
}

/// Elements converted, broadcast and put in the order of the result's memory.
fn gather<S: Number, T: Number>(from: &[S], geometry: &Geometry, result: &Geometry) -> Vec<T> {
    let strides = broadcast_strides(geometry, result.sizes());
    let mut elements = Vec::with_capacity(result.numel());
    walk(result.sizes(), [result.strides(), &strides], |[_, start], [_, step], len| match step {
        0 => elements.resize(elements.len() + len, from[start].cast()),
        1 => elements.extend(from[start..start + len].iter().map(|&x| x.cast::<T>())),
        step => elements.extend(from[start..].iter().step_by(step).take(len).map(|&x| x.cast::<T>())),
    });
    elements
}

/// A new tensor as planned, whose elements the kernel computes into a slice in the order of memory.
pub(crate) fn compute<R: Element, const N: usize>(
    plan: Plan,
    tensors: [&Tensor; N],
    kernel: impl FnOnce(&mut [R], &Operands<'_, N>) -> Result<()>,
) -> Result<Tensor> {
    let out = Tensor::zeros_strided(plan.geometry, plan.result, Device::CPU)?;
    write(&out, tensors, |mut elements, inputs| {
        kernel(elements.as_memory(), &Operands { inputs, tensors, result: out.geometry() })
    })?;
    Ok(out)
}

/// Applies a function to each element.
pub(crate) fn unary<A: Number, R: Element>(
    plan: Plan,
    x: &Tensor,
    function: impl Fn(A) -> R,
) -> Result<Tensor> {
    compute(plan, [x], |out, operands| {
        match operands.get::<A>(0)? {
            Dense::Each(x) => out.iter_mut().zip(x.iter()).for_each(|(out, &x)| *out = function(x)),
            Dense::Same(x) => out.fill(function(x)),
        }
        Ok(())
    })
}

/// Applies a function to each pair of elements.
pub(crate) fn binary<A: Number, R: Element>(
    plan: Plan,
    a: Operand<'_>,
    b: Operand<'_>,
    function: impl Fn(A, A) -> R,
) -> Result<Tensor> {
    match (a, b) {
        (Operand::Tensor(a), Operand::Tensor(b)) => compute(plan, [a, b], |out, operands| {
            zip(out, &operands.get(0)?, &operands.get(1)?, function);
            Ok(())
        }),
        (Operand::Tensor(a), Operand::Number(b)) => {
            let b = A::from_scalar(b);
            unary(plan, a, |a| function(a, b))
        }
        (Operand::Number(a), Operand::Tensor(b)) => {
            let a = A::from_scalar(a);
            unary(plan, b, |b| function(a, b))
        }
        (Operand::Number(a), Operand::Number(b)) => compute(plan, [], |out, _| {
            out.fill(function(A::from_scalar(a), A::from_scalar(b)));
            Ok(())
        }),
    }
}

fn zip<A: Number, R: Element>(
    out: &mut [R],
    a: &Dense<'_, A>,
    b: &Dense<'_, A>,
    function: impl Fn(A, A) -> R,
) {
    match (a, b) {
        (Dense::Each(a), Dense::Each(b)) => {
            let pairs = a.iter().zip(b.iter());
            out.iter_mut().zip(pairs).for_each(|(out, (&a, &b))| *out = function(a, b));
        }
        (Dense::Each(a), &Dense::Same(b)) => {
            out.iter_mut().zip(a.iter()).for_each(|(out, &a)| *out = function(a, b));
        }
        (&Dense::Same(a), Dense::Each(b)) => {
            out.iter_mut().zip(b.iter()).for_each(|(out, &b)| *out = function(a, b));
        }
        (&Dense::Same(a), &Dense::Same(b)) => out.fill(function(a, b)),
    }
}
