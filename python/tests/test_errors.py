"""The classes of exceptions, and that each names the operator, the key or the name it is about."""

import pytest

import keyway
from keyway import KeySet, Library, Tensor, ops, tensor
from keyway import _keyway

from conftest import Answering, Log


def raises(kind, message):
    return pytest.raises(kind, match=message)


def test_names_that_no_key_has(ns):
    """LIB-18, D20: a wrong value, and what PyTorch raises."""
    assert issubclass(keyway.UnknownKeyError, ValueError) and issubclass(keyway.UnknownKeyError, RuntimeError)
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    uses = (
        lambda name: library.impl("f", lambda x: x, name),
        lambda name: Library("_", "IMPL").fallback(lambda *args: None, name),
        lambda name: Library(ns, "IMPL", name),
        lambda name: KeySet(name),
        lambda name: KeySet.after(name),
        lambda name: name in KeySet("CPU"),
        lambda name: ops.aten.add.Tensor.has_kernel_for_dispatch_key(name),
    )
    for use in uses:
        for name in ("CPUU", "cpu", "Autograd CPU"):
            with raises(keyway.UnknownKeyError, f"could not parse dispatch key: {name}"):
                use(name)
    with raises(ValueError, "did you mean `CPU`"):
        KeySet("cpu")
    assert keyway.UnknownKeyError.__module__ == "keyway" and keyway.UnknownKeyError.__doc__


def test_arguments_that_do_not_fit_are_type_errors():
    x = tensor([1.0])
    add = ops.aten.add.Tensor
    for use, message in [
        (lambda: add(x), r"aten::add.Tensor\(\) is missing value for argument 'other'"),
        (lambda: add(x, x, x), r"aten::add.Tensor\(\) takes 2 positional argument\(s\) but 3 were given"),
        (lambda: add(x, x, beta=1), r"aten::add.Tensor\(\) has no argument 'beta'"),
        (lambda: add(x, x, other=x), r"aten::add.Tensor\(\) got argument 'other' by position and by name"),
        (lambda: add(x, "a"), r"aten::add.Tensor\(\) expected a value of type 'Tensor' for argument 'other' \(position 1\) but found type 'str'"),
        (lambda: ops.aten.sum.dim_IntList(x, "a"), r"aten::sum.dim_IntList\(\) expected a value of type"),
    ]:
        with raises(TypeError, message):
            use()
    with raises(OverflowError, r"aten::add.Tensor\(\) got a value for argument 'alpha' .* too large"):
        add(x, x, alpha=2**70)


def test_what_a_kernel_refuses():
    x = tensor([[1.0, 2.0]])
    for use, kind, message in [
        (lambda: x.sum(5), IndexError, "aten::sum.dim_IntList"),
        (lambda: x[7], IndexError, "index 7 is out of bounds for dimension 0 with size 1"),
        (lambda: keyway.index_select(x, 1, tensor([9])), IndexError, "aten::index_select"),
        (lambda: x.reshape(5), RuntimeError, "aten::reshape"),
        (lambda: x @ x, RuntimeError, "aten::m"),
        (lambda: tensor([1.5]) & 1, NotImplementedError, "aten::bitwise_and"),
        (lambda: tensor([1, 2]).item(), RuntimeError, "aten::item"),
        (lambda: keyway.empty([2], device="cuda"), NotImplementedError, "aten::empty.memory_format"),
        (lambda: keyway.zeros(2, device="abacus"), TypeError, "aten::zeros.. has no overload(.|\n)*abacus"),
        (lambda: tensor([1.0], device="abacus"), ValueError, "no device|abacus"),
    ]:
        with raises(kind, message):
            use()


def test_what_has_no_kernel_is_not_implemented(ns):
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.define("none() -> int")
    f, none = getattr(ops, ns).f, getattr(ops, ns).none
    x = tensor([1.0])
    for use, message in [
        (lambda: f(x), f"{ns}::f"),
        (lambda: f.default.redispatch(KeySet("CPU"), x), f"{ns}::f"),
        (lambda: none(), f"{ns}::none"),
        (lambda: f(x.to("meta")), f"{ns}::f"),
    ]:
        with raises(NotImplementedError, message):
            use()


