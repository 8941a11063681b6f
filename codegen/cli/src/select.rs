//! `keyway select`: the operators that a smaller build has.

use std::io::{self, Write};
use std::path::PathBuf;

use keyway_codegen::OperatorList;
use keyway_codegen::select::{Selected, Selection, SelectionError};
use serde::Serialize;

use crate::{File, Outcome, json, terminal};

/// Arguments of `keyway select`.
#[derive(clap::Args)]
pub(crate) struct Select {
    #[command(flatten)]
    file: File,
    /// Operators, NAME.OVERLOAD, or all overloads of NAME
    #[arg(value_name = "OP")]
    operators: Vec<String>,
    /// Operators with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Operators named in this list (.txt), YAML, or recorded trace (.json); may be given several times
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    /// All that is built, in the order of the list.
    operators: Vec<String>,
    /// Those of them that nobody asked for and others need.
    needed: Vec<String>,
    /// How many operators the list has.
    of: usize,
}

impl Select {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let Some(list) = self.file.load() else { return Ok(Outcome::Badly) };
        match self.selected(&list) {
            Ok(selected) => self.show(&list, &selected, out).map(|()| Outcome::Well),
            Err(error) => {
                error.problems().iter().for_each(terminal::error);
                Ok(Outcome::Badly)
            }
        }
    }

    fn selected(&self, list: &OperatorList) -> Result<Selected, SelectionError> {
        let named = Selection::new().operators(self.operators.iter()).tags(self.tag.iter());
        let read =
            self.from.iter().try_fold(named, |all, path| Selection::read(path).map(|one| all.and(one)))?;
        read.apply(list)
    }

    fn show(&self, list: &OperatorList, selected: &Selected, out: &mut impl Write) -> io::Result<()> {
        let (operators, needed) = (selected.names(list), selected.needed(list));
        if self.json {
            return json::write(out, &Report { operators, needed, of: list.operators.len() });
        }
        let (count, of, name) = (operators.len(), list.operators.len(), list.source.name());
        writeln!(out, "# {count} of the {of} operators of {name}")?;
        for operator in &operators {
            let why = if needed.contains(operator) { "  # needed by others" } else { "" };
            writeln!(out, "{operator}{why}")?;
        }
        Ok(())
    }
}
