//! The behaviours of the catalogue's area GEN, through lists as people write them.

use std::collections::BTreeMap;

use keyway_codegen::{OperatorEntry, OperatorList, Source, emit, load};
use keyway_schema::{AliasAfter, Code, OperatorName, Schema, SchemaKind};

fn list(text: &str) -> OperatorList {
    load(Source::new("list.yaml", text)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn entry(text: &str) -> OperatorEntry {
    list(text).operators.remove(0)
}

fn codes(text: &str) -> Vec<Code> {
    let mistakes = load(Source::new("list.yaml", text)).expect_err(text);
    mistakes.iter().map(|report| report.code).collect()
}

fn kernels(entry: &OperatorEntry) -> BTreeMap<String, String> {
    entry.kernels().into_iter().map(|line| (line.key, line.kernel)).collect()
}

/// GEN-13, GEN-14.
#[test]
fn annotations_are_read_as_written() {
    let alias = |annotation: &str| {
        let schema: Schema = format!("f(Tensor({annotation}) x) -> ()").parse().unwrap();
        let alias = schema.arguments[0].alias.clone().unwrap();
        (alias.before.iter().collect::<String>(), alias.is_write, alias.after)
    };
    let sets = |text: &str| Some(AliasAfter::Sets(text.chars().collect()));
    assert_eq!(alias("a"), ("a".to_owned(), false, None));
    assert_eq!(alias("a!"), ("a".to_owned(), true, None));
    assert_eq!(alias("a! -> *"), ("a".to_owned(), true, Some(AliasAfter::Wildcard)));
    assert_eq!(alias("a|b"), ("ab".to_owned(), false, None));
    assert_eq!(alias("a! -> a|b"), ("a".to_owned(), true, sets("ab")));
    assert_eq!(codes("- func: f(Tensor(a|b!) x) -> ()\n"), [Code::BadAlias]);
}

/// GEN-17, GEN-19.
#[test]
fn names_know_their_form_with_and_without_a_namespace() {
    for namespace in ["", "mine::"] {
        let name = |text: &str| format!("{namespace}{text}").parse::<OperatorName>().unwrap();
        assert!(!name("add").is_inplace() && name("add_").is_inplace() && name("__iadd__").is_inplace());
        assert_eq!((name("__and__").dunder(), name("add_").dunder()), (Some("and"), None));
        assert_eq!((name("add_").root_name(), name("add").root_name()), ("add", "add"));
    }
    assert_eq!(codes("- func: add_out(Tensor x) -> Tensor\n"), [Code::OperatorName]);
}

/// GEN-21.
#[test]
fn an_inner_loop_needs_a_structured_operator() {
    let text = "- func: f(Tensor x) -> Tensor\n  ufunc_inner_loop:\n    Generic: f (AllAndComplex)\n";
    assert_eq!(codes(text), [Code::NeedsStructured]);
}

/// GEN-24: a namespace is a module of its own.
#[test]
fn operators_of_each_namespace_have_a_module() {
    let list = list(
        "- func: f(Tensor x) -> Tensor\n- func: mine::f(Tensor x) -> Tensor\n- func: yours::g() -> ()\n",
    );
    let files = emit::emit(&list).unwrap();
    let root = &files.iter().find(|file| file.path == "operators.rs").unwrap().text;
    for namespace in ["aten", "mine", "yours"] {
        assert_eq!(root.matches(&format!("pub mod {namespace} {{")).count(), 1, "{root}");
        assert!(files.iter().any(|file| file.path.starts_with(&format!("operators/{namespace}/"))));
    }
    let mine = files.iter().find(|file| file.path == "operators/mine/f.rs").unwrap();
    assert!(mine.text.contains("\"mine::f\"") && !mine.text.contains("aten::"), "{}", mine.text);
}

/// GEN-26.
#[test]
fn kernels_of_one_operator_are_in_one_module() {
    let text = "- func: f(Tensor x) -> Tensor\n  dispatch:\n    CPU: one::f\n    CUDA: two::f\n";
    assert_eq!(codes(text), [Code::KernelNamespaces]);
}

/// GEN-28.
#[test]
fn out_variants_are_derived_for_one_and_several_results() {
    let derived = |schema: &str| {
        let text =
            format!("- func: {schema}\n  dispatch:\n    CompositeExplicitAutograd: f\n  autogen: f.out\n");
        let derived = list(&text).derived().to_vec();
        // Kernels for symbolic integers say so (Y165).
        let kernel = if schema.contains("SymInt") { "f_out_symint" } else { "f_out" };
        let expected = BTreeMap::from([("CompositeExplicitAutograd".into(), kernel.into())]);
        assert_eq!(kernels(&derived[0]), expected);
        derived[0].schema.to_string()
    };
    assert_eq!(derived("f(Tensor x) -> Tensor"), "aten::f.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)");
    assert_eq!(
        derived("f(Tensor x) -> (Tensor, Tensor)"),
        "aten::f.out(Tensor x, *, Tensor(a!) out0, Tensor(b!) out1) -> (Tensor(a!), Tensor(b!))"
    );
    assert_eq!(
        derived("f(Tensor x, SymInt[] n) -> Tensor"),
        "aten::f.out(Tensor x, SymInt[] n, *, Tensor(a!) out) -> Tensor(a!)"
    );
}

/// GEN-32, GEN-33.
#[test]
fn kernels_come_from_the_table_or_from_the_name() {
    let implicit = entry("- func: f.ov(Tensor x) -> Tensor\n");
    assert_eq!(kernels(&implicit), BTreeMap::from([("CompositeImplicitAutograd".into(), "f".into())]));
    let both = entry("- func: f(Tensor x) -> Tensor\n  dispatch:\n    CPU, CUDA: deep::path::g\n");
    assert_eq!(kernels(&both), BTreeMap::from([("CPU".into(), "g".into()), ("CUDA".into(), "g".into())]));
    assert!(both.kernels().iter().all(|line| line.kernel_path == ["deep", "path"]));
}

/// GEN-35, GEN-36.
#[test]
fn impossible_tables_are_refused() {
    let with = |table: &str| codes(&format!("- func: f(Tensor x) -> Tensor\n  dispatch: {table}\n"));
    assert_eq!(with("{CompositeImplicitAutograd: g, CompositeExplicitAutograd: f}"), [Code::CompositeCount]);
    assert_eq!(with("{CPUU: f}"), [Code::UnknownDispatchKey]);
    assert_eq!(with("{AutogradCPU: f}"), [Code::UnsupportedDispatchKey]);
    assert_eq!(with("f"), [Code::WrongKind]);
}

/// GEN-40.
#[test]
fn writes_that_belong_to_nothing_are_refused() {
    for (schema, code) in [
        ("f_(Tensor self) -> Tensor", Code::InplaceSelf),
        ("f.out(Tensor x, *, Tensor(a!) out) -> Tensor", Code::OutReturnAlias),
        ("f(Tensor x) -> Tensor(a!)", Code::UnownedReturn),
    ] {
        let found = codes(&format!("- func: {schema}\n"));
        assert!(found.contains(&code), "{schema}: {found:?}");
    }
}

/// GEN-41.
#[test]
fn kinds_and_out_arguments_follow_from_the_schema() {
    for (text, kind, mutable, outs) in [
        ("f(Tensor self) -> Tensor", SchemaKind::Functional, false, vec![]),
        ("f.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)", SchemaKind::Out, true, vec!["out"]),
        ("f_(Tensor(a!) self) -> Tensor(a!)", SchemaKind::Inplace, true, vec![]),
        ("f(Tensor self, Tensor(a!) noise) -> Tensor", SchemaKind::Mutable, true, vec![]),
    ] {
        let schema: Schema = text.parse().unwrap();
        let names: Vec<&str> = schema.out_arguments().map(|argument| argument.name.as_str()).collect();
        assert_eq!((schema.kind(), schema.is_mutable(), names), (kind, mutable, outs), "{text}");
    }
}

/// GEN-42.
#[test]
fn an_operator_twice_and_an_entry_without_a_schema_are_refused() {
    let twice = "- func: f(Tensor x) -> Tensor\n- func: f(Tensor x, int n) -> Tensor\n";
    assert_eq!(codes(twice), [Code::DuplicateOperator]);
    assert_eq!(codes("- variants: function\n"), [Code::MissingFunc]);
}
