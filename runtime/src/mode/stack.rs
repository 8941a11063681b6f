//! The data of a mode stack: modes of users in order, slots of infrastructure below them, modes before dispatch apart (P48, P49).
//!
//! Nothing here touches a thread; what the thread's key sets have to be is said by [`ModeStack::keys`].

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::mode::{INTERCEPTED, Mode, selective_key};

/// A slot of infrastructure. Their order is fixed: a functional mode runs before a proxy mode, that before a fake one, and all
/// modes of users before them (P49).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ModeSlot {
    /// Tensors without data.
    Fake,
    /// Tracing into a graph.
    Proxy,
    /// Functionalisation.
    Functional,
}

impl ModeSlot {
    /// All, the lowest first.
    pub const ALL: [ModeSlot; 3] = [ModeSlot::Fake, ModeSlot::Proxy, ModeSlot::Functional];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for ModeSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ModeSlot::Fake => "fake",
            ModeSlot::Proxy => "proxy",
            ModeSlot::Functional => "functional",
        })
    }
}

/// A mode on a stack, and which putting of it this is.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) mode: Mode,
    pub(super) token: u64,
}

/// How many modes there are in each part of a stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) user: u32,
    pub(super) pre_dispatch: u32,
    filled: u8,
}

impl Shape {
    pub(super) const EMPTY: Shape = Shape { user: 0, pre_dispatch: 0, filled: 0 };

    pub(super) fn has(self, slot: ModeSlot) -> bool {
        self.filled & slot.bit() != 0
    }
}

/// A stack of modes: what [`crate::capture_modes`] gives and a thread can be given.
#[derive(Clone, Default)]
pub struct ModeStack {
    pub(super) user: Vec<Entry>,
    pub(super) infra: [Option<Entry>; 3],
    pub(super) pre_dispatch: Vec<Entry>,
    /// Which slots are filled, one bit each.
    filled: u8,
    /// How many of the first two want everything, and how many want some operators.
    general: u32,
    selective: u32,
}

impl ModeStack {
    pub(super) const EMPTY: ModeStack = ModeStack {
        user: Vec::new(),
        infra: [const { None }; 3],
        pre_dispatch: Vec::new(),
        filled: 0,
        general: 0,
        selective: 0,
    };

    /// The number of modes: of users and in slots (P57).
    pub fn len(&self) -> usize {
        (self.general + self.selective) as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The modes from the bottom to the top: slots, then users' (P49).
    pub fn iter(&self) -> impl Iterator<Item = &Mode> {
        self.infra.iter().flatten().chain(&self.user).map(|entry| &entry.mode)
    }

    /// The modes that are offered calls before dispatch, from the bottom to the top.
    pub fn pre_dispatch(&self) -> impl Iterator<Item = &Mode> {
        self.pre_dispatch.iter().map(|entry| &entry.mode)
    }

    /// The topmost mode.
    pub fn top(&self) -> Option<&Mode> {
        self.user.last().or_else(|| self.infra.iter().rev().flatten().next()).map(|entry| &entry.mode)
    }

    #[inline]
    pub(super) fn shape(&self) -> Shape {
        Shape {
            user: self.user.len() as u32,
            pre_dispatch: self.pre_dispatch.len() as u32,
            filled: self.filled,
        }
    }

    /// Which kinds of modes there are; [`ModeStack::keys`] depends on this alone.
    #[inline]
    pub(super) fn kinds(&self) -> [bool; 3] {
        [self.general > 0, self.selective > 0, !self.pre_dispatch.is_empty()]
    }

    /// The keys that the thread's included set has to have for these modes (P51).
    pub(super) fn keys(&self) -> KeySet {
        let general = if self.general > 0 { INTERCEPTED } else { KeySet::EMPTY };
        let selective = if self.selective > 0 { selective_key() } else { KeySet::EMPTY };
        let before = match self.pre_dispatch.is_empty() {
            true => KeySet::EMPTY,
            false => KeySet::of(DispatchKey::PreDispatch),
        };
        general | selective | before
    }

    /// Counts a mode, and says how many of its kind there are now.
    #[inline]
    fn count(&mut self, mode: &Mode, by: i32) -> u32 {
        let count = if mode.operators().is_none() { &mut self.general } else { &mut self.selective };
        *count = count.wrapping_add_signed(by);
        *count
    }

    /// Puts a mode where it belongs (P50).
    pub(super) fn put(&mut self, entry: Entry) -> Result<()> {
        if entry.mode.is_pre_dispatch() {
            self.pre_dispatch.push(entry);
            return Ok(());
        }
        match entry.mode.slot() {
            None => {
                self.push_user(entry);
            }
            Some(slot) if self.infra[slot as usize].is_none() => self.fill(slot, entry),
            Some(slot) => {
                let message = format!(
                    "trying to set the current {slot} mode, but one already exists; take it off first"
                );
                return Err(Error::new(ErrorKind::ModeStack, message));
            }
        }
        Ok(())
    }

    /// Puts a mode on top of the users'. Says whether it is the first of its kind, so that [`ModeStack::keys`] changed.
    #[inline]
    pub(super) fn push_user(&mut self, entry: Entry) -> bool {
        let is_first = self.count(&entry.mode, 1) == 1;
        self.user.push(entry);
        is_first
    }

    /// Fills a slot that is empty.
    pub(super) fn fill(&mut self, slot: ModeSlot, entry: Entry) {
        self.count(&entry.mode, 1);
        self.filled |= slot.bit();
        self.infra[slot as usize] = Some(entry);
    }

    /// Takes the topmost user mode.
    pub(super) fn pop_user(&mut self) -> Option<Entry> {
        self.pop_user_if(|_| true).map(|(entry, _)| entry)
    }

    /// Takes the topmost user mode if it is like that. Says whether it was the last of its kind, so that [`ModeStack::keys`]
    /// changed.
    #[inline]
    pub(super) fn pop_user_if(&mut self, is_it: impl FnOnce(&Mode) -> bool) -> Option<(Entry, bool)> {
        let entry = self.user.pop_if(|entry| is_it(&entry.mode))?;
        let was_last = self.count(&entry.mode, -1) == 0;
        Some((entry, was_last))
    }

    pub(super) fn empty(&mut self, slot: ModeSlot) -> Option<Entry> {
        let entry = self.infra[slot as usize].take()?;
        self.filled &= !slot.bit();
        self.count(&entry.mode, -1);
        Some(entry)
    }

    /// Takes the topmost mode (P55).
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.pop_user().or_else(|| ModeSlot::ALL.into_iter().rev().find_map(|slot| self.empty(slot)))
    }

    /// Takes off the entry of a token, wherever it is, and says whether it was the topmost of its part.
    pub(super) fn take_off(&mut self, token: u64) -> Option<(Entry, bool)> {
        if let Some(at) = self.user.iter().rposition(|entry| entry.token == token) {
            let is_top = at + 1 == self.user.len();
            let entry = self.user.remove(at);
            self.count(&entry.mode, -1);
            return Some((entry, is_top));
        }
        if let Some(at) = self.pre_dispatch.iter().rposition(|entry| entry.token == token) {
            let is_top = at + 1 == self.pre_dispatch.len();
            return Some((self.pre_dispatch.remove(at), is_top));
        }
        let holds = |slot: &ModeSlot| self.infra[*slot as usize].as_ref().is_some_and(|e| e.token == token);
        let slot = ModeSlot::ALL.into_iter().find(holds)?;
        Some((self.empty(slot)?, true))
    }
}

impl fmt::Debug for ModeStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
