"""Operators made of Python functions with `custom_op`, and the schemas that annotations imply. Catalogue area LIB."""

import re
import typing

import pytest
from conftest import Log, operators

import keyway
from keyway import Library, Tensor, custom_op, infer_schema, tensor


def test_custom_op(ns):
    """LIB-68, LIB-69, LIB-83."""

    @custom_op(f"{ns}::scale", mutates_args=())
    def scale(x: Tensor, factor: float = 2.0, *, shift: int = 0) -> Tensor:
        """Scales."""
        return x * factor + shift

    assert scale.schema == f"{ns}::scale(Tensor x, float factor=2.0, *, SymInt shift=0) -> Tensor"
    x = tensor([1.0, 2.0])
    assert scale(x).tolist() == operators(ns).scale(x).tolist() == [2.0, 4.0]
    assert scale(x, 3, shift=1).tolist() == [4.0, 7.0]
    assert operators(ns).scale.default.has_kernel_for_dispatch_key("CompositeExplicitAutograd")
    assert "pt2_compliant_tag" in operators(ns).scale.default.tags
    with Log() as log:
        scale(x)
    assert log.names[0] == f"{ns}.scale.default"

    @scale.register_kernel("cpu")
    def _(x, factor=2.0, *, shift=0):
        return x + 100

    assert scale(x).tolist() == [101.0, 102.0]


def test_custom_ops_with_overloads(ns):
    """LIB-73."""
    custom_op(f"{ns}::f", lambda x: x.clone(), mutates_args=(), schema="(Tensor x) -> Tensor")
    custom_op(f"{ns}::f.two", lambda x, y: x + y, mutates_args=(), schema="(Tensor x, Tensor y) -> Tensor")
    x = tensor([1.0])
    assert operators(ns).f(x).tolist() == [1.0] and operators(ns).f(x, x).tolist() == [2.0]
    assert operators(ns).f.overloads() == ["default", "two"]


def test_lists_of_dtypes_layouts_and_memory_formats(ns):
    """LIB-59: the kernel gets the objects, and so does a mode."""
    lists = {
        "ScalarType": [keyway.float32, keyway.int64, keyway.bool],
        "Layout": [keyway.strided, keyway.sparse],
        "MemoryFormat": [keyway.channels_last, keyway.contiguous_format],
        "Device": [keyway.device("cpu"), keyway.device("meta")],
        "int?": [1, None],
    }
    for number, (schema_type, given) in enumerate(lists.items()):
        seen = []

        @custom_op(f"{ns}::f{number}", mutates_args=(), schema=f"(Tensor x, {schema_type}[] them) -> Tensor")
        def f(x, them, seen=seen):
            seen.append(them)
            return x.clone()

        with Log() as log:
            f(tensor([1.0]), given)
            f(tensor([1.0]), them=tuple(given))
            f(tensor([1.0]), [])
        assert seen == [given, given, []]
        assert log.seen[0][2][1] == given
        with pytest.raises(TypeError, match=rf"expected a value of type '{re.escape(schema_type)}\[\]' for argument 'them'"):
            f(tensor([1.0]), [object()])


def test_outputs_of_custom_ops_do_not_alias(ns):
    """LIB-74."""

    @custom_op(f"{ns}::same", mutates_args=())
    def same(x: Tensor, view: bool = False) -> Tensor:
        return x[0] if view else x

    for view in (True, False):
        with pytest.raises(RuntimeError, match="must not also be an input"):
            same(tensor([1.0]), view)


def test_custom_ops_that_write(ns):
    """LIB-76, LIB-78, LIB-79, LIB-96."""

    @custom_op(f"{ns}::fill", mutates_args={"x"})
    def fill(x: Tensor, value: float) -> None:
        x[:] = value

    x = tensor([1.0, 2.0])
    assert fill(x, 5.0) is None and x.tolist() == [5.0, 5.0]
    assert fill.schema == f"{ns}::fill(Tensor(a!) x, float value) -> ()"
    with pytest.raises(ValueError, match="consistent"):
        custom_op(f"{ns}::g", lambda x: None, mutates_args=(), schema="(Tensor(a!) x) -> ()")

    def f(x: Tensor, y: typing.List[Tensor], n: int) -> None:
        pass

    assert infer_schema(f, mutates_args="unknown") == "(Tensor(a!) x, Tensor(b!)[] y, SymInt n) -> ()"
    assert infer_schema(f, mutates_args={"y"}) == "(Tensor x, Tensor(b!)[] y, SymInt n) -> ()"
    with pytest.raises(ValueError, match="nobody not found in the function signature"):
        infer_schema(f, mutates_args={"nobody"})
    with pytest.raises(ValueError, match="sequence"):
        infer_schema(f, mutates_args="x")
    with pytest.raises(ValueError, match="only Tensors or collections of Tensors can be mutated"):
        infer_schema(f, mutates_args={"n"})


