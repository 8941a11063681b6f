"""``tensor[...]``: ints, slices, None, Ellipsis, and index tensors, masks and lists of numbers in any mixture.

What is no tensor makes a view, part by part; the tensors that are left go to one ``aten::index`` or ``aten::index_put_``. As in PyTorch, an
int beside an index tensor takes its dimension away first.
"""

from __future__ import annotations

from . import _keyway
from ._ops import ops

Tensor = _keyway.Tensor
_aten = ops.aten
_ALL = slice(None)


def _as_tensor(part):
    """An index as a tensor, if it is one of positions or a mask."""
    if isinstance(part, (list, range)):
        part = list(part)
        return _keyway.tensor(part) if part else _keyway.tensor(part, dtype=_keyway.int64)
    if isinstance(part, bool) or (hasattr(part, "__array_interface__") and not isinstance(part, Tensor)):
        return _keyway.tensor(part)
    return part


def _is_mask(part):
    return isinstance(part, Tensor) and part.dtype is _keyway.bool


def _parts(index, dim):
    """The index without Ellipsis: one part for each dimension, mask or new axis."""
    parts = [_as_tensor(part) for part in (index if isinstance(index, tuple) else (index,))]
    used = sum(part.dim() if _is_mask(part) else part is not None and part is not Ellipsis for part in parts)
    if used > dim:
        raise IndexError(f"too many indices for a tensor of {dim} dimension(s): {used} are given")
    places = [at for at, part in enumerate(parts) if part is Ellipsis]
    if len(places) > 1:
        raise IndexError("an index has one Ellipsis at most")
    at = places[0] if places else len(parts)
    return parts[:at] + [_ALL] * (dim - used) + parts[at + 1 :]


def _sliced(tensor, dim, part):
    if part == _ALL:
        return tensor
    start, stop, step = part.indices(tensor.shape[dim])
    if step <= 0:
        raise ValueError("slices of tensors go forward: the step must be 1 or more")
    return _aten.slice.Tensor(tensor, dim, start, max(stop, start), step)


def _selected(tensor, dim, at):
    size = tensor.shape[dim]
    if not -size <= at < size:
        raise IndexError(f"index {at} is out of bounds for dimension {dim} with size {size}")
    return _aten.select.int(tensor, dim, at)


def _check_mask(mask, tensor, dim):
    if mask.shape != tensor.shape[dim : dim + mask.dim()]:
        raise IndexError(f"a mask of shape {mask.shape} does not fit a tensor of shape {tensor.shape} from dimension {dim} on")


def _is_plain(tensor):
    """Whether its number may be read here: no class of its own would want to see that."""
    return "Python" not in _keyway._dispatch_keys(tensor) and tensor.device.type == "cpu"


def _viewed(tensor, index):
    """The view that the parts which are no tensors make, and for each of its dimensions, or for those of a mask, the tensor that
    picks from it, or None."""
    dim, picks = 0, []
    for part in _parts(index, tensor.dim()):
        if _is_mask(part):
            if part.dim() == 0:
                tensor, part = _aten.unsqueeze.default(tensor, dim), part.reshape([1])
            _check_mask(part, tensor, dim)
            picks.append(part)
            dim += part.dim()
        elif isinstance(part, Tensor):
            if part.dtype.is_floating_point or part.dtype.is_complex:
                raise IndexError(f"an index tensor holds integers or bools, not {part.dtype}")
            if part.dim() == 0 and _is_plain(part):
                tensor = _selected(tensor, dim, int(part.item()))
            else:
                picks.append(part if part.dtype is _keyway.int64 else part.to(_keyway.int64))
                dim += 1
        elif part is None:
            tensor = _aten.unsqueeze.default(tensor, dim)
            picks.append(None)
            dim += 1
        elif isinstance(part, slice):
            tensor = _sliced(tensor, dim, part)
            picks.append(None)
            dim += 1
        elif hasattr(part, "__index__"):
            tensor = _selected(tensor, dim, part.__index__())
        else:
            raise TypeError(f"a tensor is indexed by ints, slices, None, Ellipsis and tensors, not by {type(part).__name__}")
    while picks and picks[-1] is None:
        picks.pop()
    return tensor, picks


def getitem(self, index):
    view, picks = _viewed(self, index)
    return _aten.index.Tensor(view, picks) if picks else view


def _without_leading_ones(value, dim):
    """A value of more dimensions than its target fits if the surplus ones have size 1."""
    while value.dim() > dim and value.shape[0] == 1:
        value = _aten.select.int(value, 0, 0)
    return value


def setitem(self, index, value):
    view, picks = _viewed(self, index)
    is_number = isinstance(value, (int, float, bool, complex))
    if not picks:
        if is_number:
            _aten.fill_.Scalar(view, value)
        else:
            value = value if isinstance(value, Tensor) else _keyway.tensor(value)
            _aten.copy_.default(view, _without_leading_ones(value, view.dim()))
        return
    if is_number and len(picks) == 1 and _is_mask(picks[0]) and picks[0].shape == view.shape:
        _aten.masked_fill_.Scalar(view, picks[0], value)
        return
    if not isinstance(value, Tensor):
        value = _keyway.tensor(value, dtype=view.dtype)
    elif value.dtype is not view.dtype:
        value = value.to(view.dtype)
    _aten.index_put_.default(view, picks, value)
