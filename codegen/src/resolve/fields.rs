//! The fields of one entry, read by name and kind.

use std::ops::Range;

use keyway_schema::Code;
use keyway_schema::suggest::nearest;

use crate::diagnostics::{Diagnostic, Sink};
use crate::load::tree::{Class, Node, Value};
use crate::vocabulary;

type Pair<'t> = (Node<'t>, Node<'t>);

/// The fields of an entry as written.
pub(crate) struct Fields<'t> {
    pairs: &'t [Pair<'t>],
    span: Range<usize>,
}

/// A text with the node it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Text<'t> {
    pub(crate) value: &'t str,
    pub(crate) node: &'t Node<'t>,
}

impl<'t> Text<'t> {
    /// Where it stands.
    pub(crate) fn place(&self) -> Range<usize> {
        self.node.span.clone()
    }

    /// The parts between commas with a space, each with its place.
    pub(crate) fn split(&self) -> Vec<(&'t str, Range<usize>)> {
        self.split_at(", ")
    }

    /// The parts between separators, each with its place.
    pub(crate) fn split_at(&self, separator: &str) -> Vec<(&'t str, Range<usize>)> {
        let mut start = 0;
        let part = |part: &'t str| {
            let range = start..start + part.len();
            start = range.end + separator.len();
            (part, self.node.inside(&range))
        };
        self.value.split(separator).map(part).collect()
    }
}

impl<'t> Fields<'t> {
    pub(crate) fn new(pairs: &'t [Pair<'t>], span: Range<usize>) -> Self {
        Fields { pairs, span }
    }

    /// The place of the entry: its first key, or where it starts.
    pub(crate) fn place(&self) -> Range<usize> {
        self.pairs.first().map_or(self.span.start..self.span.start, |(key, _)| key.span.clone())
    }

    /// Whether the field is written. A repeated one counts once.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The place of a field's value, or of the entry if it has none.
    pub(crate) fn value_place(&self, name: &str) -> Range<usize> {
        self.find(name).map_or_else(|| self.place(), |(_, value)| value.span.clone())
    }

    /// The place of a field's name, or of the entry if it has none.
    pub(crate) fn key_place(&self, name: &str) -> Range<usize> {
        self.find(name).map_or_else(|| self.place(), |(key, _)| key.span.clone())
    }

    /// The value of a field.
    pub(crate) fn value(&self, name: &str) -> Option<&'t Node<'t>> {
        self.find(name).map(|(_, value)| value)
    }

    fn find(&self, name: &str) -> Option<&'t Pair<'t>> {
        self.pairs.iter().find(|(key, _)| key.scalar() == Some(name))
    }

    /// Y107.
    pub(crate) fn refuse_unknown(&self, sink: &Sink) {
        for (key, _) in self.pairs {
            let Some(name) = key.scalar().filter(|name| !vocabulary::FIELDS.contains(name)) else { continue };
            let mut report =
                Diagnostic::new(Code::UnknownField, key.span.clone(), format!("unknown field `{name}`"));
            report.help = Some(match nearest(name, vocabulary::FIELDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the fields are {}", super::names(vocabulary::FIELDS.into_iter())),
            });
            sink.report(report);
        }
    }

    /// A field that is text.
    pub(crate) fn text(&self, name: &str, sink: &Sink) -> Option<Text<'t>> {
        as_text(name, self.value(name)?, sink)
    }

    /// A field that is True or False (Y87).
    pub(crate) fn flag(&self, name: &str, sink: &Sink) -> Option<bool> {
        let node = self.value(name)?;
        match node.class() {
            Some(Class::Bool(value)) => Some(value),
            _ => {
                let help = match node.scalar() {
                    Some(text) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
                        "remove the quotes".to_owned()
                    }
                    _ => "write `True` or `False`".to_owned(),
                };
                wrong_kind(name, node, "True or False", sink, help);
                None
            }
        }
    }

    /// A field that is a list of texts (Y86).
    pub(crate) fn texts(&self, name: &str, sink: &Sink) -> Vec<String> {
        let Some(node) = self.value(name) else { return Vec::new() };
        let Value::Sequence(items) = &node.value else {
            wrong_kind(name, node, "a list", sink, "write it in brackets, `[one, two]`".to_owned());
            return Vec::new();
        };
        items.iter().filter_map(|item| as_text(name, item, sink)).map(|text| text.value.to_owned()).collect()
    }

    /// A field that is a text or a list of texts (Y96).
    pub(crate) fn text_or_texts(&self, name: &str, sink: &Sink) -> Vec<(&'t str, &'t Node<'t>)> {
        let Some(node) = self.value(name) else { return Vec::new() };
        let texts = match &node.value {
            Value::Sequence(items) => items.iter().filter_map(|item| as_text(name, item, sink)).collect(),
            Value::Mapping(_) => {
                wrong_kind(name, node, "text or a list", sink, "write one word, or `[one, two]`".to_owned());
                Vec::new()
            }
            _ => Vec::from_iter(as_text(name, node, sink)),
        };
        texts.into_iter().map(|text| (text.value, text.node)).collect()
    }

    /// A field that is a mapping of texts, or one text that stands for a mapping with one key.
    pub(crate) fn text_or_mapping(
        &self,
        name: &str,
        key: &'static str,
        sink: &Sink,
    ) -> Vec<(Text<'t>, Text<'t>)> {
        let Some(node) = self.value(name) else { return Vec::new() };
        match &node.value {
            Value::Mapping(pairs) => pairs
                .iter()
                .filter_map(|(key, value)| Some((as_text(name, key, sink)?, as_text(name, value, sink)?)))
                .collect(),
            Value::Sequence(_) => {
                wrong_kind(name, node, "text or a mapping", sink, "write `name (dtypes)`".to_owned());
                Vec::new()
            }
            _ => as_text(name, node, sink)
                .map(|value| (Text { value: key, node }, value))
                .into_iter()
                .collect(),
        }
    }
}

/// The text of a node, which must be one: numbers, True, False and nothing are not text unless quoted.
pub(crate) fn as_text<'t>(name: &str, node: &'t Node<'t>, sink: &Sink) -> Option<Text<'t>> {
    match (node.scalar(), node.class()) {
        (Some(value), Some(Class::Text)) => Some(Text { value, node }),
        (_, class) => {
            let help = match class {
                Some(Class::Null) => "write the text, or remove the field",
                Some(_) => "quote it",
                None => "write it as one text",
            };
            wrong_kind(name, node, "text", sink, help.to_owned());
            None
        }
    }
}

/// Y85 to Y98.
pub(crate) fn wrong_kind(name: &str, node: &Node<'_>, expected: &str, sink: &Sink, help: String) {
    if matches!(node.value, Value::Refused) {
        return;
    }
    let what = if vocabulary::FIELDS.contains(&name) { format!("`{name}`") } else { name.to_owned() };
    let message = format!("{what} must be {expected}, but this is {}", node.kind_name());
    sink.report(
        Diagnostic::new(Code::WrongKind, node.span.clone(), message)
            .label(format!("not {expected}"))
            .help(help),
    );
}
