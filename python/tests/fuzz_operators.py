"""Calls every operator with right, odd and wrong arguments, as ``test_fuzz.py`` has it run in a process of its own.

``python fuzz_operators.py SEED SECONDS SITUATION``: what a call raises is no matter, as long as it is an exception of a kind that Python code
catches, and none that says that a kernel panicked, other than for want of memory. The name of an operator is printed to the standard errors
before its call, so that the last line tells what ended the process.
"""

import faulthandler
import random
import re
import resource
import sys
import time

import keyway
from keyway import Tensor, _keyway

#: Kinds of exceptions that a call may end with.
ALLOWED = (TypeError, ValueError, IndexError, NotImplementedError, RuntimeError, OverflowError, MemoryError, KeyError, AttributeError, ZeroDivisionError)

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128")


class Wrapped(Tensor):
    """Unwraps, calls, wraps."""

    @staticmethod
    def __new__(cls, elem):
        wrapper = Tensor._make_wrapper_subclass(cls, elem.shape, elem.stride(), elem.storage_offset(), dtype=elem.dtype, device=elem.device)
        wrapper.elem = elem
        return wrapper

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        result = func(*map(unwrapped, args), **{name: unwrapped(value) for name, value in kwargs.items()})
        return wrapped(result)


def unwrapped(value):
    if isinstance(value, Wrapped):
        return value.elem
    return [unwrapped(item) for item in value] if isinstance(value, (list, tuple)) else value


def wrapped(value):
    if isinstance(value, Tensor):
        return Wrapped(value)
    return type(value)(map(wrapped, value)) if isinstance(value, (list, tuple)) else value


