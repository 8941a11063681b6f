//! The help of the command and of each subcommand, as it is printed: `help/NAME.txt` holds the text.
//!
//! `KEYWAY_BLESS=1` writes the texts; look at the difference before committing it.

use std::path::Path;
use std::process::{Command, Stdio};

const COMMANDS: [&str; 11] = [
    "check",
    "list",
    "show",
    "diff",
    "expand",
    "select",
    "backend",
    "explain",
    "new",
    "completions",
    "keyway",
];

fn keyway(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
    // The width of a terminal would decide where lines break.
    let output = command.args(arguments).env_remove("COLUMNS").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_is_as_it_was_agreed_and_has_examples_that_name_the_command() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let mut differing = Vec::new();
    for command in COMMANDS {
        let text = if command == "keyway" { keyway(&["--help"]) } else { keyway(&[command, "--help"]) };
        let examples = text.split("Example").nth(1).unwrap_or_else(|| panic!("no example:\n{text}"));
        assert!(examples.contains(&format!("keyway {}", command.trim_start_matches("keyway"))), "{text}");
        let path = folder.join(command).with_extension("txt");
        if std::env::var_os("KEYWAY_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected != text {
            differing.push(format!("=== {}\n{text}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}\nKEYWAY_BLESS=1 accepts what was found", differing.join("\n"));
}

#[test]
fn every_subcommand_is_shown_in_the_help_of_the_command() {
    let help = keyway(&["--help"]);
    for command in COMMANDS.into_iter().filter(|command| *command != "keyway") {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in\n{help}");
        assert!(help.contains(&format!("  keyway {command} ")), "no example of {command} in\n{help}");
    }
}
