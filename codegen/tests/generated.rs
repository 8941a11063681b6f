//! What is generated: the same files for the same list wherever and whenever, one file for one letter, and Rust names
//! for all schema names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use keyway_codegen::{Build, Source, emit, load};

const LIST: &str = "\
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  variants: function, method
  dispatch: {CPU: add}
  doc: The sum.
- func: add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
  variants: method
  dispatch: {CPU: add_}
- func: where.self(Tensor condition, Tensor self, Tensor other) -> Tensor
  variants: function, method
- func: mine::put(Tensor self, bool unsafe=False, str how='a\"b', float[2] by=0.5) -> (Tensor, int)
- func: make(int[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
  dispatch: {CPU: make}
";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The files below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for path in fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// Generates from a list in a folder of its own.
fn generated(name: &str, list: &str) -> BTreeMap<String, String> {
    let folder = folder(name);
    fs::write(folder.join("ops.yaml"), list).unwrap();
    let out = folder.join("out");
    Build::new(folder.join("ops.yaml")).out_dir(&out).generate().unwrap();
    files(&out)
}

#[test]
fn five_runs_from_different_folders_give_the_same_bytes() {
    let list = match std::env::var_os("KEYWAY_CONFORMANCE") {
        Some(folder) => fs::read_to_string(Path::new(&folder).join("data/native_functions.yaml")).unwrap(),
        None => LIST.to_owned(),
    };
    let first = generated("run-one", &list);
    for name in ["run-two", "a/longer/way", "run four", "r5"] {
        assert!(generated(name, &list) == first, "{name}");
    }
    for (path, text) in &first {
        assert!(!text.contains(env!("CARGO_TARGET_TMPDIR")), "{path} names a folder of this machine");
        assert!(
            [" unsafe {", " unsafe fn", "unsafe impl"].iter().all(|word| !text.contains(word)),
            "{path} holds unsafe code"
        );
    }
}

#[test]
fn a_changed_entry_changes_the_file_of_its_letter() {
    let before = generated("before", LIST);
    let after = generated("after", &LIST.replace("int[] size, *", "int[] size=[], *"));
    let changed: Vec<&String> =
        before.iter().filter(|(path, text)| after[*path] != **text).map(|(path, _)| path).collect();
    assert_eq!(changed, ["operators/aten/m.rs"]);
}

#[test]
fn nothing_is_written_again_and_what_is_gone_is_removed() {
    let folder = folder("again");
    let list = folder.join("ops.yaml");
    fs::write(&list, LIST).unwrap();
    let build = Build::new(&list).out_dir(folder.join("out"));
    build.generate().unwrap();
    let shard = folder.join("out/operators/aten/w.rs");
    let written = fs::metadata(&shard).unwrap().modified().unwrap();
    build.generate().unwrap();
    assert_eq!(fs::metadata(&shard).unwrap().modified().unwrap(), written);
    fs::write(&list, LIST.lines().take(7).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    build.generate().unwrap();
    assert!(!shard.exists());
}

/// Compares with the golden file of the same name, or writes it with `KEYWAY_BLESS=1`.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("KEYWAY_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{} differs; KEYWAY_BLESS=1 accepts it:\n{text}", path.display());
}

#[test]
fn each_kind_of_operator_expands_as_recorded() {
    let list = load(Source::new("ops.yaml", LIST)).unwrap();
    for (name, operator) in [
        ("functional.rs", "add.Tensor"),
        ("inplace.rs", "add_.Tensor"),
        ("keywords.rs", "where.self"),
        ("defaults.rs", "mine::put"),
        ("factory.rs", "make"),
    ] {
        let entry = list.find(&operator.parse().unwrap()).unwrap();
        golden(name, &emit::emit_operator(entry).unwrap());
    }
    for file in emit::emit(&list).unwrap() {
        if ["operators.rs", "operators/aten/methods.rs", "operators/aten/list.rs"]
            .contains(&file.path.as_str())
        {
            golden(&file.path.replace('/', "_"), &file.text);
        }
    }
}

#[test]
fn an_operator_that_the_extended_list_has_is_an_error() {
    let folder = folder("extended");
    fs::write(folder.join("base.yaml"), LIST).unwrap();
    fs::write(folder.join("ops.yaml"), "- func: mine::put(Tensor self) -> Tensor\n").unwrap();
    let build = Build::new(folder.join("ops.yaml")).extends("base", folder.join("base.yaml"));
    let error = build.out_dir(folder.join("out")).generate().unwrap_err().to_string();
    assert!(error.contains("mine::put: the list of `base` has it already"), "{error}");
}