def test_fake_kernels(ns):
    """LIB-40, LIB-87, P190."""

    @custom_op(f"{ns}::rows", mutates_args=())
    def rows(x: Tensor) -> Tensor:
        return keyway.zeros([x.shape[0]])

    library = Library(ns, "FRAGMENT")

    @library.register_fake("rows")
    def _(x):
        return keyway.empty([x.shape[0]], device="meta")

    assert rows(keyway.empty([3, 2], device="meta")).shape == (3,)
    assert rows(keyway.zeros([3, 2])).tolist() == [0.0, 0.0, 0.0]


def test_refused_custom_ops(ns):
    """LIB-90, LIB-103."""

    def f(x: Tensor) -> Tensor:
        return x.clone()

    with pytest.raises(ValueError, match="mutually exclusive"):
        custom_op(f"{ns}::f", f, mutates_args=(), tags=("inplace", "out"))
    for name in ("aten::f", "prim::f", "f"):
        with pytest.raises(ValueError, match="reserved namespace|namespace::name"):
            custom_op(name, f, mutates_args=())


def test_inferred_schemas():
    """LIB-92, LIB-93, LIB-94, LIB-98."""
    T = Tensor

    def a(x: T) -> T: ...
    def b(x: int, y: bool, z: float, d: keyway.dtype, e: keyway.device, n: typing.Union[int, float, bool]) -> typing.Tuple[T, int]: ...
    def c(x: typing.Sequence[T], y: typing.Optional[T], z: typing.List[typing.Optional[T]], w: typing.Optional[int]) -> T: ...
    def e() -> T: ...
    def f(x: T) -> None: ...
    def k(x: T, d: list[keyway.dtype], e: list[keyway.device], i: list[typing.Optional[int]], l: typing.List[keyway.layout],
          m: keyway.memory_format = keyway.contiguous_format, n: keyway.layout = keyway.strided) -> T: ...
    def h(a: int = 1, b: float = 2.5, c: str = "x", d: keyway.dtype = keyway.float32, e: typing.Optional[T] = None,
          g: keyway.device = keyway.device("cpu"), i: bool = True) -> T: ...

    for function, expected in [
        (a, "(Tensor x) -> Tensor"),
        (b, "(SymInt x, bool y, float z, ScalarType d, Device e, Scalar n) -> (Tensor, SymInt)"),
        (c, "(Tensor[] x, Tensor? y, Tensor?[] z, SymInt? w) -> Tensor"),
        (e, "() -> Tensor"),
        (f, "(Tensor x) -> ()"),
        (k, "(Tensor x, ScalarType[] d, Device[] e, SymInt?[] i, Layout[] l, MemoryFormat m=contiguous_format, "
            "Layout n=strided) -> Tensor"),
        (h, '(SymInt a=1, float b=2.5, str c="x", ScalarType d=float32, Tensor? e=None, Device g="cpu", bool i=True) -> Tensor'),
    ]:
        assert infer_schema(function, mutates_args=()) == expected


def test_kernels_of_custom_ops_are_switched_off_and_on(ns, caplog):
    """LIB-71."""

    @custom_op(f"{ns}::where_from", mutates_args=())
    def where_from(x: Tensor) -> int:
        return 0

    where_from.register_kernel("cpu", lambda x: 1)
    x = tensor([1.0])
    assert where_from(x) == 1
    with where_from.set_kernel_enabled("cpu", False):
        assert where_from(x) == 0
        with where_from.set_kernel_enabled("cpu", True):
            assert where_from(x) == 1
        assert where_from(x) == 0
        assert not caplog.records
        with where_from.set_kernel_enabled("cpu", False):
            assert where_from(x) == 0
        assert "is off already" in caplog.text
    assert where_from(x) == 1
    with where_from.set_kernel_enabled("cpu"):
        assert where_from(x) == 1
    assert "is on already" in caplog.text
    with where_from.set_kernel_enabled("cuda", False):
        assert where_from(x) == 1
    assert "has no kernel for cuda" in caplog.text


def test_only_tensors_are_mutated():
    """LIB-101."""

    def f(x: Tensor, n: int) -> Tensor:
        return x

    with pytest.raises(ValueError, match="only Tensors or collections of Tensors can be mutated"):
        keyway.infer_schema(f, mutates_args={"n"})


def annotated(annotation, default=None):
    """A function of a tensor and a parameter annotated so."""

    def f(x, p):
        return x.clone()

    f.__annotations__ = {"x": Tensor, "p": annotation, "return": Tensor}
    if default is not None:
        f.__defaults__ = (default,)
    return f


