//! Grouping by signature (Y199 to Y202).

use std::collections::HashMap;

use keyway_schema::SchemaKind;

use crate::model::{Group, OperatorEntry};

/// Two operators of one signature and kind (Y147).
pub(crate) struct Conflict {
    /// The first, by its position.
    pub(crate) first: usize,
    /// The second.
    pub(crate) second: usize,
}

/// All groups of a list.
pub(super) struct Grouping {
    pub(super) groups: Vec<Group>,
    pub(super) conflicts: Vec<Conflict>,
}

/// The place of a kind in a group.
pub(super) fn group_of(group: &mut Group, kind: SchemaKind) -> &mut Option<usize> {
    match kind {
        SchemaKind::Functional => &mut group.functional,
        SchemaKind::Inplace => &mut group.inplace,
        SchemaKind::Mutable => &mut group.mutable,
        SchemaKind::Out | SchemaKind::Scratch => &mut group.out,
    }
}

/// The groups, in the order of their first members.
pub(super) fn group(operators: &[OperatorEntry]) -> Grouping {
    let mut by_signature: HashMap<String, usize> = HashMap::new();
    let mut grouping = Grouping { groups: Vec::new(), conflicts: Vec::new() };
    for (position, signature) in signatures(operators).into_iter().enumerate() {
        let at = *by_signature.entry(signature).or_insert_with(|| {
            grouping.groups.push(Group::default());
            grouping.groups.len() - 1
        });
        let slot = group_of(&mut grouping.groups[at], operators[position].kind());
        match *slot {
            Some(first) => grouping.conflicts.push(Conflict { first, second: position }),
            None => *slot = Some(position),
        }
    }
    grouping
}

/// The signature of each operator: its own, or that of the operator it is `grouped_with`.
fn signatures(operators: &[OperatorEntry]) -> Vec<String> {
    let mut signatures: Vec<String> =
        operators.iter().map(|entry| entry.schema.signature().to_string()).collect();
    for (position, entry) in operators.iter().enumerate() {
        if let Some(other) = grouped_with(entry, operators) {
            signatures[position] = signatures[other].clone();
        }
    }
    signatures
}

/// The position of the operator an entry is `grouped_with`, if it is in the list.
pub(crate) fn grouped_with(entry: &OperatorEntry, operators: &[OperatorEntry]) -> Option<usize> {
    let name = entry.grouped_with.as_ref()?;
    operators.iter().position(|other| {
        let known = other.name();
        known.name == name.name
            && known.overload == name.overload
            && known.namespace == entry.name().namespace
    })
}
