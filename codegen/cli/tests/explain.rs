//! `keyway explain OPERATOR`: the path of a call, as people ask for it.

use std::process::Command;

fn explain(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_keyway")).arg("explain").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_path_names_what_is_skipped_and_what_runs() {
    let (well, out, _) = explain(&["aten::add.Tensor"]);
    assert!(well && out.contains("AutogradCPU") && out.contains("skipped: fallthrough"), "{out}");
    assert!(out.lines().last().unwrap().contains("runs add (ops/src/cpu/"), "{out}");
    let (_, out, _) = explain(&["aten::add.Tensor", "--device", "meta"]);
    assert!(out.contains("runs add_shape"), "{out}");
}

#[test]
fn keys_and_the_threads_sets_can_be_given() {
    let (_, out, _) = explain(&["aten::add.Tensor", "--keys", "CPU,AutogradCPU", "--exclude", "AutogradCPU"]);
    assert!(out.contains("AutogradCPU") && out.contains("the thread excludes it"), "{out}");
    let (_, out, _) = explain(&["aten::add.Tensor", "--keys", "XLA", "--table"]);
    assert!(out.contains("no kernel: the call is an error") && out.contains("The whole table:"), "{out}");
}

#[test]
fn unknown_names_are_answered_with_near_ones() {
    let (well, _, err) = explain(&["aten::ad.Tensor"]);
    assert!(!well && err.contains("did you mean `aten::add.Tensor`"), "{err}");
    let (well, _, err) = explain(&["aten::add.Tensor", "--keys", "CPUU"]);
    assert!(!well && err.contains("did you mean `CPU`"), "{err}");
}
