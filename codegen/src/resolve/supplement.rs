//! Fields that PyTorch's own list leaves out because its generator keeps them in source (Y282).
//!
//! A list of one's own writes them as fields of the entry. So that PyTorch's list can be read as it is, those for its
//! operators stand in `supplement.txt` and are added to entries of the default namespace that do not say otherwise.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::{Changes, DEFAULT_NAMESPACE, OperatorEntry};

/// Operator, field, value: one a line, in columns; `#` starts a comment.
const TEXT: &str = include_str!("supplement.txt");

static FIELDS: LazyLock<HashMap<&str, Vec<(&str, &str)>>> = LazyLock::new(|| {
    let mut fields: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        if let (Some(operator), Some(field), Some(value)) = (words.next(), words.next(), words.next()) {
            fields.entry(operator).or_default().push((field, value));
        }
    }
    fields
});

/// Adds the fields that the entry is given here, unless they are written.
pub(super) fn apply(entry: &mut OperatorEntry) {
    if entry.namespace() != DEFAULT_NAMESPACE {
        return;
    }
    let name = &entry.schema.name;
    let found = match name.overload.as_str() {
        "" => FIELDS.get(name.name.as_str()),
        overload => FIELDS.get(format!("{}.{overload}", name.name).as_str()),
    };
    for &(field, value) in found.into_iter().flatten() {
        match field {
            "derive" => entry.derive = false,
            "changes" => {
                let value = if value == "size" { Changes::Size } else { Changes::Storage };
                entry.changes.get_or_insert(value);
            }
            "grouped_with" => entry.grouped_with = entry.grouped_with.take().or_else(|| value.parse().ok()),
            "serves" => entry.serves = entry.serves.or_else(|| super::service(value)),
            _ => entry.python_keyword_arguments.push(value.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_known_field_and_value() {
        let all =
            FIELDS.iter().flat_map(|(operator, fields)| fields.iter().map(move |field| (operator, field)));
        for (operator, (field, value)) in all {
            let known = match *field {
                "derive" => *value == "False",
                "changes" => matches!(*value, "size" | "storage"),
                "grouped_with" => value.parse::<keyway_schema::OperatorName>().is_ok(),
                "serves" => super::super::service(value).is_some(),
                "python_keyword_arguments" => !value.is_empty(),
                _ => false,
            };
            assert!(known, "{operator} {field} {value}");
        }
    }
}
