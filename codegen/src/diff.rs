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
        /// The operator.
        name: OperatorName,
        /// The old schema.
        old: String,
        /// The new one.
        new: String,
        /// Whom it breaks.
        compatibility: Compatibility,
    },
    /// An operator with other kernels, tags or forms.
    Entry {
        /// The operator.
        name: OperatorName,
        /// What differs and breaks nobody.
        what: Vec<String>,
        /// What differs and breaks callers of the old list.
        breaking: Vec<String>,
    },
}

impl Change {
    /// Whether callers of the old list are not served by the new one.
    pub fn breaks(&self) -> bool {
        match self {
            Change::Added(_) => false,
            Change::Removed(_) => true,
            Change::Entry { breaking, .. } => !breaking.is_empty(),
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
    let kept = old.operators.iter().flat_map(|entry| match after.get(entry.name()) {
        None => vec![Change::Removed(entry.name().clone())],
        Some(now) => schema_change(entry, now).into_iter().chain(entry_change(entry, now)).collect(),
    });
    let added = new.operators.iter().filter(|entry| !before.contains_key(entry.name()));
    kept.chain(added.map(|entry| Change::Added(entry.name().clone()))).collect()
}

fn schema_change(old: &OperatorEntry, new: &OperatorEntry) -> Option<Change> {
    (old.schema != new.schema).then(|| Change::Schema {
        name: old.name().clone(),
        old: old.schema.to_string(),
        new: new.schema.to_string(),
        compatibility: compatibility(&old.schema, &new.schema),
    })
}

fn entry_change(old: &OperatorEntry, new: &OperatorEntry) -> Option<Change> {
    let (mut what, mut breaking) = (Vec::new(), Vec::new());
    let forms =
        |entry: &OperatorEntry| [("function", entry.variants.function), ("method", entry.variants.method)];
    for ((form, before), (_, now)) in forms(old).into_iter().zip(forms(new)) {
        match (before, now) {
            (true, false) => breaking.push(format!("it is no longer a {form}")),
            (false, true) => what.push(format!("it is a {form} too")),
            _ => {}
        }
    }
    let method = |entry: &OperatorEntry| entry.variants.method.then(|| entry.method_name.clone());
    if let (Some(before), Some(now)) = (method(old), method(new))
        && before != now
    {
        breaking.push("the method has another name".to_owned());
    }
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
    let same = what.is_empty() && breaking.is_empty();
    (!same).then(|| Change::Entry { name: old.name().clone(), what, breaking })
}
