//! `keyway show`: everything about one operator.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use keyway_codegen::emit;
use keyway_codegen::model::{DeviceCheck, ViewGroup};
use keyway_codegen::vocabulary::find_tag;
use keyway_codegen::{OperatorEntry, OperatorList};
use keyway_schema::suggest::nearest;
use keyway_schema::{OperatorName, Schema};

use crate::list::called_as;
use crate::terminal::{HEADING, styled};
use crate::{File, Outcome, json, terminal};

/// Arguments of `keyway show`.
#[derive(clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    file: File,
    /// The operator: NAME or NAME.OVERLOAD
    #[arg(value_name = "OP")]
    operator: String,
    /// Leave out the Rust that is generated for it
    #[arg(long)]
    brief: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "brief")]
    json: bool,
}

impl Show {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let Some(list) = self.file.load() else { return Ok(Outcome::Badly) };
        let found = find(&list, &self.operator);
        if found.is_empty() {
            not_found(&list, &self.operator);
            return Ok(Outcome::Badly);
        }
        if self.json {
            json::write(out, &found.into_iter().map(json::Operator::from).collect::<Vec<_>>())?;
            return Ok(Outcome::Well);
        }
        for (i, entry) in found.into_iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            describe(&list, entry, out)?;
            if !self.brief {
                rust(entry, out)?;
            }
        }
        Ok(Outcome::Well)
    }
}

/// The operator of that name; if the default overload is asked for and there is none, all overloads.
pub(crate) fn find<'l>(list: &'l OperatorList, text: &str) -> Vec<&'l OperatorEntry> {
    // People copy the generated path too: the default overload may be spelt out.
    let text = text.strip_suffix(".default").unwrap_or(text);
    let Ok(name) = text.parse::<OperatorName>() else { return Vec::new() };
    if let Some(entry) = list.find(&name) {
        return vec![entry];
    }
    let same = |entry: &&OperatorEntry| {
        name.overload.is_empty()
            && entry.name().name == name.name
            && name.namespace.as_deref().is_none_or(|namespace| namespace == entry.namespace())
    };
    list.operators.iter().filter(same).collect()
}

pub(crate) fn not_found(list: &OperatorList, text: &str) {
    terminal::error(format_args!("there is no operator `{text}` in {}", list.source.name()));
    let wanted = text.split_once("::").map_or(text, |(_, name)| name);
    let names: Vec<String> = list
        .operators
        .iter()
        .map(|entry| OperatorName { namespace: None, ..entry.name().clone() }.to_string())
        .collect();
    let bases = list.operators.iter().map(|entry| entry.name().name.as_str());
    match nearest(wanted, names.iter().map(String::as_str).chain(bases)) {
        Some(near) => terminal::help(format_args!("did you mean `{near}`?")),
        None => terminal::help(format_args!(
            "`keyway list {} --name TEXT` looks for a part of a name",
            list.source.name()
        )),
    }
}

fn describe(list: &OperatorList, entry: &OperatorEntry, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", styled(HEADING, &entry.schema.to_string()))?;
    if let Some(doc) = &entry.doc {
        writeln!(out, "{}", doc.trim())?;
    }
    writeln!(out)?;
    let place = format!("{}:{}:{}", list.source.name(), entry.place.line, entry.place.column);
    let path = entry.handle_path();
    row(out, "kind", &kind(entry))?;
    row(out, "handle", &format!("{}::{}::{}", entry.namespace(), path[0], path[1]))?;
    row(out, "called as", &variants(entry))?;
    row(out, "kernels", &kernels(entry))?;
    row(out, "tags", &tags(entry))?;
    row(out, "aliasing", &aliasing(&entry.schema))?;
    row(out, "device", &device(entry))?;
    row(out, "variants", &group(list, entry))?;
    row(out, "derived", &derived(list, entry))?;
    row(out, "autogen", &entry.autogen.iter().map(OperatorName::to_string).collect::<Vec<_>>().join(", "))?;
    row(out, "python", entry.python_module.as_deref().unwrap_or(""))?;
    row(out, "written at", &place)?;
    if !entry.schema.arguments.is_empty() {
        writeln!(out, "\n{}", arguments(&entry.schema))?;
    }
    Ok(())
}

/// The Rust that is generated for it, or why there is none.
fn rust(entry: &OperatorEntry, out: &mut impl Write) -> io::Result<()> {
    match emit::emit_operator(entry) {
        Ok(text) => writeln!(out, "\n{}\n{}", styled(HEADING, "Rust"), text.trim()),
        Err(unsupported) => writeln!(out, "\nno Rust is generated: {}", unsupported.reason),
    }
}

