//! Selections from files: lists of names, YAML, recorded traces.

use std::fs;
use std::path::Path;

use serde_yaml::Value;

use super::{Selection, SelectionError};

impl Selection {
    /// What a file asks for. The end of its name says what it is: `.yaml` or `.yml` as [`Selection::from_yaml`], `.json`
    /// as [`Selection::from_trace`], and everything else as [`Selection::from_list`].
    ///
    /// # Errors
    /// A file that cannot be read, and as the function for its kind; the file is named.
    pub fn read(path: impl AsRef<Path>) -> Result<Selection, SelectionError> {
        let path = path.as_ref();
        let named =
            |problem: &dyn std::fmt::Display| SelectionError::one(format!("{}: {problem}", path.display()));
        let text = fs::read_to_string(path).map_err(|cause| named(&format!("cannot be read: {cause}")))?;
        let read = match path.extension().and_then(|end| end.to_str()) {
            Some("yaml" | "yml") => Selection::from_yaml(&text),
            Some("json") => Selection::from_trace(&text),
            _ => Ok(Selection::from_list(&text)),
        };
        read.map_err(|error| named(&error))
    }

    /// Operators named one a line. Empty lines, and what stands after `#`, are left out.
    pub fn from_list(text: &str) -> Selection {
        let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        Selection::new().operators(names.filter(|name| !name.is_empty()))
    }

    /// Operators named in YAML. It is a list of names, a mapping with `operators` (a list of names, or a mapping whose keys
    /// are names) and `tags` (a list), or an operator list, whose `func` fields name them.
    ///
    /// # Errors
    /// Text that is not YAML, or not one of these.
    pub fn from_yaml(text: &str) -> Result<Selection, SelectionError> {
        let value: Value =
            serde_yaml::from_str(text).map_err(|cause| SelectionError::one(format!("not YAML: {cause}")))?;
        match &value {
            Value::Sequence(_) => Ok(Selection::new().operators(names(&value, "the list")?)),
            Value::Mapping(fields) => {
                let known = ["operators", "tags"];
                let is_known = |key: &Value| key.as_str().is_some_and(|key| known.contains(&key));
                if let Some(other) = fields.keys().find(|key| !is_known(key)) {
                    let shown = other.as_str().map_or_else(|| format!("{other:?}"), str::to_owned);
                    let message = format!("unknown field `{shown}`: a selection has `operators` and `tags`");
                    return Err(SelectionError::one(message));
                }
                let field = |name: &str| value.get(name).map_or(Ok(Vec::new()), |held| names(held, name));
                Ok(Selection::new().operators(field("operators")?).tags(field("tags")?))
            }
            _ => Err(SelectionError::one(
                "neither a list of operators nor a mapping with `operators` and `tags`".to_owned(),
            )),
        }
    }

    /// The operators of a recorded trace in the format of Chrome's tracing, as the profilers of Keyway and of PyTorch
    /// write it: events whose names the list has. Other events are left out.
    ///
    /// # Errors
    /// Text that is not JSON, or without events.
    pub fn from_trace(text: &str) -> Result<Selection, SelectionError> {
        let trace: Trace = serde_json::from_str(text)
            .map_err(|cause| SelectionError::one(format!("not a trace: {cause}")))?;
        let (Trace::Object { events } | Trace::Events(events)) = trace;
        let names = events.into_iter().filter_map(|event| event.name);
        let traced: std::collections::BTreeSet<String> = names.filter(|name| name.contains("::")).collect();
        match traced.is_empty() {
            true => Err(SelectionError::one("the trace has no event named like an operator".to_owned())),
            false => Ok(Selection { traced, ..Selection::new() }),
        }
    }
}

/// The parts of a trace that matter here: an object with events, or the events alone.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Trace {
    Object {
        #[serde(rename = "traceEvents")]
        events: Vec<Event>,
    },
    Events(Vec<Event>),
}

#[derive(serde::Deserialize)]
struct Event {
    name: Option<String>,
}

/// Names in a list, as keys of a mapping, or in the `func` fields of entries.
fn names(value: &Value, place: &str) -> Result<Vec<String>, SelectionError> {
    let refuse = || SelectionError::one(format!("`{place}` holds something that is not a name"));
    let name = |value: &Value| match value {
        Value::String(name) => Ok(name.clone()),
        Value::Mapping(_) => {
            let schema = value.get("func").and_then(Value::as_str).ok_or_else(refuse)?;
            Ok(schema.split('(').next().unwrap_or_default().trim().to_owned())
        }
        _ => Err(refuse()),
    };
    match value {
        Value::Sequence(items) => items.iter().map(name).collect(),
        Value::Mapping(fields) => fields.keys().map(name).collect(),
        Value::Null => Ok(Vec::new()),
        one => name(one).map(|name| vec![name]),
    }
}
