//! The thread's mode stack, and the scopes and functions that change it.
//!
//! Every change goes through [`change`], which keeps the thread's included key set in step (P51). What it took in it takes out
//! again, and nothing that others included.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use crate::error::{Error, ErrorKind, Result};
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::local::{KeySetGuard, local_key_sets, set_included_keys};
use crate::mode::Mode;
use crate::mode::operator_set::all_interception;
use crate::mode::stack::{Entry, ModeSlot, ModeStack, Shape};
use crate::operator::Operator;

/// What happens when a mode declines a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeclineRule {
    /// The next mode below is asked, then the classes among the arguments.
    #[default]
    NextMode,
    /// The classes among the arguments are asked at once, as PyTorch does (P65, P66).
    Arguments,
}

struct ThreadModes {
    stack: RefCell<ModeStack>,
    /// The keys that the stack put into the thread's included set.
    brought: Cell<KeySet>,
    next_token: Cell<u64>,
    /// How often the stack was changed, but for modes that run and come back.
    changes: Cell<u32>,
    /// Scopes that were left while their mode was running, and so off the stack.
    left: RefCell<Vec<u64>>,
    decline_rule: Cell<DeclineRule>,
}

thread_local! {
    static THREAD: ThreadModes = const {
        ThreadModes {
            stack: RefCell::new(ModeStack::EMPTY),
            brought: Cell::new(KeySet::EMPTY),
            next_token: Cell::new(1),
            changes: Cell::new(0),
            left: RefCell::new(Vec::new()),
            decline_rule: Cell::new(DeclineRule::NextMode),
        }
    };
}

/// Reads the stack. `None` while the thread ends. `f` must not use the stack in another way.
fn read<R>(f: impl FnOnce(&ModeStack) -> R) -> Option<R> {
    THREAD.try_with(|thread| f(&thread.stack.borrow())).ok()
}

/// Changes the stack, then the thread's included keys if they have to. `None` while the thread ends. `f` must not use the stack
/// in another way, nor drop a mode.
#[inline]
pub(super) fn change<R>(f: impl FnOnce(&mut ModeStack) -> R) -> Option<R> {
    THREAD
        .try_with(|thread| {
            let mut stack = thread.stack.borrow_mut();
            let before = stack.kinds();
            let result = f(&mut stack);
            thread.changes.set(thread.changes.get().wrapping_add(1));
            if before != stack.kinds() {
                keep_in_step(thread, &stack);
            }
            result
        })
        .ok()
}

/// What the modes left that were taken off for a call: the stack as it was then, and the included keys that went with them.
#[derive(Clone, Copy)]
pub(super) struct Left {
    changes: u32,
    pub(super) shape: Shape,
    keys: KeySet,
}

impl Left {
    pub(super) const NOTHING: Left = Left { changes: 0, shape: Shape::EMPTY, keys: KeySet::EMPTY };
}

/// Takes the topmost user mode for a call if it wants it.
#[inline]
pub(super) fn take_top(operator: &'static Operator, left: &mut Left) -> Option<Entry> {
    let taken = THREAD.try_with(|thread| {
        let mut stack = thread.stack.borrow_mut();
        let (entry, was_last) = stack.pop_user_if(|mode| mode.wants(operator))?;
        let keys = if was_last { take_keys(thread, entry.mode.keys()) } else { KeySet::EMPTY };
        *left = Left { changes: thread.changes.get(), shape: stack.shape(), keys };
        Some(entry)
    });
    taken.ok().flatten()
}

/// Takes modes for a call: `take` says whether it took any.
pub(super) fn take_some(left: &mut Left, take: impl FnOnce(&mut ModeStack) -> bool) -> bool {
    let taken = THREAD.try_with(|thread| {
        let mut stack = thread.stack.borrow_mut();
        if !take(&mut stack) {
            return false;
        }
        let keys = take_keys(thread, KeySet::FULL - stack.keys());
        *left = Left { changes: thread.changes.get(), shape: stack.shape(), keys };
        true
    });
    taken.unwrap_or(false)
}

