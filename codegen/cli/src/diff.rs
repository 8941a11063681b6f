//! `keyway diff`: what changed between two lists, and what breaks.

use std::io::{self, Write};
use std::path::PathBuf;

use keyway_codegen::diff::{Change, diff};

use crate::{Outcome, load_list, say};

/// Arguments of `keyway diff`.
#[derive(clap::Args)]
pub(crate) struct Diff {
    /// The old list
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new list
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Show only what breaks callers of the old list
    #[arg(long)]
    breaking: bool,
}

impl Diff {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let load = |path| load_list(path).inspect_err(|mistakes| say(mistakes, false)).ok();
        let (Some(old), Some(new)) = (load(&self.old), load(&self.new)) else { return Ok(Outcome::Badly) };
        let changes = diff(&old, &new);
        for change in changes.iter().filter(|change| change.breaks() || !self.breaking) {
            show(change, out)?;
        }
        let breaking = changes.iter().filter(|change| change.breaks()).count();
        writeln!(out, "{} changed, {breaking} of them break callers of the old list", changes.len())?;
        Ok(if breaking == 0 { Outcome::Well } else { Outcome::Badly })
    }
}

fn show(change: &Change, out: &mut impl Write) -> io::Result<()> {
    match change {
        Change::Added(name) => writeln!(out, "added    {name}"),
        Change::Removed(name) => writeln!(out, "removed  {name}\n  breaks callers of the old list"),
        Change::Entry { name, what } => {
            writeln!(out, "changed  {name}")?;
            what.iter().try_for_each(|line| writeln!(out, "  {line}"))
        }
        Change::Schema { old, new, compatibility } => {
            writeln!(out, "changed  {old}\n      to {new}")?;
            let mut reasons = |title: &str, reasons: &[String]| {
                reasons.iter().try_for_each(|reason| writeln!(out, "  {title}: {reason}"))
            };
            reasons("breaks callers of the old list", &compatibility.backward)?;
            reasons("new callers cannot use the old list", &compatibility.forward)
        }
    }
}
