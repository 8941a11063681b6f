"""What calls from Python cost, beside PyTorch in the same run.

    python benches/python_vs_pytorch.py [--pytorch]

Needs an installed keyway (``pip install ./python``). With ``--pytorch`` PyTorch's CPU build is installed first if it is missing; without
it is measured only if it is there. Each figure is the least of several runs, in nanoseconds for a call.
"""

import argparse
import importlib.util
import subprocess
import sys
import timeit

#: Name, goal in nanoseconds: a call, or the difference to the row that is named.
GOALS = {
    "no-op operator": (100, None),
    "one-element add": (200, None),
    "kernel in Python": (300, None),
    "custom_op": (400, None),
    "one mode": (500, "one-element add"),
    "two modes": (400, "one mode"),
    "wrapper subclass": (1000, "one-element add"),
}


def least(call, rounds=15, count=20_000):
    """The least time of a call over some rounds, in nanoseconds."""
    return min(timeit.repeat(call, number=count, repeat=rounds)) / count * 1e9


def measure(library, mode_class, custom_op):
    """The figures of one framework, which both spell alike."""
    Tensor, ops, results = library.Tensor, library.ops, {}
    x, y = library.tensor([1.0]), library.tensor([2.0])

    class Forwarding(mode_class):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **kwargs)

    class Wrapper(Tensor):
        @staticmethod
        def __new__(cls, elem):
            wrapper = Tensor._make_wrapper_subclass(cls, elem.size(), dtype=elem.dtype)
            wrapper.elem = elem
            return wrapper

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            return cls(func(*[arg.elem if type(arg) is cls else arg for arg in args], **kwargs))

    definitions = library.library.Library("python_bench", "DEF") if hasattr(library, "library") else library.Library("python_bench", "DEF")
    definitions.define("same(Tensor x) -> Tensor")
    definitions.impl("same", lambda x: x, "CPU")
    same = ops.python_bench.same.default

    @custom_op("python_bench_op::copied", mutates_args=())
    def copied(x: Tensor) -> Tensor:
        return x.clone()

    add, alias, wrapper = ops.aten.add.Tensor, ops.aten.alias.default, Wrapper(x)
    # Gives its argument back: nothing but the call. A view costs a tensor and its object besides.
    contiguous = ops.aten.contiguous.default
    results["no-op operator"] = least(lambda: contiguous(x))
    results["view"] = least(lambda: alias(x))
    results["one-element add"] = least(lambda: add(x, y))
    results["x + y"] = least(lambda: x + y)
    results["kernel in Python"] = least(lambda: same(x))
    results["custom_op"] = least(lambda: copied(x))
    with Forwarding():
        results["one mode"] = least(lambda: add(x, y))
        with Forwarding():
            results["two modes"] = least(lambda: add(x, y))
    results["wrapper subclass"] = least(lambda: add(wrapper, wrapper), count=5_000)
    return results


def measure_keyway():
    import keyway

    return measure(keyway, keyway.DispatchMode, keyway.custom_op)


def measure_pytorch(install):
    if importlib.util.find_spec("torch") is None:
        if not install:
            return None
        index = "https://download.pytorch.org/whl/cpu"
        subprocess.run([sys.executable, "-m", "pip", "install", "torch", "--index-url", index], check=True)
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    torch.set_num_threads(1)
    with torch.no_grad():
        return measure(torch, TorchDispatchMode, torch.library.custom_op)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pytorch", action="store_true", help="install PyTorch if it is missing")
    install = parser.parse_args().pytorch
    own, other = measure_keyway(), measure_pytorch(install)
    print(f"{'':18}{'keyway':>10}{'PyTorch':>10}{'goal':>18}")
    for name, time in own.items():
        goal, base = GOALS.get(name, (None, None))
        beside = f"{other[name]:10.0f}" if other else f"{'-':>10}"
        met = "" if goal is None else f"{goal:>8}{f' over' if base else ''} {'met' if time - (own[base] if base else 0) <= goal else 'missed'}"
        print(f"{name:18}{time:10.0f}{beside}{met:>18}")


if __name__ == "__main__":
    main()
