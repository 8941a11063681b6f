"""The stack of modes: slots, scopes, threads, exceptions and reference counts. Catalogue area MODE."""

import gc
import sys
import threading

import pytest
from conftest import Log, clean

import keyway
from keyway import DispatchMode, _keyway, ops, tensor

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


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
