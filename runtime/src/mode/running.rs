//! A mode while its handler runs: it and the modes above it are off, and come back as they were (P62, P242).

use crate::error::{Error, ErrorKind, Result};
use crate::mode::Mode;
use crate::mode::scopes::{Left, change, is_as_left, put_some, put_top, take_some, take_top, was_left};
use crate::mode::stack::{Entry, ModeSlot, ModeStack, Shape};
use crate::operator::Operator;

/// A mode that was taken off the stack, together with those above it, until [`RunningMode::finish`] or drop. It is made empty and
/// filled where it stays, so that nothing is moved on the way of a call.
pub(crate) struct RunningMode {
    /// Nothing before one is taken, and once it is back.
    entry: Option<Entry>,
    part: Part,
    left: Left,
    /// Modes above it, which did not want the call, lowest first. `None` if it was simply the topmost user mode, as nearly always.
    above: Option<Box<Above>>,
}

struct Above(Vec<Taken>);

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

impl RunningMode {
    /// None.
    pub(crate) const fn none() -> RunningMode {
        RunningMode { entry: None, part: Part::User, left: Left::NOTHING, above: None }
    }

    /// Takes the topmost mode that wants the operator, and those above it. Says whether there is one.
    #[inline]
    pub(crate) fn take_top(&mut self, operator: &'static Operator) -> bool {
        self.entry = take_top(operator, &mut self.left);
        self.entry.is_some() || self.take(operator)
    }

    /// As [`RunningMode::take_top`], where it need not be quick.
    #[inline(never)]
    pub(crate) fn take(&mut self, operator: &'static Operator) -> bool {
        let wants = |entry: &Entry| entry.mode.wants(operator);
        self.take_some(|stack| {
            let mut taken = Vec::new();
            let end = match stack.user.iter().rposition(wants) {
                Some(place) => place,
                None => {
                    let holds = |slot: &ModeSlot| stack.infra[*slot as usize].as_ref().is_some_and(wants);
                    let Some(first) = ModeSlot::ALL.into_iter().rev().find(holds) else { return taken };
                    for slot in ModeSlot::ALL.into_iter().filter(|&slot| slot >= first) {
                        taken.extend(stack.empty(slot).map(|entry| Taken { entry, part: Part::Slot(slot) }));
                    }
                    0
                }
            };
            let slots = taken.len();
            while stack.user.len() > end {
                taken.extend(stack.pop_user().map(|entry| Taken { entry, part: Part::User }));
            }
            taken[slots..].reverse();
            taken
        })
    }

    /// Takes the topmost mode before dispatch that wants the operator, and those above it. Says whether there is one.
    pub(crate) fn take_pre_dispatch(&mut self, operator: &'static Operator) -> bool {
        self.take_some(|stack| {
            let wanting = stack.pre_dispatch.iter().rposition(|entry| entry.mode.wants(operator));
            let from = wanting.unwrap_or(stack.pre_dispatch.len());
            let part = Part::PreDispatch;
            stack.pre_dispatch.drain(from..).map(|entry| Taken { entry, part }).collect()
        })
    }

    /// Of those that `take` takes, the first runs, and the others were above it.
    fn take_some(&mut self, take: impl FnOnce(&mut ModeStack) -> Vec<Taken>) -> bool {
        let RunningMode { entry, part, left, above } = self;
        take_some(left, |stack| {
            let mut taken = take(stack).into_iter();
            let Some(running) = taken.next() else { return false };
            (*entry, *part) = (Some(running.entry), running.part);
            *above = Some(Box::new(Above(taken.collect())));
            true
        })
    }

    /// The mode that runs, if one was taken.
    #[inline]
    pub(crate) fn mode(&self) -> Option<&Mode> {
        self.entry.as_ref().map(|entry| &entry.mode)
    }

    /// Ends the run of a handler that returned.
    ///
    /// # Errors
    /// `ModeStack` if the handler left modes on the stack or took others off. What it left is taken off, and the modes that
    /// were off come back, all the same.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<()> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        let above = match self.above.take() {
            Some(above) => above.0,
            None => match put_top(entry, &self.left) {
                None => return Ok(()),
                Some(entry) => return restore(Taken { entry, part: Part::User }, Vec::new(), &self.left),
            },
        };
        restore(Taken { entry, part: self.part }, above, &self.left)
    }
}

#[cold]
fn restore(running: Taken, above: Vec<Taken>, left: &Left) -> Result<()> {
    let name = running.entry.mode.clone();
    let behind = match is_as_left(left) {
        true => None,
        false => change(|stack| take_what_is_more(stack, left.shape)),
    };
    let gone = put_some(left, |stack| {
        let taken = std::iter::once(running).chain(above);
        taken.filter_map(|taken| put_back(stack, taken)).collect::<Vec<_>>()
    });
    // Modes that are gone are dropped here, where the stack can be used again.
    drop(gone);
    let Some(behind) = behind else { return Ok(()) };
    drop(behind);
    let message = format!(
        "the handler of the mode {} changed the mode stack and did not change it back; leave every mode it enters",
        name.handler().name()
    );
    Err(Error::new(ErrorKind::ModeStack, message))
}

/// Takes off what a handler left behind.
fn take_what_is_more(stack: &mut ModeStack, left: Shape) -> Vec<Entry> {
    let mut behind = Vec::new();
    while stack.user.len() > left.user as usize {
        behind.extend(stack.pop_user());
    }
    let is_new = |slot: &ModeSlot| !left.has(*slot);
    behind.extend(ModeSlot::ALL.into_iter().filter(is_new).filter_map(|slot| stack.empty(slot)));
    let kept = (left.pre_dispatch as usize).min(stack.pre_dispatch.len());
    behind.extend(stack.pre_dispatch.drain(kept..));
    behind
}

/// Puts one entry back, or gives it to the caller if its scope was left meanwhile.
#[inline]
fn put_back(stack: &mut ModeStack, taken: Taken) -> Option<Taken> {
    if was_left(taken.entry.token) {
        return Some(taken);
    }
    match taken.part {
        Part::User => {
            stack.push_user(taken.entry);
        }
        Part::Slot(slot) => stack.fill(slot, taken.entry),
        Part::PreDispatch => stack.pre_dispatch.push(taken.entry),
    }
    None
}

impl Drop for RunningMode {
    fn drop(&mut self) {
        // The error or panic that is on its way says more than an unbalanced stack would.
        let _ = self.finish();
    }
}
