"""Operators and kernels from Python. Catalogue area LIB.

Without a test: LIB-37, as there is no loading of shared libraries; LIB-86, which waits for autograd.
"""

import gc
import threading
import typing
import weakref

import pytest
from conftest import Log, Wrapper, operators

import keyway
from keyway import Library, Tensor, _keyway, custom_op, infer_schema, ops, tensor


def test_kinds_and_reserved_namespaces():
    """LIB-01, LIB-02."""
    with pytest.raises(ValueError, match="Unsupported kind: BLABLA"):
        Library("some", "BLABLA")
    for kind in ("DEF", "FRAGMENT"):
        with pytest.raises(ValueError, match="prim is a reserved namespace"):
            Library("prim", kind)
    Library("prim", "IMPL")


def test_a_namespace_has_one_owner(ns):
    """LIB-03, LIB-22: both places are told, as Python has them."""
    first = Library(ns, "DEF")
    with pytest.raises(RuntimeError) as caught:
        Library(ns, "DEF")
    assert str(caught.value).count("test_library.py:") == 2
    first._destroy()
    Library(ns, "DEF")._destroy()
    with pytest.raises(RuntimeError, match="built in"):
        Library("aten", "DEF")


def test_a_fragment_needs_no_owner(ns):
    """LIB-05."""
    library = Library(ns, "FRAGMENT")
    assert library.define("double(Tensor x) -> Tensor") == f"{ns}::double"
    library.impl("double", lambda x: x * 2, "CPU")
    assert operators(ns).double(tensor([2.0])).tolist() == [4.0]


def test_kernels_of_two_libraries(ns):
    """LIB-06."""
    first, second = Library(ns, "DEF"), Library(ns, "IMPL", "Meta")
    first.define("f(Tensor x) -> Tensor")
    first.impl("f", lambda x: x + 1, "CPU")
    second.impl("f", lambda x: keyway.empty([7], device="meta"))
    assert operators(ns).f(tensor([1.0])).tolist() == [2.0]
    assert operators(ns).f(keyway.empty([1], device="meta")).shape == (7,)


def test_overriding_for_a_while():
    """LIB-07, LIB-08, P263."""
    x = tensor([-1.0, 2.0])
    with Library("aten", "IMPL") as library, Library("aten", "IMPL") as other:
        library.impl("neg", lambda self: tensor([42.0]), "CPU")
        other.impl(ops.aten.abs.default, lambda self: tensor([43.0]), "CPU")
        assert (-x).tolist() == [42.0] and abs(x).tolist() == [43.0]
        library._destroy()
        assert (-x).tolist() == [1.0, -2.0] and abs(x).tolist() == [43.0]
    assert abs(x).tolist() == [1.0, 2.0]


def test_the_newest_kernel_wins_and_its_end_brings_the_other_back(ns):
    """LIB-10, P188, P263."""
    library, newer = Library(ns, "DEF"), Library(ns, "IMPL")
    library.define("f(Tensor x) -> Tensor")
    library.impl("f", lambda x: x + 1, "CPU")
    newer.impl("f", lambda x: x + 10, "CPU")
    assert operators(ns).f(tensor([0.0])).tolist() == [10.0]
    with pytest.raises(RuntimeError, match="already a kernel registered from python"):
        Library(ns, "IMPL").impl("f", lambda x: x, "CPU", allow_override=False)
    newer._destroy()
    assert operators(ns).f(tensor([0.0])).tolist() == [1.0]


def test_mistakes_at_registration(ns):
    """LIB-12, LIB-15, LIB-18, LIB-31."""
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    with pytest.raises(RuntimeError, match="does not match the namespace"):
        library.impl(ops.aten.add.Tensor, lambda *args: None, "CPU")
    with pytest.raises(TypeError, match="required to be a callable"):
        library.impl("f", 3, "CPU")
    with pytest.raises(TypeError, match="either a name or an OpOverload"):
        library.impl(3, lambda x: x, "CPU")
    with pytest.raises(RuntimeError, match="could not parse dispatch key: CPUU"):
        library.impl("f", lambda x: x, "CPUU")
    with pytest.raises(RuntimeError, match="Invalid alias_analysis"):
        library.define("g(Tensor x) -> Tensor", "SOMETIMES")
    with pytest.raises(ValueError):
        library.define("not a schema")
    with pytest.raises(RuntimeError, match="defined already"):
        library.define("f(Tensor x) -> Tensor")


