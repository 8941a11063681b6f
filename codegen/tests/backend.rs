//! The file of a backend, and the kernels that are written for it. GEN-01 to GEN-11.

use std::path::Path;

use keyway_codegen::backend::{self, Backend};
use keyway_codegen::{OperatorList, Source, emit, load};
use keyway_schema::Code;

fn list() -> OperatorList {
    let text = "\
- func: abs(Tensor self) -> Tensor
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  structured_delegate: add.out
- func: add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
  structured_delegate: add.out
- func: add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)
  structured: True
  dispatch:
    CPU: add_out
- func: pool(Tensor self, int[2] size, *, Generator? generator=None) -> (Tensor, Tensor)
  dispatch:
    CPU: pool
  tags: nondeterministic_seeded
";
    load(Source::new("ops.yaml", text)).unwrap()
}

fn read(text: &str) -> Backend {
    backend::read(Source::new("npu.yaml", text), &list())
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.lines().join("\n")))
}

/// The one mistake in a file, as one line, and its code.
fn mistake(text: &str) -> (Code, String) {
    let mistakes = backend::read(Source::new("npu.yaml", text), &list()).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{}", mistakes.lines().join("\n"));
    (mistakes.iter().next().unwrap().code, mistakes.lines().remove(0))
}

/// GEN-01, GEN-03.
#[test]
fn one_operator_several_and_none_are_read_with_and_without_gradients() {
    let names = |positions: &[usize]| -> Vec<String> {
        positions.iter().map(|&position| list().operators[position].name().to_string()).collect()
    };
    let none = read("backend: XLA\nsupported:\n");
    assert_eq!(none, Backend { key: "XLA".to_owned(), supported: vec![], autograd: vec![] });
    assert_eq!(names(&read("backend: XLA\nsupported:\n- abs\n").supported), ["aten::abs"]);
    let both = read("backend: XLA\nsupported:\n- add.out\n- aten::abs\nautograd:\n- pool\n");
    assert_eq!(names(&both.supported), ["aten::add.out", "aten::abs"]);
    assert_eq!(names(&both.autograd), ["aten::pool"]);
}

/// GEN-04.
#[test]
fn a_backend_must_be_named() {
    for text in ["supported:\n- abs\n", "backend:\nsupported:\n- abs\n", "backend: ''\nsupported:\n- abs\n"] {
        let (code, line) = mistake(text);
        assert_eq!(code, Code::BackendMissing, "{line}");
        assert!(line.contains("a value for `backend` must be given"), "{line}");
    }
}

/// GEN-05.
#[test]
fn a_backend_is_a_dispatch_key() {
    let (code, line) = mistake("backend: NOT_XLA\nsupported:\n- abs\n");
    assert_eq!(code, Code::UnknownDispatchKey);
    assert!(
        line.contains("unknown dispatch key `NOT_XLA`; help: `backend` must be a dispatch key"),
        "{line}"
    );
    assert_eq!(
        mistake("backend: Dense\nsupported:\n- abs\n").0,
        Code::UnknownDispatchKey,
        "a building block"
    );
}

/// GEN-07.
#[test]
fn operators_are_a_list() {
    let (code, line) = mistake("backend: XLA\nsupported: abs\n");
    assert_eq!(code, Code::WrongKind);
    assert!(
        line.contains("npu.yaml:2:12") && line.contains("`supported` is text (`abs`), not a list"),
        "{line}"
    );
    assert!(mistake("backend: XLA\nsupported:\n  abs: 1\n").1.contains("`supported` is a mapping"));
}

/// GEN-08.
#[test]
fn operators_are_those_of_the_list() {
    let (code, line) = mistake("backend: XLA\nsupported:\n- abss\n");
    assert_eq!(code, Code::BackendOperator);
    assert!(line.contains("`abss` is no operator of ops.yaml; help: did you mean `abs`?"), "{line}");
    let (_, line) = mistake("backend: XLA\nsupported:\n- add\n");
    assert!(line.contains("name one of its overloads: `add.Tensor`, `add.out`"), "{line}");
    let (code, line) = mistake("backend: Vulkan\nautograd:\n- pool\n");
    assert_eq!(code, Code::NoAutogradKey, "{line}");
}

/// GEN-09.
#[test]
fn the_variants_of_an_operator_stay_together() {
    for (plain, gradient) in
        [("add.Tensor", "add.out"), ("add_.Tensor", "add.Tensor"), ("add.out", "add_.Tensor")]
    {
        let (code, line) =
            mistake(&format!("backend: XLA\nsupported:\n- {plain}\nautograd:\n- {gradient}\n"));
        assert_eq!(code, Code::BackendSplit);
        assert!(line.contains(&format!("`aten::{gradient}` stands under `autograd`")), "{line}");
        assert!(line.contains(&format!("`aten::{plain}`, a variant of the same operator")), "{line}");
    }
    assert_eq!(mistake("backend: XLA\nsupported:\n- abs\n- abs\n").0, Code::DuplicateOperator);
    assert_eq!(mistake("backend: XLA\nsupported:\n- abs\nautograd:\n- abs\n").0, Code::DuplicateOperator);
}

/// GEN-11.
#[test]
fn unknown_fields_are_refused_with_those_there_are() {
    let (code, line) = mistake("backend: XLA\nsupported:\n- abs\ninvalid_key: invalid\n");
    assert_eq!(code, Code::UnknownField);
    let expected = "unknown field `invalid_key`; help: the fields are `backend`, `supported` and `autograd`";
    assert!(line.contains(expected), "{line}");
    assert!(mistake("backend: XLA\nsuported:\n- abs\n").1.contains("did you mean `supported`?"));
}

#[test]
fn what_is_no_mapping_and_what_is_no_yaml_are_mistakes() {
    assert_eq!(mistake("- abs\n").1.split(": ").nth(1), Some("error[KW0205]"));
    let mistakes = backend::read(Source::new("npu.yaml", "backend: [XLA\n"), &list()).unwrap_err();
    assert_eq!(mistakes.iter().next().unwrap().code, Code::YamlSyntax);
    let all =
        backend::read(Source::new("npu.yaml", "backend: XL\nsupported:\n- abss\n- 3\nmore: 1\n"), &list());
    assert_eq!(all.unwrap_err().len(), 4, "all at once");
}

/// The kernels stand in `golden/backend.rs`, as they would be written now.
#[test]
fn kernels_are_written_to_go_on_from() {
    let found = read("backend: XLA\nsupported:\n- abs\n- add.out\nautograd:\n- pool\n");
    let text = emit::kernels_of_backend(&list(), &found).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/backend.rs");
    if std::env::var_os("KEYWAY_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text);
    let nothing = emit::kernels_of_backend(&list(), &read("backend: XLA\n")).unwrap();
    assert_eq!(nothing, "//! Kernels of the backend `XLA`.\n");
}
