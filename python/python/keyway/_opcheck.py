"""Checks of an operator against its own promises."""

from __future__ import annotations

from . import _keyway

_CHECKS = ("test_schema", "test_fake")


def _tensors(values):
    for value in values:
        if isinstance(value, _keyway.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def _copied(value):
    if isinstance(value, _keyway.Tensor):
        return value.clone()
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(item) for item in value)
    return value


def _check_schema(op, args, kwargs):
    """What the schema does not mark as written to is as before, and results share memory with arguments only where marked."""
    args, kwargs = [_copied(arg) for arg in args], {name: _copied(arg) for name, arg in kwargs.items()}
    given = list(_tensors((*args, *kwargs.values())))
    before = [_keyway._tolist(tensor) for tensor in given]
    result = op(*args, **kwargs)
    arguments, _, returns = op.schema.rpartition("->")
    if "!" not in arguments:
        for tensor, values in zip(given, before):
            if _keyway._tolist(tensor) != values:
                raise RuntimeError(f"{op.name}: an argument was written to, and the schema does not say so")
    if "(" not in returns.replace("(Tensor", "Tensor"):
        for output in _tensors(result if isinstance(result, (list, tuple)) else (result,)):
            if any(output.shares_storage(tensor) for tensor in given):
                raise RuntimeError(f"{op.name}: a result shares memory with an argument, and the schema does not say so")


def _moved(value):
    if isinstance(value, _keyway.Tensor):
        return _keyway.Tensor(value, device="meta")
    if isinstance(value, (list, tuple)):
        return type(value)(_moved(item) for item in value)
    return value


def _check_fake(op, args, kwargs):
    """The kernel for Meta gives the sizes, strides and dtypes that the real one gives."""
    real = op(*[_copied(arg) for arg in args], **kwargs)
    fake = op(*[_moved(arg) for arg in args], **{name: _moved(arg) for name, arg in kwargs.items()})
    for one, other in zip(_tensors((real,)), _tensors((fake,)), strict=True):
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            raise RuntimeError(f"{op.name}: on meta it gives {other.shape} of {other.dtype}, with data {one.shape} of {one.dtype}")


def opcheck(op, args, kwargs=None, *, test_utils=_CHECKS, raise_exception=True):
    """Checks an operator with sample arguments. Returns the outcome of each check, ``"SUCCESS"`` or the exception."""
    op = getattr(op, "_overload", op)
    if isinstance(op, _keyway.OpOverloadPacket):
        (name,) = op.overloads()
        op = getattr(op, name)
    checks = {"test_schema": _check_schema, "test_fake": _check_fake}
    outcomes = {}
    for name in [test_utils] if isinstance(test_utils, str) else test_utils:
        try:
            checks[name](op, args, kwargs or {})
            outcomes[name] = "SUCCESS"
        except Exception as error:
            if raise_exception:
                raise
            outcomes[name] = error
    return outcomes
