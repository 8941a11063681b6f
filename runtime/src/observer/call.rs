//! Observed calls: what [`signature!`](crate::signature) and boxed calls go through while there is an observer.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::boxing::{self, Returns};
use crate::error::Result;
use crate::key_set::KeySet;
use crate::observer::record::{self, Details, Subject};
use crate::observer::scope::Scope;
use crate::observer::step::Step;
use crate::observer::thread;
use crate::operator::Operator;
use crate::stack::Stack;
use crate::value::Value;

/// How many observers are enabled, in the process and in all its threads. All that a call looks at while it is 0.
pub(super) static ACTIVE: AtomicUsize = AtomicUsize::new(0);

/// Whether there is any observer. Never without the feature `observers` (D261).
#[doc(hidden)]
#[inline]
pub fn is_observing() -> bool {
    cfg!(feature = "observers") && ACTIVE.load(Ordering::Relaxed) != 0
}

/// Where the arguments of a call come from when a start asks for them.
enum Inputs<'a> {
    OnStack(&'a [Value]),
    Typed(&'a dyn Fn(&mut Stack)),
}

/// Runs the starts of a call, unless nobody observes it.
///
/// # Errors
/// A missing kernel, before any observer runs (D169).
#[inline]
fn begin(
    step: &mut Step<'static>,
    operator: &'static Operator,
    keys: KeySet,
    inputs: Inputs<'_>,
) -> Result<()> {
    if !operator.is_observed() {
        return Ok(());
    }
    let Some(chosen) = thread::choose(Scope::Function) else { return Ok(()) };
    let subject = Subject::Operator(operator, operator.keys_of_kernel(keys)?);
    let details = Details { sequence_number: record::sequence_number(keys), ..Details::NONE };
    step.prepare(chosen, subject, Scope::Function, details);
    match inputs {
        Inputs::OnStack(values) => step.start(values),
        Inputs::Typed(push) if step.needs_inputs() => {
            // Gone before the kernel runs, which may want to be the only one to hold a tensor (D249).
            let mut stack = Stack::new();
            push(&mut stack);
            step.start(&stack);
        }
        Inputs::Typed(_) => step.start(&[]),
    }
    Ok(())
}

/// Runs a typed call that returns its results. One copy for each result type, whatever the arguments.
///
/// # Errors
/// Those of the call.
#[doc(hidden)]
#[inline(never)]
pub fn returning<R: Returns>(
    operator: &'static Operator,
    keys: KeySet,
    inputs: &dyn Fn(&mut Stack),
    run: &dyn Fn() -> Result<R>,
) -> Result<R> {
    let mut step = Step::idle();
    begin(&mut step, operator, keys, Inputs::Typed(inputs))?;
    match run() {
        Ok(results) if step.needs_outputs() => {
            let mut outputs = Stack::new();
            results.push(&mut outputs);
            step.returned(&outputs);
            boxing::take_results(operator, &mut outputs)
        }
        Ok(results) => {
            step.returned(&[]);
            Ok(results)
        }
        Err(error) => {
            step.failed(&error);
            Err(error)
        }
    }
}

/// Runs a typed call of an in-place or out form, whose results are the arguments at some positions.
///
/// # Errors
/// Those of the call.
#[doc(hidden)]
#[inline(never)]
pub fn in_place(
    operator: &'static Operator,
    keys: KeySet,
    returned: &[usize],
    inputs: &dyn Fn(&mut Stack),
    run: &dyn Fn() -> Result<()>,
) -> Result<()> {
    let mut step = Step::idle();
    begin(&mut step, operator, keys, Inputs::Typed(inputs))?;
    match run() {
        Ok(()) if step.needs_outputs() => {
            let mut arguments = Stack::new();
            inputs(&mut arguments);
            let outputs: Stack = returned.iter().map(|&position| arguments[position].clone()).collect();
            step.returned(&outputs);
            Ok(())
        }
        Ok(()) => {
            step.returned(&[]);
            Ok(())
        }
        Err(error) => {
            step.failed(&error);
            Err(error)
        }
    }
}

/// Runs a boxed call whose arguments start at `base`.
///
/// # Errors
/// Those of the call.
#[cold]
#[inline(never)]
pub(crate) fn call_boxed(
    operator: &'static Operator,
    base: usize,
    keys: KeySet,
    stack: &mut Stack,
) -> Result<()> {
    let mut step = Step::idle();
    begin(&mut step, operator, keys, Inputs::OnStack(&stack[base..]))?;
    match operator.redispatch_boxed(keys, stack) {
        Ok(()) => {
            step.returned(&stack[base..]);
            Ok(())
        }
        Err(error) => {
            step.failed(&error);
            Err(error)
        }
    }
}
