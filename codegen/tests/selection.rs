//! What a selection means for a list: names, overloads, tags, files, traces, and what the chosen operators need.

use keyway_codegen::select::Selection;
use keyway_codegen::{OperatorList, Source, load};

const LIST: &str = "\
- func: add.Tensor(Tensor self, Tensor other) -> Tensor
  structured_delegate: add.out
- func: add.out(Tensor self, Tensor other, *, Tensor(a!) out) -> Tensor(a!)
  structured: True
  dispatch: {CPU: add_out}
- func: add.Scalar(Tensor self, Scalar other) -> Tensor
  tags: pointwise
- func: half_(Tensor(a!) self) -> Tensor(a!)
  dispatch: {CPU: half_}
  autogen: half, half.out
- func: mine::tag(Tensor self) -> Tensor
  tags: [core, pointwise]
";

fn list() -> OperatorList {
    load(Source::new("ops.yaml", LIST)).unwrap()
}

fn names(selection: &Selection) -> Vec<String> {
    let list = list();
    selection.apply(&list).unwrap().names(&list)
}

fn problems(selection: &Selection) -> Vec<String> {
    selection.apply(&list()).unwrap_err().problems().to_vec()
}

#[test]
fn a_name_without_overload_means_all_of_them() {
    assert_eq!(names(&Selection::new().operators(["add.Scalar"])), ["aten::add.Scalar"]);
    assert_eq!(
        names(&Selection::new().operators(["aten::add"])),
        ["aten::add.Tensor", "aten::add.out", "aten::add.Scalar"]
    );
    assert_eq!(names(&Selection::new().operators(["mine::tag"])), ["mine::tag"]);
}

#[test]
fn tags_select_automatic_ones_included() {
    assert_eq!(names(&Selection::new().tags(["pointwise"])), ["aten::add.Scalar", "mine::tag"]);
    assert_eq!(names(&Selection::new().tags(["inplace"])), ["aten::half_"]);
    let both = Selection::new().tags(["core"]).and(Selection::new().operators(["half_"]));
    assert_eq!(names(&both), ["aten::half_", "mine::tag"]);
}

#[test]
fn what_a_chosen_operator_needs_is_built_too() {
    let list = list();
    let selected = Selection::new().operators(["add.Tensor", "half.out"]).apply(&list).unwrap();
    assert_eq!(
        selected.names(&list),
        ["aten::add.Tensor", "aten::add.out", "aten::half_", "aten::half.out", "aten::half"]
    );
    assert_eq!(selected.needed(&list), ["aten::add.out", "aten::half_", "aten::half"]);
}

#[test]
fn the_copying_twin_of_a_view_needs_the_view() {
    let text = "- func: t(Tensor(a) self) -> Tensor(a)\n  dispatch: {CompositeExplicitAutograd: t}\n\
                - func: t_copy(Tensor self) -> Tensor\n  dispatch: {CompositeExplicitAutogradNonFunctional: t_copy}\n  \
                tags: view_copy\n  derive: False\n";
    let list = load(Source::new("ops.yaml", text)).unwrap();
    let selected = Selection::new().operators(["t_copy"]).apply(&list).unwrap();
    assert_eq!(selected.needed(&list), ["aten::t"]);
}

#[test]
fn unknown_names_and_tags_are_all_reported_with_the_nearest() {
    let wrong = Selection::new().operators(["add.Tenor", "xyzzy"]).tags(["cor"]);
    assert_eq!(
        problems(&wrong),
        [
            "the list has no operator `add.Tenor`; did you mean `aten::add.Tensor`?",
            "the list has no operator `xyzzy`",
            "there is no tag `cor`; did you mean `core`?"
        ]
    );
    assert!(problems(&Selection::new())[0].contains("nothing is selected"));
}

#[test]
fn lists_yaml_and_operator_lists_name_operators() {
    let from_list = Selection::from_list("# what we use\nadd.Scalar  # numbers\n\nmine::tag\n");
    assert_eq!(names(&from_list), ["aten::add.Scalar", "mine::tag"]);
    for yaml in [
        "[add.Scalar, 'mine::tag']",
        "operators: [add.Scalar]\ntags: [core]",
        "operators: {add.Scalar: {root: true}, 'mine::tag': }",
        "- func: add.Scalar(Tensor self, Scalar other) -> Tensor\n- func: mine::tag(Tensor self) -> Tensor\n",
    ] {
        assert_eq!(names(&Selection::from_yaml(yaml).unwrap()), ["aten::add.Scalar", "mine::tag"], "{yaml}");
    }
    for (yaml, message) in [
        ("operator: [add]", "unknown field `operator`"),
        ("5", "neither a list"),
        ("[[add]]", "not a name"),
        ("[", "not YAML"),
    ] {
        let error = Selection::from_yaml(yaml).unwrap_err().to_string();
        assert!(error.contains(message), "{yaml}: {error}");
    }
}

#[test]
fn a_trace_selects_what_it_ran() {
    let trace = r###"{"traceEvents": [{"name": "aten::add.Scalar", "ph": "X"}, {"name": "## step", "ph": "X"},
        {"ph": "M"}, {"name": "other::op"}, {"name": "mine::tag"}]}"###;
    assert_eq!(names(&Selection::from_trace(trace).unwrap()), ["aten::add.Scalar", "mine::tag"]);
    assert_eq!(names(&Selection::from_trace(r#"[{"name": "mine::tag"}]"#).unwrap()), ["mine::tag"]);
    assert!(Selection::from_trace("[]").unwrap_err().to_string().contains("no event"));
    let foreign = Selection::from_trace(r#"[{"name": "other::op"}]"#).unwrap();
    assert!(problems(&foreign)[0].contains("no event of the trace"));
}

#[test]
fn a_file_is_read_by_the_end_of_its_name() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (file, text) in [
        ("selection.txt", "mine::tag\n"),
        ("selection.yaml", "operators: ['mine::tag']\n"),
        ("selection.json", r#"[{"name": "mine::tag"}]"#),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
        assert_eq!(names(&Selection::read(folder.join(file)).unwrap()), ["mine::tag"], "{file}");
    }
    let error = Selection::read(folder.join("nowhere.txt")).unwrap_err().to_string();
    assert!(error.contains("nowhere.txt: cannot be read"), "{error}");
}
