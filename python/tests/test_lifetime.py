"""The end of the interpreter, what must not end it, and what calls leave behind: nothing."""

import gc
import subprocess
import sys
import textwrap

import pytest

import keyway
from keyway import tensor

from conftest import Log, Wrapper

PROGRAMS = {
    "a mode left on the stack (P60)": """
        class M(keyway.DispatchMode):
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):
                return func(*args, **kwargs)
        M().__enter__()
        x = keyway.tensor([1.0]) + 1
    """,
    "tensors that Rust holds": """
        class T(keyway.Tensor):
            pass
        x = T([1.0])
        x.me = x
        held = keyway._keyway._Held([x])
        del x
    """,
    "kernels and rules that nobody took away": """
        library = keyway.Library("kept", "DEF")
        library.define("f(Tensor x) -> Tensor")
        library.impl("f", lambda x: x, "CPU")
        class M(keyway.DispatchMode):
            pass
        keyway.register_torch_dispatch(keyway.ops.aten.add.Tensor, M, lambda *args: NotImplemented)
        keyway.ops.kept.f(keyway.tensor([1.0]))
    """,
    "scopes left open": """
        keyway._disable_dispatch().__enter__()
        keyway._disable_current_modes().__enter__()
    """,
    "a thread that is calling": """
        import threading, time
        def work():
            while True:
                keyway.ones([200, 200]) @ keyway.ones([200, 200])
        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.05)
    """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_the_interpreter_ends_well_with(program):
    text = "import keyway\n" + textwrap.dedent(program) + "\nprint('done')\n"
    done = subprocess.run([sys.executable, "-X", "dev", "-c", text], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_the_module_names_are_all_there():
    import keyway

    for name in dir(keyway):
        assert getattr(keyway, name, None) is not None or name.startswith("__"), name


def test_a_second_interpreter_is_refused():
    """P146: with an error, not a crash."""
    text = textwrap.dedent("""
        import keyway
        try:
            import _interpreters as interpreters
        except ImportError:
            try:
                import _xxsubinterpreters as interpreters
            except ImportError:
                raise SystemExit(print("refused"))
        made = interpreters.create()
        try:
            problem = interpreters.run_string(made, "import keyway._keyway")
        except Exception as error:
            problem = error
        print("refused" if "subinterpreter" in str(problem) else problem)
    """)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr


def test_a_hundred_thousand_dispatches_leave_reference_counts_as_they_were(ns):
    library = keyway.Library(ns, "DEF")
    library.define("same(Tensor x) -> Tensor")

    def kernel(x):
        return x

    library.impl("same", kernel, "CPU")
    same, add = getattr(keyway.ops, ns).same.default, keyway.ops.aten.add.Tensor
    x, mode, wrapper = tensor([1.0]), Log(), Wrapper(tensor([1.0]))

    def dispatch(times):
        for _ in range(times):
            same(x)
            add(x, x)
            x + 1
        with mode:
            for _ in range(times):
                add(x, x)
                mode.seen.clear()
        for _ in range(times):
            add(wrapper, wrapper)
            Wrapper.seen.clear()

    def counts():
        gc.collect()
        held = (x, mode, wrapper, wrapper.elem, kernel, same, add, Log, Wrapper, keyway.Tensor, None, True)
        return [sys.getrefcount(object) for object in held]

    dispatch(100)
    before = counts()
    dispatch(20_000)
    after = counts()
    # None and True belong to the whole interpreter, which may hold some more by now.
    assert after[:-2] == before[:-2]
    assert all(abs(now - then) < 100 for now, then in zip(after[-2:], before[-2:]))
