"""The end of the interpreter, what must not end it, and what calls leave behind: nothing."""

import gc
import subprocess
import sys
import textwrap
import threading
import weakref

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
    "tensors and modes in a cycle with the module": """
        class M(keyway.DispatchMode):
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):
                return func(*args, **kwargs)
        class T(keyway.Tensor):
            @classmethod
            def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
                return NotImplemented
        mode, x = M(), keyway.Tensor._make_subclass(T, keyway.ones([2]))
        mode.tensor, x.mode, keyway.left = x, mode, x
    """,
    "threads that hold tensors and modes at the end": """
        import threading
        class M(keyway.DispatchMode):
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):
                return func(*args, **kwargs)
        ready = threading.Barrier(4)
        def work():
            x = keyway.ones([10])
            with M():
                ready.wait()
                threading.Event().wait()
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        ready.wait()
    """,
    "an operator called while objects go": """
        class Last:
            def __del__(self):
                keyway.ones([2]) + 1
        keyway.last = Last()
    """,
    "a child of fork that computes": """
        import os, warnings
        warnings.simplefilter("ignore")
        x = keyway.ones([300, 300])
        y = x @ x + x.exp()
        class M(keyway.DispatchMode):
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):
                return func(*args, **kwargs)
        child = os.fork()
        if not child:
            with M():
                z = x @ x + x.exp()
            os._exit(0 if (z == y).all().item() else 3)
        assert os.waitpid(child, 0)[1] == 0
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


def test_a_hundred_thousand_calls_of_other_kinds_leave_reference_counts_as_they_were(ns):
    """Custom operators, the Rust modes, handlers that raise, calls that fit nothing, subclasses without a handler."""

    class Raises(keyway.DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            raise error

    class Plain(keyway.Tensor):
        pass

    def triple(x: keyway.Tensor, by: float = 3.0) -> keyway.Tensor:
        return x * by

    error, text, x, plain = ValueError("raised"), "a", tensor([1.0]), keyway.Tensor._make_subclass(Plain, tensor([1.0]))
    operator, mode, counting = keyway.custom_op(f"{ns}::triple", triple, mutates_args=()), Raises(), keyway.CountingMode()
    size, key = [1], "alpha"

    def dispatch(times):
        for _ in range(times):
            operator(x, by=2.0)
            plain + x
            keyway.zeros(size)
            keyway.add(x, x, **{key: 2})
            try:
                keyway.add(x, text)
            except TypeError:
                pass
        for _ in range(times):
            try:
                with mode:
                    x + 1
            except ValueError as caught:
                caught.__traceback__ = None
        with counting:
            for _ in range(times):
                x + 1

    def counts():
        gc.collect()
        held = (x, plain, mode, counting, operator, triple, error, text, size, key, Raises, Plain, keyway.Tensor)
        return [sys.getrefcount(object) for object in held]

    dispatch(50)
    before = counts()
    dispatch(15_000)
    assert counts() == before


def test_cycles_through_tensors_and_modes_are_collected():
    class Knows(Log):
        pass

    class Tagged(keyway.Tensor):
        pass

    made = []
    for _ in range(3):
        mode, x = Knows(), keyway.Tensor._make_subclass(Tagged, tensor([1.0]))
        wrapper = Wrapper(x)
        mode.tensor, x.mode, x.wrapper, wrapper.again = x, mode, wrapper, wrapper
        with mode:
            x + 1
        made += [weakref.ref(mode), weakref.ref(x), weakref.ref(wrapper)]
    Wrapper.seen.clear()
    del mode, x, wrapper
    gc.collect()
    assert [watch() for watch in made] == [None] * 9


def test_handlers_run_in_many_threads_at_once():
    """A mode is on in its own thread alone; subclasses and kernels in Python serve all threads."""
    failures, ready = [], threading.Barrier(6)

    def work(number):
        try:
            mode, wrapper = Log(), Wrapper(keyway.full([50], float(number)))
            ready.wait()
            for _ in range(200):
                if number % 2:
                    with mode:
                        result = wrapper + 1
                else:
                    result = wrapper + 1
                assert result.elem.tolist() == [number + 1.0] * 50
            assert len(mode.seen) == (200 if number % 2 else 0)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    Wrapper.seen.clear()
    assert failures == []
