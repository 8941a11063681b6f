//! The dispatch table of an entry (Y79, Y84, Y97 to Y100, Y162, Y163).

use std::ops::Range;

use keyway_schema::suggest::nearest;
use keyway_schema::{Code, keys};

use super::fields::{Fields, Text, as_text, wrong_kind};
use crate::diagnostics::{Diagnostic, Sink};
use crate::load::tree::{Class, Value};
use crate::model::DispatchLine;
use crate::vocabulary::TABLE_KEYS;
use keyway_schema::identifiers::is_raw_identifier;

/// The lines of the table; `None` if there is no table. An explicitly empty value is no table, `{}` is an empty one.
pub(super) fn table(fields: &Fields<'_>, sink: &Sink) -> Option<Vec<DispatchLine>> {
    let node = fields.value("dispatch")?;
    let Value::Mapping(pairs) = &node.value else {
        if node.class() != Some(Class::Null) {
            let help = "write the lines `KEY: kernel` below it, or `{}` for no kernels at all";
            wrong_kind("dispatch", node, "a mapping", sink, help.to_owned());
        }
        return None;
    };
    let mut lines: Vec<DispatchLine> = Vec::with_capacity(pairs.len());
    for (i, (keys, value)) in pairs.iter().enumerate() {
        let repeated = pairs[..i].iter().any(|(before, _)| before.scalar() == keys.scalar());
        // Both are read before either may fail, so that both are reported.
        let (keys, value) = (as_text("a dispatch key", keys, sink), as_text("a kernel's name", value, sink));
        let kernel = value.and_then(|value| kernel(&value, sink));
        for (key, span) in keys.iter().flat_map(key_names) {
            let known = check_key(key, &span, sink);
            if !repeated {
                refuse_duplicate(key, &span, &lines, sink);
            }
            if let (true, Some((path, kernel))) = (known, &kernel) {
                let (kernel_path, kernel) = (path.clone(), kernel.clone());
                lines.push(DispatchLine { key: key.to_owned(), kernel, kernel_path, span });
            }
        }
    }
    Some(lines)
}

/// The keys of a line, `CPU, CUDA`; spaces around commas do not matter.
fn key_names<'t>(text: &Text<'t>) -> Vec<(&'t str, Range<usize>)> {
    let trimmed = |(part, place): (&'t str, Range<usize>)| {
        let name = part.trim();
        let before = part.len() - part.trim_start().len();
        let exact = place.len() == part.len();
        (name, if exact { place.start + before..place.start + before + name.len() } else { place })
    };
    text.split_at(",").into_iter().map(trimmed).collect()
}

/// Whether the key may stand in a table; reports if not.
fn check_key(key: &str, span: &Range<usize>, sink: &Sink) -> bool {
    if TABLE_KEYS.contains(&key) {
        return true;
    }
    let unsupported = |help: String| {
        let message = format!("`{key}` cannot stand in a dispatch table");
        Diagnostic::new(Code::UnsupportedDispatchKey, span.clone(), message).help(help)
    };
    let report = if key.is_empty() {
        Diagnostic::new(Code::UnknownDispatchKey, span.clone(), "a comma without a dispatch key beside it")
            .help("remove the comma")
    } else if let Some(known) = keys::parse(key) {
        match known {
            keys::Key::BuildingBlock { .. } | keys::Key::Undefined => unsupported(
                "no kernel is registered to it; name the key of a backend, `CPU` for instance".to_owned(),
            ),
            _ => unsupported(format!("register the kernel from Rust: `#[kernel(\"...\", {key})]`")),
        }
    } else {
        let near = nearest(key, TABLE_KEYS).map(str::to_owned).or_else(|| near_key(key));
        let mut report =
            Diagnostic::new(Code::UnknownDispatchKey, span.clone(), format!("unknown dispatch key `{key}`"));
        report.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {}", super::names(TABLE_KEYS.into_iter())),
        });
        report
    };
    sink.report(report);
    false
}

fn near_key(key: &str) -> Option<String> {
    let all = keys::registrable_names();
    nearest(key, all.iter().map(String::as_str)).map(str::to_owned)
}

/// Y100.
fn refuse_duplicate(key: &str, span: &Range<usize>, before: &[DispatchLine], sink: &Sink) {
    if let Some(first) = before.iter().find(|line| line.key == key) {
        sink.report(
            Diagnostic::new(Code::DuplicateDispatchKey, span.clone(), format!("a second kernel for `{key}`"))
                .help("keep one of the two")
                .related(first.span.clone(), "the first one"),
        );
    }
}

/// A kernel's path and name (Y84, Y163).
fn kernel(text: &Text<'_>, sink: &Sink) -> Option<(Vec<String>, String)> {
    let mut path: Vec<String> = text.value.split("::").map(str::to_owned).collect();
    if let Some(wrong) = path.iter().find(|part| !is_raw_identifier(part)) {
        let message = format!("`{wrong}` is not the name of a Rust function or module");
        sink.report(
            Diagnostic::new(Code::BadKernelName, text.place(), message)
                .help("write `function` or `module::function`"),
        );
        return None;
    }
    if path.len() > 4 {
        let message = format!("a kernel's path has up to three names, here are {}", path.len() - 1);
        sink.report(Diagnostic::new(Code::NamespaceDepth, text.place(), message).help("shorten the path"));
        return None;
    }
    let name = path.pop()?;
    Some((path, name))
}
