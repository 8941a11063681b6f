//! Rules across the entries of a list (yaml.md section 3.7).

use indexmap::IndexMap;
use keyway_schema::{Code, OperatorName};

use crate::diagnostics::{Diagnostic, Sink};
use crate::model::OperatorEntry;
use crate::resolve::Draft;

/// The operators whose names were understood. Entries with broken schemas count, so that nobody is told that a
/// neighbour is missing when it is only broken.
struct Index<'d> {
    by_name: IndexMap<&'d OperatorName, &'d Draft<'d>>,
    base_names: IndexMap<&'d str, ()>,
}

/// Reports every rule the list breaks.
pub(super) fn check(drafts: &[Draft<'_>], sink: &Sink) {
    let mut index = Index { by_name: IndexMap::new(), base_names: IndexMap::new() };
    for draft in drafts {
        let Some(name) = &draft.name else { continue };
        index.base_names.insert(&name.name, ());
        match index.by_name.get(name) {
            Some(first) => duplicate(name, first, draft, sink),
            None => {
                index.by_name.insert(name, draft);
            }
        }
    }
    collisions(&index, sink);
    for draft in drafts {
        if let Some(entry) = &draft.entry {
            delegate(entry, draft, &index, sink);
            inplace_view(entry, draft, &index, sink);
        }
    }
}

/// Y146, Y281.
fn duplicate(name: &OperatorName, first: &Draft<'_>, second: &Draft<'_>, sink: &Sink) {
    sink.report(
        Diagnostic::new(
            Code::DuplicateOperator,
            second.fields.value_place("func"),
            format!("`{name}` stands twice"),
        )
        .label("the second one")
        .help("give one of the two an overload name of its own: `name.overload(...)`")
        .related(first.fields.value_place("func"), "the first one"),
    );
}

/// Y21, Y281.
fn collisions(index: &Index<'_>, sink: &Sink) {
    let mut seen: IndexMap<(Option<&str>, String), (&OperatorName, &Draft<'_>)> = IndexMap::new();
    for (name, draft) in &index.by_name {
        let key = (name.namespace.as_deref(), name.unambiguous_name());
        match seen.get(&key) {
            Some((first, first_draft)) => {
                let message = format!("`{name}` and `{first}` are both called `{}` when generated", key.1);
                sink.report(
                    Diagnostic::new(Code::NameCollision, draft.fields.value_place("func"), message)
                        .help("rename one of the two")
                        .related(first_draft.fields.value_place("func"), "the other one"),
                );
            }
            None => {
                seen.insert(key, (name, draft));
            }
        }
    }
}

/// Y148.
fn delegate(entry: &OperatorEntry, draft: &Draft<'_>, index: &Index<'_>, sink: &Sink) {
    let Some(target) = &entry.structured_delegate else { return };
    let full = OperatorName { namespace: entry.schema.name.namespace.clone(), ..target.clone() };
    let (message, help) = match index.by_name.get(&full) {
        Some(found) => match &found.entry {
            Some(found) if !found.structured => {
                (format!("`{target}` is not structured"), format!("add `structured: True` to `{target}`"))
            }
            _ => return,
        },
        None => {
            let names: Vec<String> = index.by_name.keys().map(|name| unqualified(name)).collect();
            let near = keyway_schema::suggest::nearest(&target.to_string(), names.iter().map(String::as_str));
            let help = near
                .map_or("add the out operator to the list".to_owned(), |n| format!("did you mean `{n}`?"));
            (format!("there is no operator `{target}`"), help)
        }
    };
    let place = draft.fields.value_place("structured_delegate");
    sink.report(Diagnostic::new(Code::DelegateTarget, place, message).help(help));
}

fn unqualified(name: &OperatorName) -> String {
    OperatorName { namespace: None, ..name.clone() }.to_string()
}

/// Y150.
fn inplace_view(entry: &OperatorEntry, draft: &Draft<'_>, index: &Index<'_>, sink: &Sink) {
    let name = entry.schema.name.name.as_str();
    if !entry.has_tag("inplace_view") || entry.changes.is_some() {
        return;
    }
    let (message, help) = if !entry.schema.name.is_inplace() {
        ("`inplace_view` on an operator that is not in-place".to_owned(), "remove the tag".to_owned())
    } else {
        let twin = name.trim_end_matches('_');
        if index.base_names.contains_key(twin) {
            return;
        }
        (format!("there is no operator `{twin}`"), format!("add `{twin}` to the list, or remove the tag"))
    };
    sink.report(Diagnostic::new(Code::InplaceViewTwin, draft.fields.value_place("tags"), message).help(help));
}
