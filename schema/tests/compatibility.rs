//! Changes of schemas and whom they break (Y78).

use keyway_schema::{Schema, compatibility};

/// Whether a change is backward and forward compatible.
fn verdict(old: &str, new: &str) -> (bool, bool) {
    let schema = |text: &str| text.parse::<Schema>().unwrap_or_else(|e| panic!("{text}: {e}"));
    let found = compatibility(&schema(old), &schema(new));
    (found.is_backward(), found.is_forward())
}

#[test]
fn a_schema_is_compatible_with_itself() {
    let text = "f.x(Tensor(a!) self, int[2] n=0, *, str s='a', Tensor(b!) out) -> Tensor(b!)";
    assert_eq!(verdict(text, text), (true, true));
}

#[test]
fn changes_that_break_nobody() {
    for (old, new) in [
        ("f(Tensor x) -> Tensor", "f(Tensor x, *, int n=0) -> Tensor"),
        (
            "f(Tensor x, *, Tensor(a!) out) -> Tensor(a!)",
            "f(Tensor x, *, int n=0, Tensor(a!) out) -> Tensor(a!)",
        ),
        ("f(int n) -> Tensor", "f(SymInt n) -> Tensor"),
        ("f(Tensor x, *, int n) -> Tensor", "f(Tensor x, int n) -> Tensor"),
        ("f(Tensor x) -> Tensor?", "f(Tensor x) -> Tensor"),
        ("f(float e=1e-5) -> Tensor", "f(float e=1e-05) -> Tensor"),
    ] {
        assert_eq!(verdict(old, new), (true, true), "{old}  =>  {new}");
    }
}

#[test]
fn changes_that_new_callers_must_not_rely_on() {
    for (old, new) in [
        ("f(Tensor x) -> Tensor", "f(Tensor x, *, int[] n=[]) -> Tensor"),
        ("f(int n) -> Tensor", "f(int? n) -> Tensor"),
        ("f(int n) -> Tensor", "f(Scalar n) -> Tensor"),
        ("f(Tensor x) -> Tensor", "f(Tensor? x) -> Tensor"),
        ("f(int n) -> Tensor", "f(int n=1) -> Tensor"),
        (
            "f.out(Tensor x, *, Tensor(a!)[] out) -> ()",
            "f.out(Tensor x, *, Tensor(a!)[] out, Tensor(b!)[] more) -> ()",
        ),
    ] {
        assert_eq!(verdict(old, new), (true, false), "{old}  =>  {new}");
    }
}

#[test]
fn changes_that_break_old_callers_only() {
    for (old, new) in [
        ("f(Tensor x, int n=1) -> Tensor", "f(Tensor x) -> Tensor"),
        ("f(int? n) -> Tensor", "f(int n) -> Tensor"),
        ("f(Tensor x) -> Tensor", "f(Tensor x) -> Tensor?"),
        ("f(Tensor x) -> Tensor a", "f(Tensor x) -> Tensor b"),
    ] {
        assert_eq!(verdict(old, new), (false, true), "{old}  =>  {new}");
    }
}

#[test]
fn changes_that_break_everybody() {
    for (old, new) in [
        ("f(Tensor x) -> Tensor", "f(Tensor y) -> Tensor"),
        ("f(Tensor x, Tensor y) -> Tensor", "f(Tensor y, Tensor x) -> Tensor"),
        ("f(Tensor x) -> Tensor", "f(Tensor x, int n) -> Tensor"),
        ("f(Tensor x) -> Tensor", "f(Tensor(a) x) -> Tensor(a)"),
        ("f(int n=1) -> Tensor", "f(int n=2) -> Tensor"),
        ("f(int n=1) -> Tensor", "f(int n) -> Tensor"),
        ("f(Tensor x, int n) -> Tensor", "f(Tensor x, *, int n) -> Tensor"),
        ("f(Tensor x, *, int n=0) -> Tensor", "f(Tensor x, int m=0, *, int n=0) -> Tensor"),
        ("f(Tensor(a!) x) -> ()", "f(Tensor(b!) x) -> ()"),
        ("f(int[2] n) -> Tensor", "f(int[3] n) -> Tensor"),
        ("f(Tensor[] x) -> Tensor", "f(Tensor?[] x) -> Tensor"),
        ("f.a(Tensor x) -> Tensor", "f.b(Tensor x) -> Tensor"),
        ("f(Tensor x) -> Tensor", "f(Tensor x) -> (Tensor, Tensor)"),
    ] {
        assert_eq!(verdict(old, new), (false, false), "{old}  =>  {new}");
    }
}