def test_a_kernel_without_a_key_is_an_implicit_composite(ns):
    """LIB-17, LIB-19, LIB-39."""
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.impl("f", lambda x: x + 1)
    assert operators(ns).f.default.kernel_keys() == ["CompositeImplicitAutograd"]
    for register in (lambda: library.impl("f", lambda x: x, "Meta"), lambda: library.register_fake("f", lambda x: x)):
        with pytest.raises(RuntimeError, match="CompositeImplicitAutograd"):
            register()
    assert operators(ns).f.default.kernel_keys() == ["CompositeImplicitAutograd"]


def test_a_dropped_library_takes_everything_with_it(ns):
    """LIB-20, LIB-42, P202."""
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")

    def kernel(x):
        return x

    library.impl("f", kernel, "CPU")
    overload, watch = operators(ns).f.default, weakref.ref(kernel)
    assert overload(tensor([1.0])).tolist() == [1.0] and hasattr(operators(ns), "f")
    del library, kernel
    gc.collect()
    assert watch() is None and not hasattr(operators(ns), "f")
    with pytest.raises(AttributeError, match=f"'_OpNamespace' '{ns}' object has no attribute 'f'"):
        operators(ns).f
    with pytest.raises(RuntimeError, match="Could not find schema"):
        overload(tensor([1.0]))


def test_a_destroyed_library_is_not_used(ns):
    library = Library(ns, "DEF")
    library._destroy()
    with pytest.raises(AssertionError, match="has been destroyed"):
        library.define("f(Tensor x) -> Tensor")


def test_fallthrough(ns):
    """LIB-23."""
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.impl("f", lambda x: tensor([1.0]), "AutogradCPU")
    library.impl("f", lambda x: tensor([2.0]), "CPU")
    assert operators(ns).f(tensor([0.0])).tolist() == [1.0]
    library.impl("f", keyway.fallthrough_kernel, "AutogradCPU")
    assert operators(ns).f(tensor([0.0])).tolist() == [2.0]


def test_kernels_that_ask_for_the_key_set(ns):
    """LIB-25, P177, P199, P262."""
    library, told = Library(ns, "DEF"), []
    library.define("f(Tensor x) -> Tensor")

    def above(keyset, x):
        told.append(keyset.highest())
        return operators(ns).f.default.redispatch(keyset & keyway.KeySet.after("AutogradCPU"), x)

    def below(keyset, x):
        told.append((keyset.highest(), _keyway._len_torch_dispatch_stack()))
        return x

    library.impl("f", above, "AutogradCPU", with_keyset=True)
    library.impl("f", below, "CPU", with_keyset=True)
    with Log() as log:
        operators(ns).f(tensor([1.0]))
    assert told == ["AutogradCPU", ("CPU", 0)] and log.names == [f"{ns}.f.default"]
    with pytest.raises(TypeError, match="KeySet"):
        operators(ns).f.default.redispatch(3, tensor([1.0]))
    with pytest.raises(NotImplementedError, match="no key is left"):
        operators(ns).f.default.redispatch(keyway.KeySet(), tensor([1.0]))


def test_tags_and_schemas(ns):
    """LIB-32, LIB-28."""
    library = Library(ns, "DEF")
    library.define("one(Tensor x) -> Tensor", tags="pointwise")
    library.define("two(Tensor x) -> Tensor", tags=("pointwise", "core"))
    assert operators(ns).one.default.tags == ["pointwise"]
    assert set(operators(ns).two.default.tags) == {"pointwise", "core"}
    assert operators(ns).one.default.schema == f"{ns}::one(Tensor x) -> Tensor"
    assert repr(operators(ns).one.default) == f"<OpOverload(op='{ns}.one', overload='default')>"


def test_kernels_by_device(ns):
    """LIB-35, LIB-36."""
    for number, devices in enumerate([None, "default", "cpu", ["cpu", "cuda"]]):
        name = f"{ns}::f{number}"
        library = Library(ns, "FRAGMENT")
        library.define(f"f{number}(Tensor x) -> Tensor")
        keyway.register_kernel(name, devices, lambda x: x + 1, lib=library)
        assert getattr(operators(ns), f"f{number}")(tensor([1.0])).tolist() == [2.0]
    with pytest.raises(RuntimeError, match="Expected one of .*cpu.* device type"):
        keyway.register_kernel(name, "abacus", lambda x: x, lib=library)