/// Puts back what [`take_top`] took, unless the stack was changed since: then it gives it back.
#[inline]
pub(super) fn put_top(entry: Entry, left: &Left) -> Option<Entry> {
    let mut entry = Some(entry);
    let _ = THREAD.try_with(|thread| {
        if thread.changes.get() == left.changes
            && let Some(entry) = entry.take()
        {
            thread.stack.borrow_mut().push_user(entry);
            put_keys(thread, left.keys);
        }
    });
    entry
}

/// Puts modes back after a call, whatever happened to the stack meanwhile, with the keys that went with them as far as they are
/// needed again. `put` must not use the stack in another way, nor drop a mode.
pub(super) fn put_some<R>(left: &Left, put: impl FnOnce(&mut ModeStack) -> R) -> Option<R> {
    THREAD
        .try_with(|thread| {
            let mut stack = thread.stack.borrow_mut();
            let result = put(&mut stack);
            put_keys(thread, left.keys & stack.keys());
            result
        })
        .ok()
}

/// Whether the stack has the shape that was left.
pub(super) fn is_as_left(left: &Left) -> bool {
    read(|stack| stack.shape() == left.shape).unwrap_or(true)
}

/// Takes included keys out, of those that the stack brought. Inside a scope that took them out itself they stay out when the modes
/// come back, so that the scope is left as it was.
#[inline]
fn take_keys(thread: &ThreadModes, unneeded: KeySet) -> KeySet {
    let included = local_key_sets().included;
    let brought = thread.brought.get();
    let keys = brought & unneeded & included;
    thread.brought.set(brought - keys);
    set_included_keys(included - keys);
    keys
}

/// Includes again what [`take_keys`] took out. What others included meanwhile stays theirs.
#[inline]
fn put_keys(thread: &ThreadModes, keys: KeySet) {
    let included = local_key_sets().included;
    thread.brought.set(thread.brought.get() | (keys - included));
    set_included_keys(included | keys);
}

fn keep_in_step(thread: &ThreadModes, stack: &ModeStack) {
    let needed = stack.keys();
    let included = local_key_sets().included;
    let brought = thread.brought.get();
    let now = (included - (brought - needed)) | needed;
    thread.brought.set(needed - (included - brought));
    set_included_keys(now);
}

/// Whether a scope was left while its mode was off the stack; says so once.
pub(super) fn was_left(token: u64) -> bool {
    THREAD
        .try_with(|thread| {
            let mut left = thread.left.borrow_mut();
            let at = left.iter().position(|&held| held == token);
            at.map(|at| left.swap_remove(at)).is_some()
        })
        .unwrap_or(false)
}

#[cold]
fn misuse(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::ModeStack, message)
}

fn put(mode: &Mode) -> Result<u64> {
    let token = THREAD.try_with(|thread| thread.next_token.replace(thread.next_token.get() + 1)).unwrap_or(0);
    let entry = Entry { mode: mode.clone(), token };
    let put = change(|stack| stack.put(entry));
    put.unwrap_or_else(|| Err(misuse("the thread is ending; it takes no modes any more")))?;
    Ok(token)
}

/// A mode on the thread's stack until the guard is left or dropped. Neither `Send` nor `Clone`.
///
/// Guards are left in the reverse order of their creation; one that is left out of order takes its own mode off all the same,
/// never another (better than P80).
#[must_use = "the mode is taken off when the guard is dropped"]
#[derive(Debug)]
pub struct ModeGuard {
    token: u64,
    not_send: PhantomData<*const ()>,
}

impl ModeGuard {
    /// Puts a mode on the thread's stack: on top of the users' modes, or into its slot (P50). The same mode may be on it
    /// several times (P82).
    ///
    /// # Errors
    /// `ModeStack` if its slot is taken (P56).
    pub fn enter(mode: &Mode) -> Result<ModeGuard> {
        Ok(ModeGuard { token: put(mode)?, not_send: PhantomData })
    }

