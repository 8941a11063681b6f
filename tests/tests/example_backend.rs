//! The example crate outside the workspace, `examples/backend`, and its demonstration.

use std::path::Path;
use std::process::Command;

/// It is built below the workspace's target folder, with the versions of dependencies that the workspace has.
#[test]
fn a_backend_outside_the_workspace_passes_its_tests() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace");
    let example = workspace.join("examples/backend");
    std::fs::copy(workspace.join("Cargo.lock"), example.join("Cargo.lock")).expect("the lock can be copied");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("example_backend"))
        .current_dir(example)
        .output()
        .expect("cargo runs");
    let printed = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}", printed.concat());
}