@pytest.mark.parametrize(
    "annotation, default, text, given",
    [
        (float, 1.5, "float p=1.5", 1.5),
        (int, -3, "SymInt p=-3", -3),
        (bool, True, "bool p=True", True),
        (str, 'a "word" \\ and\nmore', 'str p="a \\"word\\" \\\\ and\\nmore"', 'a "word" \\ and\nmore'),
        (keyway.dtype, keyway.float16, "ScalarType p=float16", keyway.float16),
        (keyway.device, keyway.device("meta"), 'Device p="meta"', keyway.device("meta")),
        (keyway.memory_format, keyway.contiguous_format, "MemoryFormat p=contiguous_format", keyway.contiguous_format),
        (typing.Sequence[int], (1, 2), "SymInt[] p=[1,2]", (1, 2)),
        (typing.Optional[typing.List[int]], [3], "SymInt[]? p=[3]", [3]),
        (typing.Union[int, float, bool], 2, "Scalar p=2", 2),
    ],
)
def test_a_default_arrives_as_it_was_written(ns, annotation, default, text, given):
    seen = []
    function = annotated(annotation, default)
    assert text in infer_schema(function, mutates_args=())

    def noting(x, p=default):
        seen.append(p)
        return x.clone()

    noting.__annotations__ = function.__annotations__
    custom_op(f"{ns}::f", noting, mutates_args=())(tensor([1.0]))
    assert seen == [given]


def test_defaults_that_schemas_do_not_have(ns):
    for number, (annotation, default, message) in enumerate([
        (float, float("inf"), "infinities cannot be defaults; make the argument optional"),
        (str, "a, b", "a string default contains neither"),
        (keyway.memory_format, keyway.channels_last, "only `contiguous_format` is a default"),
        (int, 2**70, "64"),
    ]):
        with pytest.raises(ValueError, match=message):
            custom_op(f"{ns}::f{number}", annotated(annotation, default), mutates_args=())


def test_mistakes_in_a_signature_name_the_parameter():
    cases = {
        (typing.Any, None): "Parameter p has unsupported type",
        (typing.Tuple[int, ...], None): r"Parameter p has unsupported type .*Did you mean typing.List\[int\]\?",
        (list[list[int]], None): "Parameter p has unsupported type",
        (complex, None): "Parameter p has unsupported type",
        (int, "a"): "Parameter p has a default value 'a' that is no <class 'int'>",
        (int, True): "Parameter p has a default value True",
        (Tensor, tensor([1])): "Parameter p has a default value",
        (typing.List[int], (1, "a")): r"Parameter p has a default value \(1, 'a'\)",
        ("Nowhere", None): "name 'Nowhere' is not defined",
    }
    for (annotation, default), message in cases.items():
        with pytest.raises(ValueError, match=message):
            infer_schema(annotated(annotation, default), mutates_args=())
    function = annotated(int)
    for wrong in (3, None, [3], [None]):
        with pytest.raises(TypeError, match="mutates_args must be a sequence of the names"):
            infer_schema(function, mutates_args=wrong)
    for result in (str, typing.Optional[Tensor], list[int], dict, tuple[Tensor, ...]):
        function.__annotations__["return"] = result
        with pytest.raises(ValueError, match="Return has unsupported type"):
            infer_schema(function, mutates_args=())


def test_mistakes_around_a_custom_op(ns):
    function = annotated(int)
    with pytest.raises(TypeError, match="device_types must be None, the name of a device type"):
        custom_op(f"{ns}::a", function, mutates_args=(), device_types=3)
    with pytest.raises(TypeError, match="are strings"):
        custom_op(f"{ns}::b", function, mutates_args=(), schema=3)
    with pytest.raises(TypeError, match="tags must be"):
        Library(ns, "FRAGMENT").define("c(Tensor x) -> Tensor", tags=3)


def test_there_is_no_autograd_and_it_says_so(ns):
    op = custom_op(f"{ns}::f", annotated(int), mutates_args=())
    library = Library(ns, "FRAGMENT")
    uses = (
        lambda: op.register_autograd(lambda ctx, grad: grad),
        lambda: keyway.register_autograd(f"{ns}::f", lambda ctx, grad: grad, setup_context=lambda ctx: None),
        lambda: library.register_autograd("f", lambda ctx, grad: grad),
    )
    for use in uses:
        with pytest.raises(NotImplementedError, match=f"{ns}::f: there is no autograd yet"):
            use()


def test_opcheck_says_what_it_takes():
    x = tensor([1.0])
    for op, args, error, message in [
        (3, (x,), ValueError, "checks an overload"),
        (lambda x: x, (x,), ValueError, "checks an overload"),
        (keyway.ops.aten.add, (x, x), ValueError, r"aten::add has the overloads Tensor, Scalar, out; name the one to check, \.Tensor"),
        (keyway.ops.aten.sin.default, x, TypeError, "given as a tuple, not as"),
    ]:
        with pytest.raises(error, match=message):
            keyway.opcheck(op, args)
