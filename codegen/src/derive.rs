//! What follows from the entries of a list: groups of variants, derived variants, groups of views (yaml.md 5).
//!
//! Pure functions from entries to entries. What is wrong with the groups is for `check`.

mod groups;
mod variants;
mod views;

use std::collections::HashSet;

use keyway_schema::{OperatorName, SchemaKind};

pub(crate) use groups::{Conflict, grouped_with};
use groups::{Grouping, group_of};
pub(crate) use views::view_groups;

use crate::model::{Group, OperatorEntry};

/// The tags a derived operator takes over from the one it is derived from (Y212).
pub(crate) const INHERITED_TAGS: [&str; 3] = ["nondeterministic_seeded", "view_copy", "pt2_compliant_tag"];

/// Entries with everything derived from them.
pub(crate) struct Derivation {
    /// The groups, derived operators included.
    pub(crate) groups: Vec<Group>,
    /// Names in `autogen` fields that are skipped because all variants are implicit composites.
    pub(crate) not_derived: Vec<OperatorName>,
    /// Signatures and kinds that occur twice (Y147).
    pub(crate) conflicts: Vec<Conflict>,
}

/// Groups the operators by signature and appends the derived variants to them (Y202 to Y213).
pub(crate) fn derive(operators: &mut Vec<OperatorEntry>) -> Derivation {
    let Grouping { mut groups, conflicts } = groups::group(operators);
    let mut not_derived = Vec::new();
    let taken: HashSet<OperatorName> = operators.iter().map(|entry| entry.name().clone()).collect();
    for group in &mut groups {
        match plan(group, operators) {
            Plan::Skipped => {
                not_derived.extend(group.members().flat_map(|member| &operators[member].autogen).cloned())
            }
            Plan::Nothing => {}
            Plan::Derive { base, out, functional } => {
                let kinds = [(out, SchemaKind::Out), (functional, SchemaKind::Functional)];
                for (_, kind) in kinds.into_iter().filter(|(wanted, _)| *wanted) {
                    let made = variants::variant(&operators[base], base, kind);
                    // A name that is taken is reported with the group: its members do not fit each other.
                    if !taken.contains(made.name()) {
                        *group_of(group, kind) = Some(operators.len());
                        operators.push(made);
                    }
                }
            }
        }
    }
    Derivation { groups, not_derived, conflicts }
}

/// What is derived in a group.
pub(crate) enum Plan {
    /// The group is left alone, together with its `autogen` names (Y204).
    Skipped,
    /// There is nothing to derive.
    Nothing,
    /// Variants of the operator at `base`.
    Derive { base: usize, out: bool, functional: bool },
}

/// Y204 to Y206.
pub(crate) fn plan(group: &Group, operators: &[OperatorEntry]) -> Plan {
    if is_exempt(group, operators) {
        return Plan::Nothing;
    }
    let members = || group.members().map(|member| &operators[member]);
    if members().all(OperatorEntry::is_implicit_composite) && !members().any(|e| e.has_tag("core")) {
        return Plan::Skipped;
    }
    let Some(base) = base_of(group) else { return Plan::Nothing };
    let entry = &operators[base];
    let asked = entry.autogen.iter().any(|name| name.to_string().contains("out"));
    let out = group.out.is_none() && can_have_out(entry) && asked;
    let functional = group.functional.is_none() && (group.out.is_some() || out);
    let alone = group.out.is_some() && group.members().count() == 1;
    if alone || !(out || functional) { Plan::Nothing } else { Plan::Derive { base, out, functional } }
}

/// Whether a group is left alone whatever its members say: nothing to dispatch, views, or told so (Y204).
pub(crate) fn is_exempt(group: &Group, operators: &[OperatorEntry]) -> bool {
    let members = || group.members().map(|member| &operators[member]);
    let views =
        |entry: &OperatorEntry| entry.is_view() && entry.changes != Some(crate::model::Changes::Storage);
    members().all(|entry| entry.manual_cpp_binding)
        || members().any(views)
        || members().any(|entry| !entry.derive)
}

/// The operator that missing variants are derived from (Y205).
pub(crate) fn base_of(group: &Group) -> Option<usize> {
    group.mutable.or(group.inplace).or(group.out).or(group.functional)
}

/// Whether results can go to out arguments: there is a tensor among them, or `self` is one (Y205).
pub(crate) fn can_have_out(entry: &OperatorEntry) -> bool {
    entry.kind() == SchemaKind::Inplace || entry.schema.has_tensor_returns()
}
