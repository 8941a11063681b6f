//! A layer of one's own: the key `ChipTrace`, directly above autograd, whose fallback writes down every call.
//!
//! No tensor carries the key; calls reach it while a thread includes it. It shows the rest of the way: the key that a
//! call goes on to is written down too.

use std::cell::RefCell;

use keyway::{Backend, DispatchKey, Functionality, Kernel, KeySet, Operator, Result, Stack};
use keyway::{register_fallback, with_included};

thread_local! {
    static LOG: RefCell<(usize, Vec<TracedCall>)> = const { RefCell::new((0, Vec::new())) };
}

/// A call that came past the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedCall {
    /// How many calls it is inside of.
    pub depth: usize,
    /// The operator.
    pub operator: &'static str,
    /// Its arguments in short.
    pub arguments: String,
    /// The key whose kernel it goes on to: what autograd does not take reaches `Chip`.
    pub next: DispatchKey,
}

/// Adds the key and its fallback.
pub(crate) fn register(backend: Backend) -> Result<DispatchKey> {
    let autograd = DispatchKey::of(Functionality::AutogradFunctionality, backend);
    let key = autograd.add_above("ChipTrace")?;
    let kernel = Kernel::closure(move |operator, keys, stack| trace(key, operator, keys, stack));
    register_fallback(key, kernel.named("chip::trace"))?.keep();
    Ok(key)
}

fn trace(key: DispatchKey, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let arity = operator.schema().map_or(0, |schema| schema.arguments.len());
    let arguments: Vec<_> = stack.last_n(arity)?.iter().map(ToString::to_string).collect();
    let below = keys & KeySet::after(key);
    LOG.with_borrow_mut(|(depth, calls)| {
        let (operator, arguments, next) = (operator.name(), arguments.join(", "), below.highest());
        calls.push(TracedCall { depth: *depth, operator, arguments, next });
        *depth += 1;
    });
    let outcome = operator.redispatch_boxed(below, stack);
    LOG.with_borrow_mut(|(depth, _)| *depth -= 1);
    outcome
}

/// Runs `f`, and gives every operator call it makes on this thread with its result.
///
/// # Errors
/// If the backend cannot be added.
pub fn traced<R>(f: impl FnOnce() -> R) -> Result<(R, Vec<TracedCall>)> {
    let key = crate::register()?.trace_key();
    let result = with_included(KeySet::of(key), f);
    Ok((result, LOG.with_borrow_mut(|(_, calls)| std::mem::take(calls))))
}