    /// Takes the mode off.
    ///
    /// # Errors
    /// `ModeStack` if modes that were entered later are still on, or if the mode is not on the stack. Its mode is off all the
    /// same.
    pub fn leave(self) -> Result<()> {
        let token = self.token;
        std::mem::forget(self);
        leave(token)
    }
}

impl Drop for ModeGuard {
    fn drop(&mut self) {
        // A guard dropped out of order has nobody to tell; its own mode is off, and no other.
        let _ = leave(self.token);
    }
}

fn leave(token: u64) -> Result<()> {
    let Some(taken) = change(|stack| stack.take_off(token)) else { return Ok(()) };
    let Some((_entry, is_top)) = taken else {
        THREAD.with(|thread| thread.left.borrow_mut().push(token));
        let message = "the mode is not on the stack: it is running, or the stack was exchanged; leave it where it was entered";
        return Err(misuse(message));
    };
    match is_top {
        true => Ok(()),
        false => {
            Err(misuse("modes entered later are still on; leave modes in the reverse order of entering"))
        }
    }
}

/// What takes a mode off that [`enter_mode`] put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeToken(u64);

/// [`ModeGuard::enter`] without a guard, for interpreters whose scopes are objects of theirs. [`leave_mode`] takes the mode off,
/// on the same thread.
///
/// # Errors
/// As [`ModeGuard::enter`].
pub fn enter_mode(mode: &Mode) -> Result<ModeToken> {
    put(mode).map(ModeToken)
}

/// [`ModeGuard::leave`] for a mode that [`enter_mode`] put on this thread's stack.
///
/// # Errors
/// As [`ModeGuard::leave`].
pub fn leave_mode(token: ModeToken) -> Result<()> {
    leave(token.0)
}

/// Runs `f` with a mode on top of the thread's stack.
///
/// # Errors
/// As [`ModeGuard::enter`], before `f` runs, and as [`ModeGuard::leave`] after it.
pub fn with_mode<R>(mode: &Mode, f: impl FnOnce() -> R) -> Result<R> {
    let guard = ModeGuard::enter(mode)?;
    let result = f();
    guard.leave()?;
    Ok(result)
}

/// Puts a mode on without a scope: for interpreters, whose own scopes take it off with [`pop_mode`] or [`unset_mode`].
///
/// # Errors
/// As [`ModeGuard::enter`].
pub fn put_mode(mode: &Mode) -> Result<()> {
    put(mode).map(drop)
}

/// Takes the topmost mode off (P55).
///
/// # Errors
/// `ModeStack` if there is none.
pub fn pop_mode() -> Result<Mode> {
    let popped = change(ModeStack::pop).flatten();
    popped.map(|entry| entry.mode).ok_or_else(|| misuse("trying to pop from empty mode stack; no mode is on"))
}

/// Puts a mode of infrastructure into its slot (P56).
///
/// # Errors
/// `ModeStack` if the slot is taken, or if it is a mode without a slot.
pub fn set_mode(mode: &Mode) -> Result<()> {
    if mode.slot().is_none() {
        return Err(misuse("the mode has no slot; only modes of infrastructure are set, others are entered"));
    }
    put_mode(mode)
}

/// Takes the mode out of a slot and returns it, if there is one (P56).
pub fn unset_mode(slot: ModeSlot) -> Option<Mode> {
    change(|stack| stack.empty(slot)).flatten().map(|entry| entry.mode)
}

/// The mode in a slot (P56).
pub fn mode_in_slot(slot: ModeSlot) -> Option<Mode> {
    read(|stack| stack.infra[slot as usize].as_ref().map(|entry| entry.mode.clone())).flatten()
}

/// The topmost mode (P84).
pub fn current_mode() -> Option<Mode> {
    read(|stack| stack.top().cloned()).flatten()
}

/// The modes from the bottom to the top (P84).
pub fn mode_stack() -> Vec<Mode> {
    read(|stack| stack.iter().cloned().collect()).unwrap_or_default()
}

