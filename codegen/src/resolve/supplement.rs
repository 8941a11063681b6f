//! Fields that PyTorch's own list leaves out because its generator keeps them in source (Y282).
//!
//! A list of one's own writes them as fields of the entry. So that PyTorch's list can be read as it is, those for its
//! operators stand in `supplement.txt` and are added to entries of the default namespace that do not say otherwise.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::{Changes, DEFAULT_NAMESPACE, OperatorEntry};

/// Operator, field, value: one a line, in columns; `#` starts a comment.
const TEXT: &str = include_str!("supplement.txt");

static FIELDS: LazyLock<HashMap<&str, (&str, &str)>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, (words.next()?, words.next()?)))
        })
        .collect()
});

/// Adds the field that the entry is given here, unless it is written.
pub(super) fn apply(entry: &mut OperatorEntry) {
    if entry.namespace() != DEFAULT_NAMESPACE {
        return;
    }
    let name = &entry.schema.name;
    let found = match name.overload.as_str() {
        "" => FIELDS.get(name.name.as_str()),
        overload => FIELDS.get(format!("{}.{overload}", name.name).as_str()),
    };
    match found {
        Some(("derive", _)) => entry.derive = false,
        Some(("changes", value)) => {
            let value = if *value == "size" { Changes::Size } else { Changes::Storage };
            entry.changes.get_or_insert(value);
        }
        Some(("grouped_with", other)) => {
            entry.grouped_with = entry.grouped_with.take().or_else(|| other.parse().ok());
        }
        Some(("python_keyword_arguments", argument)) => {
            entry.python_keyword_arguments.push((*argument).to_owned());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_known_field_and_value() {
        for (operator, (field, value)) in &*FIELDS {
            let known = match *field {
                "derive" => *value == "False",
                "changes" => matches!(*value, "size" | "storage"),
                "grouped_with" => value.parse::<keyway_schema::OperatorName>().is_ok(),
                "python_keyword_arguments" => !value.is_empty(),
                _ => false,
            };
            assert!(known, "{operator} {field} {value}");
        }
    }
}
