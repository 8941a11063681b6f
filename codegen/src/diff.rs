//! What changed between two versions of an operator list, and whom it breaks.

use std::collections::HashMap;

use keyway_schema::{Compatibility, OperatorName, compatibility};

use crate::model::{OperatorEntry, OperatorList};

/// One difference between two lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An operator that the old list does not have.
    Added(OperatorName),
    /// An operator that the new list does not have.
    Removed(OperatorName),
    /// An operator whose schema is another.
    Schema {
        /// The old schema.
        old: String,
        /// The new one.
        new: String,
        /// Whom it breaks.
        compatibility: Compatibility,
    },
    /// An operator of the same schema with other kernels or tags.
    Entry {
        /// The operator.
        name: OperatorName,
        /// What differs.
        what: Vec<String>,
    },
}

impl Change {
    /// Whether callers of the old list are not served by the new one.
    pub fn breaks(&self) -> bool {
        match self {
            Change::Added(_) | Change::Entry { .. } => false,
            Change::Removed(_) => true,
            Change::Schema { compatibility, .. } => !compatibility.is_backward(),
        }
    }
}

/// The differences, derived operators included: those of the old list's operators in its order, then what was added.
pub fn diff(old: &OperatorList, new: &OperatorList) -> Vec<Change> {
    let by_name = |list| -> HashMap<OperatorName, &OperatorEntry> {
        let operators: &Vec<OperatorEntry> = list;
        operators.iter().map(|entry| (entry.name().clone(), entry)).collect()
    };
    let (before, after) = (by_name(&old.operators), by_name(&new.operators));
    let kept = old.operators.iter().filter_map(|entry| match after.get(entry.name()) {
        None => Some(Change::Removed(entry.name().clone())),
        Some(now) => change(entry, now),
    });
    let added = new.operators.iter().filter(|entry| !before.contains_key(entry.name()));
    kept.chain(added.map(|entry| Change::Added(entry.name().clone()))).collect()
}

fn change(old: &OperatorEntry, new: &OperatorEntry) -> Option<Change> {
    if old.schema != new.schema {
        return Some(Change::Schema {
            old: old.schema.to_string(),
            new: new.schema.to_string(),
            compatibility: compatibility(&old.schema, &new.schema),
        });
    }
    let mut what = Vec::new();
    let kernels = |entry: &OperatorEntry| -> Vec<String> {
        entry.kernels().into_iter().map(|line| format!("{}: {}", line.key, line.kernel)).collect()
    };
    let tags = |entry: &OperatorEntry| entry.tags.clone();
    for (field, old, new) in [("kernel", kernels(old), kernels(new)), ("tag", tags(old), tags(new))] {
        what.extend(
            old.iter().filter(|one| !new.contains(one)).map(|one| format!("{field} `{one}` is gone")),
        );
        what.extend(new.iter().filter(|one| !old.contains(one)).map(|one| format!("{field} `{one}` is new")));
    }
    (!what.is_empty()).then(|| Change::Entry { name: old.name().clone(), what })
}
