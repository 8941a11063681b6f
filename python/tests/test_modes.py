"""Modes: who sees which call, in which order, with which arguments; what is checked of their answers. Catalogue area MODE."""

import gc
import sys
import threading
import weakref

import pytest
from conftest import Log, Wrapper

import keyway
from keyway import DispatchMode, Tensor, _keyway, ops, tensor


class Raising(DispatchMode):
    def __init__(self, message="raised on purpose", only=None):
        self.message, self.only = message, only

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if self.only is None or func is self.only:
            raise ValueError(self.message)
        return func(*args, **kwargs)


class Answering(DispatchMode):
    """Answers every call with what it was given."""

    def __init__(self, answer):
        self.answer = answer

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.answer


def clean():
    return _keyway._len_torch_dispatch_stack() == 0 and "Python" not in _keyway._included_dispatch_keys()


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    assert clean()
    yield
    assert clean()
    assert "Python" not in _keyway._excluded_dispatch_keys()


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


@pytest.mark.parametrize("answer", ["text", 1, [tensor([1.0])], (tensor([1.0]),), {}])
def test_results_of_a_wrong_kind(answer):
    """MODE-34, P109."""
    with pytest.raises(RuntimeError, match="Unable to cast"), Answering(answer):
        tensor([1.0]).add(1)


def test_wrong_numbers_of_results():
    """MODE-37, P107: a plain error where PyTorch crashes."""
    x = tensor([1.0, 2.0])
    for count in (0, 1, 3):
        with pytest.raises(RuntimeError, match=f"returned {count} results, the schema has 2"), Answering((x,) * count):
            keyway.topk(x, 1)


@pytest.mark.parametrize("answer", [tensor([1.0]), None, 3])
def test_results_that_are_no_sequence(answer):
    """MODE-38, P108."""
    with pytest.raises(TypeError, match="is not an instance of 'sequence'"), Answering(answer):
        keyway.topk(tensor([1.0, 2.0]), 1)


def test_none_for_a_tensor_reaches_the_caller():
    """MODE-39."""
    x = tensor([1.0])
    with Answering(None):
        assert keyway.neg(x) is None and x + x is None
    values, indices = (x, None)
    with Answering((values, indices)):
        assert keyway.topk(x, 1) == (x, None)


def test_a_view_of_the_same_dtype_is_another_object():
    """MODE-52."""
    x = tensor([1.0])
    with Log() as log:
        y = ops.aten.view.dtype(x, keyway.float32)
    assert log.names == ["aten.view.dtype"] and y is not x and y.shares_storage(x)


def test_whether_modes_are_all_the_same():
    """MODE-51."""
    mode, other = Log(), Log()
    assert keyway.all_same_mode([mode, mode, mode]) and keyway.all_same_mode([])
    assert not keyway.all_same_mode([mode, None]) and not keyway.all_same_mode([mode, other])


def test_several_results_are_a_tuple_or_a_list():
    """P108."""
    x, y = tensor([1.0]), tensor([0])
    for answer in ((x, y), [x, y]):
        with Answering(answer):
            values, indices = keyway.topk(tensor([1.0, 2.0]), 1)
        assert values is x and indices is y


def test_an_operator_without_results_gives_none(ns):
    """P106."""
    library = keyway.Library(ns, "DEF")
    library.define("act(Tensor x) -> ()")
    for answer in (False, [], 0):
        with pytest.raises(RuntimeError, match="to return None but it returned something else"), Answering(answer):
            getattr(ops, ns).act(tensor([1.0]))
    with Answering(None):
        assert getattr(ops, ns).act(tensor([1.0])) is None


def test_arguments_equal_to_their_defaults_are_left_out(ns):
    """MODE-40, MODE-43, P99, P253."""
    library = keyway.Library(ns, "DEF")
    library.define("f(Tensor x, int a=1, int b=2, *, int c=3, str d='four') -> Tensor")
    f = getattr(ops, ns).f.default
    x = tensor([1.0])
    for given, expected in [
        (((), {}), ((), {})),
        (((1, 2), {"c": 3, "d": "four"}), ((), {})),
        (((1, 7), {}), ((1, 7), {})),
        (((5,), {"d": "5"}), ((5,), {"d": "5"})),
        (((1,), {"c": 4}), ((), {"c": 4})),
        (((), {"b": 9}), ((1, 9), {})),
    ]:
        with Log() as log, pytest.raises(NotImplementedError):
            f(x, *given[0], **given[1])
        assert log.seen[0][2][1:] == expected[0] and log.seen[0][3] == expected[1]