def test_missing_kernels(ns):
    """LIB-41."""
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.define("g() -> Tensor")
    for call, text in [
        (lambda: operators(ns).f(tensor([1.0])), "no kernel for CPU"),
        (lambda: operators(ns).f(keyway.empty([1], device="meta")), "Meta"),
        (lambda: operators(ns).g(), f"{ns}::g"),
    ]:
        with pytest.raises(NotImplementedError, match=text):
            call()


def test_missing_operators():
    """LIB-42."""
    with pytest.raises(AttributeError, match="'_OpNamespace' 'aten' object has no attribute 'nothing'"):
        ops.aten.nothing
    with pytest.raises(AttributeError, match="has no overload 'Nothing'; it has Tensor, Scalar, out"):
        ops.aten.add.Nothing
    with pytest.raises(AttributeError, match="no operator aten::nothing"):
        keyway.nothing


def test_calls_that_do_not_fit(ns):
    """LIB-46."""
    library = Library(ns, "DEF")
    library.define("f(Tensor x, int a=1, *, int b=2, int c) -> Tensor")
    library.impl("f", lambda x, a=1, *, b=2, c: x, "CPU")
    f, x = operators(ns).f.default, tensor([1.0])
    for args, kwargs, text in [
        ((x,), {}, r"missing value for argument 'c'"),
        ((x, 1, 2), {"c": 1}, r"takes 2 positional argument\(s\) but 3 were given"),
        ((x,), {"c": 1, "d": 2}, "has no argument 'd'"),
        ((x,), {"c": 1, "x": x}, "argument 'x' by position and by name"),
        ((x, 1.5), {"c": 1}, "value of type 'int' for argument 'a'.*found type 'float'"),
        ((x, True), {"c": 1}, "found type 'bool'"),
    ]:
        with pytest.raises(TypeError, match=text):
            f(*args, **kwargs)
    with pytest.raises(OverflowError):
        f(x, 2**70, c=1)
    assert f(x, c=1) is x


@pytest.fixture
def echo(ns):
    """Calls an operator with one argument of a schema type; what its kernel was given."""
    library, given = Library(ns, "DEF"), []

    def kernel(*args):
        given.append(args[0] if args else "nothing")
        return None

    def call(schema_type, value, name=[0]):
        name[0] += 1
        library.define(f"f{name[0]}({schema_type} x) -> ()")
        library.impl(f"f{name[0]}", kernel, "CompositeExplicitAutograd")
        getattr(operators(ns), f"f{name[0]}")(value)
        return given[-1]

    return call


class Own:
    """A sequence of its own kind."""

    def __len__(self):
        return 2

    def __getitem__(self, at):
        return (3, 4)[at]


def test_conversions_of_arguments(echo):
    """LIB-50, LIB-53, LIB-55, LIB-56, LIB-57, LIB-58."""
    assert echo("int[]", [1, 2]) == echo("int[]", (1, 2)) == echo("int[]", range(1, 3)) == [1, 2]
    assert echo("int[]", []) == [] and echo("int[2]", 7) == [7, 7] and echo("SymInt[]", tensor([[1]]).shape) == [1, 1]
    for number in (1, 1.5, True, 1 + 2j):
        assert echo("Scalar", number) == number and type(echo("Scalar", number)) is type(number)
    assert echo("float", 2) == 2.0 and type(echo("float", 2)) is float
    x = tensor([1.0])
    assert echo("Tensor[]", (x,)) == [x] and echo("Tensor[]", []) == []
    given = echo("Tensor?[]", [None, x])
    assert given[0] is None and given[1] is x
    assert echo("ScalarType", keyway.float32) is keyway.float32
    assert echo("Device", "cpu") == echo("Device", keyway.device("cpu")) == keyway.device("cpu")
    assert echo("str", "text") == "text" and echo("int?", None) is None and echo("MemoryFormat", keyway.channels_last)
    with pytest.raises(TypeError):
        echo("ScalarType", "float32")
    with pytest.raises(ValueError, match="`abacus` is no device; write one of"):
        echo("Device", "abacus")
    for schema_type, wrong in [("Device", 1), ("int[]", "12"), ("int[]", [1, None]), ("bool", 1), ("str", b"x"), ("Tensor", None)]:
        with pytest.raises(TypeError, match="expected a value of type"):
            echo(schema_type, wrong)


