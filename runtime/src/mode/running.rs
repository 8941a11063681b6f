//! A mode while its handler runs: it and the modes above it are off, and come back as they were (P62, P242).

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::ForeignObject;
use crate::mode::DispatchMode;
use crate::mode::scopes::{change, was_left};
use crate::mode::stack::{Entry, ModeSlot, ModeStack};
use crate::operator::Operator;

/// A mode that was taken off the stack together with those above it, until [`RunningMode::finish`] or drop.
pub(crate) struct RunningMode {
    /// What was taken, bottom first; the first is the one that runs.
    taken: SmallVec<[Taken; 1]>,
    /// What was left beneath.
    left: Shape,
}

struct Taken {
    entry: Entry,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    User,
    Slot(ModeSlot),
    PreDispatch,
}

/// How many modes there are in each part of a stack.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    user: usize,
    infra: u8,
    pre_dispatch: usize,
}

fn shape(stack: &ModeStack) -> Shape {
    let bit = |slot: ModeSlot| u8::from(stack.infra[slot as usize].is_some()) << slot as u8;
    Shape {
        user: stack.user.len(),
        infra: ModeSlot::ALL.into_iter().fold(0, |bits, slot| bits | bit(slot)),
        pre_dispatch: stack.pre_dispatch.len(),
    }
}

impl RunningMode {
    /// Takes the topmost mode that wants the operator, and those above it.
    #[inline]
    pub(crate) fn take(operator: &'static Operator) -> Option<RunningMode> {
        change(|stack| {
            let mut taken: SmallVec<[Taken; 1]> = SmallVec::new();
            let place = stack.user.iter().rposition(|entry| entry.mode.wants(operator));
            let end = place.unwrap_or(0);
            if place.is_none() {
                let wants = |slot: &ModeSlot| {
                    stack.infra[*slot as usize].as_ref().is_some_and(|entry| entry.mode.wants(operator))
                };
                let first = ModeSlot::ALL.into_iter().rev().find(wants)?;
                for slot in ModeSlot::ALL.into_iter().filter(|&slot| slot >= first) {
                    let part = Part::Slot(slot);
                    taken.extend(stack.empty(slot).map(|entry| Taken { entry, part }));
                }
            }
            let before = taken.len();
            while stack.user.len() > end {
                taken.extend(stack.pop_user().map(|entry| Taken { entry, part: Part::User }));
            }
            taken[before..].reverse();
            Some(RunningMode { taken, left: shape(stack) })
        })?
    }

    /// Takes the topmost mode before dispatch that wants the operator, and those above it.
    pub(crate) fn take_pre_dispatch(operator: &'static Operator) -> Option<RunningMode> {
        change(|stack| {
            let place = stack.pre_dispatch.iter().rposition(|entry| entry.mode.wants(operator))?;
            let taken = stack.pre_dispatch.drain(place..);
            let taken = taken.map(|entry| Taken { entry, part: Part::PreDispatch }).collect();
            Some(RunningMode { taken, left: shape(stack) })
        })?
    }

    /// The mode that runs.
    #[inline]
    pub(crate) fn mode(&self) -> &dyn DispatchMode {
        self.taken[0].entry.mode.handler()
    }

    /// The object of the mode that runs, if it is one of an interpreter.
    pub(crate) fn object(&self) -> Option<&ForeignObject> {
        self.taken[0].entry.mode.as_foreign()
    }

    /// Ends the run of a handler that returned.
    ///
    /// # Errors
    /// `ModeStack` if the handler left modes on the stack or took others off. What it left is taken off, and the modes that
    /// were off come back, all the same.
    #[inline]
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.restore() {
            return Ok(());
        }
        let message = "the handler of a mode changed the mode stack and did not change it back; leave every mode it enters";
        Err(Error::new(ErrorKind::ModeStack, message))
    }

    /// Puts back what was taken, and says whether the handler left the rest as it found it.
    #[inline]
    fn restore(&mut self) -> bool {
        let taken = std::mem::take(&mut self.taken);
        if taken.is_empty() {
            return true;
        }
        let restored = change(|stack| {
            let now = shape(stack);
            let is_balanced = now == self.left;
            let behind = if is_balanced { SmallVec::new() } else { self.left_behind(stack) };
            taken.into_iter().for_each(|taken| put_back(stack, taken));
            (is_balanced, behind)
        });
        // What was left behind is dropped here, where the stack can be used again.
        restored.is_none_or(|(is_balanced, _behind)| is_balanced)
    }

    #[cold]
    fn left_behind(&self, stack: &mut ModeStack) -> SmallVec<[Entry; 1]> {
        let mut behind = SmallVec::new();
        while stack.user.len() > self.left.user {
            behind.extend(stack.pop_user());
        }
        let is_new = |slot: &ModeSlot| self.left.infra >> *slot as u8 & 1 == 0;
        behind.extend(ModeSlot::ALL.into_iter().filter(is_new).filter_map(|slot| stack.empty(slot)));
        let kept = self.left.pre_dispatch.min(stack.pre_dispatch.len());
        behind.extend(stack.pre_dispatch.drain(kept..));
        behind
    }
}

/// Puts one entry back, unless its scope was left meanwhile.
#[inline]
fn put_back(stack: &mut ModeStack, taken: Taken) {
    if was_left(taken.entry.token) {
        return;
    }
    match taken.part {
        Part::User => stack.push_user(taken.entry),
        Part::Slot(slot) => stack.fill(slot, taken.entry),
        Part::PreDispatch => stack.pre_dispatch.push(taken.entry),
    }
}

impl Drop for RunningMode {
    fn drop(&mut self) {
        self.restore();
    }
}
