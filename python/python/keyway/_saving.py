"""Tensors saved and copied: strides stay, tensors that share memory share it afterwards, classes keep their attributes."""

from __future__ import annotations

import copy
import copyreg
import weakref

from . import _keyway
from ._ops import ops

Tensor = _keyway.Tensor

#: One object for the memory that several tensors share, so that savers and copiers, who know objects, see that they do.
_storages = weakref.WeakValueDictionary()


def _storage(tensor):
    fresh = _keyway._storage(tensor)
    return _storages.setdefault(fresh.address, fresh)


def _rebuild(cls, storage, dtype, size, stride, offset):
    tensor = _keyway._over_storage(storage, dtype, size, stride, offset)
    return tensor if cls is Tensor else Tensor._make_subclass(cls, tensor)


def _rebuild_without_data(cls, dtype, device, size, stride):
    tensor = ops.aten.empty_strided(size, stride, dtype=dtype, device=device)
    return tensor if cls is Tensor else Tensor._make_subclass(cls, tensor)


def _rebuild_wrapper(cls, arguments):
    return Tensor._make_wrapper_subclass(cls, **arguments)


def _is_wrapper(tensor):
    """Whether the tensor has a class with a handler and no data of its own."""
    return "Python" in _keyway._dispatch_keys(tensor) and not _keyway._storage(tensor).has_bytes


def _state(tensor):
    """What an object has besides the tensor, as ``object.__reduce_ex__`` gives it."""
    own = getattr(type(tensor), "__getstate__", None)
    if own is not None and own is not getattr(object, "__getstate__", None):
        return own(tensor)
    attributes = dict(getattr(tensor, "__dict__", None) or {})
    names = copyreg._slotnames(type(tensor))
    slots = {name: getattr(tensor, name) for name in names if hasattr(tensor, name)}
    return (attributes or None, slots) if slots else attributes or None


def _made_of(tensor):
    """The function that makes a tensor like this one, and its arguments."""
    cls = type(tensor)
    if tensor.is_quantized:
        raise TypeError(f"a tensor of {tensor.dtype} cannot be saved; save dequantize() of it, or int_repr() and the parameters")
    if _is_wrapper(tensor):
        return _rebuild_wrapper, (cls, _keyway._wrapper_arguments(tensor))
    if tensor.device.type == "meta":
        return _rebuild_without_data, (cls, tensor.dtype, tensor.device, tuple(tensor.shape), tensor.stride())
    return _rebuild, (cls, _storage(tensor), tensor.dtype, tuple(tensor.shape), tensor.stride(), tensor.storage_offset())


def reduce_ex(self, protocol):
    """For ``pickle``. A wrapper is made again from its sizes and its attributes, which hold what it wraps."""
    state = _state(self)
    if _is_wrapper(self) and state is None:
        raise TypeError(f"{type(self).__name__} has neither data nor attributes to save; give it a __reduce_ex__")
    function, arguments = _made_of(self)
    return function, arguments, state


def _restore(tensor, state):
    """Gives an object its attributes, as loading does."""
    own = getattr(tensor, "__setstate__", None)
    if own is not None:
        own(state)
        return
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    if attributes:
        tensor.__dict__.update(attributes)
    for name, value in (slots or {}).items():
        setattr(tensor, name, value)


def shallow_copy(self):
    """Another object over the same memory, of the same class and with the same attributes."""
    function, arguments = _made_of(self)
    result, state = function(*arguments), _state(self)
    if state is not None:
        _restore(result, state)
    return result


def deep_copy(self, memo):
    """A tensor over memory of its own, which what shared it before shares again within one copy."""
    if id(self) in memo:
        return memo[id(self)]
    if _is_wrapper(self):
        result = self.clone()
        if type(result) is not type(self):
            raise TypeError(f"the clone of a {type(self).__name__} is a {type(result).__name__}; give the class a __deepcopy__")
    else:
        function, arguments = _made_of(self)
        result = function(*(copy.deepcopy(argument, memo) if isinstance(argument, _keyway._Storage) else argument for argument in arguments))
    memo[id(self)] = result
    state = _state(self)
    if state is not None:
        _restore(result, copy.deepcopy(state, memo))
    return result
