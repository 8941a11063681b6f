//! `keyway check`: every mistake, or a summary.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use keyway_codegen::{OperatorEntry, OperatorList};
use keyway_schema::SchemaKind;
use serde::Serialize;

use crate::{File, Outcome, json, load_list, terminal};

/// Arguments of `keyway check`.
#[derive(clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    file: File,
    /// Show each mistake on one line
    #[arg(long)]
    lines: bool,
    /// Print JSON: the mistakes, or the counts
    #[arg(long, conflicts_with = "lines")]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    file: String,
    mistakes: Vec<json::Mistake>,
    entries: usize,
    operators: usize,
    kinds: BTreeMap<String, usize>,
    groups: usize,
    view_groups: usize,
    milliseconds: f64,
}

impl Report {
    fn new(file: String, mistakes: Vec<json::Mistake>, list: &OperatorList, milliseconds: f64) -> Report {
        let mut kinds = BTreeMap::new();
        for entry in &list.operators {
            *kinds.entry(entry.kind().to_string()).or_insert(0) += 1;
        }
        Report {
            file,
            mistakes,
            entries: list.written().len(),
            operators: list.operators.len(),
            kinds,
            groups: list.groups.len(),
            view_groups: list.view_groups.len(),
            milliseconds,
        }
    }
}

impl Check {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let start = Instant::now();
        let loaded = load_list(&self.file.file);
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        let outcome = if loaded.is_ok() { Outcome::Well } else { Outcome::Badly };
        if self.json {
            let file = self.file.file.display().to_string();
            let report = match &loaded {
                Ok(list) => Report::new(file, Vec::new(), list, milliseconds),
                Err(found) => {
                    Report::new(file, json::mistakes(found), &OperatorList::default(), milliseconds)
                }
            };
            json::write(out, &report)?;
            return Ok(outcome);
        }
        match loaded {
            Ok(list) => writeln!(out, "{}\n  {:<12}{milliseconds:.1} ms", summary(&list), "time")?,
            Err(found) => terminal::mistakes(&found, self.lines),
        }
        Ok(outcome)
    }
}

/// What is in the list and what follows from it, one line each.
fn summary(list: &OperatorList) -> String {
    const KINDS: [SchemaKind; 5] = [
        SchemaKind::Functional,
        SchemaKind::Inplace,
        SchemaKind::Mutable,
        SchemaKind::Out,
        SchemaKind::Scratch,
    ];
    let all = &list.operators;
    let entries = list.written().len();
    let plural = if entries == 1 { "entry" } else { "entries" };
    let count = |kind| all.iter().filter(|entry| entry.kind() == kind).count();
    let kinds = counts(KINDS.into_iter().map(|kind| (count(kind), kind.to_string())));
    let mut lines =
        vec![format!("{}: {entries} {plural}, {} operators, no mistakes", list.source.name(), all.len())];
    let mut row = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {name:<12}{text}"));
        }
    };
    row("kinds", kinds);
    row("derived", counts(KINDS.into_iter().map(|kind| (derived(list, kind), kind.to_string()))));
    row("groups", groups(list));
    row("views", views(list));
    row("kernels", kernels(list));
    if !list.not_derived.is_empty() {
        let count = list.not_derived.len();
        row(
            "not derived",
            format!("{count} names in `autogen`, because implicit composites have no derived variants"),
        );
    }
    lines.join("\n")
}

/// `3 functional, 1 out`, without what does not occur.
fn counts(counted: impl Iterator<Item = (usize, String)>) -> String {
    let some = counted.filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

fn derived(list: &OperatorList, kind: SchemaKind) -> usize {
    list.derived().iter().filter(|entry| entry.kind() == kind).count()
}

fn groups(list: &OperatorList) -> String {
    let complete = list.groups.iter().filter(|group| group.is_complete());
    let structured =
        complete.clone().filter(|group| group.out.is_some_and(|out| list.operators[out].structured)).count();
    let counted = [
        (list.groups.len(), "signatures"),
        (complete.count(), "with functional and out variant"),
        (structured, "structured"),
    ];
    counts(counted.into_iter().map(|(count, what)| (count, what.to_owned())))
}

fn views(list: &OperatorList) -> String {
    let views = &list.view_groups;
    let counted = [
        (views.len(), "views"),
        (views.iter().filter(|group| group.copy.is_some()).count(), "with a copy"),
        (views.iter().filter(|group| group.inplace.is_some()).count(), "with an in-place form"),
        (
            views.iter().filter(|group| list.operators[group.view].is_implicit_composite()).count(),
            "implicit composites",
        ),
    ];
    counts(counted.into_iter().map(|(count, what)| (count, what.to_owned())))
}

fn kernels(list: &OperatorList) -> String {
    let count = |p: fn(&OperatorEntry) -> bool| list.operators.iter().filter(|entry| p(entry)).count();
    let counted = [
        (
            list.operators.iter().map(|entry| entry.kernels().len()).sum(),
            "registered by a table or without one",
        ),
        (
            count(|entry| entry.dispatch.is_none() && entry.is_implicit_composite()),
            "of these without a table",
        ),
        (count(|entry| entry.structured_delegate.is_some()), "operators take theirs from a structured one"),
        (count(OperatorEntry::needs_backend_select), "operators choose a backend by `device`"),
    ];
    counts(counted.into_iter().map(|(count, what)| (count, what.to_owned())))
}
