"""Checks of an operator against its own promises (P195)."""

from __future__ import annotations

from . import _keyway


def _is_sequence(value):
    return isinstance(value, (list, tuple))


def _tensors(values):
    for value in values:
        if isinstance(value, _keyway.Tensor):
            yield value
        elif _is_sequence(value):
            yield from _tensors(value)


def _mapped(value, change):
    """The value with all of its tensors changed."""
    if isinstance(value, _keyway.Tensor):
        return change(value)
    if _is_sequence(value):
        return type(value)(_mapped(item, change) for item in value)
    return value


def _call(op, args, kwargs, change):
    return op(*[_mapped(arg, change) for arg in args], **{name: _mapped(arg, change) for name, arg in kwargs.items()})


def _copy(tensor):
    return tensor.clone()


def _check_schema(op, args, kwargs):
    """What the schema does not mark as written to is as before, and results share memory with arguments only where marked."""
    args, kwargs = _mapped(list(args), _copy), {name: _mapped(arg, _copy) for name, arg in kwargs.items()}
    given = list(_tensors((*args, *kwargs.values())))
    before = [_keyway._tolist(tensor) for tensor in given]
    result = op(*args, **kwargs)
    arguments, _, returns = op.schema.rpartition("->")
    if "!" not in arguments:
        for tensor, values in zip(given, before):
            if _keyway._tolist(tensor) != values:
                raise RuntimeError(f"{op.name}: an argument was written to, and the schema does not say so")
    if "(" not in returns.replace("(Tensor", "Tensor"):
        for output in _tensors(result if _is_sequence(result) else (result,)):
            if any(output.shares_storage(tensor) for tensor in given):
                raise RuntimeError(f"{op.name}: a result shares memory with an argument, and the schema does not say so")


def _described(tensor):
    """What a fake tensor has to say right; nobody steps along a dimension of size 1."""
    strides = tuple(stride for size, stride in zip(tensor.shape, tensor.stride()) if size > 1 and tensor.numel())
    return tensor.shape, strides, str(tensor.dtype), str(tensor.device)


def _check_faketensor(op, args, kwargs):
    """On fake tensors it gives the sizes, strides, dtypes and devices that it gives on real ones."""
    real = _call(op, args, kwargs, _copy)
    mode = _keyway.FakeTensorMode()
    with mode:
        fake = _call(op, args, kwargs, mode.from_tensor)
    for one, other in zip(_tensors((real,)), _tensors((fake,)), strict=True):
        if _described(one) != _described(other):
            raise RuntimeError(f"{op.name}: on fake tensors it gives {_described(other)}, on real ones {_described(one)}")


def _check_traced(op, args, kwargs):
    """Traced and run again on the same tensors it computes the same, bit for bit: there is no compiler here, so this stands for it."""
    inputs = [_copy(tensor) for tensor in _tensors((*args, *kwargs.values()))]

    def function(*inputs):
        inputs = iter(inputs)
        result = _call(op, args, kwargs, lambda _: next(inputs))
        return list(_tensors(result if _is_sequence(result) else (result,)))

    _keyway.trace(function, *inputs, verify=True)


#: The checks by PyTorch's names. That of the registration for autograd has nothing to look at: there is no autograd.
_CHECKS = {
    "test_schema": _check_schema,
    "test_autograd_registration": None,
    "test_faketensor": _check_faketensor,
    "test_aot_dispatch_dynamic": _check_traced,
}


def opcheck(op, args, kwargs=None, *, test_utils=tuple(_CHECKS), raise_exception=True):
    """Checks an operator with sample arguments. Returns the outcome of each check: ``"SUCCESS"``, the exception, or ``"SKIPPED: ..."`` for
    the check of autograd's registration, as there is no autograd. Raises the first exception unless ``raise_exception`` is False.

    ``test_schema`` looks at writes and aliases, ``test_faketensor`` at sizes, strides, dtypes and devices without data,
    ``test_aot_dispatch_dynamic`` traces the call and runs the graph again.
    """
    op = getattr(op, "_overload", op)
    if isinstance(op, _keyway.OpOverloadPacket):
        names = op.overloads()
        if len(names) != 1:
            raise ValueError(f"{op.name} has the overloads {', '.join(names)}; name the one to check, .{names[0]} say")
        op = getattr(op, names[0])
    if not isinstance(op, _keyway.OpOverload):
        raise ValueError(f"opcheck(op, ...) checks an overload such as ops.aten.sin.default, or what custom_op gives, not {type(op)}")
    if not _is_sequence(args):
        raise TypeError(f"the arguments are given as a tuple, not as {type(args)}")
    outcomes = {}
    for name in [test_utils] if isinstance(test_utils, str) else test_utils:
        if name not in _CHECKS:
            raise ValueError(f"there is no check {name!r}; they are {', '.join(_CHECKS)}")
        check = _CHECKS[name]
        if check is None:
            outcomes[name] = "SKIPPED: there is no autograd yet"
            continue
        try:
            check(op, args, kwargs or {})
            outcomes[name] = "SUCCESS"
        except Exception as error:
            if raise_exception:
                raise
            outcomes[name] = error
    return outcomes
