//! `keyway list`: operators as a table.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use keyway_codegen::OperatorEntry;
use keyway_codegen::vocabulary::{TABLE_KEYS, TAGS};
use keyway_schema::SchemaKind;
use keyway_schema::suggest::nearest;

use crate::terminal::{self, HEADING, styled};
use crate::{File, Outcome, json};

/// Arguments of `keyway list`.
#[derive(clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    file: File,
    /// Only operators with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only operators with a kernel for this dispatch key in the list
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only operators of this kind
    #[arg(long)]
    kind: Option<Kind>,
    /// Only operators with this text in their name
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The kinds, as words of the command line.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Writes to none of its arguments
    Functional,
    /// Writes `self`; the name ends in `_`
    Inplace,
    /// Writes its results to out arguments
    Out,
    /// Has scratch buffers among its out arguments
    Scratch,
    /// Writes an argument other than `self`
    Mutable,
}

impl Kind {
    fn is(self, kind: SchemaKind) -> bool {
        kind == match self {
            Kind::Functional => SchemaKind::Functional,
            Kind::Inplace => SchemaKind::Inplace,
            Kind::Out => SchemaKind::Out,
            Kind::Scratch => SchemaKind::Scratch,
            Kind::Mutable => SchemaKind::Mutable,
        }
    }
}

impl List {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let tags = TAGS.map(|known| known.name);
        if !is_known("tag", self.tag.as_deref(), &tags) || !is_known("key", self.key.as_deref(), &TABLE_KEYS)
        {
            return Ok(Outcome::Badly);
        }
        let Some(list) = self.file.load() else { return Ok(Outcome::Badly) };
        let chosen: Vec<&OperatorEntry> = list.operators.iter().filter(|entry| self.fits(entry)).collect();
        if self.json {
            json::write(out, &chosen.iter().map(|entry| json::Operator::from(*entry)).collect::<Vec<_>>())?;
            return Ok(if chosen.is_empty() { Outcome::Badly } else { Outcome::Well });
        }
        if chosen.is_empty() {
            let (count, name) = (list.operators.len(), list.source.name());
            terminal::error(format_args!("no operator of the {count} in {name} fits"));
            return Ok(Outcome::Badly);
        }
        writeln!(out, "{}", table(&chosen))?;
        writeln!(out, "{} of {} operators", chosen.len(), list.operators.len())?;
        Ok(Outcome::Well)
    }

    fn fits(&self, entry: &OperatorEntry) -> bool {
        self.tag.as_deref().is_none_or(|tag| entry.all_tags().contains(&tag))
            && self.key.as_deref().is_none_or(|key| entry.has_kernel(key))
            && self.kind.is_none_or(|kind| kind.is(entry.kind()))
            && self.name.as_deref().is_none_or(|text| entry.name().to_string().contains(text))
    }
}

/// Whether the word is one of those there are; says which is near if not.
fn is_known(what: &str, word: Option<&str>, known: &[&str]) -> bool {
    let Some(word) = word.filter(|word| !known.contains(word)) else { return true };
    terminal::error(format_args!("unknown {what} `{word}`"));
    match nearest(word, known.iter().copied()) {
        Some(near) => terminal::help(format_args!("did you mean `{near}`?")),
        None => terminal::help(format_args!("the {what}s are {}", known.join(", "))),
    }
    false
}

fn table(entries: &[&OperatorEntry]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["operator", "kind", "called as", "kernels", "tags"]);
    for entry in entries {
        table.add_row([
            entry.name().to_string(),
            entry.kind().to_string(),
            called_as(entry).to_owned(),
            keys(entry),
            entry.tags.join(", "),
        ]);
    }
    let mut lines = table.lines().map(|line| line.trim_end().to_owned());
    let heading = lines.next().map(|line| styled(HEADING, &line));
    heading.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

pub(crate) fn called_as(entry: &OperatorEntry) -> &'static str {
    match (entry.variants.function, entry.variants.method) {
        (true, true) => "function, method",
        (false, true) => "method",
        (true, false) => "function",
        (false, false) => "handle only",
    }
}

fn keys(entry: &OperatorEntry) -> String {
    if let Some(delegate) = &entry.structured_delegate {
        return format!("as {delegate}");
    }
    let keys: Vec<String> = entry.kernels().into_iter().map(|line| line.key).collect();
    match keys.len() {
        0..=4 => keys.join(", "),
        more => format!("{}, and {} more", keys[..3].join(", "), more - 3),
    }
}
