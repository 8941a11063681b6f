//! Python stubs: what is in them, that Python reads them, and that they depend on the list alone.

use std::io::Write;
use std::process::{Command, Stdio};

use keyway_codegen::{Source, emit, load};

const LIST: &str = "\
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  variants: function, method
- func: add.Scalar(Tensor self, Scalar other) -> Tensor
  variants: function, method
- func: where.self(Tensor condition, Tensor self, Tensor other) -> Tensor
  variants: function, method
- func: sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)
- func: pool(Tensor self, int[2] size, float[]? scale=None, MemoryFormat f=contiguous_format, str mode='a\"b') -> Tensor[]
- func: random_.from(Tensor(a!) self, int from, int? to, *, Generator? generator=None) -> Tensor(a!)
  variants: method
  python_keyword_arguments: [from]
  tags: nondeterministic_seeded
- func: linalg_inv(Tensor A, *, Device? device=None) -> Tensor
  python_module: linalg
- func: mine::nothing() -> ()
";

fn stubs(name: &str, text: &str) -> String {
    emit::stubs(&load(Source::new(name, text)).unwrap(), "", "")
}

/// Has Python parse a module; `None` where there is no Python.
fn parsed(text: &str) -> Option<String> {
    let mut python = Command::new("python3")
        .args(["-c", "import ast, sys; print(len(ast.parse(sys.stdin.buffer.read().decode()).body))"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn methods_functions_and_overloads_are_declared() {
    let text = stubs("ops.yaml", LIST);
    for line in [
        "    @overload\n    def add(self, other: Tensor, *, alpha: _Number = 1) -> Tensor: ...\n",
        "    def where(self, condition: Tensor, other: Tensor) -> Tensor: ...\n",
        "\ndef where(condition: Tensor, self: Tensor, other: Tensor) -> Tensor: ...\n",
        "def sort(self: Tensor, dim: _int = -1, descending: _bool = False) -> tuple[Tensor, Tensor]: ...\n",
        "def pool(self: Tensor, size: _int | Sequence[_int], scale: Sequence[_float] | None = None, f: _memory_format = ..., mode: _str = \"a\\\"b\") -> list[Tensor]: ...\n",
        "def random_(self, from_: _int, to: _int | None, *, generator: Generator | None = None) -> Tensor: ...\n",
        "class _aten_where__self(OpOverload):\n    def __call__(_op, condition: _Tensor, self: _Tensor",
        "class _aten_where(OpOverloadPacket):\n    self: _aten_where__self\n",
        "class _aten_random_(OpOverloadPacket):\n    from_: _aten_random___from\n",
        "class _mine_nothing__default(OpOverload):\n    def __call__(_op) -> None: ...\n",
        "class _Operators:\n    aten: _aten_namespace\n    mine: _mine_namespace\n\nops: _Operators\n",
    ] {
        assert!(text.contains(line), "{line}\nnot in\n{text}");
    }
    assert!(!text.contains("\ndef linalg_inv") && text.contains("linalg_inv: _aten_linalg_inv\n"));
    assert!(!text.contains("\ndef nothing") && !text.contains("\ndef random_"));
}

#[test]
fn integers_of_an_only_list_may_be_given_one_by_one() {
    let list = "\
- func: reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a)
  variants: function, method
- func: zeros(SymInt[] size, *, ScalarType? dtype=None) -> Tensor
- func: full(SymInt[] size, Scalar fill_value) -> Tensor
- func: stack(Tensor[] tensors) -> Tensor
";
    let text = stubs("ops.yaml", list);
    for line in [
        "    @overload\n    def reshape(self, shape: Sequence[_int]) -> Tensor: ...\n    @overload\n    def reshape(self, *shape: _int) -> Tensor: ...\n",
        "\ndef reshape(self: Tensor, shape: Sequence[_int]) -> Tensor: ...\n",
        "\n@overload\ndef zeros(*size: _int, dtype: _dtype | None = None) -> Tensor: ...\n",
        "\ndef full(size: Sequence[_int], fill_value: _Number) -> Tensor: ...\n",
        "\ndef stack(tensors: Sequence[Tensor]) -> Tensor: ...\n",
    ] {
        assert!(text.contains(line), "{line}\nnot in\n{text}");
    }
}

#[test]
fn members_of_the_class_take_the_place_of_methods() {
    let members = "    where: int\n    @property\n    def add(self) -> Tensor: ...\n";
    let text = emit::stubs(&load(Source::new("ops.yaml", LIST)).unwrap(), members, "");
    let class = text.split("\nclass Tensor:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    assert_eq!((class.matches(" add(").count(), class.matches("where").count()), (1, 1), "{class}");
    assert!(class.starts_with(members) && class.contains("def random_(self"), "{class}");
}

#[test]
fn names_of_the_package_take_the_place_of_functions_only() {
    let package = "from typing import overload\n@overload\ndef add(x: int) -> int: ...\nclass Other:\n    def sum(self) -> int: ...\n";
    let list = load(Source::new("ops.yaml", LIST)).unwrap();
    let (all, text) = (emit::stubs(&list, "", ""), emit::stubs(&list, "", package));
    let functions = |text: &str| text.matches("\ndef add(").count();
    assert!(functions(&all) > 0 && functions(&text) == 0, "{text}");
    for kept in ["\n    def add(self", "\ndef where(", "_aten_add__"] {
        assert_eq!(text.matches(kept).count(), all.matches(kept).count(), "{kept}");
    }
}

#[test]
fn python_reads_what_is_written() {
    let mut lists = vec![stubs("ops.yaml", LIST), stubs("ops.yaml", "[]")];
    if let Some(folder) = std::env::var_os("KEYWAY_CONFORMANCE") {
        let path = std::path::Path::new(&folder).join("data/native_functions.yaml");
        lists.push(emit::stubs(&load(Source::read(path).unwrap()).unwrap(), "", ""));
    }
    for text in lists {
        match parsed(&text) {
            Some(statements) => assert!(statements.parse::<usize>().unwrap() > 20, "{statements}"),
            None => eprintln!("skipped: there is no python3"),
        }
    }
}

#[test]
fn the_text_depends_on_the_list_alone() {
    assert_eq!(stubs("/here/ops.yaml", LIST), stubs("elsewhere/ops.yaml", LIST));
    assert!(!stubs("/here/ops.yaml", LIST).contains("/here"));
}
