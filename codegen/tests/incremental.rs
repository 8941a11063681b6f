//! What Cargo does again when an operator list changes: a build script, a list and a crate of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const LIST: &str = "\
- func: aardvark(Tensor x) -> Tensor
- func: bear(Tensor x) -> Tensor
- func: cat(Tensor x, int n=1) -> Tensor
";

/// Writes the crate and gives its folder.
fn new_crate() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("incremental");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let manifest = format!(
        "[package]\nname = \"incremental\"\nedition = \"2024\"\n[dependencies]\nkeyway = {{ path = {:?} }}\n\
         [build-dependencies]\nkeyway-codegen = {{ path = {:?} }}\n[workspace]\n",
        checkout.join("runtime"),
        checkout.join("codegen")
    );
    let build = "fn main() {\n    keyway_codegen::Build::new(\"ops.yaml\").run();\n}\n";
    for (path, text) in [
        ("Cargo.toml", manifest.as_str()),
        ("build.rs", build),
        ("ops.yaml", LIST),
        ("src/lib.rs", "//! Operators.\nkeyway::include_operators!();\n"),
    ] {
        std::fs::write(folder.join(path), text).unwrap();
    }
    // The versions this workspace was tested with.
    std::fs::copy(checkout.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// Builds the crate; whether Cargo compiled it, and when each generated file was written.
fn build(folder: &Path) -> (bool, BTreeMap<String, std::time::SystemTime>) {
    let target = folder.join("target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder).args(["build", "--offline"]).env("CARGO_TARGET_DIR", &target);
    let output = cargo.env("CARGO_TERM_COLOR", "never").output().unwrap();
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{report}");
    let mut written = BTreeMap::new();
    for crate_folder in std::fs::read_dir(target.join("debug/build")).unwrap() {
        let out = crate_folder.unwrap().path().join("out");
        if out.join("operators.rs").exists() {
            times(&out, &out, &mut written);
        }
    }
    (report.contains("Compiling incremental"), written)
}

fn times(root: &Path, folder: &Path, written: &mut BTreeMap<String, std::time::SystemTime>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            times(root, &path, written);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            written.insert(name, path.metadata().unwrap().modified().unwrap());
        }
    }
}

/// An unchanged list compiles nothing; a touched one writes nothing; a changed entry writes the file of its letter and
/// leaves those of the others, and the list of operators, as they are.
#[test]
fn only_what_changed_is_made_again() {
    let folder = new_crate();
    let (compiled, first) = build(&folder);
    assert!(compiled);
    for file in ["operators/aten/a.rs", "operators/aten/b.rs", "operators/aten/c.rs"] {
        assert!(first.contains_key(file), "{file} is not in {:?}", first.keys());
    }
    let (compiled, unchanged) = build(&folder);
    assert!(!compiled && unchanged == first);

    std::fs::write(folder.join("ops.yaml"), format!("# A comment.\n{LIST}")).unwrap();
    assert_eq!(build(&folder).1, first, "a comment changes no file");

    // The default stands in the operator's own file and in nothing that operators share.
    std::fs::write(folder.join("ops.yaml"), LIST.replace("n=1", "n=2")).unwrap();
    let (compiled, changed) = build(&folder);
    assert!(compiled);
    let rewritten: Vec<&String> =
        changed.keys().filter(|name| changed.get(*name) != first.get(*name)).collect();
    assert_eq!(rewritten, ["operators/aten/c.rs"]);
    assert_eq!(changed.len(), first.len());
}
