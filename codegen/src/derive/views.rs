//! Groups of views (Y214 to Y216).

use std::collections::HashMap;

use keyway_schema::SchemaKind;

use crate::model::{OperatorEntry, ViewGroup};

/// Each view with its copy and its in-place form, in the order of the views.
pub(crate) fn view_groups(operators: &[OperatorEntry]) -> Vec<ViewGroup> {
    let mut copies: HashMap<String, usize> = HashMap::new();
    let mut inplace: HashMap<String, usize> = HashMap::new();
    let mut views = Vec::new();
    for (position, entry) in operators.iter().enumerate() {
        match role(entry) {
            Some(Role::View) => views.push(position),
            Some(Role::Inplace) => {
                inplace.insert(signature(entry), position);
            }
            Some(Role::Copy) => {
                copies.insert(signature(entry), position);
            }
            None => {}
        }
    }
    let group = |view: usize| {
        let signature = signature(&operators[view]);
        ViewGroup { view, copy: copies.get(&signature).copied(), inplace: inplace.get(&signature).copied() }
    };
    views.into_iter().map(group).collect()
}

fn signature(entry: &OperatorEntry) -> String {
    entry.schema.view_signature().to_string()
}

enum Role {
    View,
    Inplace,
    Copy,
}

fn role(entry: &OperatorEntry) -> Option<Role> {
    if entry.is_view() {
        let inplace = entry.schema.is_mutable() || entry.has_tag("inplace_view");
        return Some(if inplace { Role::Inplace } else { Role::View });
    }
    let name = &entry.schema.name.name;
    let named_so = name.ends_with("_copy") || name.ends_with("_scatter");
    (named_so && entry.kind() == SchemaKind::Functional).then_some(Role::Copy)
}
