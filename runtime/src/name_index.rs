//! Operators by name: look-ups without a lock, insertions in turn, nothing ever taken out.
//!
//! Operators live as long as the process, so an index of references only grows. It is an open-addressing table of
//! cells that are set once; when half full it is copied into one of twice the size, which is published in its place.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;

use crate::operator::Operator;
use crate::published::Published;

struct Table {
    /// A power of two of cells, or none.
    cells: Vec<OnceLock<&'static Operator>>,
    /// How many are set; changed by insertions only.
    len: AtomicUsize,
}

static NO_TABLE: Table = Table { cells: Vec::new(), len: AtomicUsize::new(0) };

/// The index. Insertions must not overlap: the registry's lock orders them.
pub(crate) struct NameIndex(Published<Table>);

impl NameIndex {
    pub(crate) const fn new() -> NameIndex {
        NameIndex(Published::new(&NO_TABLE))
    }

    /// The operator of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'static Operator> {
        let cell = self.0.get().cell_of(name)?;
        cell.get().copied()
    }

    /// Adds an operator, unless one of its name is there; that one is returned then.
    pub(crate) fn insert(&self, operator: &'static Operator) -> &'static Operator {
        let table = self.0.get();
        if 2 * (table.len.load(Ordering::Relaxed) + 1) > table.cells.len() {
            self.0.set(table.grown());
        }
        self.0.get().insert(operator)
    }

    /// Every operator, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Operator> {
        self.0.get().iter()
    }
}

impl Table {
    fn iter(&self) -> impl Iterator<Item = &'static Operator> {
        self.cells.iter().filter_map(|cell| cell.get().copied())
    }

    /// A table that is at most half full always has a free cell.
    fn insert(&self, operator: &'static Operator) -> &'static Operator {
        let Some(cell) = self.cell_of(operator.name()) else { return operator };
        cell.get_or_init(|| {
            self.len.fetch_add(1, Ordering::Relaxed);
            operator
        })
    }

    /// The cell that holds the name, or the free one where it belongs.
    #[inline]
    fn cell_of(&self, name: &str) -> Option<&OnceLock<&'static Operator>> {
        let mask = self.cells.len().checked_sub(1)?;
        let mut at = FixedState::default().hash_one(name) as usize & mask;
        loop {
            let cell = &self.cells[at];
            match cell.get() {
                Some(operator) if operator.name() != name => at = (at + 1) & mask,
                _ => return Some(cell),
            }
        }
    }

    fn grown(&self) -> &'static Table {
        let size = (2 * self.cells.len()).max(64);
        let cells = (0..size).map(|_| OnceLock::new()).collect();
        let grown = Table { cells, len: AtomicUsize::new(0) };
        self.iter().for_each(|operator| {
            grown.insert(operator);
        });
        Box::leak(Box::new(grown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inserted_name_is_found_while_the_index_grows() {
        let index = NameIndex::new();
        assert!(index.get("a::b").is_none());
        let named = |n: usize| -> &'static Operator {
            Box::leak(Box::new(Operator::new(String::leak(format!("index::operator_{n}")), None, None)))
        };
        let operators: Vec<_> = (0..500).map(named).collect();
        for (n, operator) in operators.iter().enumerate() {
            assert_eq!(index.insert(operator), *operator);
            assert_eq!(index.insert(named(n)), *operator, "the first of a name stays");
            assert!(operators[..=n].iter().all(|held| index.get(held.name()) == Some(*held)));
        }
        assert_eq!(index.iter().count(), 500);
        assert!(index.get("index::operator_500").is_none());
    }
}
