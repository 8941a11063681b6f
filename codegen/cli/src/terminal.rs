//! What goes to the terminal besides a command's result: mistakes, errors, help; and the colours of all of it.
//!
//! Text is written with its colours; the streams take them out where they do not suit: in files and pipes, with
//! `NO_COLOR`, with `--color never`.

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use keyway_codegen::{Diagnostics, Rendering};

/// When to write colours.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always, for a pager for instance
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Makes it hold for everything that is written from now on.
    pub(crate) fn apply(self) {
        let choice = match self {
            Colour::Auto => anstream::ColorChoice::Auto,
            Colour::Always => anstream::ColorChoice::Always,
            Colour::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// The first words of lines that name what follows.
pub(crate) const HEADING: Style = Style::new().bold();

/// What was added, in a comparison.
pub(crate) const ADDED: Style = AnsiColor::Green.on_default();
/// What is gone or breaks somebody.
pub(crate) const BROKEN: Style = AnsiColor::Red.on_default();

/// The text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Says on standard error what went wrong.
pub(crate) fn error(message: impl std::fmt::Display) {
    anstream::eprintln!("{ERROR}error{ERROR:#}: {message}");
}

/// Says on standard error what to do about it.
pub(crate) fn help(message: impl std::fmt::Display) {
    anstream::eprintln!("{HELP}help{HELP:#}: {message}");
}

/// Shows mistakes on standard error.
pub(crate) fn mistakes(found: &Diagnostics, as_lines: bool) {
    if as_lines {
        eprintln!("{}", found.lines().join("\n"));
        return;
    }
    let plain = anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never;
    let rendering = if plain { Rendering::Plain } else { Rendering::Coloured };
    let plural = if found.len() == 1 { "" } else { "s" };
    anstream::eprintln!("{}\n", found.render(rendering));
    error(format_args!("{} mistake{plural} in {}", found.len(), found.source().name()));
    if let Some(first) = found.iter().next() {
        help(format_args!("`keyway explain {}` says more about the first", first.code));
    }
}