def test_results_of_kernels(ns):
    """LIB-62, LIB-63, P106, P107."""
    library = Library(ns, "DEF")
    library.define("two(Tensor x, int n) -> (Tensor, Tensor)")
    library.define("none(Tensor x) -> ()")
    library.impl("two", lambda x, n: [x] * n, "CPU")
    library.impl("none", lambda x: None, "CPU")
    x = tensor([1.0])
    assert operators(ns).two(x, 2) == (x, x) or operators(ns).two(x, 2)[1] is x
    for count in (0, 1, 3):
        with pytest.raises(RuntimeError, match=f"PythonKernelHolder returned {count} results"):
            operators(ns).two(x, count)
    assert operators(ns).none(x) is None
    library.impl("none", lambda x: 0, "CPU")
    with pytest.raises(RuntimeError, match="Expected PythonKernelHolder for"):
        operators(ns).none(x)


def test_fallbacks():
    """P189, with modes and subclasses too, where PyTorch fails."""
    told = []

    def fallback(op, *args, **kwargs):
        told.append(str(op))
        with keyway._keyway._exclude_dispatch_keys(keyway.KeySet("TESTING_ONLY_GenericMode")):
            return op(*args, **kwargs)

    x = tensor([1.0])
    with Library("_", "IMPL", "TESTING_ONLY_GenericMode") as library:
        library.fallback(fallback)
        with _keyway._include_dispatch_keys(keyway.KeySet("TESTING_ONLY_GenericMode")):
            assert (x + x).tolist() == [2.0]
            with Log() as log:
                x * x
            assert type(Wrapper(x) + 1) is Wrapper
    assert told[:2] == ["aten.add.Tensor", "aten.mul.Tensor"] and log.names == ["aten.mul.Tensor"]
    with pytest.raises(AssertionError, match="must not be empty"):
        Library("_", "IMPL").fallback(fallback)
    with pytest.raises(RuntimeError, match="global namespace"):
        Library("aten", "IMPL", "CPU").fallback(fallback)


def test_exceptions_of_kernels_are_the_same_objects(ns):
    """P200."""
    library, raised = Library(ns, "DEF"), LookupError("on purpose")
    library.define("f(Tensor x) -> Tensor")

    def kernel(x):
        raise raised

    library.impl("f", kernel, "CPU")
    with pytest.raises(LookupError) as caught, Log():
        operators(ns).f(tensor([1.0]))
    assert caught.value is raised


def test_rust_errors_are_fitting_exceptions():
    x = tensor([[1.0, 2.0]])
    for call, kind, text in [
        (lambda: x @ tensor([[1.0, 2.0]]), RuntimeError, "aten::mm"),
        (lambda: x.sum(5), IndexError, "aten::sum"),
        (lambda: keyway.empty([1], device="meta").item(), Exception, "aten::"),
        (lambda: x.view([3]), RuntimeError, "aten::view"),
    ]:
        with pytest.raises(kind, match=text):
            call()


def test_functions_without_a_schema():
    """LIB-100, LIB-102."""
    T = Tensor

    def varargs(*args: T) -> T: ...
    def kwargs(**kwargs: T) -> T: ...
    def bare(x) -> T: ...
    def nothing(x: T): ...
    def uniform(x: typing.Tuple[int, int]) -> T: ...
    def mixed(x: typing.Tuple[int, T]) -> T: ...
    def function(x: typing.Callable) -> T: ...
    def mapping(x: dict) -> T: ...
    def text(x: T) -> str: ...
    def variadic(x: T) -> typing.Tuple[T, ...]: ...

    for f, message in [(varargs, "args"), (kwargs, "kwargs"), (bare, "annotation"), (nothing, "return type"),
                       (uniform, r"Did you mean typing.List\[int\]"), (mixed, "unsupported type"), (function, "unsupported type"),
                       (mapping, "unsupported type"), (text, "unsupported type"), (variadic, "unsupported type")]:
        with pytest.raises(ValueError, match=message) as caught:
            infer_schema(f, mutates_args=())
        assert f is uniform or "Did you mean" not in str(caught.value)


