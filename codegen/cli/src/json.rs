//! What the commands say to machines: one JSON value, made of the structures below.
//!
//! Fields are only ever added; a field without a value is `null` or an empty list, never left out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use keyway_codegen::diff::Change;
use keyway_codegen::{Diagnostics, OperatorEntry};
use keyway_schema::{Argument, Code, OperatorName, Return};
use serde::Serialize;

/// Writes the value and a line break.
pub(crate) fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// A position; both count from 1, columns in characters.
#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

/// One mistake in a list.
#[derive(Serialize)]
pub(crate) struct Mistake {
    code: String,
    title: &'static str,
    message: String,
    label: String,
    help: Option<String>,
    file: String,
    start: Place,
    end: Place,
    related: Vec<Related>,
}

/// Another place that matters.
#[derive(Serialize)]
struct Related {
    start: Place,
    end: Place,
    label: String,
}

/// The mistakes, by place.
pub(crate) fn mistakes(found: &Diagnostics) -> Vec<Mistake> {
    let source = found.source();
    let place = |at: usize| {
        let place = source.place(at);
        Place { line: place.line, column: place.column }
    };
    let mistake = |report: &keyway_codegen::Diagnostic| Mistake {
        code: report.code.to_string(),
        title: report.code.title(),
        message: report.message.clone(),
        label: report.label.clone(),
        help: report.help.clone(),
        file: source.name().to_owned(),
        start: place(report.span.start),
        end: place(report.span.end),
        related: report
            .related
            .iter()
            .map(|(span, label)| Related {
                start: place(span.start),
                end: place(span.end),
                label: label.clone(),
            })
            .collect(),
    };
    found.iter().map(mistake).collect()
}

/// One operator with what follows from its entry.
#[derive(Serialize)]
pub(crate) struct Operator {
    name: String,
    schema: String,
    kind: String,
    is_view: bool,
    called_as: Vec<&'static str>,
    handle: String,
    kernels: BTreeMap<String, String>,
    structured: bool,
    structured_delegate: Option<String>,
    tags: Vec<String>,
    derived_from: Option<String>,
    arguments: Vec<Parameter>,
    returns: Vec<Parameter>,
    doc: Option<String>,
    written_at: Place,
}

/// An argument, or a return.
#[derive(Serialize)]
struct Parameter {
    name: Option<String>,
    r#type: String,
    alias: Option<String>,
    default: Option<String>,
    keyword_only: bool,
    is_out: bool,
}

impl From<&OperatorEntry> for Operator {
    fn from(entry: &OperatorEntry) -> Operator {
        let [module, handle] = entry.handle_path();
        let path = |line: &keyway_codegen::model::DispatchLine| {
            line.kernel_path.iter().chain([&line.kernel]).cloned().collect::<Vec<_>>().join("::")
        };
        let forms = [(entry.variants.function, "function"), (entry.variants.method, "method")];
        Operator {
            name: entry.name().to_string(),
            schema: entry.schema.to_string(),
            kind: entry.kind().to_string(),
            is_view: entry.is_view(),
            called_as: forms.into_iter().filter(|(has, _)| *has).map(|(_, form)| form).collect(),
            handle: format!("{}::{module}::{handle}", entry.namespace()),
            kernels: entry.kernels().iter().map(|line| (line.key.clone(), path(line))).collect(),
            structured: entry.structured,
            structured_delegate: entry.structured_delegate.as_ref().map(OperatorName::to_string),
            tags: entry.all_tags().into_iter().map(str::to_owned).collect(),
            derived_from: entry.derived.as_ref().map(|derived| derived.from.to_string()),
            arguments: entry.schema.arguments.iter().map(Parameter::from).collect(),
            returns: entry.schema.returns.iter().map(Parameter::from).collect(),
            doc: entry.doc.clone(),
            written_at: Place { line: entry.place.line, column: entry.place.column },
        }
    }
}

impl From<&Argument> for Parameter {
    fn from(argument: &Argument) -> Parameter {
        Parameter {
            name: Some(argument.name.clone()),
            r#type: argument.ty.to_string(),
            alias: argument.alias.as_ref().map(ToString::to_string),
            default: argument.default.as_ref().map(ToString::to_string),
            keyword_only: argument.keyword_only,
            is_out: argument.is_out,
        }
    }
}

impl From<&Return> for Parameter {
    fn from(returned: &Return) -> Parameter {
        Parameter {
            name: returned.name.clone(),
            r#type: returned.ty.to_string(),
            alias: returned.alias.as_ref().map(ToString::to_string),
            default: None,
            keyword_only: false,
            is_out: false,
        }
    }
}

/// One difference between two lists.
#[derive(Serialize)]
pub(crate) struct Difference {
    change: &'static str,
    operator: String,
    old_schema: Option<String>,
    new_schema: Option<String>,
    details: Vec<String>,
    breaks_old_callers: Vec<String>,
    breaks_new_callers: Vec<String>,
    breaks: bool,
}

impl From<&Change> for Difference {
    fn from(change: &Change) -> Difference {
        let plain = |kind, name: &OperatorName| Difference {
            change: kind,
            operator: name.to_string(),
            old_schema: None,
            new_schema: None,
            details: Vec::new(),
            breaks_old_callers: Vec::new(),
            breaks_new_callers: Vec::new(),
            breaks: change.breaks(),
        };
        match change {
            Change::Added(name) => plain("added", name),
            Change::Removed(name) => plain("removed", name),
            Change::Entry { name, what, breaking } => Difference {
                details: what.clone(),
                breaks_old_callers: breaking.clone(),
                ..plain("entry", name)
            },
            Change::Schema { name, old, new, compatibility } => Difference {
                old_schema: Some(old.clone()),
                new_schema: Some(new.clone()),
                breaks_old_callers: compatibility.backward.clone(),
                breaks_new_callers: compatibility.forward.clone(),
                ..plain("schema", name)
            },
        }
    }
}

/// An error code.
#[derive(Serialize)]
pub(crate) struct Explained {
    code: String,
    title: &'static str,
    explanation: &'static str,
    clauses: &'static str,
}

impl From<Code> for Explained {
    fn from(code: Code) -> Explained {
        Explained {
            code: code.to_string(),
            title: code.title(),
            explanation: code.explanation(),
            clauses: code.clauses(),
        }
    }
}

/// The way of a call.
#[derive(Serialize)]
pub(crate) struct Path {
    operator: String,
    steps: Vec<Step>,
}

/// One key of it.
#[derive(Serialize)]
struct Step {
    key: String,
    from_thread: bool,
    verdict: String,
    runs: bool,
}

impl From<&keyway::Explanation> for Path {
    fn from(path: &keyway::Explanation) -> Path {
        let step = |step: &keyway::Step| Step {
            key: step.key.to_string(),
            from_thread: step.from_thread,
            verdict: step.verdict.to_string(),
            runs: matches!(step.verdict, keyway::Verdict::Runs(_)),
        };
        Path { operator: path.operator.to_owned(), steps: path.steps.iter().map(step).collect() }
    }
}