def test_arguments_arrive_as_python_objects():
    """P101, P102, P253: dtypes and devices as objects, wrapped numbers as numbers."""
    x = tensor([1.0])
    with Log() as log:
        x + 1
        x.to(keyway.float64)
        keyway.full([2], True, device="cpu", dtype=keyway.bool)
        keyway.clamp(x, None, 3)
    by_name = {call[0]: call for call in log.seen}
    assert by_name["aten.add.Tensor"][2] == (x, 1) and type(by_name["aten.add.Tensor"][2][1]) is int
    full = by_name["aten.full.default"]
    assert full[2] == ([2], True) and full[3]["dtype"] is keyway.bool and full[3]["device"] == keyway.device("cpu")
    assert by_name["aten.clamp.default"][2][1:] == (None, 3)


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


def test_infrastructure_modes_count_apart():
    """MODE-49, P87."""

    class Infra(Log):
        @classmethod
        def is_infra_mode(cls):
            return True

    with Infra():
        assert keyway.is_in_torch_dispatch_mode() and not keyway.is_in_torch_dispatch_mode(False)
        with Log():
            assert keyway.is_in_torch_dispatch_mode() and keyway.is_in_torch_dispatch_mode(False)
    assert not keyway.is_in_torch_dispatch_mode()


def test_slots_lie_below_users_modes():
    """P49, P56, P258."""

    class Fake(Log):
        _mode_key = "FAKE"

    class Functional(Log):
        _mode_key = "FUNCTIONAL"

    with Fake() as fake, Log() as user, Functional() as functional:
        assert keyway._get_current_dispatch_mode_stack() == [fake, functional, user]
        assert _keyway._get_dispatch_mode("FAKE") is fake and _keyway._get_dispatch_mode("PROXY") is None
        with pytest.raises(RuntimeError, match="one already exists"):
            _keyway._set_dispatch_mode(Fake())
    with pytest.raises(RuntimeError, match="does not contain a _mode_key"):
        _keyway._set_dispatch_mode(Log())
    with pytest.raises(RuntimeError, match="wasn't one active"):
        _keyway._pop_torch_dispatch_stack("FAKE")


def test_a_rule_speaks_for_one_operator_and_one_class():
    """MODE-57, P70."""
    told = []

    class Ruled(Log):
        pass

    def rule(mode, func, types, args, kwargs):
        told.append((mode, func))
        return func(*args, **kwargs)

    x = tensor([1.0])
    held = keyway.register_torch_dispatch(ops.aten.add.Tensor, Ruled, rule)
    with pytest.raises(RuntimeError, match="has a rule for it already"):
        keyway.register_torch_dispatch(ops.aten.add.Tensor, Ruled, rule)
    with Ruled() as mode:
        x + x
        x * x
    assert told == [(mode, ops.aten.add.Tensor)] and mode.names == ["aten.mul.Tensor"]
    held.destroy()
    with Ruled() as mode:
        x + x
    assert len(told) == 1 and mode.names == ["aten.add.Tensor"]


def test_leaving_what_was_not_entered():
    """MODE-60."""
    with pytest.raises(IndexError, match="did not enter"):
        Log().__exit__(None, None, None)


def test_an_empty_stack():
    """MODE-61, P57: a negative place is an error, not a crash."""
    with pytest.raises(RuntimeError, match="empty mode stack"):
        _keyway._pop_torch_dispatch_stack()
    for place in (0, 5, -1, -(2**62)):
        with pytest.raises(RuntimeError, match="Tried to get stack at"):
            _keyway._get_dispatch_stack_at(place)
    with pytest.raises(TypeError, match="no __torch_dispatch__"):
        _keyway._push_on_torch_dispatch_stack(object())
    _keyway._push_on_torch_dispatch_stack(None)