def test_defining_again(ns):
    """LIB-105."""

    def f(x: Tensor) -> Tensor:
        return x + 1

    first = custom_op(f"{ns}::f", f, mutates_args=())
    with pytest.raises(RuntimeError, match="defined already"):
        custom_op(f"{ns}::f", f, mutates_args=())
    first._destroy()
    again = custom_op(f"{ns}::f", lambda x, y: x + y, mutates_args=(), schema="(Tensor x, Tensor y) -> Tensor")
    assert again(tensor([1.0]), tensor([2.0])).tolist() == [3.0]


def test_free_standing_definitions(ns):
    """LIB-33, LIB-34."""
    with pytest.raises(ValueError, match="'namespace::name'"):
        keyway.define("twice", "(Tensor x) -> Tensor")
    with pytest.raises(ValueError, match=r"'\(args\) -> result'"):
        keyway.define(f"{ns}::twice", "twice(Tensor x) -> Tensor")
    with pytest.raises(ValueError, match="instance of str"):
        keyway.define(3, "(Tensor x) -> Tensor")
    keyway.define(f"{ns}::twice", "(Tensor x) -> Tensor")
    keyway.impl(f"{ns}::twice", "cpu", lambda x: x + x)
    assert operators(ns).twice(tensor([2.0])).tolist() == [4.0]
    keyway.define(f"{ns}::thrice", "(Tensor x) -> Tensor")

    @keyway.impl(f"{ns}::thrice", ["cpu"])
    def thrice(x):
        return x + x + x

    assert operators(ns).thrice(tensor([2.0])).tolist() == [6.0] and thrice(tensor([1.0])).tolist() == [3.0]
    keyway.impl(f"{ns}::thrice", "CompositeExplicitAutograd", lambda x: x)
    library = Library(ns, "FRAGMENT")

    @keyway.define(library, "legacy(Tensor x) -> Tensor")
    def legacy(x):
        return x.neg()

    assert operators(ns).legacy(tensor([2.0])).tolist() == [-2.0]
    library.define("older(Tensor x) -> Tensor")

    @keyway.impl(library, "older", "CPU")
    def older(x):
        return x.abs()

    assert operators(ns).older(tensor([-2.0])).tolist() == [2.0]


def test_factories_by_device(ns):
    """LIB-80."""

    @custom_op(f"{ns}::made", mutates_args=(), device_types="cpu")
    def made(n: int, device: keyway.device) -> Tensor:
        return keyway.zeros([n], device=device)

    assert made(3, "cpu").shape == (3,)
    with pytest.raises(NotImplementedError, match="(?i)cuda"):
        made(3, "cuda")


def test_keyword_only_tensors_are_refused(ns):
    """LIB-82."""
    with pytest.raises(NotImplementedError, match="keyword-only tensors"):

        @custom_op(f"{ns}::f", mutates_args=())
        def f(x: Tensor, *, y: Tensor) -> Tensor:
            return x + y


def test_operators_tagged_in_place_return_their_argument(ns):
    """LIB-91."""

    @custom_op(f"{ns}::grown", mutates_args={"self"}, tags="inplace", schema="(Tensor(a!) self, bool wrong) -> Tensor(a!)")
    def grown(self, wrong):
        self += 1
        return self.clone() if wrong else self

    x = tensor([1.0])
    assert grown(x, False) is x and x.tolist() == [2.0]
    with pytest.raises(RuntimeError, match="must return its first argument"):
        grown(x, True)


def test_key_sets():
    keys = keyway.KeySet("CPU", "AutogradCPU")
    assert keys.highest() == "AutogradCPU" and "CPU" in keys and (keys - keyway.KeySet("AutogradCPU")).highest() == "CPU"
    assert keys == keyway.KeySet("AutogradCPU", "CPU") and keys | keyway.KeySet() == keys and not keyway.KeySet()
    with pytest.raises(RuntimeError, match="could not parse dispatch key"):
        keyway.KeySet("Abacus")
    x = tensor([1.0])
    with Log() as log, _keyway._exclude_dispatch_keys(keyway.KeySet("Python", "PythonTLSSnapshot")):
        x + x
    assert log.seen == []


def test_threads_run_large_kernels_together():
    """P204: the interpreter lock is free meanwhile."""
    import time

    x, ticks, done = keyway.ones([500, 500]), [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    for _ in range(3):
        x @ x
    end = time.perf_counter()
    done.set()
    thread.join()
    assert sum(start < at < end for at in ticks) > 5
