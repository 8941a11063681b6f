//! The command `keyway`: check, list and show operator lists.
//!
//! A thin skin over `keyway-codegen`: it reads arguments, calls the library and lays out what comes back. One module for
//! each subcommand. Rules about operators do not belong here.

mod check;
mod diff;
mod expand;
mod explain;
mod list;
mod show;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keyway_codegen::{OperatorList, Rendering, Source, load};

/// Look into operator lists (ops.yaml): check them, list them, show one operator.
#[derive(Parser)]
#[command(name = "keyway", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  keyway check ops.yaml                      find every mistake in the list
  keyway check --lines ops.yaml              the same, one line for each mistake
  keyway list ops.yaml --kind inplace        the in-place operators
  keyway list ops.yaml --tag core --name mm  core operators with `mm` in their name
  keyway show ops.yaml add.Tensor            all about one operator
  keyway diff old.yaml new.yaml              what changed, and whom it breaks
  keyway expand ops.yaml add.Tensor          the Rust that is generated for it
  keyway explain KW0006                      what an error code means

Commands end with status 0 if all is well, 1 if the list has mistakes or nothing was found.";

#[derive(Subcommand)]
enum Command {
    /// Read a list, report every mistake in it, and count what is there.
    #[command(after_help = "\
Example:
  keyway check ops.yaml

Every mistake is shown with its place inside the schema, what is wrong, and what to write instead. Use --lines for
editors and scripts: FILE:LINE:COLUMN: error[CODE]: MESSAGE; help: WHAT TO DO.")]
    Check(check::Check),
    /// List the operators, one a line, all of them or a choice.
    #[command(after_help = "\
Examples:
  keyway list ops.yaml
  keyway list ops.yaml --tag pointwise --kind functional
  keyway list ops.yaml --name conv

Choices add up: an operator is listed if it fits all of them.")]
    List(list::List),
    /// Show one operator: schema, kind, arguments, kernels, tags, and its path in Rust.
    #[command(after_help = "\
Examples:
  keyway show ops.yaml add.Tensor
  keyway show ops.yaml relu
  keyway show ops.yaml aten::add_.Scalar

A name without an overload means the default overload, or, if there is none, all overloads of that name.")]
    Show(show::Show),
    /// Compare two versions of a list: what changed, and whom it breaks.
    #[command(after_help = "\
Examples:
  keyway diff old.yaml new.yaml
  keyway diff --breaking old.yaml new.yaml

A change of a schema breaks callers of the old list if they are not served by the new one. Ends with status 1 if
something breaks.")]
    Diff(diff::Diff),
    /// Print the Rust that is generated for an operator, or write all of it to a folder.
    #[command(after_help = "\
Examples:
  keyway expand ops.yaml add.Tensor
  keyway expand ops.yaml --out generated

The folder then holds `operators.rs` with the files it takes in, and `operator_tests.rs`.")]
    Expand(expand::Expand),
    /// Say what an error code means and what to do about it.
    #[command(after_help = "\
Example:
  keyway explain KW0006

Without a code all codes are listed.")]
    Explain(explain::Explain),
}

/// How a command ended: well, or with something to be said on standard error (already said).
enum Outcome {
    Well,
    Badly,
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let outcome = match Arguments::parse().command {
        Command::Check(command) => command.run(&mut out),
        Command::List(command) => command.run(&mut out),
        Command::Show(command) => command.run(&mut out),
        Command::Diff(command) => command.run(&mut out),
        Command::Expand(command) => command.run(&mut out),
        Command::Explain(command) => command.run(&mut out),
    };
    match outcome.and_then(|outcome| out.flush().map(|()| outcome)) {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Badly) => ExitCode::FAILURE,
        // Whoever reads the output has read enough: `keyway list ops.yaml | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The file argument of most commands.
#[derive(clap::Args)]
struct File {
    /// The operator list, a YAML file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl File {
    /// Reads and checks the list; shows its mistakes on standard error.
    fn load(&self) -> Option<OperatorList> {
        load_list(&self.file).inspect_err(|mistakes| say(mistakes, false)).ok()
    }
}

fn load_list(path: &Path) -> Result<OperatorList, keyway_codegen::Diagnostics> {
    load(Source::read(path)?)
}

/// Shows mistakes on standard error, in colour on a terminal.
fn say(mistakes: &keyway_codegen::Diagnostics, as_lines: bool) {
    if as_lines {
        eprintln!("{}", mistakes.lines().join("\n"));
        return;
    }
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let rendering = if coloured { Rendering::Coloured } else { Rendering::Plain };
    let plural = if mistakes.len() == 1 { "" } else { "s" };
    eprintln!(
        "{}\n\nerror: {} mistake{plural} in {}",
        mistakes.render(rendering),
        mistakes.len(),
        mistakes.source().name()
    );
    if let Some(first) = mistakes.iter().next() {
        eprintln!("`keyway explain {}` says more about the first", first.code);
    }
}
