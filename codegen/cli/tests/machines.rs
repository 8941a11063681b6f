//! What the command says to machines: JSON, completions, colours only where they suit.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const LIST: &str = "\
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  variants: function, method
  dispatch:
    CPU, CUDA: kernels::add
  tags: [core, pointwise]
- func: add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)
  dispatch:
    CPU: add_out
- func: twice(Tensor self) -> Tensor
  dispatch:
    CompositeExplicitAutograd: twice
  autogen: twice.out
";

fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn keyway(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway")).args(arguments).env_remove("NO_COLOR").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What was printed, and whether the command ended well.
fn json(arguments: &[&str]) -> (Value, bool) {
    let output = keyway(arguments);
    let value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)));
    (value, output.status.success())
}

#[test]
fn check_gives_mistakes_with_places_or_counts() {
    let path = file("machine_bad.yaml", "- func: f(double x) -> ()\n- func: g(Tensor x)\n  tags: quick\n");
    let (report, well) = json(&["check", "--json", &path]);
    assert!(!well);
    let mistakes = report["mistakes"].as_array().unwrap();
    assert_eq!(mistakes.len(), 3);
    assert_eq!(mistakes[0]["code"], "KW0006");
    assert_eq!(mistakes[0]["title"], "unknown type");
    assert_eq!(mistakes[0]["help"], "write `float`");
    let place =
        |mistake: &Value, which: &str| (mistake[which]["line"].as_u64(), mistake[which]["column"].as_u64());
    assert_eq!(
        (place(&mistakes[0], "start"), place(&mistakes[0], "end")),
        ((Some(1), Some(11)), (Some(1), Some(17)))
    );

    let (report, well) = json(&["check", "--json", &file("machine_good.yaml", LIST)]);
    assert!(well && report["mistakes"].as_array().unwrap().is_empty());
    assert_eq!((&report["entries"], &report["operators"]), (&3.into(), &4.into()));
    assert_eq!(report["kinds"], serde_json::json!({"functional": 2, "out": 2}));
}

#[test]
fn list_gives_operators_with_all_that_follows_and_filters_by_key() {
    let path = file("machine_list.yaml", LIST);
    let (operators, well) = json(&["list", "--json", &path, "--key", "CPU"]);
    assert!(well);
    let names: Vec<&str> =
        operators.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["aten::add.Tensor", "aten::add.out"]);
    let add = &operators[0];
    assert_eq!(add["kernels"], serde_json::json!({"CPU": "kernels::add", "CUDA": "kernels::add"}));
    assert_eq!(add["called_as"], serde_json::json!(["function", "method"]));
    assert_eq!(add["arguments"][2]["default"], "1");
    assert_eq!(add["handle"], "aten::add::Tensor");
    let (nothing, well) = json(&["list", "--json", &path, "--name", "conv"]);
    assert!(!well && nothing.as_array().unwrap().is_empty());
    let unknown = keyway(&["list", &path, "--key", "CUDAA"]);
    assert!(text(&unknown.stderr).contains("did you mean `CUDA`?"), "{}", text(&unknown.stderr));
}

#[test]
fn show_gives_an_operator_and_what_it_was_derived_from() {
    let path = file("machine_show.yaml", LIST);
    let (operators, _) = json(&["show", "--json", &path, "twice.out"]);
    assert_eq!(operators[0]["derived_from"], "aten::twice");
    assert_eq!(operators[0]["kind"], "out");
    let shown = text(&keyway(&["show", &path, "twice"]).stdout);
    assert!(shown.contains("variants    out aten::twice.out (derived)\n"), "{shown}");
    assert!(
        shown.contains("derived     aten::twice.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)\n"),
        "{shown}"
    );
    assert!(shown.contains("impl twice::default {") && shown.contains("pub fn twice("), "the Rust: {shown}");
    let brief = text(&keyway(&["show", &path, "twice", "--brief"]).stdout);
    assert!(!brief.contains("impl twice::default"), "{brief}");
}

