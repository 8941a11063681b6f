//! `keyway diff`: what changed between two lists, and what breaks.

use std::io::{self, Write};
use std::path::PathBuf;

use keyway_codegen::diff::{Change, diff};

use crate::terminal::{ADDED, BROKEN, HEADING, styled};
use crate::{Outcome, json, load_or_say};

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
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let (Some(old), Some(new)) = (load_or_say(&self.old), load_or_say(&self.new)) else {
            return Ok(Outcome::Badly);
        };
        let changes = diff(&old, &new);
        let breaking = changes.iter().filter(|change| change.breaks()).count();
        let mut shown = changes.iter().filter(|change| change.breaks() || !self.breaking);
        if self.json {
            json::write(out, &shown.map(json::Difference::from).collect::<Vec<_>>())?;
        } else {
            shown.try_for_each(|change| show(change, out))?;
            writeln!(out, "{} changed, {breaking} of them break callers of the old list", changes.len())?;
        }
        Ok(if breaking == 0 { Outcome::Well } else { Outcome::Badly })
    }
}

fn show(change: &Change, out: &mut impl Write) -> io::Result<()> {
    const BREAKS: &str = "breaks callers of the old list";
    let (changed, breaks) = (styled(HEADING, "changed"), styled(BROKEN, BREAKS));
    match change {
        Change::Added(name) => writeln!(out, "{}    {name}", styled(ADDED, "added")),
        Change::Removed(name) => writeln!(out, "{}  {name}\n  {breaks}", styled(BROKEN, "removed")),
        Change::Entry { name, what, breaking } => {
            writeln!(out, "{changed}  {name}")?;
            breaking.iter().try_for_each(|line| writeln!(out, "  {breaks}: {line}"))?;
            what.iter().try_for_each(|line| writeln!(out, "  {line}"))
        }
        Change::Schema { old, new, compatibility, .. } => {
            writeln!(out, "{changed}  {old}\n      to {new}")?;
            let mut reasons = |title: &str, reasons: &[String]| {
                reasons.iter().try_for_each(|reason| writeln!(out, "  {title}: {reason}"))
            };
            reasons(&breaks, &compatibility.backward)?;
            reasons("new callers cannot use the old list", &compatibility.forward)
        }
    }
}
