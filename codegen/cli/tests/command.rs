//! The command as people run it: arguments in, text and status out.

use std::path::PathBuf;
use std::process::{Command, Output};

const LIST: &str = "\
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  variants: function, method
  dispatch:
    CPU: add
    Meta: add_meta
  tags: [core, pointwise]
  doc: The sum of two tensors.
- func: add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
  variants: method
  tags: pointwise
- func: where.self(Tensor condition, Tensor self, Tensor other) -> Tensor
- func: relu(Tensor self) -> Tensor
";

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn keyway(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway")).args(arguments).output().unwrap()
}

/// What was written where, and whether the command ended well.
fn run(arguments: &[&str]) -> (String, String, bool) {
    let output = keyway(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.success())
}

#[test]
fn check_sums_up_a_good_list() {
    let path = file("good.yaml", LIST);
    let (out, err, well) = run(&["check", path.to_str().unwrap()]);
    assert!(well && err.is_empty(), "{err}");
    assert!(out.contains("good.yaml: 4 entries, 4 operators, no mistakes\n"), "{out}");
    assert!(out.contains("kinds       3 functional, 1 inplace\n") && out.ends_with(" ms\n"), "{out}");
}

#[test]
fn check_shows_every_mistake_and_fails() {
    let path = file("bad.yaml", "- func: f(double x) -> ()\n- func: g(Tensor x)\n  tags: quick\n");
    let path = path.to_str().unwrap();
    let (out, err, well) = run(&["check", path]);
    assert!(!well && out.is_empty(), "{out}");
    for text in [
        "error[KW0006]: unknown type `double`",
        "= help: write `float`",
        "bad.yaml:2:20",
        "error: 3 mistakes in",
    ] {
        assert!(err.contains(text), "{text} is not in\n{err}");
    }
    assert!(!err.contains('\u{1b}'), "no colour when not on a terminal");
    let (_, err, well) = run(&["check", "--lines", path]);
    assert!(!well);
    assert_eq!(err.lines().count(), 3, "{err}");
    assert!(
        err.starts_with(&format!("{path}:1:11: error[KW0006]: unknown type `double`; help: write `float`")),
        "{err}"
    );
}

#[test]
fn a_file_that_is_not_there_is_a_mistake_with_a_code() {
    let (_, err, well) = run(&["check", "no/such/file.yaml"]);
    assert!(!well);
    assert!(
        err.contains("error[KW0201]: cannot read the file") && err.contains("no/such/file.yaml"),
        "{err}"
    );
}

#[test]
fn list_lays_out_what_fits_all_choices() {
    let path = file("list.yaml", LIST);
    let path = path.to_str().unwrap();
    let (out, _, well) = run(&["list", path]);
    assert!(well);
    assert!(out.contains("aten::relu") && out.ends_with("4 of 4 operators\n"), "{out}");
    let (out, _, _) = run(&["list", path, "--tag", "pointwise", "--kind", "inplace", "--name", "add"]);
    assert!(out.contains("aten::add_.Tensor") && out.ends_with("1 of 4 operators\n"), "{out}");
    let (_, err, well) = run(&["list", path, "--tag", "poinwise"]);
    assert!(!well && err.contains("did you mean `pointwise`?"), "{err}");
    let (_, err, well) = run(&["list", path, "--name", "conv"]);
    assert!(!well && err.contains("no operator of the 4"), "{err}");
}

#[test]
fn show_tells_all_about_one_operator() {
    let path = file("show.yaml", LIST);
    let path = path.to_str().unwrap();
    let (out, _, well) = run(&["show", path, "add.Tensor"]);
    assert!(well);
    for text in [
        "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor\nThe sum of two tensors.",
        "kind        functional",
        "handle      aten::add::Tensor",
        "called as   function, method",
        "kernels     CPU   add\n            Meta  add_meta",
        "core: belongs to",
        "show.yaml:1:9",
        "alpha     Scalar  1        by name",
    ] {
        assert!(out.contains(text), "{text} is not in\n{out}");
    }
    let (out, _, _) = run(&["show", path, "aten::add_.Tensor"]);
    assert!(out.contains("writes self\n") && out.contains("the result is self"), "{out}");
    let (out, _, _) = run(&["show", path, "where"]);
    assert!(out.contains("handle      aten::r#where::self_"), "{out}");
    let (out, _, _) = run(&["show", path, "relu.default"]);
    assert!(out.contains("aten::relu::default") && out.contains("(no table is written)"), "{out}");
}

#[test]
fn show_names_the_nearest_operator_to_an_unknown_one() {
    let path = file("near.yaml", LIST);
    let (out, err, well) = run(&["show", path.to_str().unwrap(), "add.Tensr"]);
    assert!(!well && out.is_empty());
    assert!(
        err.contains("there is no operator `add.Tensr`") && err.contains("did you mean `add.Tensor`?"),
        "{err}"
    );
}

#[test]
fn show_takes_a_key_hit_twice_for_likelier_than_a_wrong_one() {
    let list = format!("- func: addr(Tensor self, Tensor vec1, Tensor vec2) -> Tensor\n{LIST}");
    let path = file("twice.yaml", &list);
    let (_, err, well) = run(&["show", path.to_str().unwrap(), "addd"]);
    assert!(!well && err.contains("did you mean `add`?"), "{err}");
}

#[test]
fn diff_says_what_changed_and_what_breaks() {
    let old = file("old.yaml", LIST);
    let changed = LIST
        .replace("relu(Tensor self)", "gelu(Tensor self)")
        .replace(
            "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1)",
            "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=2)",
        )
        .replace("  tags: pointwise", "  tags: core");
    let new = file("new.yaml", &changed);
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let (out, _, well) = run(&["diff", old, new]);
    assert!(!well);
    for text in [
        "removed  aten::relu\n",
        "added    aten::gelu\n",
        "breaks callers of the old list: the default of `alpha` changed from `1` to `2`",
        "changed  aten::add_.Tensor\n  tag `pointwise` is gone\n  tag `core` is new\n",
        "4 changed, 2 of them break callers of the old list\n",
    ] {
        assert!(out.contains(text), "{text} is not in\n{out}");
    }
    let (out, _, well) = run(&["diff", old, old]);
    assert!(well && out.starts_with("0 changed"), "{out}");
}

#[test]
fn expand_prints_what_is_generated() {
    let path = file("expand.yaml", LIST);
    let path = path.to_str().unwrap();
    let (out, _, well) = run(&["expand", path, "add.Tensor"]);
    assert!(well && out.contains("impl add::Tensor {") && out.contains("pub fn call("), "{out}");
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("expanded");
    let (_, _, well) = run(&["expand", path, "--out", folder.to_str().unwrap()]);
    assert!(well && folder.join("operators/aten/a.rs").exists());
}

#[test]
fn explain_knows_all_codes() {
    let (out, _, well) = run(&["explain", "kw0006"]);
    assert!(well && out.starts_with("KW0006: unknown type\n"), "{out}");
    let (out, _, _) = run(&["explain"]);
    assert_eq!(out.lines().count(), keyway_schema::Code::ALL.len());
    let (_, err, well) = run(&["explain", "E0308"]);
    assert!(!well && err.contains("is not an error code"), "{err}");
}
