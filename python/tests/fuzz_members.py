"""Calls the functions of the package and the members of its classes with odd arguments, as ``test_fuzz.py`` has it run in a process of its own.

``python fuzz_members.py SEED SECONDS``: as ``fuzz_operators.py``, of which it takes the arguments.
"""

import contextlib
import copy
import faulthandler
import inspect
import io
import os
import pickle
import random
import resource
import sys
import time

import keyway
from fuzz_operators import ALLOWED, Passing, Wrapped, odd, tensors
from keyway import _keyway

#: Besides those of operators: what Python's own protocols raise.
MORE = (AssertionError, StopIteration, BufferError, pickle.PicklingError, NameError, LookupError, copy.Error, ImportError, UnicodeError)

#: Members that are about the class itself, or that would end what others need.
LEFT_OUT = {"__class__", "__init_subclass__", "__subclasshook__", "__setattr__", "__delattr__", "__getattribute__", "__dict__", "__new__", "mro", "_destroy", "destroy"}


class Subjects:
    """What is called, and with what."""

    def __init__(self, chance):
        self.chance = chance
        self.library = keyway.Library("fuzzed", "DEF")
        self.library.define("f(Tensor x, int[] n=[1,2], *, str s='a') -> Tensor")
        self.graph, _ = keyway.trace(lambda x: x + 1, keyway.tensor([1.0]))
        self.functions = [
            (f"{module.__name__}.{name}", value) for module in (keyway, _keyway) for name, value in sorted(vars(module).items())
            if callable(value) and not name.startswith("__") and not isinstance(value, keyway.OpOverloadPacket)
        ]

    def argument(self):
        chance, kind = self.chance, self.chance.random()
        if kind < 0.3:
            made = tensors(chance)
            return Wrapped(made) if kind < 0.06 else made
        if kind < 0.45:
            return chance.choice([
                "CPU", "Python", "f(Tensor x) -> Tensor", "aten::add.Tensor", "graph(%0: Tensor):\n  return %0", "x" * 3000, "f(Tensor(a!) x, int[2] y=0) -> (Tensor, Tensor)[]",
                "\0", "ä", "::", "a::b.c", lambda *args, **kwargs: args[0] if args else None, len, Passing(), Wrapped, keyway.KeySet.full(), keyway.CountingMode(), self.library,
                keyway.ops.aten, ValueError("given"), slice(None, None, -1), slice(5), slice(2**70), (slice(None), None, ...), [True, False],
            ])
        return odd(chance)

    def subject(self):
        """An object with members."""
        return self.chance.choice([
            tensors(self.chance), Wrapped(tensors(self.chance)), keyway.KeySet("CPU"), keyway.ops.aten.add, keyway.ops.aten.add.Tensor, keyway.CountingMode(), keyway.FakeTensorMode(),
            keyway.LoggingMode(), self.graph, self.library, self.library._handle, keyway.device("cpu"), keyway.float32, keyway.strided, keyway.Generator(1),
            _keyway._storage(keyway.tensor([1])),
        ])

    def callable(self):
        """A name and what it is the name of."""
        name, value = self.chance.choice(self.functions)
        if self.chance.random() < 0.25 and not inspect.isclass(value):
            return name, value
        subject = self.subject() if self.chance.random() < 0.7 or not inspect.isclass(value) else value
        member = self.chance.choice([member for member in dir(subject) if member not in LEFT_OUT])
        return f"{type(subject).__name__}.{member}", getattr(subject, member)


def main(seed, seconds):
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    faulthandler.dump_traceback_later(seconds + 60, exit=True)
    chance = random.Random(seed)
    subjects, calls, end = Subjects(chance), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        calls += 1
        name = "?"
        try:
            name, called = subjects.callable()
            if not callable(called):
                continue
            arguments = [subjects.argument() for _ in range(chance.randrange(4))]
            named = {chance.choice(["dtype", "device", "out", "copy", "dim", "size", "key", "verify"]): subjects.argument()} if chance.random() < 0.2 else {}
            print(f"{name}::{calls}", file=sys.stderr, flush=True)
            with contextlib.redirect_stdout(io.StringIO()):
                result = called(*arguments, **named)
                if not isinstance(result, (list, tuple)) or len(result) < 50:
                    repr(result)
        except (*ALLOWED, *MORE) as error:
            if "panicked" in str(error):
                print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
        except BaseException as error:
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
        # What was entered is left.
        while _keyway._len_torch_dispatch_stack():
            _keyway._pop_torch_dispatch_stack()
    print(f"{calls} calls", flush=True)
    # Scopes that were entered by hand and objects in odd states are nobody's business any more.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
