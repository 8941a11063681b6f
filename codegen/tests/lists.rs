//! What entries become: defaults of fields, tables, places, and texts that are no lists at all.

use keyway_codegen::model::{DeviceCheck, Variants};
use keyway_codegen::{OperatorEntry, OperatorList, Source, load};

fn list(text: &str) -> OperatorList {
    load(Source::new("ops.yaml", text)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn entry(text: &str) -> OperatorEntry {
    list(text).operators.remove(0)
}

fn lines(text: &str) -> Vec<String> {
    load(Source::new("ops.yaml", text)).err().map(|mistakes| mistakes.lines()).unwrap_or_default()
}

#[test]
fn a_minimal_entry_has_the_defaults_of_all_fields() {
    let entry = entry("- func: foo.bar(Tensor self) -> Tensor\n");
    assert_eq!(entry.schema.to_string(), "aten::foo.bar(Tensor self) -> Tensor");
    assert_eq!(entry.variants, Variants { function: true, method: false });
    assert_eq!(entry.device_check, DeviceCheck::ExactSame);
    assert!(entry.device_guard && !entry.structured && entry.dispatch.is_none() && entry.tags.is_empty());
    assert_eq!((entry.place.line, entry.place.column, entry.span), (1, 9, 8..38));
    assert_eq!(entry.method_name, None);
}

#[test]
fn a_namespace_in_the_schema_is_the_operators() {
    let list = list("- func: mine::foo(Tensor self) -> Tensor\n- func: foo(Tensor self) -> Tensor\n");
    assert_eq!(list.operators[0].namespace(), "mine");
    let find = |name: &str| list.find(&name.parse().unwrap()).map(|entry| entry.namespace());
    assert_eq!(find("foo"), Some("aten"));
    assert_eq!(find("mine::foo"), Some("mine"));
    assert_eq!(find("mine::bar"), None);
}

#[test]
fn no_table_an_empty_one_and_an_empty_value_differ() {
    let kernels = |dispatch: &str| {
        let entry = entry(&format!("- func: foo_(Tensor(a!) self) -> Tensor(a!)\n{dispatch}"));
        entry.kernels().into_iter().map(|line| format!("{}={}", line.key, line.kernel)).collect::<Vec<_>>()
    };
    assert_eq!(kernels(""), ["CompositeImplicitAutograd=foo_"]);
    assert_eq!(kernels("  dispatch:\n"), ["CompositeImplicitAutograd=foo_"]);
    assert!(kernels("  dispatch: {}\n").is_empty());
    assert_eq!(kernels("  dispatch: {'CPU, CUDA': a, Meta: b}\n"), ["CPU=a", "CUDA=a", "Meta=b"]);
}

#[test]
fn default_kernels_are_named_after_the_base_name() {
    let name = |func: &str| entry(&format!("- func: {func}\n")).default_kernel_name();
    assert_eq!(name("foo.bar(Tensor self) -> Tensor"), "foo");
    assert_eq!(name("foo_.bar(Tensor(a!) self) -> Tensor(a!)"), "foo_");
    assert_eq!(name("foo.x(Tensor self, *, Tensor(a!) out) -> Tensor(a!)"), "foo_out");
    assert_eq!(name("__and__(Tensor self, Tensor other) -> Tensor"), "__and__");
}

#[test]
fn keys_and_kernels_know_their_places_and_paths() {
    let text = "- func: foo(SymInt n) -> Tensor\n  dispatch:\n    CPU ,  CUDA: a::b::foo_symint\n";
    let kernels = entry(text).kernels();
    assert_eq!(kernels.iter().map(|line| &text[line.span.clone()]).collect::<Vec<_>>(), ["CPU", "CUDA"]);
    assert_eq!(kernels[0].kernel_path, ["a", "b"]);
    assert!(kernels[0].takes_symint());
}

#[test]
fn fields_of_all_kinds_are_read() {
    let entry = entry(
        "- device_guard: False
  func: foo(Tensor self, int n=1, *, Generator? generator=None) -> Tensor
  variants: method, function
  method_name: foo_it
  device_check: NoCheck
  cpp_no_default_args: ['n']
  manual_cpp_binding: True
  category_override: factory
  tags: [core, nondeterministic_seeded]
  doc: |
    Two
    lines.
",
    );
    assert_eq!(entry.variants, Variants { function: true, method: true });
    assert_eq!(entry.method_name.as_deref(), Some("foo_it"));
    assert_eq!(entry.device_check, DeviceCheck::NoCheck);
    assert!(!entry.device_guard && entry.manual_cpp_binding);
    assert_eq!(entry.cpp_no_default_args, ["n"]);
    assert_eq!(entry.doc.as_deref(), Some("Two\nlines.\n"));
    assert_eq!(entry.tags, ["core", "nondeterministic_seeded"]);
}

#[test]
fn handles_are_called_by_name_and_overload() {
    let path =
        |func: &str| entry(&format!("- func: {func}(Tensor self) -> Tensor\n")).handle_path().join("::");
    assert_eq!(path("add.Tensor"), "add::Tensor");
    assert_eq!(path("relu"), "relu::default");
    assert_eq!(path("where.self"), "r#where::self_");
}

#[test]
fn an_empty_list_is_a_list() {
    assert!(list("[]").operators.is_empty());
    assert!(list("\u{feff}[]\n").operators.is_empty());
    assert!(list("---\n[]\n...\n").operators.is_empty());
}

#[test]
fn line_ends_and_wide_characters_do_not_shift_places() {
    let text = "# ä\r\n- func: foo(tensor x) -> ()\r\n  doc: ü\r\n- func: bar(double x) -> ()\r\n";
    assert_eq!(
        lines(text),
        [
            "ops.yaml:2:13: error[KW0006]: unknown type `tensor`; help: write `Tensor`",
            "ops.yaml:4:13: error[KW0006]: unknown type `double`; help: write `float`"
        ]
    );
}

#[test]
fn a_broken_entry_hides_no_other_mistakes() {
    let found =
        lines("- func: foo(double x) -> ()\n  tag: core\n- func: foo(Tensor x) -> ()\n  variants: no\n");
    let codes: Vec<&str> = found.iter().filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    assert_eq!(codes, ["KW0006", "KW0301", "KW0401", "KW0304"]);
}

#[test]
fn texts_that_are_no_lists_end_in_mistakes() {
    let texts = [
        "\u{0}",
        "\t",
        "&a [*a]",
        "- *nothing",
        "- &a {*a : *a}",
        "{",
        "}",
        "- - - -",
        "? ",
        "- ? ?",
        "!!binary x",
        "%YAML 9",
        "--- ---",
        "- |",
        "- >+\n",
        "'",
        "\"\\q\"",
        "- func: \"\\0\"",
        ": ",
        "- : ",
        "- func: f\n func: g",
        "\u{2028}",
        "[[[[",
        "- func: {}\n  dispatch: []",
        "- {func: 'foo(Tensor x) -> ()', func: 1}",
        "@",
        "`",
        "- %",
    ];
    for text in texts {
        assert!(!lines(text).is_empty(), "{text:?}");
    }
    for repeated in
        ["[", "{", "- ", "? ", "'", "\"", "&a ", "!a ", "- &a *a\n", "{a: ", "|\n", "\t", "\r", "*a "]
    {
        assert!(!lines(&repeated.repeat(5000)).is_empty(), "{repeated:?}");
    }
}

#[test]
fn missing_variants_are_derived_and_grouped() {
    let list = list(
        "\
- func: foo_.x(Tensor(a!) self, SymInt n) -> Tensor(a!)
  dispatch:
    CPU: foo_
  autogen: foo.x, foo.x_out
  tags: nondeterministic_seeded
- func: bar(Tensor self) -> Tensor
",
    );
    let schemas: Vec<String> = list.operators.iter().map(|entry| entry.schema.to_string()).collect();
    assert_eq!(
        schemas[2..],
        [
            "aten::foo.x_out(Tensor self, SymInt n, *, Tensor(a!) out) -> Tensor(a!)",
            "aten::foo.x(Tensor self, SymInt n) -> Tensor"
        ]
    );
    assert_eq!((list.written().len(), list.derived().len(), list.groups.len()), (2, 2, 2));
    let group = list.groups[0];
    assert!(group.is_complete() && !list.groups[1].is_complete());
    assert_eq!((group.inplace, group.out, group.functional), (Some(0), Some(2), Some(3)));
    let [out, functional] = list.derived() else { panic!() };
    assert_eq!(out.kernels()[0].kernel, "foo_x_out_symint");
    assert_eq!(functional.kernels()[0].kernel, "foo_symint");
    assert_eq!(functional.derived.as_ref().unwrap().base, 0);
    assert_eq!(functional.all_tags(), ["generated", "nondeterministic_seeded", "pt2_compliant_tag"]);
}

#[test]
fn fields_say_what_does_not_follow_from_schemas() {
    let alone = "- func: foo.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)\n  dispatch: {CPU: foo}\n";
    assert!(lines(alone)[0].contains("KW0405"));
    assert!(lines(&format!("{alone}  derive: False\n")).is_empty());
    let none = "- func: foo(Tensor self) -> int\n  dispatch: {CPU: foo}\n";
    assert!(lines(none)[0].contains("KW0406"));
    assert!(lines(&format!("{none}  derive: False\n")).is_empty());
    // Only the default namespace promises all variants.
    assert!(lines(&none.replace("foo(", "mine::foo(")).is_empty());
    let view = "- func: foo_(Tensor(a!) self) -> Tensor(a!)\n  tags: inplace_view\n";
    assert!(lines(view)[0].contains("KW0404"));
    let resized = entry(&format!("{view}  changes: size\n"));
    assert!(!resized.is_view());
    assert!(entry(&format!("{view}  changes: storage\n")).is_view());
    let word = "- func: foo(Tensor from) -> Tensor\n";
    assert!(lines(word)[0].contains("KW0331"));
    assert!(lines(&format!("{word}  python_keyword_arguments: [from]\n")).is_empty());
    let grouped = list(
        "- func: p(Tensor self, float p) -> Tensor\n  grouped_with: p_\n- func: p_(Tensor(a!) self, float p=1.0) -> Tensor(a!)\n",
    );
    assert_eq!(grouped.groups.len(), 1);
}