/// The other operators of its signature, and those that belong to its view.
fn group(list: &OperatorList, entry: &OperatorEntry) -> String {
    let is_this = |at: &usize| std::ptr::eq(&list.operators[*at], entry);
    let of = |what: &str, at: usize| {
        let derived = if list.operators[at].derived.is_some() { " (derived)" } else { "" };
        format!("{what} {}{derived}", list.operators[at].name())
    };
    let mut lines = Vec::new();
    if let Some(group) = list.groups.iter().find(|group| group.members().any(|at| is_this(&at))) {
        let members = group.members().filter(|at| !is_this(at));
        lines.extend(members.map(|at| of(&list.operators[at].kind().to_string(), at)));
    }
    let has = |group: &&ViewGroup| {
        [Some(group.view), group.copy, group.inplace].into_iter().flatten().any(|at| is_this(&at))
    };
    if let Some(group) = list.view_groups.iter().find(has) {
        let members = [("view", Some(group.view)), ("copy", group.copy), ("in-place view", group.inplace)];
        let others = members.into_iter().filter_map(|(what, at)| Some((what, at?)));
        lines.extend(others.filter(|(_, at)| !is_this(at)).map(|(what, at)| of(what, at)));
    }
    lines.join("\n")
}

/// What it is derived from, or the schemas that are derived from it.
fn derived(list: &OperatorList, entry: &OperatorEntry) -> String {
    if let Some(derived) = &entry.derived {
        return format!("from {}; its kernel calls that one", derived.from);
    }
    let from = |other: &&OperatorEntry| {
        other.derived.as_ref().is_some_and(|derived| std::ptr::eq(&list.operators[derived.base], entry))
    };
    list.derived().iter().filter(from).map(|other| other.schema.to_string()).collect::<Vec<_>>().join("\n")
}

/// A name and what it is, lines after the first indented below it. Nothing for what is empty.
fn row(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    for (i, line) in value.lines().enumerate() {
        let name = format!("{:<12}", if i == 0 { name } else { "" });
        writeln!(out, "{}{line}", styled(HEADING, &name))?;
    }
    Ok(())
}

fn kind(entry: &OperatorEntry) -> String {
    let mut words = vec![entry.kind().to_string()];
    if entry.is_view() {
        words.push("view".to_owned());
    }
    if entry.structured {
        words.push("structured".to_owned());
    }
    words.join(", ")
}

fn variants(entry: &OperatorEntry) -> String {
    match &entry.method_name {
        Some(name) => format!("{} ({name})", called_as(entry)),
        None => called_as(entry).to_owned(),
    }
}

fn kernels(entry: &OperatorEntry) -> String {
    if let Some(delegate) = &entry.structured_delegate {
        return format!("those of {delegate}");
    }
    let lines = entry.kernels();
    if lines.is_empty() {
        return "none in the list".to_owned();
    }
    let width = lines.iter().map(|line| line.key.len()).max().unwrap_or(0);
    let mut text: Vec<String> = lines
        .iter()
        .map(|line| {
            let path = line.kernel_path.iter().chain([&line.kernel]).cloned().collect::<Vec<_>>().join("::");
            format!("{:<width$}  {path}", line.key)
        })
        .collect();
    if entry.dispatch.is_none() {
        text[0].push_str("  (no table is written)");
    }
    text.join("\n")
}

fn tags(entry: &OperatorEntry) -> String {
    let line = |tag: &str| match find_tag(tag) {
        Some(known) => format!("{tag}: {}", known.meaning),
        None => tag.to_owned(),
    };
    entry.all_tags().into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What is written and which return is which argument, in words.
fn aliasing(schema: &Schema) -> String {
    let mut lines = Vec::new();
    let written: Vec<&str> =
        schema.arguments.iter().filter(|a| a.is_write()).map(|a| a.name.as_str()).collect();
    if !written.is_empty() {
        lines.push(format!("writes {}", written.join(", ")));
    }
    for (i, returned) in schema.returns.iter().enumerate() {
        if let Some(argument) = schema.aliased_argument(returned) {
            let name = &schema.arguments[argument].name;
            let which =
                if schema.returns.len() == 1 { "the result".to_owned() } else { format!("result {i}") };
            let relation = if returned.is_write() { "is" } else { "shares memory with" };
            lines.push(format!("{which} {relation} {name}"));
        }
    }
    lines.join("\n")
}

fn device(entry: &OperatorEntry) -> String {
    let mut words = Vec::new();
    if entry.device_check == DeviceCheck::NoCheck {
        words.push("tensors may be on several devices");
    }
    if !entry.device_guard {
        words.push("the current device is not switched");
    }
    words.join("; ")
}

fn arguments(schema: &Schema) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["argument", "type", "default", "given"]);
    for argument in &schema.arguments {
        let alias = argument.alias.as_ref().map(|alias| format!(" ({alias})")).unwrap_or_default();
        let given = match (argument.is_out, argument.keyword_only) {
            (true, _) => "out",
            (false, true) => "by name",
            (false, false) => "by position",
        };
        table.add_row([
            argument.name.clone(),
            format!("{}{alias}", argument.ty),
            argument.default.as_ref().map(ToString::to_string).unwrap_or_default(),
            given.to_owned(),
        ]);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
