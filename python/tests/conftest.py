"""What the tests share: names that no other test has, and handlers that tell what they saw."""

import itertools

import pytest

import keyway
from keyway import _keyway

_numbers = itertools.count()


@pytest.fixture
def ns():
    """A namespace that no other test uses."""
    return f"test_{next(_numbers)}"


class Log(keyway.DispatchMode):
    """A mode that notes each call and passes it on."""

    def __init__(self, seen=None):
        self.seen = [] if seen is None else seen

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.seen.append((str(func), types, args, kwargs))
        return func(*args, **kwargs)

    @property
    def names(self):
        return [call[0] for call in self.seen]


class Wrapper(keyway.Tensor):
    """A tensor that holds another, notes its calls on the class, unwraps, calls and wraps."""

    seen = []

    @staticmethod
    def __new__(cls, elem):
        wrapper = keyway.Tensor._make_wrapper_subclass(
            cls, elem.size(), elem.stride(), elem.storage_offset(), dtype=elem.dtype, device=elem.device
        )
        wrapper.elem = elem
        return wrapper

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        Wrapper.seen.append((str(func), types, args, kwargs))

        def unwrap(value):
            if isinstance(value, Wrapper):
                return value.elem
            return [unwrap(item) for item in value] if isinstance(value, (list, tuple)) else value

        def wrap(value):
            if isinstance(value, keyway.Tensor):
                return cls(value)
            return [wrap(item) for item in value] if isinstance(value, (list, tuple)) else value

        result = func(*[unwrap(arg) for arg in args], **{name: unwrap(arg) for name, arg in kwargs.items()})
        return wrap(result)


@pytest.fixture
def wrapper_calls():
    """What wrappers saw in this test."""
    Wrapper.seen.clear()
    yield Wrapper.seen
    Wrapper.seen.clear()


def operators(ns):
    """The operators of a namespace."""
    return getattr(keyway.ops, ns)


class Raising(keyway.DispatchMode):
    """Raises at every call, or at those of one operator."""

    def __init__(self, message="raised on purpose", only=None):
        self.message, self.only = message, only

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if self.only is None or func is self.only:
            raise ValueError(self.message)
        return func(*args, **kwargs)


class Answering(keyway.DispatchMode):
    """Answers every call with what it was given."""

    def __init__(self, answer):
        self.answer = answer

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.answer


def clean():
    """Whether no mode is on and none has left its key."""
    return _keyway._len_torch_dispatch_stack() == 0 and "Python" not in _keyway._included_dispatch_keys()


@pytest.fixture
def nothing_is_left_behind():
    """Whatever a test does with modes, the thread is afterwards as it was before."""
    assert clean()
    yield
    assert clean()
    assert "Python" not in _keyway._excluded_dispatch_keys()