class Passing(keyway.DispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return func(*args, **kwargs)


def tensors(chance):
    """Small tensors of every kind, made anew as operators write to them."""
    dtype = getattr(keyway, chance.choice(DTYPES))
    shape = chance.choice([(), (1,), (3,), (0,), (2, 3), (3, 2), (1, 3), (2, 0), (2, 3, 4), (1, 2, 3, 3), (2, 1, 5, 5)])
    count = 1
    for size in shape:
        count *= size
    values = [chance.choice([0, 1, 1, 2, -1, 3, 100]) for _ in range(count)]
    made = keyway.tensor([value != 0 for value in values] if dtype is keyway.bool else values, dtype=dtype).reshape(list(shape))
    how = chance.randrange(12)
    if how == 0 and made.dim() >= 2:
        return made.transpose(0, 1)
    if how == 1 and made.dim() >= 1:
        return made.unsqueeze(0).expand(chance.choice([2, 2**40]), *made.shape)
    if how == 2:
        return made.to("meta")
    if how == 3 and made.dim() >= 1:
        return made[::2]
    if how == 4:
        return keyway.tensor([1, 2]).expand(2**chance.choice([20, 40, 61]), 2)
    return made


class Odd:
    def __index__(self):
        raise ValueError("no index")


class Endless(list):
    def __len__(self):
        return 2**40


def odd(chance):
    """What nobody means."""
    return chance.choice([
        None, True, 0, -1, 2**31, -(2**31), 2**63 - 1, -(2**63), 2**70, 1.5, float("nan"), float("inf"), -0.0, 1j, "", "mean", "floor", b"bytes", [], [[]], [1, "a"],
        [None], (), [2**63 - 1] * 2, [-1, -1], [0] * 100, {}, object(), Odd(), Endless(), keyway.float32, keyway.bool, keyway.device("cpu"), keyway.strided,
        keyway.channels_last, keyway.ops.aten.add, keyway.ops.aten.add.Tensor, Tensor, int, keyway.KeySet("CPU"), keyway.Generator(1), range(3), keyway.tensor([1, 2]), "cpu",
    ])


def right(kind, chance, make):
    """A value of a schema type, more often than not one that makes sense."""
    if kind.endswith("?"):
        return None if chance.random() < 0.4 else right(kind[:-1], chance, make)
    if kind.endswith("]"):
        element, _, size = kind[:-1].rpartition("[")
        if size and chance.random() < 0.3:
            return right(element, chance, make)
        return [right(element, chance, make) for _ in range(int(size) if size else chance.randrange(5))]
    if kind.startswith("Tensor"):
        return make()
    if kind in ("int", "SymInt", "DeviceIndex"):
        return chance.choice([0, 0, 1, 1, 2, 3, -1, -2, 4, 7, 2**40, -(2**40), 2**63 - 1, -(2**63)])
    if kind == "float":
        return chance.choice([0.0, 0.5, 1.0, -1.0, 2.5, float("nan"), float("inf"), 1e308])
    if kind == "bool":
        return chance.random() < 0.5
    if kind in ("Scalar", "number"):
        return chance.choice([0, 1, -3, 2.5, True, 1j, float("nan"), 2**62])
    if kind == "str":
        return chance.choice(["mean", "sum", "none", "floor", "trunc", "ij", "bilinear", "ij,jk->ik", "fro", "nuc", "", "tanh", "reflect", "linear"])
    if kind == "ScalarType":
        return getattr(keyway, chance.choice([*DTYPES, "qint8"]))
    if kind == "Device":
        return chance.choice(["cpu", "meta", "cuda:1"])
    if kind == "Layout":
        return chance.choice([keyway.strided, keyway.sparse])
    if kind == "MemoryFormat":
        return chance.choice([keyway.contiguous_format, keyway.channels_last, keyway.preserve_format, keyway.channels_last_3d])
    if kind == "Generator":
        return keyway.Generator(3)
    return odd(chance)


def arguments(schema):
    """(type, name, by keyword alone) of each argument of a schema's text."""
    text = schema[schema.index("(") + 1 : schema.rindex(") ->")]
    by_name, depth, parts, start = False, 0, [], 0
    for at, letter in enumerate(text + ","):
        depth += letter in "([" or -(letter in ")]")
        if letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    for part in filter(None, parts):
        if part == "*":
            by_name = True
            continue
        kind, name = re.sub(r"\(.*?\)", "", part, count=1 if part.startswith("Tensor(") else 0).split("=")[0].rsplit(" ", 1)
        yield kind, name, by_name


def call(operator, parsed, chance, make):
    wrongs = chance.choice([0, 0, 0, 1, 1, 2])
    args, kwargs = [], {}
    for kind, name, by_name in parsed:
        if by_name:
            if chance.random() < 0.3:
                kwargs[name] = right(kind, chance, make)
            continue
        args.append(right(kind, chance, make))
    for _ in range(wrongs):
        if args and chance.random() < 0.8:
            args[chance.randrange(len(args))] = odd(chance)
        elif chance.random() < 0.5:
            args.append(odd(chance))
        elif args:
            args.pop()
    return operator(*args, **kwargs)


def main(seed, seconds, situation):
    # A call that asks for too much memory is refused, not the machine's end.
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    # So is one that would take for ever.
    faulthandler.dump_traceback_later(seconds + 60, exit=True)
    chance = random.Random(seed)
    operators = []
    for name in _keyway._operator_names():
        operator = _keyway._operator(name)
        operators.append((name, operator, list(arguments(operator.schema))))
    chance.shuffle(operators)

    def make():
        made = tensors(chance)
        if situation == "subclass" and chance.random() < 0.7:
            return Wrapped(made)
        return made

    calls = answered = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, operator, parsed in operators:
            calls += 1
            print(name, calls, file=sys.stderr, flush=True)
            try:
                if situation == "mode":
                    with Passing():
                        call(operator, parsed, chance, make)
                else:
                    call(operator, parsed, chance, make)
                answered += 1
            except ALLOWED as error:
                if "panicked" in str(error) and "not enough memory" not in str(error):
                    print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
            except BaseException as error:
                print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
            # One slow call does not end it.
            if time.monotonic() > end and calls > 100:
                break
    print(f"{calls} calls, {answered} answered")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
