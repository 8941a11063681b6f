//! The path a call takes: every key that takes part, and why it runs, is skipped or is not reached.

use std::fmt;

use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::local::LocalKeySets;
use crate::operator::Operator;
use crate::table::TableRow;

/// What becomes of one key on the way of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The thread excludes it (D61, D62).
    Excluded,
    /// A higher backend has its functionality (D85).
    Outranked(DispatchKey),
    /// Its kernel is the fallthrough: the call goes on at the next key (D157).
    FallsThrough(TableRow),
    /// Its kernel runs.
    Runs(TableRow),
    /// There is no kernel: the call is an error.
    Missing,
    /// Below the kernel that runs, which may pass the call on to it.
    Below(Option<TableRow>),
}

/// One key on the way of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The key.
    pub key: DispatchKey,
    /// Whether it comes from the thread's included set and not from an argument.
    pub from_thread: bool,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// The path of one call, the highest key first. Printing it gives a line for each key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The operator's name.
    pub operator: &'static str,
    /// The keys in the order a call meets them.
    pub steps: Vec<Step>,
}

impl Operator {
    /// Explains a call whose arguments carry `keys`, on a thread with these sets.
    ///
    /// ```
    /// use keyway::{AliasKey, DispatchKey, Kernel, KeySet, Library, LocalKeySets, Verdict};
    /// let mut library = Library::define("explained")?;
    /// let operator = library.def("f(Tensor x) -> Tensor")?;
    /// library.kernel("f", AliasKey::CompositeExplicitAutograd, Kernel::boxed(|_, _, _| Ok(())).named("f"))?;
    /// let keys = KeySet::from_iter([DispatchKey::CPU, DispatchKey::AutogradCPU]);
    /// let explanation = operator.explain(keys, LocalKeySets::DEFAULT);
    /// let runs = explanation.steps.iter().find(|step| matches!(step.verdict, Verdict::Runs(_))).unwrap();
    /// assert_eq!(runs.key, DispatchKey::CPU);
    /// # Ok::<(), keyway::Error>(())
    /// ```
    pub fn explain(&'static self, keys: KeySet, sets: LocalKeySets) -> Explanation {
        let all = keys | sets.included;
        let effective = sets.apply(keys);
        let mut steps = Vec::new();
        let mut reached = false;
        let mut highest_first: Vec<_> = all.iter().collect();
        highest_first.reverse();
        for key in highest_first {
            let verdict = self.verdict(key, all, effective, reached);
            reached |= matches!(verdict, Verdict::Runs(_) | Verdict::Missing);
            steps.push(Step { key, from_thread: !keys.contains(key), verdict });
        }
        if !reached {
            let key = DispatchKey::Undefined;
            let verdict = self.row(key).map_or(Verdict::Missing, Verdict::Runs);
            steps.push(Step { key, from_thread: false, verdict });
        }
        Explanation { operator: self.name(), steps }
    }

    fn row(&'static self, key: DispatchKey) -> Option<TableRow> {
        self.table().into_iter().find(|row| row.key == key)
    }

    fn verdict(&'static self, key: DispatchKey, all: KeySet, effective: KeySet, reached: bool) -> Verdict {
        if !effective.shares_functionality(KeySet::of(key)) {
            return Verdict::Excluded;
        }
        let winner = key.functionality().zip(all.highest_backend()).filter(|(f, _)| f.is_per_backend());
        if let Some((functionality, backend)) = winner
            && key.backend() != Some(backend)
        {
            return Verdict::Outranked(DispatchKey::of(functionality, backend));
        }
        match self.row(key) {
            Some(row) if row.is_fallthrough => Verdict::FallsThrough(row),
            row if reached => Verdict::Below(row),
            Some(row) => Verdict::Runs(row),
            None => Verdict::Missing,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.operator)?;
        let width = self.steps.iter().map(|step| step.key.to_string().len()).max().unwrap_or(0);
        for step in &self.steps {
            let key = step.key.to_string();
            write!(f, "\n  {key:width$}  {}", step.verdict)?;
            if step.from_thread && step.key != DispatchKey::Undefined {
                write!(f, " (included by the thread)")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Excluded => write!(f, "skipped: the thread excludes it"),
            Verdict::Outranked(by) => write!(f, "skipped: {by} outranks it"),
            Verdict::FallsThrough(row) => write!(f, "skipped: fallthrough [{}]", row.origin),
            Verdict::Runs(row) => write!(f, "runs {}", Named(row)),
            Verdict::Missing => write!(f, "no kernel: the call is an error"),
            Verdict::Below(Some(row)) => write!(f, "below; a redispatch would run {}", Named(row)),
            Verdict::Below(None) => write!(f, "below; no kernel"),
        }
    }
}

struct Named<'a>(&'a TableRow);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.0;
        write!(f, "{}", if row.kernel.is_empty() { "a kernel" } else { row.kernel })?;
        if let Some(place) = row.place {
            write!(f, " ({place})")?;
        }
        write!(f, " [{}]", row.origin)
    }
}
