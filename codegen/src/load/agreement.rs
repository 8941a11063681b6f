//! A second reader for the same text: `serde_yaml` must see what the tree holds.
//!
//! The tree decides; this is the proof that a file does not mean one thing here and another to other tools. It runs only
//! when the tree is free of mistakes.

use keyway_schema::Code;
use serde_yaml::Value as Other;

use super::tree::{Class, Node, Value};
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::Source;

/// Reports the first place where the two readers differ.
pub(crate) fn agree(source: &Source, tree: &Node<'_>, sink: &Sink) {
    let differing = match serde_yaml::from_str::<Other>(source.text()) {
        Ok(other) => {
            difference(tree, &other).map(|node| (node, "two YAML readers read this differently".to_owned()))
        }
        Err(error) => Some((tree, format!("a second YAML reader refuses the file: {error}"))),
    };
    if let Some((node, message)) = differing {
        sink.report(
            Diagnostic::new(Code::ReadersDisagree, node.span.clone(), message).help("quote it if it is text"),
        );
    }
}

fn difference<'n, 's>(node: &'n Node<'s>, other: &Other) -> Option<&'n Node<'s>> {
    match (&node.value, other) {
        (Value::Sequence(items), Other::Sequence(others)) if items.len() == others.len() => {
            items.iter().zip(others).find_map(|(item, other)| difference(item, other))
        }
        (Value::Mapping(pairs), Other::Mapping(others)) if pairs.len() == others.len() => {
            pairs.iter().zip(others).find_map(|((key, value), (other_key, other_value))| {
                difference(key, other_key).or_else(|| difference(value, other_value))
            })
        }
        (Value::Scalar { text, .. }, _) if scalars_agree(node, text, other) => None,
        _ => Some(node),
    }
}

fn scalars_agree(node: &Node<'_>, text: &str, other: &Other) -> bool {
    match (node.class(), other) {
        (Some(Class::Text), Other::String(other)) => text == other,
        (Some(Class::Bool(value)), Other::Bool(other)) => value == *other,
        (Some(Class::Number), Other::Number(_)) | (Some(Class::Null), Other::Null) => true,
        _ => false,
    }
}
