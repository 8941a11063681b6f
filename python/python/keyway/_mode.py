"""Modes: objects that see every operator of a ``with`` block."""

from __future__ import annotations

from . import _keyway


class DispatchMode:
    """A mode. Derive from it, write ``__torch_dispatch__``, and use an instance in ``with``.

    While its handler runs the mode is off, and so are the modes above it: what it calls is offered to those below.

    Class attributes that a mode may set:

    - ``dispatch_operators``: the operators it wants (overloads such as ``ops.aten.add.Tensor``, or full names); others pass it by at
      no cost. None, the default, means all.
    - ``is_infra_mode()``: whether it counts as infrastructure in ``is_in_torch_dispatch_mode(False)``.
    """

    dispatch_operators = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Handles a call: ``func`` is the overload, ``types`` the classes among the arguments. Returns what the call returns, or
        NotImplemented."""
        raise NotImplementedError

    @classmethod
    def is_infra_mode(cls):
        return False

    def __enter__(self):
        _keyway._enter_mode(self)
        return self

    def __exit__(self, *exception):
        _keyway._leave_mode(self)


def all_same_mode(modes):
    """Whether modes are all one and the same object."""
    modes = tuple(modes)
    return all(mode is modes[0] for mode in modes)
