"""Tensors that carry a unit: sums need equal units, products multiply them."""

import keyway
from keyway import Tensor, ops


class Quantity(Tensor):
    values: Tensor
    unit: str

    @staticmethod
    def __new__(cls, values, unit):
        values = values if isinstance(values, Tensor) else keyway.tensor(values)
        quantity = Tensor._make_wrapper_subclass(cls, values.size(), values.stride(), dtype=values.dtype)
        quantity.values, quantity.unit = values, unit
        return quantity

    def __repr__(self):
        return f"{self.values.tolist()} {self.unit}"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        units = [arg.unit for arg in args if isinstance(arg, Quantity)]
        if func in (ops.aten.add.Tensor, ops.aten.sub.Tensor):
            if len(set(units)) != 1 or len(units) != 2:
                raise TypeError(f"{func}: units differ: {' and '.join(units)}")
            unit = units[0]
        elif func is ops.aten.mul.Tensor:
            unit = "*".join(units)
        elif func is ops.aten.div.Tensor:
            unit = "/".join(units)
        elif len(units) == 1:
            unit = units[0]
        else:
            return NotImplemented
        return Quantity(func(*[arg.values if isinstance(arg, Quantity) else arg for arg in args], **kwargs), unit)


distance, time = Quantity([100.0, 42.0], "m"), Quantity([9.58, 3.0], "s")
print(distance / time, 2 * distance, distance + distance)
assert repr(distance / time).endswith("m/s")
try:
    distance + time
except TypeError as error:
    print(error)
else:
    raise AssertionError("metres and seconds were added")
