"""What ``Tensor`` has besides the operators."""

from __future__ import annotations

import numbers

from . import _indexing, _keyway, _saving, _text
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
    return iter(self.unbind(0))


def _reversed(self):
    """The tensor with its elements the other way round in each dimension."""
    return self.flip(list(range(self.dim()))) if self.dim() else self


def _truth(self):
    if self.numel() != 1:
        message = "is ambiguous; ask any() or all()" if self.numel() else "of an empty tensor is undefined"
        raise RuntimeError(f"Boolean value of Tensor with {self.numel()} values {message}")
    return self.item() != 0


def _number(of):
    """The conversion of a tensor of one element to a number of Python."""

    def convert(self):
        if self.numel() != 1:
            raise ValueError(f"a tensor of {self.numel()} elements is no {of.__name__}; only one of a single element is")
        return of(self.item())

    return convert


def _round(self, digits=None):
    return self.round() if digits is None else self.round(decimals=digits)


def _index(self):
    if self.dtype.is_floating_point or self.dtype.is_complex or self.numel() != 1:
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


def _contains(self, element):
    """Whether some element equals a number, or one that a tensor holds in its place."""
    if isinstance(element, (Tensor, numbers.Number)):
        return bool((self == element).any())
    raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}")


def _in_place(name):
    operator = getattr(Tensor, name)

    def method(self, other):
        result = operator(self, other)
        return result if result is NotImplemented else self

    return method


def _to(self, *args, **kwargs):
    """Another dtype, another device, those of another tensor. The operator wants a dtype beside a device, users give one alone."""
    if args and isinstance(args[0], (str, _keyway.device)) and "dtype" not in kwargs and (len(args) == 1 or isinstance(args[1], bool)):
        names = ("device", "non_blocking", "copy")
        if len(args) > len(names):
            raise TypeError(f"Tensor.to(device) takes at most {len(names)} positional arguments, {len(args)} were given")
        args, kwargs = (), {**dict(zip(names, args)), **kwargs}
    return _aten.to(self, *args, **kwargs)


def _cpu(self):
    """The tensor in the host's memory; itself if it is there already."""
    return _to(self, "cpu")


def _tolist(self):
    """The elements as numbers in nested lists; a number if there are no dimensions."""
    return _keyway._tolist(self)


def _where(self, condition, other):
    """The tensor's elements where the condition holds, those of the other elsewhere."""
    return _aten.where(condition, self, other)


#: Methods named for the dtype they convert to.
_CONVERSIONS = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "char": "int8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "byte": "uint8",
    "bool": "bool",
    "cfloat": "complex64",
    "cdouble": "complex128",
}


def _conversion(name):
    dtype = getattr(_keyway, name)

    def convert(self):
        return _aten.to(self, dtype)

    convert.__doc__ = f"The tensor as {name}; itself if it is that already."
    return convert


def _define_numbers():
    Tensor.__len__, Tensor.__iter__, Tensor.__bool__ = _len, _iter, _truth
    Tensor.__int__, Tensor.__float__, Tensor.__complex__ = _number(int), _number(float), _number(complex)
    Tensor.__index__, Tensor.__round__, Tensor.__reversed__ = _index, _round, _reversed
    Tensor.__divmod__ = lambda self, other: (self // other, self % other)
    Tensor.__rdivmod__ = lambda self, other: (other // self, other % self)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift"):
        setattr(Tensor, f"__i{name}__", _in_place(f"_i{name}"))


def _define_members():
    for name in _keyway._method_names("aten"):
        if not hasattr(Tensor, name):
            setattr(Tensor, name, _keyway._Method(getattr(_aten, name)))
    # Operators that users read as attributes.
    for name in ("mT", "real", "imag"):
        setattr(Tensor, name, property(getattr(_aten, name), doc=getattr(_aten, name).__doc__))
    Tensor.T = property(_aten.numpy_T, doc="The tensor with its dimensions the other way round, a view.")
    Tensor.itemsize = property(Tensor.element_size, doc="Bytes per element.")
    Tensor.nbytes = property(lambda self: self.numel() * self.element_size(), doc="Bytes of all elements.")
    Tensor.is_cpu = property(lambda self: self.device.type == "cpu", doc="Whether the elements are in the host's memory.")
    Tensor.is_meta = property(lambda self: self.device.type == "meta", doc="Whether it has sizes but no elements.")
    Tensor.nelement, Tensor.ndimension = Tensor.numel, Tensor.dim
    Tensor.to, Tensor.cpu, Tensor.where = _to, _cpu, _where
    for name, dtype in _CONVERSIONS.items():
        setattr(Tensor, name, _conversion(dtype))
    Tensor.tolist = _tolist


def _complete():
    _define_members()
    _define_numbers()
    Tensor.__getitem__, Tensor.__setitem__, Tensor.__contains__ = _indexing.getitem, _indexing.setitem, _contains
    Tensor.__repr__, Tensor.__format__ = _text.representation, _text.formatted
    # NumPy leaves operators with a tensor on one side to the tensor.
    Tensor.__array__, Tensor.numpy, Tensor.__array_priority__ = _array, _numpy, 1000
    Tensor.__reduce_ex__ = _saving.reduce_ex
    Tensor.__copy__, Tensor.__deepcopy__ = _saving.shallow_copy, _saving.deep_copy


_complete()