def test_leaving_out_of_order_takes_off_the_right_mode():
    """P80, P259: the wrong one in PyTorch."""
    outer, inner = Log(), Log()
    outer.__enter__()
    inner.__enter__()
    with pytest.raises(RuntimeError, match="reverse order"):
        outer.__exit__(None, None, None)
    assert keyway._get_current_dispatch_mode_stack() == [inner]
    inner.__exit__(None, None, None)


def test_a_mode_may_name_the_operators_it_wants():
    class Adding(Log):
        dispatch_operators = [ops.aten.add.Tensor, "aten::mul.Tensor"]

    x = tensor([1.0])
    with Adding() as log:
        x + x
        x - x
        x * x
    assert log.names == ["aten.add.Tensor", "aten.mul.Tensor"]


@pytest.mark.parametrize("kind", [KeyError, StopIteration, KeyboardInterrupt, SystemExit, GeneratorExit, RecursionError])
def test_the_same_exception_object_comes_back(kind):
    """P23."""
    raised = kind("on purpose")

    class Throwing(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            raise raised

    x = tensor([1.0])
    caught = None
    with Log(), Throwing(), Log():
        try:
            x + x
        except BaseException as error:
            caught = error
    assert caught is raised
    frames = []
    step = caught.__traceback__
    while step:
        frames.append(step.tb_frame.f_code.co_name)
        step = step.tb_next
    assert frames[-1] == "__torch_dispatch__" and frames[0].startswith("test_")


def test_endless_recursion_is_an_error():
    class Again(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            with self:
                return func(*args, **kwargs)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        with pytest.raises(RecursionError), Again():
            keyway.empty([1])
    finally:
        sys.setrecursionlimit(limit)


def test_reentrant_dispatch():
    """P34 to P37."""
    kinds = []

    class Reentrant(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            kinds.append("Tracer" in _keyway._excluded_dispatch_keys())
            with keyway.enable_reentrant_dispatch():
                kinds.append("Tracer" in _keyway._excluded_dispatch_keys())
                with pytest.raises(RuntimeError, match="re-entrant"):
                    keyway.enable_reentrant_dispatch().__enter__()
                return func(*args, **kwargs)

    with Reentrant():
        assert (tensor([1.0]) + 1).tolist() == [2.0]
    assert kinds == [True, False]
    with pytest.raises(RuntimeError, match="re-entrant"):
        keyway.enable_reentrant_dispatch().__enter__()


def test_scopes_left_out_of_order_leave_nothing_behind():
    outer, inner = keyway._disable_dispatch(), keyway._disable_current_modes()
    outer.__enter__()
    inner.__enter__()
    with pytest.raises(RuntimeError, match="reverse order"):
        outer.__exit__(None, None, None)
    with pytest.raises(RuntimeError, match="not in it"):
        inner.__exit__(None, None, None)


def test_threads_have_stacks_of_their_own():
    """P207, P208: one mode in several threads."""
    log, errors = Log(), []

    def work():
        try:
            assert _keyway._len_torch_dispatch_stack() == 0
            for _ in range(200):
                with log:
                    assert (tensor([1.0]) + 1).tolist() == [2.0]
                assert clean()
        except BaseException as error:
            errors.append(error)

    with Log() as own:
        threads = [threading.Thread(target=work) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert not errors and own.seen == [] and log.names == ["aten.add.Tensor"] * 800


def test_many_dispatches_leave_reference_counts_as_they_were():
    x, y = tensor([1.0]), tensor([2.0])

    class Forwarding(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **kwargs)

    class Declining(DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return NotImplemented

    mode, add = Forwarding(), ops.aten.add.Tensor
    watched = [x, y, mode, add, Forwarding, None, NotImplemented, keyway.float32, ()]

    def work(times):
        for _ in range(times):
            with mode:
                add(x, y, alpha=2)
            try:
                with Declining():
                    add(x, y)
            except TypeError:
                pass

    work(10)
    gc.collect()
    before = [sys.getrefcount(thing) for thing in watched]
    blocks = sys.getallocatedblocks()
    work(5_000)
    gc.collect()
    after = [sys.getrefcount(thing) for thing in watched]
    assert all(abs(b - a) < 50 for a, b in zip(before, after)), list(zip(before, after))
    assert sys.getallocatedblocks() - blocks < 500
