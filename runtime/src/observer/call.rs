//! Observed calls: what typed and boxed calls go through while there is an observer.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::boxing::{self, Returns};
use crate::error::Result;
use crate::key_set::KeySet;
use crate::observer::plan::Chosen;
use crate::observer::record::{self, Details, Subject};
use crate::observer::scope::Scope;
use crate::observer::step::Step;
use crate::observer::thread;
use crate::operator::Operator;
use crate::stack::Stack;

/// How many observers are enabled, in the process and in all its threads.
static ACTIVE: Mutex<usize> = Mutex::new(0);

/// [`KeySet::OBSERVED`] while an observer is enabled, else empty. A typed call joins it to its keys, which leads it off
/// the short way; so a call that nobody observes pays one load and no branch.
static OBSERVED: AtomicU64 = AtomicU64::new(0);

/// The mark of an observed call, if there is any observer. Never without the feature `observers` (D261).
#[inline]
pub(crate) fn observed_mark() -> KeySet {
    let functionalities = if cfg!(feature = "observers") { OBSERVED.load(Ordering::Relaxed) } else { 0 };
    KeySet { functionalities, backends: 0 }
}

/// Whether there is any observer.
#[doc(hidden)]
#[inline]
pub fn is_observing() -> bool {
    !observed_mark().is_empty()
}

/// An observer was enabled.
pub(super) fn one_more() {
    let mut active = ACTIVE.lock();
    *active += 1;
    OBSERVED.store(KeySet::OBSERVED.functionalities, Ordering::Relaxed);
}

/// An observer was disabled.
pub(super) fn one_less() {
    let mut active = ACTIVE.lock();
    *active -= 1;
    if *active == 0 {
        OBSERVED.store(0, Ordering::Relaxed);
    }
}

/// The observers of a call.
#[inline]
fn observers_of(operator: &'static Operator) -> Option<Rc<Chosen>> {
    if operator.is_observed() { thread::choose(Scope::Function) } else { None }
}

/// The step of a call with these keys, before its starts. `found` are the keys of its kernel, where it has been looked
/// up already.
///
/// # Errors
/// A missing kernel, before any observer runs (D169).
#[inline(always)]
fn step_of(
    chosen: Rc<Chosen>,
    operator: &'static Operator,
    keys: KeySet,
    found: Option<KeySet>,
) -> Result<Step<'static>> {
    let kernel_keys = match found {
        Some(keys) => keys,
        None => operator.keys_of_kernel(keys)?,
    };
    let details = Details { sequence_number: record::sequence_number(keys), ..Details::NONE };
    Ok(Step::new(chosen, Subject::Operator(operator, kernel_keys), Scope::Function, details))
}

/// Runs the starts of a typed call.
#[inline]
fn start_typed(step: &mut Step<'_>, inputs: &dyn Fn(&mut Stack)) {
    if step.needs_inputs() {
        // Gone before the kernel runs, which may want to be the only one to hold a tensor (D249).
        let mut stack = Stack::new();
        inputs(&mut stack);
        step.start(&stack);
    } else {
        step.start(&[]);
    }
}

/// Runs a typed call. One copy for each result type, whatever the arguments. `given_back` are the positions of the
/// arguments that are the results, for in-place and out forms.
///
/// # Errors
/// Those of the call.
#[inline(never)]
pub(crate) fn call_typed<R: Returns>(
    operator: &'static Operator,
    keys: KeySet,
    found: Option<KeySet>,
    given_back: &[usize],
    inputs: &dyn Fn(&mut Stack),
    run: &dyn Fn() -> Result<R>,
) -> Result<R> {
    let Some(chosen) = observers_of(operator) else { return run() };
    let mut step = step_of(chosen, operator, keys, found)?;
    start_typed(&mut step, inputs);
    match run() {
        Ok(results) if step.needs_outputs() => {
            let mut outputs = Stack::new();
            if given_back.is_empty() {
                results.push(&mut outputs);
                step.returned(&outputs);
                return boxing::take_results(operator, &mut outputs);
            }
            inputs(&mut outputs);
            boxing::keep_arguments(&mut outputs, 0, given_back);
            step.returned(&outputs);
            Ok(results)
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
    let Some(chosen) = observers_of(operator) else { return operator.redispatch_boxed(keys, stack) };
    let (kernel, kernel_keys) = operator.kernel_for(keys)?;
    let mut step = step_of(chosen, operator, keys, Some(kernel_keys))?;
    step.start(&stack[base..]);
    match operator.run_found(kernel, base, kernel_keys, stack) {
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
