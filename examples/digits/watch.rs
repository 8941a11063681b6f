//! Two boxed fallbacks that watch every operator at a mode key: one writes a log, one takes times. Each is one function
//! for operators of every signature; the operators know nothing of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use keyway::{
    DispatchKey, Kernel, KeySet, Operator, Registration, Result, Stack, register_fallback, with_included,
};

/// A key above autograd that no tensor carries: calls reach it only while a thread includes it.
const MODE: DispatchKey = DispatchKey::TESTING_ONLY_GenericMode;

thread_local! {
    static LOG: RefCell<Log> = const { RefCell::new(Log { depth: 0, lines: Vec::new() }) };
    static TIMES: RefCell<Times> = const { RefCell::new(Times { inner: Duration::ZERO, by_operator: BTreeMap::new() }) };
}

struct Log {
    depth: usize,
    lines: Vec<Line>,
}

/// One call in the log.
#[derive(Clone)]
pub(crate) struct Line {
    /// How many calls it is inside of.
    pub(crate) depth: usize,
    pub(crate) operator: &'static str,
    pub(crate) arguments: String,
    pub(crate) results: String,
}

/// Runs `f` with the fallback at the mode key, and the key included.
fn watched<R>(
    fallback: fn(&'static Operator, KeySet, &mut Stack) -> Result<()>,
    f: impl FnOnce() -> R,
) -> Result<R> {
    let _registration: Registration = register_fallback(MODE, Kernel::boxed(fallback))?;
    Ok(with_included(KeySet::of(MODE), f))
}

/// Passes the call on to the next key.
fn pass_on(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    operator.redispatch_boxed(keys & KeySet::after(MODE), stack)
}

fn arity(operator: &'static Operator) -> usize {
    operator.schema().map_or(0, |schema| schema.arguments.len())
}

fn written(values: &[keyway::Value]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn log(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let arguments = written(stack.last_n(arity(operator))?);
    let base = stack.base_of(arity(operator))?;
    let at = LOG.with_borrow_mut(|log| {
        let line = Line { depth: log.depth, operator: operator.name(), arguments, results: String::new() };
        log.lines.push(line);
        log.depth += 1;
        log.lines.len() - 1
    });
    let outcome = pass_on(operator, keys, stack);
    LOG.with_borrow_mut(|log| {
        log.depth -= 1;
        log.lines[at].results = written(stack.get(base..).unwrap_or_default());
    });
    outcome
}

/// Every operator call that `f` makes on this thread, in order.
///
/// # Errors
/// If another fallback is registered at the mode key.
pub(crate) fn logged<R>(f: impl FnOnce() -> R) -> Result<(R, Vec<Line>)> {
    let result = watched(log, f)?;
    Ok((result, LOG.with_borrow_mut(|log| std::mem::take(&mut log.lines))))
}

struct Times {
    /// Time of calls inside the current one.
    inner: Duration,
    by_operator: BTreeMap<&'static str, Cost>,
}

/// What an operator cost.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) calls: u32,
    /// Its own time, without that of operators it calls.
    pub(crate) own: Duration,
}

fn time(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let outer = TIMES.with_borrow_mut(|times| std::mem::take(&mut times.inner));
    let start = Instant::now();
    let outcome = pass_on(operator, keys, stack);
    let total = start.elapsed();
    TIMES.with_borrow_mut(|times| {
        let own = total.saturating_sub(times.inner);
        let cost = times.by_operator.entry(operator.name()).or_default();
        cost.calls += 1;
        cost.own += own;
        times.inner = outer + total;
    });
    outcome
}

/// What each operator that `f` calls on this thread costs, dearest first.
///
/// # Errors
/// If another fallback is registered at the mode key.
pub(crate) fn timed<R>(f: impl FnOnce() -> R) -> Result<(R, Vec<(&'static str, Cost)>)> {
    let result = watched(time, f)?;
    let by_operator = TIMES.with_borrow_mut(|times| std::mem::take(&mut times.by_operator));
    let mut costs: Vec<_> = by_operator.into_iter().collect();
    costs.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.own));
    Ok((result, costs))
}
