//! A mode while its handler runs: it and the modes above it are off, and come back as they were (P62, P242).

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::ForeignObject;
use crate::mode::DispatchMode;
use crate::mode::scopes::{change, put_top, take_top, was_left};
use crate::mode::stack::{Entry, ModeSlot, ModeStack};
use crate::operator::Operator;

/// A mode that was taken off the stack together with those above it, until [`RunningMode::finish`] or drop.
pub(crate) struct RunningMode {
    /// Nothing once it is back.
    running: Option<Taken>,
    rest: Rest,
}

/// How to put a running mode back.
enum Rest {
    /// It was the topmost, when the stack had been changed so often: nearly always.
    Top(u32, Shape),
    /// Modes above it, which did not want the call, lowest first; and what was left beneath.
    Deeper(Box<(Vec<Taken>, Shape)>),
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
pub(super) struct Shape {
    user: u32,
    pre_dispatch: u32,
    infra: u8,
}

#[inline]
pub(super) fn shape(stack: &ModeStack) -> Shape {
    let infra = ModeSlot::ALL
        .into_iter()
        .fold(0, |bits, slot| bits | u8::from(stack.infra[slot as usize].is_some()) << slot as u8);
    Shape { user: stack.user.len() as u32, infra, pre_dispatch: stack.pre_dispatch.len() as u32 }
}

impl RunningMode {
    fn new(running: Taken, above: Vec<Taken>, stack: &ModeStack) -> RunningMode {
        RunningMode { running: Some(running), rest: Rest::Deeper(Box::new((above, shape(stack)))) }
    }

    /// Takes the topmost mode that wants the operator, and those above it.
    #[inline]
    pub(crate) fn take(operator: &'static Operator) -> Option<RunningMode> {
        match take_top(operator) {
            Some((entry, changes, left)) => {
                let running = Some(Taken { entry, part: Part::User });
                Some(RunningMode { running, rest: Rest::Top(changes, left) })
            }
            None => change(|stack| RunningMode::take_deeper(operator, stack))?,
        }
    }

    fn take_deeper(operator: &'static Operator, stack: &mut ModeStack) -> Option<RunningMode> {
        let wants = |entry: &Entry| entry.mode.wants(operator);
        let mut taken = Vec::new();
        let end = match stack.user.iter().rposition(wants) {
            Some(place) => place,
            None => {
                let holds = |slot: &ModeSlot| stack.infra[*slot as usize].as_ref().is_some_and(wants);
                let first = ModeSlot::ALL.into_iter().rev().find(holds)?;
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
        let running = taken.remove(0);
        Some(RunningMode::new(running, taken, stack))
    }

    /// Takes the topmost mode before dispatch that wants the operator, and those above it.
    pub(crate) fn take_pre_dispatch(operator: &'static Operator) -> Option<RunningMode> {
        change(|stack| {
            let place = stack.pre_dispatch.iter().rposition(|entry| entry.mode.wants(operator))?;
            let part = Part::PreDispatch;
            let above = stack.pre_dispatch.drain(place + 1..).map(|entry| Taken { entry, part }).collect();
            let running = Taken { entry: stack.pre_dispatch.pop()?, part };
            Some(RunningMode::new(running, above, stack))
        })?
    }

    /// The mode that runs.
    #[inline]
    pub(crate) fn mode(&self) -> &dyn DispatchMode {
        let running = self.running.as_ref().expect("it is put back by what consumes this alone");
        running.entry.mode.handler()
    }

    /// The object of the mode that runs, if it is one of an interpreter.
    pub(crate) fn object(&self) -> Option<&ForeignObject> {
        self.running.as_ref()?.entry.mode.as_foreign()
    }

    /// Ends the run of a handler that returned.
    ///
    /// # Errors
    /// `ModeStack` if the handler left modes on the stack or took others off. What it left is taken off, and the modes that
    /// were off come back, all the same.
    #[inline]
    pub(crate) fn finish(mut self) -> Result<()> {
        let result = self.restore();
        if let Rest::Top(..) = self.rest {
            // It holds nothing any more, so there is nothing to drop.
            std::mem::forget(self);
        }
        result
    }

    /// Puts back what was taken, and says whether the handler left the rest as it found it.
    #[inline]
    fn restore(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let (above, left) = match &mut self.rest {
            Rest::Top(changes, left) => match put_top(running.entry, *changes) {
                None => return Ok(()),
                Some(entry) => return restore_all(Taken { entry, part: Part::User }, Vec::new(), *left),
            },
            Rest::Deeper(rest) => (std::mem::take(&mut rest.0), rest.1),
        };
        restore_all(running, above, left)
    }
}

#[cold]
fn restore_all(running: Taken, above: Vec<Taken>, left: Shape) -> Result<()> {
    let unbalanced = change(|stack| {
        let unbalanced = (shape(stack) != left).then(|| Unbalanced::repair(stack, left, &running));
        let mut gone = put_back(stack, running).map_or_else(Vec::new, |taken| vec![taken]);
        gone.extend(above.into_iter().filter_map(|taken| put_back(stack, taken)));
        (unbalanced, gone)
    });
    // Modes that are gone are dropped here, where the stack can be used again.
    match unbalanced.and_then(|(unbalanced, _gone)| unbalanced) {
        None => Ok(()),
        Some(unbalanced) => Err(unbalanced.into_error()),
    }
}

/// What a handler left behind. Dropped where the stack can be used again.
struct Unbalanced {
    mode: String,
    behind: Vec<Entry>,
}

impl Unbalanced {
    /// Takes off what is more than there was.
    #[cold]
    fn repair(stack: &mut ModeStack, left: Shape, running: &Taken) -> Unbalanced {
        let mut behind = Vec::new();
        while stack.user.len() > left.user as usize {
            behind.extend(stack.pop_user());
        }
        let is_new = |slot: &ModeSlot| left.infra >> *slot as u8 & 1 == 0;
        behind.extend(ModeSlot::ALL.into_iter().filter(is_new).filter_map(|slot| stack.empty(slot)));
        let kept = (left.pre_dispatch as usize).min(stack.pre_dispatch.len());
        behind.extend(stack.pre_dispatch.drain(kept..));
        Unbalanced { mode: running.entry.mode.handler().name().to_owned(), behind }
    }

    #[cold]
    fn into_error(self) -> Error {
        let Unbalanced { mode, behind } = self;
        drop(behind);
        let message = format!(
            "the handler of the mode {mode} changed the mode stack and did not change it back; leave every mode it enters"
        );
        Error::new(ErrorKind::ModeStack, message)
    }
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
        let _ = self.restore();
    }
}