def test_what_a_kernel_in_python_gives_back(ns):
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.define("two(Tensor x) -> (Tensor, Tensor)")
    x, name = tensor([1.0]), getattr(ops, ns)
    library.impl("f", lambda x: 3, "CPU")
    with raises(RuntimeError, f"{ns}::f: Unable to cast 3 to Tensor"):
        name.f(x)
    library.impl("two", lambda x: (x, x, x), "CPU")
    with raises(RuntimeError, f"{ns}::two"):
        name.two(x)
    library.impl("f", lambda: x, "CPU")
    with raises(TypeError, "takes 0 positional arguments"):
        name.f(x)


def test_schemas_that_cannot_be_read_are_value_errors(ns):
    library = Library(ns, "DEF")
    for schema, message in [
        ("f(Tensr x) -> Tensor", r"in the schema `f\(Tensr x\) -> Tensor`: \[KW0006\] unknown type `Tensr`"),
        ("f(Tensor x -> Tensor", "KW0002"),
        ("f.default(Tensor x) -> Tensor", "default"),
        ("f", "f"),
        ("f(Tensor x=1, Tensor y) -> Tensor", "y"),
    ]:
        with raises(ValueError, message):
            library.define(schema)


def test_registrations_that_contradict_each_other_are_runtime_errors(ns):
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    for use, message in [
        (lambda: library.define("f(Tensor x) -> Tensor"), f"{ns}::f"),
        (lambda: Library(ns, "DEF"), ns),
        (lambda: library.impl("other::f", lambda x: x, "CPU"), "does not match the namespace"),
        (lambda: Library(ns, "IMPL", "CPU").impl("f", lambda x: x, "Meta"), "Meta"),
        (lambda: Library(ns, "IMPL").define("g(Tensor x) -> Tensor"), ns),
    ]:
        with raises(RuntimeError, message):
            use()
    library._destroy()
    with raises(AssertionError, "has been destroyed"):
        library.define("g(Tensor x) -> Tensor")
    with raises(AttributeError, f"'{ns}' object has no attribute 'f'"):
        getattr(ops, ns).f


def test_a_definition_that_is_gone(ns):
    library = Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    overload, packet = getattr(ops, ns).f.default, getattr(ops, ns).f
    library._destroy()
    with raises(RuntimeError, f"Could not find schema for {ns}::f"):
        overload(tensor([1.0]))
    with raises(RuntimeError, f"{ns}::f: its definition is gone"):
        packet(tensor([1.0]))
    with raises(RuntimeError, "nothing_there"):
        _keyway._operator(f"{ns}::nothing_there")


def test_what_a_handler_gives_back():
    x = tensor([1.0])
    with raises(TypeError, "aten::add"), Answering(NotImplemented):
        x + 1
    with raises(RuntimeError, "aten::add.Tensor"), Answering("a"):
        x + 1
    with raises(RuntimeError, "aten::topk|aten.topk"), Answering((x,)):
        keyway.topk(x, 1)


def test_modes_out_of_order():
    one, other = Log(), Log()
    one.__enter__()
    other.__enter__()
    try:
        with raises(RuntimeError, "mode"):
            one.__exit__(None, None, None)
    finally:
        while _keyway._len_torch_dispatch_stack():
            _keyway._pop_torch_dispatch_stack()
    with raises(RuntimeError, "mode|stack|empty"):
        _keyway._pop_torch_dispatch_stack()


def test_objects_of_the_wrong_kind_are_type_errors():
    for use, message in [
        (lambda: Tensor._make_subclass(int, tensor([1.0])), "does not inherit from Tensor"),
        (lambda: Tensor._make_subclass(Tensor, 3), "a Tensor is needed, not int"),
        (lambda: tensor([1.0]).as_subclass(3), "cls must be a type"),
        (lambda: keyway.from_numpy([1]), r"expected np.ndarray \(got list\)"),
        (lambda: keyway.from_dlpack(3), "int"),
        (lambda: keyway.is_fake(3), "a Tensor is needed, not int"),
        (lambda: keyway.trace(3), "callable"),
        (lambda: KeySet(3), "str"),
    ]:
        with raises(TypeError, message):
            use()
