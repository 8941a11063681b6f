"""What calls from Python cost, beside PyTorch in the same run.

    python benches/python_vs_pytorch.py [--pytorch]

Needs an installed keyway (``pip install ./python``). With ``--pytorch`` PyTorch's CPU build is installed first if it is missing; without
it is measured only if it is there. Times are the least of several runs, in nanoseconds of processor time for a call but where a unit
stands, so that other work on the machine counts as little as may be. What a fresh process takes is measured in processes of its own.
Each framework's kernels run on one thread.
"""

import argparse
import importlib.util
import subprocess
import sys
import threading
import time
import timeit

#: Name, goal in the row's unit: a call, or the difference to the row that is named.
GOALS = {
    "no-op operator": (100, None),
    "one-element add": (200, None),
    "kernel in Python": (300, None),
    "custom_op": (400, None),
    "one mode": (500, "one-element add"),
    "two modes": (400, "one mode"),
    "wrapper subclass": (1000, "one-element add"),
    "one fake add": (1000, None),
    "tracing 100 adds, us": (300, None),
    "import, ms": (50, None),
    "memory once imported, MB": (30, None),
    "two threads, times one": (1.8, None),
}
#: Rows of which more is better.
MORE_IS_BETTER = {"two threads, times one"}


def least(call, rounds=100, count=2_000):
    """The least processor time of a call over some rounds, in nanoseconds."""
    return min(timeit.repeat(call, number=count, repeat=rounds, timer=time.thread_time)) / count * 1e9


def fresh_process(module, rounds=5):
    """What importing a module takes in a fresh process: milliseconds of processor time, and the process's resident megabytes then."""
    program = f"""
import time
before = time.process_time()
import {module}
took = time.process_time() - before
try:
    with open("/proc/self/status") as status:
        resident = next(line.split()[1] for line in status if line.startswith("VmRSS"))
except OSError:
    resident = "nan"
print(took * 1e3, float(resident) / 1024)
"""
    runs = [subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True) for _ in range(rounds)]
    return tuple(min(figures) for figures in zip(*(map(float, run.stdout.split()) for run in runs)))


def gain_of_two_threads(library, rounds=5, count=4):
    """How many times as many large matrix products two Python threads finish as one does."""
    a = library.ops.aten.add.Tensor(library.tensor([[0.5] * 1024] * 1024), library.tensor(0.5))

    def work():
        for _ in range(count):
            library.ops.aten.mm.default(a, a)

    def took(threads):
        running = [threading.Thread(target=work) for _ in range(threads)]
        before = time.perf_counter()
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        return time.perf_counter() - before

    work()
    return 2 * min(took(1) for _ in range(rounds)) / min(took(2) for _ in range(rounds))


def hundred_adds(x):
    for _ in range(100):
        x = x + x
    return x


def measure(library, mode_class, custom_op, fake_mode, trace):
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
    results["wrapper subclass"] = least(lambda: add(wrapper, wrapper))
    with fake_mode():
        fake = ops.aten.empty.memory_format([1])
        results["one fake add"] = least(lambda: add(fake, fake), rounds=20, count=500)
    results["tracing 100 adds, us"] = least(lambda: trace(hundred_adds, x), rounds=10, count=10) / 1e3
    results["import, ms"], results["memory once imported, MB"] = fresh_process(library.__name__)
    results["two threads, times one"] = gain_of_two_threads(library)
    return results


def measure_keyway():
    import keyway

    keyway.set_num_threads(1)
    return measure(keyway, keyway.DispatchMode, keyway.custom_op, keyway.FakeTensorMode, keyway.trace)


def measure_pytorch(install):
    if importlib.util.find_spec("torch") is None:
        if not install:
            return None
        index = "https://download.pytorch.org/whl/cpu"
        subprocess.run([sys.executable, "-m", "pip", "install", "torch", "--index-url", index], check=True)
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.utils._python_dispatch import TorchDispatchMode

    torch.set_num_threads(1)
    with torch.no_grad():
        trace = lambda function, x: make_fx(function)(x)
        return measure(torch, TorchDispatchMode, torch.library.custom_op, FakeTensorMode, trace)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pytorch", action="store_true", help="install PyTorch if it is missing")
    install = parser.parse_args().pytorch
    own, other = measure_keyway(), measure_pytorch(install)
    print(f"{'':26}{'keyway':>10}{'PyTorch':>10}{'goal':>18}")
    for name, figure in own.items():
        print(f"{name:26}{shown(figure):>10}{shown(other[name]) if other else '-':>10}{judged(name, own):>18}")


def shown(figure):
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def judged(name, own):
    """The goal of a row, and whether it is met."""
    goal, base = GOALS.get(name, (None, None))
    if goal is None:
        return ""
    over = own[name] - (own[base] if base else 0)
    is_met = over >= goal if name in MORE_IS_BETTER else over <= goal
    return f"{goal}{f' over' if base else ''} {'met' if is_met else 'missed'}"


if __name__ == "__main__":
    main()
