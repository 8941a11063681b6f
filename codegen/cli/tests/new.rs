//! `keyway new`: what it makes builds, runs and passes its tests, without a network.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    folder
}

fn keyway_new(folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway")).arg("new").arg(folder).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cargo(folder: &Path, command: &str) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder).args([command, "--offline"]).env("CARGO_TARGET_DIR", target);
    let output = cargo.env("CARGO_TERM_COLOR", "never").output().unwrap();
    assert!(output.status.success(), "cargo {command}:\n{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_new_crate_builds_runs_and_tests_itself() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = folder("bright-sparks");
    let made = keyway_new(&folder, &["--path", checkout.to_str().unwrap()]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(text(&made.stdout).contains("cargo run && cargo test"), "{}", text(&made.stdout));
    // The versions this workspace was tested with.
    std::fs::copy(checkout.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let ran = cargo(&folder, "run");
    assert!(ran.starts_with("typed    [6.0, 12.0, 18.0]\nby name  "), "{ran}");
    assert!(
        ran.contains("meta     sizes [3]\n") && ran.contains("runs scaled_add (src/kernels.rs:"),
        "{ran}"
    );
    let tested = cargo(&folder, "test");
    for test in ["the_scaled_sum_is_what_it_says ... ok", "bright_sparks_operators::twice"] {
        assert!(tested.contains(test), "{test} is not in\n{tested}");
    }
}

#[test]
fn a_crate_from_the_repository_names_it() {
    let folder = folder("plain");
    assert!(keyway_new(&folder, &["--name", "other"]).status.success());
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(
        manifest.contains("name = \"other\"") && manifest.contains("keyway = { git = \"https://"),
        "{manifest}"
    );
    assert!(!manifest.contains("{keyway"), "everything is filled in: {manifest}");
    let list = std::fs::read_to_string(folder.join("ops.yaml")).unwrap();
    assert!(list.contains("func: other::scaled_add("), "{list}");
}

#[test]
fn names_that_cannot_be_and_folders_in_use_are_refused() {
    for (name, more, message) in [
        ("3d", &[][..], "`3d` cannot name a crate"),
        ("in", &[], "`in` cannot name a crate"),
        ("fine", &["--path", "/nowhere/at/all"], "is not a checkout of Keyway"),
    ] {
        let made = keyway_new(&folder(name), more);
        assert!(!made.status.success() && text(&made.stderr).contains(message), "{}", text(&made.stderr));
        assert!(text(&made.stderr).contains("help: "), "{}", text(&made.stderr));
    }
    let used = folder("used");
    assert!(keyway_new(&used, &[]).status.success());
    let again = keyway_new(&used, &[]);
    assert!(
        !again.status.success() && text(&again.stderr).contains("has files in it"),
        "{}",
        text(&again.stderr)
    );
}
