"""Tensors as text, as NumPy writes arrays."""

from __future__ import annotations

import math

from . import _keyway

Tensor = _keyway.Tensor
_THRESHOLD, _EDGE, _MOST = 1000, 3, 100_000


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


def _elements(self, shorten, indent):
    values = _keyway._edges(self, _EDGE) if shorten else _keyway._tolist(self)
    flat = list(_flat(values, self.dim()))
    style = _style(flat, self.dtype.is_floating_point)
    width = 0 if shorten else max(len(style(value)) for value in flat)
    return _rows(values, self.shape, indent, style, width)


def representation(self):
    head = "tensor" if type(self) is Tensor else type(self).__name__
    is_wrapper = "Python" in _keyway._dispatch_keys(self)
    shorten = self.numel() > _THRESHOLD
    # Near the edges of many dimensions there may be more elements than anyone reads.
    is_wide = shorten and math.prod(min(size, 2 * _EDGE) for size in self.shape) > _MOST
    if is_wrapper or is_wide or self.device.type != "cpu":
        size = f"size={self.shape}, dtype={self.dtype}"
        where = "" if self.device.type == "cpu" else f", device='{self.device}'"
        return f"{head}(..., {size}{where})"
    text = "[]" if self.numel() == 0 else _elements(self, shorten, len(head) + 1)
    extra = "" if self.dtype in (_keyway.float32, _keyway.int64, _keyway.bool) else f", dtype={self.dtype}"
    if self.numel() == 0 and self.dim() != 1:
        extra = f", size={self.shape}{extra}"
    return f"{head}({text}{extra})"


def formatted(self, spec):
    """A tensor of one number without dimensions is written as that number."""
    if spec and self.dim() == 0:
        return format(self.item(), spec)
    return object.__format__(self, spec)
