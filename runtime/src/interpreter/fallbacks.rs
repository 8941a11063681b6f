//! The boxed fallbacks of the keys `Python`, `PythonDispatcher`, `PythonTLSSnapshot` and `PreDispatch` (P12 to P47).
//!
//! They serve every operator by default. A kernel of an operator's own at one of the keys, or a fallthrough, hides them (P27).

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::call::{Answer, Call};
use crate::interpreter::candidates;
use crate::interpreter::programmable::python_dispatcher;
use crate::interpreter::snapshot::SnapshotGuard;
use crate::kernel::Kernel;
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::local::{KeySetGuard, local_key_sets};
use crate::mode::{self, INTERCEPTED, RunningMode, without_selective};
use crate::observer::{self, RecordBuilder, RecordGuard};
use crate::operator::Operator;
use crate::stack::Stack;
use crate::value::Value;

/// The four in one kernel, so that each operator's table has one cell for them.
pub(crate) static FALLBACKS: Kernel = Kernel::boxed(fall_back).named("interpreter fallback");

/// The keys it serves.
pub(crate) const SERVED: [DispatchKey; 4] = [
    DispatchKey::Python,
    DispatchKey::PythonTLSSnapshot,
    DispatchKey::PreDispatch,
    DispatchKey::PythonDispatcher,
];

/// The kernel's own key is the highest it is given (D201), so the first of the four in the order is it.
fn fall_back(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    const RARE: KeySet = KeySet::of(DispatchKey::PythonDispatcher).with(DispatchKey::PreDispatch);
    if keys.shares_functionality(RARE) {
        return match keys.contains(DispatchKey::PythonDispatcher) {
            true => programmable(operator, keys, stack),
            false => pre_dispatch(operator, keys, stack),
        };
    }
    if !keys.contains(DispatchKey::PythonTLSSnapshot) {
        return python(operator, keys, stack);
    }
    take_snapshot(operator, keys, stack)
}

/// P12 to P21: the snapshot, the keys above off, then modes, then subclasses; a call that nobody can be asked about goes on below.
fn python(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let _snapshot = SnapshotGuard::set_if_none();
    let _off = KeySetGuard::exclude(above_python());
    let base = base_of_arguments(operator, stack)?;
    let arguments = &stack[base..];
    let intercepted = candidates::any_intercepted(arguments);
    let classes = if intercepted { Some(candidates::find(arguments)) } else { None };
    let classes = classes.as_deref().unwrap_or_default();
    let record = range(arguments);
    let mut declined = Vec::new();
    let mut call = Call::new(operator, stack, base, classes);
    let mut running = RunningMode::none();
    if is_on()
        && running.take_top(operator)
        && candidates::ask_modes(&mut running, RunningMode::take, &mut call, &mut declined)? == Answer::Done
    {
        // Its mode is back on the stack, so there is nothing to drop.
        std::mem::forget(running);
        return Ok(());
    }
    if candidates::ask_subclasses(classes, &mut call, &mut declined)? == Answer::Done {
        return Ok(());
    }
    drop(record);
    if !declined.is_empty() {
        return Err(candidates::all_declined(operator, &declined));
    }
    if intercepted && classes.is_empty() {
        let message = "a tensor carries the key Python, but no class of a living interpreter or of Rust stands behind it";
        return Err(nobody_to_ask(operator, message));
    }
    go_on_below(operator, keys, base, stack)
}

/// Whether handlers may be asked at all (P64).
#[inline]
fn is_on() -> bool {
    !local_key_sets().excluded.contains(DispatchKey::Python)
}

/// P13, P8: every key above Python but the one of handlers that want some operators only.
#[inline]
fn above_python() -> KeySet {
    without_selective(KeySet::FULL - KeySet::after(DispatchKey::Python) - KeySet::of(DispatchKey::Python))
}

/// P20, P21: nobody was asked. Modes and classes that do not want the operator pass it; Python that came from the thread alone
/// means nothing once its modes are off. An explicit redispatch without anybody to ask is a mistake.
fn go_on_below(operator: &'static Operator, keys: KeySet, base: usize, stack: &mut Stack) -> Result<()> {
    let mut sets = local_key_sets();
    let from_thread = sets.included.contains(DispatchKey::Python);
    if !from_thread && stack[base..].iter().all(|argument| argument.tensors().next().is_none()) {
        let message = "Hit Python dispatch key but no arguments had PyInterpreter (no tensor args?); \
                       there is no mode on the stack either, so nobody can be asked";
        return Err(nobody_to_ask(operator, message));
    }
    sets.included = sets.included - INTERCEPTED;
    let _without = KeySetGuard::force(sets);
    operator.redispatch_boxed(keys - INTERCEPTED, stack)
}

#[cold]
fn nobody_to_ask(operator: &'static Operator, message: &'static str) -> Error {
    let error = Error::new(ErrorKind::NobodyToAsk, message);
    error.in_operator(operator.name()).at_key(DispatchKey::Python)
}

/// P42.
fn programmable(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let Some(interpreter) = python_dispatcher() else {
        let message = "Hit PythonDispatcher dispatch key but PythonDispatcherTLS was not set; \
                       enable an interpreter's dispatcher with with_python_dispatcher";
        let error = Error::new(ErrorKind::NobodyToAsk, message);
        return Err(error.in_operator(operator.name()).at_key(DispatchKey::PythonDispatcher));
    };
    let vtable = interpreter.needed_for("the Python dispatcher")?;
    vtable.python_dispatcher(operator, keys.without(DispatchKey::PythonDispatcher), stack)
}

/// P30.
fn take_snapshot(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let below = keys & KeySet::after(DispatchKey::PythonTLSSnapshot);
    match operator.unproven_kernel(below) {
        // Nearly always the next is the fallback of Python: this same kernel, which takes the snapshot if there is none and
        // whose results the caller checks.
        Some((kernel, keys)) if std::ptr::eq(kernel, &raw const FALLBACKS) => python(operator, keys, stack),
        _ => {
            let _snapshot = SnapshotGuard::set_if_none();
            operator.redispatch_boxed(below, stack)
        }
    }
}

/// P45, and P171 without a dispatcher of another language: modes that asked for calls before autograd and decomposition are
/// offered them here; without any the call goes on.
fn pre_dispatch(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let below = keys & KeySet::after(DispatchKey::PreDispatch);
    if is_on() && mode::any_before_dispatch() {
        let base = base_of_arguments(operator, stack)?;
        let classes = candidates::find(&stack[base..]);
        let mut call = Call::new(operator, stack, base, &classes);
        let (take, mut running) = (RunningMode::take_pre_dispatch, RunningMode::none());
        if running.take_pre_dispatch(operator)
            && candidates::ask_modes(&mut running, take, &mut call, &mut Vec::new())? == Answer::Done
        {
            return Ok(());
        }
    }
    operator.redispatch_boxed(below, stack)
}

fn base_of_arguments(operator: &'static Operator, stack: &Stack) -> Result<usize> {
    let definition = operator.definition().ok_or_else(|| operator.undefined())?;
    stack.base_of(definition.arguments.len()).map_err(|error| error.in_operator(operator.name()))
}

/// A range for profilers with the arguments as inputs (P15, P16), if there is an observer.
#[inline]
fn range(arguments: &[Value]) -> Option<RecordGuard<'static>> {
    if !observer::is_observing() {
        return None;
    }
    let name = if mode::modes_enabled() { "PythonDispatchMode" } else { "PythonSubclass" };
    Some(RecordBuilder::new(name).open_with(arguments))
}
