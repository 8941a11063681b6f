//! The command `keyway`: check, list and show operator lists.
//!
//! A thin skin over `keyway-codegen`: it reads arguments, calls the library and lays out what comes back. One module for
//! each subcommand. Rules about operators do not belong here.

mod backend;
mod check;
mod completions;
mod diff;
mod expand;
mod explain;
mod json;
mod list;
mod new;
mod select;
mod show;
mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keyway_codegen::{Diagnostics, OperatorList, Source, load};

/// Operator lists (ops.yaml) and what is made of them: check, list, compare, expand, explain.
#[derive(Parser)]
#[command(name = "keyway", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    /// When to write colours
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", hide_possible_values = true)]
    color: terminal::Colour,
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
  keyway select ops.yaml --tag core          the operators a smaller build needs
  keyway backend ops.yaml npu.yaml           the kernels a backend has to write
  keyway explain KW0006                      what an error code means
  keyway explain aten::add.Tensor            the way a call of an operator takes
  keyway new sparkle                         a crate with operators of its own
  keyway completions bash                    completion of these words in a shell

Commands end with status 0 if all is well, 1 if the list has mistakes or nothing was found.";

#[derive(Subcommand)]
enum Command {
    /// Read a list, report every mistake in it, and count what is there.
    #[command(after_help = "\
Example:
  keyway check ops.yaml

Every mistake is shown with its place inside the schema, what is wrong, and what to write instead.
--lines gives one line for each, FILE:LINE:COLUMN: error[CODE]: MESSAGE; help: WHAT TO DO;
--json gives all of it to a program:

  keyway check --json ops.yaml | jq '.mistakes[].code'")]
    Check(check::Check),
    /// List the operators, one a line, all of them or a choice.
    #[command(after_help = "\
Examples:
  keyway list ops.yaml
  keyway list ops.yaml --tag pointwise --kind functional
  keyway list ops.yaml --name conv --key CUDA
  keyway list ops.yaml --json | jq -r '.[].schema'

Choices add up: an operator is listed if it fits all of them. Derived operators are listed too.")]
    List(list::List),
    /// Show one operator: schema, kind, arguments, kernels, tags, what is derived, and the Rust made for it.
    #[command(after_help = "\
Examples:
  keyway show ops.yaml add.Tensor
  keyway show ops.yaml relu
  keyway show ops.yaml aten::add_.Scalar --brief
  keyway show ops.yaml add.Tensor --json

A name without an overload means the default overload, or, if there is none, all overloads of it.")]
    Show(show::Show),
    /// Compare two versions of a list: what changed, and whom it breaks.
    #[command(after_help = "\
Examples:
  keyway diff old.yaml new.yaml
  keyway diff --breaking old.yaml new.yaml
  git show main:ops.yaml > old.yaml && keyway diff old.yaml ops.yaml --json

A change of a schema breaks callers of the old list if they are not served by the new one: an
argument renamed, or a new one without a default, for instance. Ends with status 1 if something
breaks.")]
    Diff(diff::Diff),
    /// Print the Rust that is generated for an operator, or write all of it to a folder.
    #[command(after_help = "\
Examples:
  keyway expand ops.yaml add.Tensor
  keyway expand ops.yaml --out generated

The folder then holds `operators.rs` with the files it takes in, and `operator_tests.rs`.")]
    Expand(expand::Expand),
    /// Choose operators for a smaller build, and add those that they need.
    #[command(after_help = "\
Examples:
  keyway select ops.yaml add.Tensor relu
  keyway select ops.yaml --tag core --tag view_copy
  keyway select ops.yaml --from trace.json > selected.txt

--from reads names one a line, a YAML (names, or `operators` and `tags`), or a recorded trace
(.json); it and the names and tags add up. What is printed is a list that --from and a build script
read again.")]
    Select(select::Select),
    /// Write the kernels that a backend has to fill in, each of the right type.
    #[command(after_help = "\
Examples:
  keyway backend ops.yaml npu.yaml > src/kernels.rs
  keyway backend ops.yaml npu.yaml --json

The file of a backend names its dispatch key and its operators:

  backend: PrivateUse1
  supported: [abs, add.out]
  autograd: [max_pool2d]

Operators under `autograd` bring their own gradient, at the key AutogradPrivateUse1. Mistakes are
shown all at once, like those of a list.")]
    Backend(backend::Backend),
    /// Say what an error code means, or which way a call of an operator takes.
    #[command(after_help = "\
Examples:
  keyway explain KW0006
  keyway explain
  keyway explain aten::add.Tensor
  keyway explain aten::add.Tensor --device meta --table
  keyway explain aten::relu --keys CPU,AutogradCPU --exclude AutogradCPU

Without an argument all codes are listed. For an operator of the bundled library every key that
takes part in a call is shown from the highest down, and why it runs, is skipped or is not reached.

The command is a process of its own: keys, kernels and operators that your program adds at run time
are not in it. In the program, operator.explain(keys, local_key_sets()) gives the same text.")]
    Explain(explain::Explain),
    /// Begin a crate with operators of its own: it builds, runs and tests itself.
    #[command(after_help = "\
Examples:
  keyway new sparkle
  keyway new sparkle --path ../keyway
  cd sparkle && cargo run && cargo test

The crate has an operator list (ops.yaml), a build script that generates, kernels, a program and
tests. With --path Keyway is taken from a checkout, so that no network is needed.")]
    New(new::New),
    /// Print a script that makes a shell complete this command's words.
    #[command(after_help = "\
Examples:
  keyway completions bash > ~/.local/share/bash-completion/completions/keyway
  keyway completions zsh > ~/.zfunc/_keyway
  keyway completions fish > ~/.config/fish/completions/keyway.fish")]
    Completions(completions::Completions),
}

/// How a command ended: well, or with something to be said on standard error (already said).
enum Outcome {
    Well,
    Badly,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.apply();
    let mut out = anstream::stdout().lock();
    let outcome = match arguments.command {
        Command::Check(command) => command.run(&mut out),
        Command::List(command) => command.run(&mut out),
        Command::Show(command) => command.run(&mut out),
        Command::Diff(command) => command.run(&mut out),
        Command::Expand(command) => command.run(&mut out),
        Command::Select(command) => command.run(&mut out),
        Command::Backend(command) => command.run(&mut out),
        Command::Explain(command) => command.run(&mut out),
        Command::New(command) => command.run(&mut out),
        Command::Completions(command) => command.run(&mut out),
    };
    match outcome.and_then(|outcome| out.flush().map(|()| outcome)) {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Badly) => ExitCode::FAILURE,
        // Whoever reads the output has read enough: `keyway list ops.yaml | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(format_args!("cannot write: {error}"));
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
        load_or_say(&self.file)
    }
}

fn load_list(path: &Path) -> Result<OperatorList, Diagnostics> {
    load(Source::read(path)?)
}

fn load_or_say(path: &Path) -> Option<OperatorList> {
    load_list(path).inspect_err(|found| terminal::mistakes(found, false)).ok()
}
