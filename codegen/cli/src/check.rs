//! `keyway check`: every mistake, or a summary.

use std::io::{self, Write};
use std::time::Instant;

use keyway_codegen::OperatorList;
use keyway_schema::SchemaKind;

use crate::{File, Outcome, load_list, say};

/// Arguments of `keyway check`.
#[derive(clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    file: File,
    /// Show each mistake on one line
    #[arg(long)]
    lines: bool,
}

impl Check {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let start = Instant::now();
        match load_list(&self.file.file) {
            Ok(list) => {
                let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
                writeln!(out, "{} ({milliseconds:.1} ms)", summary(&list))?;
                Ok(Outcome::Well)
            }
            Err(mistakes) => {
                say(&mistakes, self.lines);
                Ok(Outcome::Badly)
            }
        }
    }
}

/// `ops.yaml: 210 operators: 120 functional, ...; no mistakes`.
fn summary(list: &OperatorList) -> String {
    const KINDS: [SchemaKind; 5] = [
        SchemaKind::Functional,
        SchemaKind::Inplace,
        SchemaKind::Out,
        SchemaKind::Scratch,
        SchemaKind::Mutable,
    ];
    let count = |kind| list.operators.iter().filter(|entry| entry.kind() == kind).count();
    let kinds: Vec<String> = KINDS
        .into_iter()
        .map(|kind| (count(kind), kind))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    let entries = list.operators.len();
    let plural = if entries == 1 { "" } else { "s" };
    let by_kind = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    format!("{}: {entries} operator{plural}{by_kind}; no mistakes", list.source.name())
}
