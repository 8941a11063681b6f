"""A tensor stored as bytes with a scale, which is widened when an operator needs it."""

import keyway
from keyway import Tensor, ops


class Quantised(Tensor):
    steps: Tensor
    scale: float
    low: float

    @staticmethod
    def __new__(cls, values):
        low, high = values.min().item(), values.max().item()
        scale = (high - low) / 255 or 1.0
        steps = ((values - low) / scale + 0.5).to(keyway.uint8)
        quantised = Tensor._make_wrapper_subclass(cls, values.size(), dtype=values.dtype)
        quantised.steps, quantised.scale, quantised.low = steps, scale, low
        return quantised

    def widened(self):
        return self.steps.to(self.dtype) * self.scale + self.low

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        widen = lambda value: value.widened() if isinstance(value, Quantised) else value
        result = func(*[widen(arg) for arg in args], **{name: widen(value) for name, value in kwargs.items()})
        return cls(result) if func is ops.aten.clone.default else result


weights = keyway.arange(1000).to(keyway.float32).reshape([20, 50]) / 100
small = Quantised(weights)
x = keyway.ones([4, 20])
error = ((x @ small) - (x @ weights)).abs().max().item()
print(f"{small.steps.numel() * small.steps.element_size()} bytes instead of {weights.numel() * weights.element_size()}, "
      f"largest error {error:.4f} of values up to {(x @ weights).max().item():.1f}")
assert type(small.clone()) is Quantised and error < 0.5