/// The number of modes (P57).
pub fn mode_stack_len() -> usize {
    read(ModeStack::len).unwrap_or(0)
}

/// The mode at a place, 0 being the bottom (P57).
///
/// # Errors
/// `ModeStack` if there are not so many.
pub fn mode_at(index: usize) -> Result<Mode> {
    let modes = mode_stack();
    let count = modes.len();
    modes.into_iter().nth(index).ok_or_else(|| {
        misuse(format!("Tried to get stack at idx that's too big: {index}, and {count} modes are on"))
    })
}

/// Whether a mode is on the stack; with `skip_infrastructure`, one that is not infrastructure (P53, P89).
pub fn any_modes_set(skip_infrastructure: bool) -> bool {
    let counts = |mode: &Mode| !(skip_infrastructure && mode.handler().is_infrastructure());
    read(|stack| stack.iter().any(counts)).unwrap_or(false)
}

/// Whether calls are offered to modes: one is on, and dispatch to them is not switched off (P58).
#[inline]
pub fn modes_enabled() -> bool {
    !local_key_sets().excluded.contains(DispatchKey::Python)
        && read(|stack| !stack.is_empty()).unwrap_or(false)
}

/// Whether a mode waits for calls before dispatch.
pub(crate) fn any_before_dispatch() -> bool {
    read(|stack| !stack.pre_dispatch.is_empty()).unwrap_or(false)
}

/// Switches interception off until the guard is dropped: modes stay on the stack and tensors keep their classes, but calls pass
/// them (P114).
pub fn disable_dispatch() -> KeySetGuard {
    KeySetGuard::exclude(all_interception())
}

/// Runs `f` with interception switched off, as [`disable_dispatch`].
pub fn with_dispatch_disabled<R>(f: impl FnOnce() -> R) -> R {
    let _off = disable_dispatch();
    f()
}

/// A copy of the thread's stack.
pub fn capture_modes() -> ModeStack {
    read(ModeStack::clone).unwrap_or_default()
}

/// Another stack for the thread until dropped (P52, P63).
#[must_use = "the thread's own stack comes back when the guard is dropped"]
#[derive(Debug)]
pub struct ModeStackGuard {
    saved: Option<ModeStack>,
    not_send: PhantomData<*const ()>,
}

impl ModeStackGuard {
    /// Gives the thread this stack.
    pub fn install(stack: ModeStack) -> ModeStackGuard {
        let saved = change(|own| std::mem::replace(own, stack));
        ModeStackGuard { saved, not_send: PhantomData }
    }

    /// The stack that will come back.
    pub fn saved(&self) -> Option<&ModeStack> {
        self.saved.as_ref()
    }
}

impl Drop for ModeStackGuard {
    fn drop(&mut self) {
        if let Some(saved) = self.saved.take() {
            let replaced = change(|own| std::mem::replace(own, saved));
            drop(replaced);
        }
    }
}

/// Runs `f` without any mode (P85); it is given those that were on, the lowest first.
pub fn with_modes_disabled<R>(f: impl FnOnce(&[Mode]) -> R) -> R {
    let guard = ModeStackGuard::install(ModeStack::default());
    let modes: Vec<Mode> = guard.saved().map(|stack| stack.iter().cloned().collect()).unwrap_or_default();
    f(&modes)
}

/// What a mode that declines means on this thread.
pub(crate) fn decline_rule() -> DeclineRule {
    THREAD.try_with(|thread| thread.decline_rule.get()).unwrap_or_default()
}

/// Runs `f` with a rule for modes that decline, on this thread.
pub fn with_decline_rule<R>(rule: DeclineRule, f: impl FnOnce() -> R) -> R {
    struct Restore(DeclineRule);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = THREAD.try_with(|thread| thread.decline_rule.set(self.0));
        }
    }
    let _restore = Restore(decline_rule());
    let _ = THREAD.try_with(|thread| thread.decline_rule.set(rule));
    f()
}
