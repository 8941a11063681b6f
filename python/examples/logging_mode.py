"""A mode that tells every operator, with the shapes of its tensors."""

import keyway


class Told(keyway.DispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **kwargs)
        shapes = [list(arg.shape) if isinstance(arg, keyway.Tensor) else arg for arg in args]
        print(f"{func}({', '.join(map(str, shapes))}) -> {list(result.shape)}")
        return result


x, w, b = keyway.ones([2, 3]), keyway.ones([3, 4]), keyway.zeros([4])
with Told():
    y = (x @ w + b).relu().softmax(1)
print(y)
