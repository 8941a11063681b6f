//! A second reader for the same text: `serde_yaml` must see what the tree holds.
//!
//! The tree decides; this is the proof that a file does not mean one thing here and another to other tools. It runs beside
//! the checks, and only counts when they find nothing. `serde_yaml` is led along the tree, node by node, so that nothing is
//! built twice.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use keyway_schema::Code;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::tree::{Class, Node, Value};
use crate::diagnostics::Diagnostic;
use crate::source::Source;

/// The first place where the two readers differ.
pub(crate) fn disagreement(source: &Source, tree: &Node<'_>) -> Option<Diagnostic> {
    let differing = Cell::new(None);
    let expected = Expected { node: tree, differing: &differing };
    let error = expected.deserialize(serde_yaml::Deserializer::from_str(source.text())).err()?;
    let (span, message) = match differing.take() {
        Some(span) => (span, "two YAML readers read this differently".to_owned()),
        None => (tree.span.clone(), format!("a second YAML reader refuses the file: {error}")),
    };
    Some(Diagnostic::new(Code::ReadersDisagree, span, message).help("quote it if it is text"))
}

/// The node that the second reader must see next.
#[derive(Clone, Copy)]
struct Expected<'n, 's> {
    node: &'n Node<'s>,
    /// Where the readers differ first.
    differing: &'n Cell<Option<Range<usize>>>,
}

impl<'n, 's> Expected<'n, 's> {
    fn at(self, node: &'n Node<'s>) -> Self {
        Expected { node, ..self }
    }

    fn require<E: Error>(self, same: bool) -> Result<(), E> {
        if same {
            return Ok(());
        }
        self.differing.set(Some(self.node.span.clone()));
        Err(E::custom("not what the other reader saw"))
    }

    fn number<E: Error>(self) -> Result<(), E> {
        self.require(self.node.class() == Some(Class::Number))
    }
}

impl<'de> DeserializeSeed<'de> for Expected<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Expected<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.node.kind_name())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.require(self.node.class() == Some(Class::Text) && self.node.scalar() == Some(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.require(self.node.class() == Some(Class::Bool(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.require(self.node.class() == Some(Class::Null))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.number()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.number()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.number()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.number()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.number()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Value::Sequence(expected) = &self.node.value else { return self.require(false) };
        for node in expected {
            let seen = items.next_element_seed(self.at(node))?;
            self.require(seen.is_some())?;
        }
        let more = items.next_element::<serde::de::IgnoredAny>()?;
        self.require(more.is_none())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<(), A::Error> {
        let Value::Mapping(expected) = &self.node.value else { return self.require(false) };
        for (key, value) in expected {
            let seen = pairs.next_key_seed(self.at(key))?;
            self.require(seen.is_some())?;
            pairs.next_value_seed(self.at(value))?;
        }
        let more = pairs.next_key::<serde::de::IgnoredAny>()?;
        self.require(more.is_none())
    }
}
