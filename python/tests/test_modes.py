"""Modes: who sees which call, and in which order. Catalogue area MODE.

There are no operators of a higher order yet, which take functions, so that a mode may answer one (MODE-55) has nothing to show it on; that a
mode answers any operator there is stands for it (`test_mode_answers.py`).
"""

import gc
import weakref

import pytest
from conftest import Answering, Log, Raising, Wrapper

import keyway
from keyway import DispatchMode, Tensor, _keyway, ops, tensor

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


def test_factories_are_seen_with_defaults_dropped():
    """MODE-01, P99, P255."""
    with Log() as log:
        keyway.empty([3])
    assert log.seen == [("aten.empty.memory_format", (), ([3],), {})]


def test_plain_tensors_are_seen():
    """MODE-02, P103: the very objects of the caller."""
    x, y = tensor([1.0]), tensor([2.0])
    with Log() as log:
        (x + y).tolist()
    ((name, types, args, kwargs),) = log.seen
    assert (name, types, kwargs) == ("aten.add.Tensor", (), {}) and args[0] is x and args[1] is y


def test_nested_modes_see_each_call_inner_first():
    """MODE-03, MODE-05, P248."""
    order = []

    class Named(DispatchMode):
        def __init__(self, name):
            self.name = name

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            order.append((self.name, str(func), _keyway._len_torch_dispatch_stack()))
            return func(*args, **kwargs)

    with Named("outer"), Named("inner"):
        tensor([1.0]) * 2
    assert order == [("inner", "aten.mul.Tensor", 1), ("outer", "aten.mul.Tensor", 0)]


def test_one_mode_entered_inside_itself_runs_twice():
    """MODE-06, P82, P249."""
    log = Log()
    with log, log:
        keyway.empty([1])
    assert log.names == ["aten.empty.memory_format"] * 2


def test_a_mode_is_entered_again_after_leaving():
    """MODE-08."""
    log = Log()
    for times in (1, 2):
        with log:
            keyway.empty([1])
        assert len(log.seen) == times


def test_the_inner_of_two_raising_modes_wins():
    """MODE-09."""
    with pytest.raises(ValueError, match="inner"):
        with Raising("outer"), Raising("inner"):
            keyway.empty([1])


def test_current_mode_and_stack():
    """MODE-10, MODE-11, P84."""
    assert keyway._get_current_dispatch_mode() is None and keyway._get_current_dispatch_mode_stack() == []
    with Log() as outer:
        assert keyway._get_current_dispatch_mode() is outer
        with Log() as inner:
            assert keyway._get_current_dispatch_mode() is inner
            assert keyway._get_current_dispatch_mode_stack() == [outer, inner]
            assert _keyway._get_dispatch_stack_at(0) is outer


def test_a_mode_goes_on_after_it_raised():
    """MODE-12, P257."""
    x = tensor([1.0])
    with Raising(only=ops.aten.add.Tensor) as mode:
        with pytest.raises(ValueError):
            x + x
        assert keyway._get_current_dispatch_mode_stack() == [mode]
        assert (x * x).tolist() == [1.0]


def test_an_implicit_composite_is_seen_as_what_it_is_made_of():
    """MODE-15, P28."""
    with Log() as log:
        keyway.square(tensor([3.0]))
        keyway.matmul(tensor([[1.0]]), tensor([[1.0]]))
    assert "aten.matmul.default" not in log.names and "aten.mm.default" in log.names


def test_modes_come_before_classes_of_arguments(wrapper_calls):
    """MODE-19, P250."""
    w = Wrapper(tensor([1.0]))
    with Log() as log:
        w + w
    assert [call[0] for call in log.seen] == ["aten.add.Tensor"] and log.seen[0][1] == (Wrapper,)
    assert [call[0] for call in wrapper_calls] == ["aten.add.Tensor"]


def test_modes_come_first_whatever_the_class_order():
    """MODE-20."""

    class A(Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            raise TypeError("class")

    class B(A):
        pass

    a, b = (Tensor._make_subclass(cls, tensor([1.0])) for cls in (A, B))
    for args in [(b, b), (a, b), (a, a)]:
        with pytest.raises(ValueError, match="mode"), Raising("mode"):
            ops.aten.add.Tensor(*args)


def test_a_mode_that_declines_a_class(wrapper_calls):
    """MODE-21, P251."""
    asked = []

    class Declining(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            asked.append(types)
            if Wrapper in types:
                return NotImplemented
            return func(*args, **kwargs)

    w = Wrapper(tensor([1.0]))
    with Declining():
        result = w + w
    assert asked == [(Wrapper,), ()] and len(wrapper_calls) == 1 and result.elem.tolist() == [2.0]


def test_two_declining_modes(wrapper_calls):
    """MODE-23."""

    class Declining(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return NotImplemented if Wrapper in types else func(*args, **kwargs)

    w = Wrapper(tensor([1.0]))
    with Declining(), Declining():
        w + w
    assert len(wrapper_calls) == 1


def test_everybody_declines():
    """P68."""
    with pytest.raises(TypeError, match="Multiple dispatch failed for aten::add.Tensor"):
        with Answering(NotImplemented):
            tensor([1.0]) + 1


def test_dispatch_switched_off():
    """MODE-27, P114."""
    x = tensor([1.0])
    with Log() as log:
        with keyway._disable_dispatch():
            x + x
            assert _keyway._len_torch_dispatch_stack() == 1
        x * x
        with keyway._disable_current_modes():
            assert _keyway._len_torch_dispatch_stack() == 0
            x - x
    assert log.names == ["aten.mul.Tensor"]


def test_a_handler_is_a_plain_method():
    """MODE-31, P76."""

    class Classmethod(DispatchMode):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            return func(*args, **kwargs)

    with pytest.raises(RuntimeError, match="as a classmethod is not supported, please make it a plain method"):
        with Classmethod():
            keyway.empty([1])


def test_a_mode_without_a_handler():
    """MODE-32, P74."""
    with pytest.raises(NotImplementedError):
        with DispatchMode():
            keyway.empty([1])


def test_the_stack_keeps_its_modes():
    """MODE-33, P60."""
    mode = Log()
    seen, watch = mode.seen, weakref.ref(mode)
    mode.__enter__()
    del mode
    gc.collect()
    keyway.empty([1])
    assert len(seen) == 1
    watch().__exit__(None, None, None)
    gc.collect()
    assert watch() is None


def test_an_answer_of_a_subclass_reaches_the_caller():
    """MODE-46."""
    w = Wrapper(tensor([1.0]))
    with Answering(w):
        assert keyway.empty([1]) is w


def test_a_mode_that_wraps_and_unwraps_its_own_class():
    """MODE-47: the class's handler never runs."""

    class Mine(Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            raise AssertionError("the mode handles it")

    def wrapped(plain):
        mine = Tensor._make_subclass(Mine, plain)
        mine.plain = plain
        return mine

    class Wrapping(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return wrapped(func(*[a.plain if isinstance(a, Mine) else a for a in args], **kwargs))

    with Wrapping():
        once = tensor([1.0]) + 1
        with Log():
            twice = once * once
    assert type(once) is type(twice) is Mine and twice.plain.tolist() == [4.0]


def test_subclass_objects_are_made_under_modes_unseen():
    """MODE-48, P120, P122."""

    class Mine(Tensor):
        pass

    x = tensor([1.0])
    with Log() as log:
        assert type(Tensor._make_subclass(Mine, x)) is Mine
        Wrapper(x)
    assert log.seen == []
