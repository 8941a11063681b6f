"""An operator and its kernel in Python, called by Rust code: a composite operator of the bundled list calls it unknowing."""

import keyway
from keyway import Library, custom_op, tensor


@custom_op("geometry::polar", mutates_args=())
def polar(x: keyway.Tensor, y: keyway.Tensor) -> keyway.Tensor:
    """The distance from the origin."""
    return (x * x + y * y).sqrt()


x, y = tensor([3.0]), tensor([4.0])
print(polar.schema, polar(x, y))

# A recorded program is run by Rust, which calls the operator by its name.
graph, _ = keyway.trace(lambda x, y: polar(x, y) * 2, x, y)
print(graph)
assert graph(tensor([5.0]), tensor([12.0])).tolist() == [26.0]

# `square` is composed of other operators in Rust; one of them runs in Python for a while.
with keyway.LoggingMode() as log:
    keyway.square(tensor([3.0]))
print("square calls", log.lines())
name = log.lines()[0].split("(")[0]
with Library("aten", "IMPL") as library:
    library.impl(name.removeprefix("aten::"), lambda *args, **kwargs: tensor([81.0]), "CPU")
    assert keyway.square(tensor([3.0])).tolist() == [81.0]
assert keyway.square(tensor([3.0])).tolist() == [9.0]
