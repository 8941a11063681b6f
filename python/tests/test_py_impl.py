"""Functions that run at keys and for modes while the Python dispatcher is on (P163 to P170, P260)."""

import pytest

import keyway
from keyway import Library, ops, tensor

from conftest import Log


@pytest.fixture
def f(ns):
    library = Library(ns, "DEF")
    library.define("f(Tensor x, int n=1, *, int k=0) -> Tensor")
    library.impl("f", lambda x, n=1, *, k=0: x + n, "CPU")
    f = getattr(ops, ns).f.default
    yield f
    library._destroy()


def test_a_function_at_a_key_runs_while_the_dispatcher_is_on(f):
    """P165, P169."""

    @f.py_impl("CPU")
    def at_cpu(x, n=1, *, k=0):
        return x * 10 + n + k

    x = tensor([1.0])
    assert f(x).tolist() == [2.0]
    with keyway.enable_python_dispatcher():
        assert f(x).tolist() == [11.0] and f(x, 5, k=3).tolist() == [18.0]
        assert (x + x).tolist() == [2.0]
    assert f(x).tolist() == [2.0] and at_cpu(x).tolist() == [11.0]


def test_layers_are_asked_one_by_one(f):
    """P164."""
    told, autograd = [], Library(f.namespace, "FRAGMENT")

    def above(keys, x, n=1, *, k=0):
        told.append("AutogradCPU")
        return f.redispatch(keys & keyway.KeySet.after("AutogradCPU"), x, n, k=k)

    autograd.impl(f.name, above, "AutogradCPU", with_keyset=True)
    f.py_impl("CPU")(lambda x, n=1, *, k=0: x * 10)
    x = tensor([1.0])
    assert f(x).tolist() == [2.0] and told == ["AutogradCPU"]
    with keyway.enable_python_dispatcher():
        assert f(x).tolist() == [10.0] and told == ["AutogradCPU"] * 2
    f.py_impl("AutogradCPU")(lambda x, n=1, *, k=0: f.redispatch(keyway.KeySet("CPU"), x, n, k=k))
    with keyway.enable_python_dispatcher():
        assert f(x).tolist() == [2.0] and told == ["AutogradCPU"] * 2


def test_alias_keys_answer_where_no_kernel_is(ns):
    """P174."""
    library = Library(ns, "DEF")
    library.define("g(Tensor x) -> Tensor")
    g = getattr(ops, ns).g.default
    g.py_impl("CompositeImplicitAutograd")(lambda x: x + 1)
    with pytest.raises(NotImplementedError):
        g(tensor([1.0]))
    with keyway.enable_python_dispatcher():
        assert g(tensor([1.0])).tolist() == [2.0]
    library.impl("g", lambda x: x + 100, "CPU")
    with keyway.enable_python_dispatcher():
        assert g(tensor([1.0])).tolist() == [101.0]


def test_a_function_for_a_class_of_modes(f):
    """P170, P260."""
    calls = []

    @f.py_impl(Log)
    def for_log(mode, x, n=1, *, k=0):
        calls.append((mode, keyway._get_current_dispatch_mode()))
        return x - n

    x = tensor([1.0])
    with Log() as log:
        assert f(x).tolist() == [2.0] and len(log.seen) == 1
        with keyway.enable_python_dispatcher():
            assert f(x).tolist() == [0.0]
            assert keyway._get_current_dispatch_mode() is log
    assert calls == [(log, None)] and len(log.seen) == 1


def test_modes_without_a_function_have_their_handler(f):
    x = tensor([1.0])
    f.py_impl("CPU")(lambda x, n=1, *, k=0: x * 10)
    with keyway.enable_python_dispatcher(), Log() as log:
        assert f(x).tolist() == [10.0]
    assert len(log.seen) == 1


def test_exceptions_and_wrong_results(f):
    error = KeyError("mine")

    @f.py_impl("CPU")
    def fails(x, n=1, *, k=0):
        if n == 1:
            raise error
        return "text"

    with keyway.enable_python_dispatcher():
        with pytest.raises(KeyError) as raised:
            f(tensor([1.0]))
        assert raised.value is error
        with pytest.raises(RuntimeError, match="Unable to cast 'text'"):
            f(tensor([1.0]), 2)


def test_what_py_impl_refuses(f):
    """P168."""
    f.py_impl("CPU")(lambda x: x)
    with pytest.raises(RuntimeError, match="Trying to override a python impl for CPU on operator"):
        f.py_impl("CPU")(lambda x: x)
    f.py_impl(Log)(lambda mode, x: x)
    with pytest.raises(AssertionError, match="has a python impl"):
        f.py_impl(Log)(lambda mode, x: x)
    with pytest.raises(AssertionError, match="register a mode"):
        f.py_impl("Python")(lambda x: x)
    with pytest.raises(AssertionError, match="expected DispatchKey, got int"):
        f.py_impl(3)(lambda x: x)
    with pytest.raises(RuntimeError, match="could not parse dispatch key"):
        f.py_impl("Nonsense")(lambda x: x)