#[test]
fn diff_gives_changes_with_reasons() {
    let old = file("machine_old.yaml", LIST);
    let new = LIST
        .replace("twice(Tensor self)", "twice(Tensor self, int n)")
        .replace("function, method", "function");
    let new = file("machine_new.yaml", &new);
    let (changes, well) = json(&["diff", "--json", &old, &new]);
    assert!(!well);
    let of = |name: &str| {
        let found = changes.as_array().unwrap().iter().find(|change| change["operator"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {changes:#}"))
    };
    assert_eq!(of("aten::twice")["breaks_old_callers"][0], "the new argument `n` has no default");
    assert_eq!(of("aten::add.Tensor")["breaks_old_callers"][0], "it is no longer a method");
    assert_eq!(
        (&of("aten::twice")["change"], &of("aten::add.Tensor")["change"]),
        (&"schema".into(), &"entry".into())
    );
}

#[test]
fn select_gives_what_is_asked_for_and_what_that_needs() {
    let path = file("machine_select.yaml", LIST);
    let (selected, well) = json(&["select", "--json", &path, "twice.out"]);
    assert!(well);
    assert_eq!(selected["operators"], serde_json::json!(["aten::twice", "aten::twice.out"]));
    assert_eq!(selected["needed"], serde_json::json!(["aten::twice"]));
    let printed = text(&keyway(&["select", &path, "--tag", "core"]).stdout);
    assert!(
        printed.starts_with("# 1 of the 4 operators of ") && printed.ends_with("\naten::add.Tensor\n"),
        "{printed}"
    );
    let again = file("machine_selected.txt", &printed);
    let (again, _) = json(&["select", "--json", &path, "--from", &again]);
    assert_eq!(again["operators"], serde_json::json!(["aten::add.Tensor"]));
    let wrong = keyway(&["select", &path, "twise", "--tag", "cor"]);
    let said = text(&wrong.stderr);
    assert!(
        !wrong.status.success() && said.contains("did you mean `aten::twice`") && said.contains("`core`"),
        "{said}"
    );
}

#[test]
fn explain_gives_codes_and_the_way_of_a_call() {
    let (codes, _) = json(&["explain", "--json"]);
    assert_eq!(codes.as_array().unwrap().len(), keyway_schema::Code::ALL.len());
    for code in codes.as_array().unwrap() {
        let (one, well) = json(&["explain", "--json", code["code"].as_str().unwrap()]);
        assert!(well && one == *code && !one["explanation"].as_str().unwrap().is_empty());
    }
    let (path, _) = json(&["explain", "--json", "aten::add.Tensor"]);
    let runs: Vec<&Value> =
        path["steps"].as_array().unwrap().iter().filter(|step| step["runs"] == true).collect();
    assert_eq!(runs[0]["key"], "CPU");
}

#[test]
fn every_shell_gets_its_completions() {
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef keyway"), ("fish", "complete -c keyway")]
    {
        let script = text(&keyway(&["completions", shell]).stdout);
        assert!(script.contains(word) && script.contains("explain") && script.contains("select"), "{shell}");
    }
    assert!(!keyway(&["completions", "tcsh"]).status.success());
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let bad = file("machine_colour.yaml", "- func: f(double x) -> ()\n");
    let good = file("machine_colours.yaml", LIST);
    let is_coloured = |arguments: &[&str], no_color: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
        command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    for command in [&["check", &bad][..], &["list", &good], &["show", &good, "twice"], &["explain", "KW0001"]]
    {
        assert!(!is_coloured(command, false), "a pipe: {command:?}");
        let asked = [command, &["--color", "always"]].concat();
        assert!(is_coloured(&asked, false), "{asked:?}");
        assert!(!is_coloured(&[command, &["--color", "never"]].concat(), false));
        assert!(!is_coloured(command, true), "NO_COLOR: {command:?}");
    }
}

/// GEN-01, GEN-08: the kernels of a backend as Rust, or its operators for a program; mistakes with their places.
#[test]
fn backend_writes_kernels_or_gives_the_operators() {
    let list = file("backend_ops.yaml", "- func: twice(Tensor self) -> Tensor\n");
    let good = file("backend_good.yaml", "backend: XLA\nsupported: [twice]\n");
    let (report, went_well) = json(&["backend", "--json", &list, &good]);
    assert!(went_well);
    assert_eq!(report, serde_json::json!({"backend": "XLA", "supported": ["aten::twice"], "autograd": []}));
    let written = keyway(&["backend", &list, &good]);
    assert!(text(&written.stdout).contains("#[kernel(\"aten::twice\", XLA)]\nfn twice(self_: &Tensor)"));
    let bad = file("backend_bad.yaml", "backend: XLA\nsupported: [twise]\n");
    let refused = keyway(&["backend", &list, &bad]);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    let said = text(&refused.stderr);
    assert!(said.contains("KW0602") && said.contains("did you mean `twice`?"), "{said}");
}
