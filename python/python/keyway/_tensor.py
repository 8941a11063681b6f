"""What ``Tensor`` has besides the operators: conversion, text, pickling."""

from __future__ import annotations

import math
import numbers

from . import _indexing, _keyway
from ._ops import ops

Tensor = _keyway.Tensor
_aten = ops.aten


def _len(self):
    if self.dim() == 0:
        raise TypeError("len() of a 0-d tensor")
    return self.shape[0]


def _iter(self):
    if self.dim() == 0:
        raise TypeError("iteration over a 0-d tensor")
    return (self[at] for at in range(self.shape[0]))


def _truth(self):
    if self.numel() != 1:
        message = "is ambiguous; ask any() or all()" if self.numel() else "of an empty tensor is undefined"
        raise RuntimeError(f"Boolean value of Tensor with {self.numel()} values {message}")
    return self.item() != 0


def _index(self):
    if self.dtype.is_floating_point or self.numel() != 1:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self.item())


def _numpy(self):
    """A NumPy array over the tensor's memory: each sees what is written to the other, and the memory lives as long as either. It is
    read-only where the memory is."""
    import numpy

    return numpy.asarray(_keyway._memory(self))


def _array(self, dtype=None, copy=None):
    array = _numpy(self)
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ValueError(f"an array of {dtype} of a tensor of {self.dtype} needs a copy")
        return array.astype(dtype)
    return array.copy() if copy else array


def _style(values, is_float):
    """How the numbers of a tensor are written, all alike."""
    finite = [abs(v) for v in values if not (math.isnan(v) or math.isinf(v))] if is_float else []
    if not is_float:
        return str
    if all(v == int(v) for v in finite) and all(v < 1e8 for v in finite):
        return lambda v: str(v) if math.isnan(v) or math.isinf(v) else f"{int(v)}."
    small = min((v for v in finite if v), default=1)
    form = ".4f" if max(finite) < 1e5 and small >= 1e-4 else ".4e"
    return lambda v: format(v, form)


_THRESHOLD, _EDGE = 1000, 3


def _rows(values, shape, indent, style, width):
    depth = len(shape)
    if depth == 0:
        return style(values).rjust(width)
    texts = [_rows(part, shape[1:], indent + 1, style, width) for part in values]
    if len(values) < shape[0]:
        texts.insert(_EDGE, "...")
    between = ", " if depth == 1 else "," + "\n" * (depth - 1) + " " * (indent + 1)
    return "[" + between.join(texts) + "]"


def _flat(values, depth):
    if depth == 0:
        yield values
        return
    for value in values:
        yield from _flat(value, depth - 1)


def _repr(self):
    head = "tensor" if type(self) is Tensor else type(self).__name__
    is_wrapper = "Python" in _keyway._dispatch_keys(self)
    if is_wrapper or self.device.type != "cpu":
        size = f"size={self.shape}, dtype={self.dtype}"
        where = "" if self.device.type == "cpu" else f", device='{self.device}'"
        return f"{head}(..., {size}{where})"
    shorten = self.numel() > _THRESHOLD
    values = _keyway._edges(self, _EDGE) if shorten else _keyway._tolist(self)
    style = _style(list(_flat(values, self.dim())), self.dtype.is_floating_point)
    width = 0 if shorten else max((len(style(value)) for value in _flat(values, self.dim())), default=0)
    text = _rows(values, self.shape, len(head) + 1, style, width)
    extra = "" if self.dtype in (_keyway.float32, _keyway.int64, _keyway.bool) else f", dtype={self.dtype}"
    if self.numel() == 0 and self.dim() != 1:
        extra = f", size={self.shape}{extra}"
    return f"{head}({text}{extra})"


def _format(self, spec):
    """A tensor of one number without dimensions is written as that number."""
    if spec and self.dim() == 0:
        return format(self.item(), spec)
    return object.__format__(self, spec)


def _contains(self, element):
    """Whether some element equals a number, or one that a tensor holds in its place."""
    if isinstance(element, (Tensor, numbers.Number)):
        return bool((self == element).any())
    raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}")


def _rebuild_without_data(cls, dtype, device, shape, state):
    tensor = _aten.empty(list(shape), dtype=dtype, device=device)
    tensor = tensor if cls is Tensor else Tensor._make_subclass(cls, tensor)
    if state:
        tensor.__dict__.update(state)
    return tensor


def _rebuild(cls, data, code, shape, state):
    tensor = _keyway.tensor(data, dtype=code) if cls is Tensor else Tensor._make_subclass(cls, _keyway.tensor(data, dtype=code))
    if list(tensor.shape) != list(shape):
        tensor = tensor.reshape(list(shape))
    if state:
        tensor.__dict__.update(state)
    return tensor


def _reduce(self):
    if "Python" in _keyway._dispatch_keys(self):
        raise TypeError(f"{type(self).__name__} has no data of its own to save; give it a __reduce_ex__")
    state = dict(getattr(self, "__dict__", None) or {})
    if self.device.type == "meta":
        return _rebuild_without_data, (type(self), self.dtype, self.device, tuple(self.shape), state)
    return _rebuild, (type(self), _keyway._tolist(self), self.dtype, tuple(self.shape), state)


def _copy(self):
    """Another object over the same memory, of the same class and with the same attributes."""
    if "Python" in _keyway._dispatch_keys(self):
        raise TypeError(f"{type(self).__name__} has no data of its own to share; give it a __copy__")
    result = Tensor._make_subclass(type(self), self)
    if hasattr(self, "__dict__"):
        result.__dict__.update(self.__dict__)
    return result


def _deepcopy(self, memo):
    import copy

    if "Python" in _keyway._dispatch_keys(self):
        result = self.clone()
        if type(result) is not type(self):
            raise TypeError(f"the clone of a {type(self).__name__} is a {type(result).__name__}; give the class a __deepcopy__")
        memo[id(self)] = result
        return result
    rebuild, arguments = _reduce(self)
    *arguments, state = arguments
    result = rebuild(*arguments, copy.deepcopy(state, memo))
    memo[id(self)] = result
    return result


def _in_place(name):
    operator = getattr(Tensor, name)

    def method(self, other):
        result = operator(self, other)
        return result if result is NotImplemented else self

    return method


def _complete():
    for name in _keyway._method_names("aten"):
        if not hasattr(Tensor, name):
            setattr(Tensor, name, _keyway._Method(getattr(_aten, name)))
    Tensor.__getitem__, Tensor.__setitem__ = _indexing.getitem, _indexing.setitem
    Tensor.__len__, Tensor.__iter__, Tensor.__bool__ = _len, _iter, _truth
    Tensor.__int__ = lambda self: int(self.item())
    Tensor.__float__ = lambda self: float(self.item())
    Tensor.__index__ = _index
    Tensor.__repr__, Tensor.__format__, Tensor.__contains__ = _repr, _format, _contains
    Tensor.__array__, Tensor.numpy = _array, _numpy
    Tensor.__reduce_ex__ = lambda self, protocol: _reduce(self)
    Tensor.__copy__, Tensor.__deepcopy__ = _copy, _deepcopy
    Tensor.tolist = lambda self: _keyway._tolist(self)
    Tensor.T = property(lambda self: self.t())
    for name in ("iadd", "isub", "imul", "itruediv"):
        setattr(Tensor, f"__{name}__", _in_place(f"_{name}"))


_complete()
