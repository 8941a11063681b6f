"""What a newcomer tries: each gives an exception that says what is wrong, and nothing ends the process."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from conftest import Log, Wrapper

import keyway
from keyway import Tensor, ops, tensor


@pytest.fixture
def endless():
    """A tensor with more elements than memory holds, over one of them."""
    return tensor([1.5]).expand([2**40])


def test_text_of_a_tensor_larger_than_memory_reads_its_edges(endless):
    assert repr(endless) == "tensor([1.5000, 1.5000, 1.5000, ..., 1.5000, 1.5000, 1.5000])"
    assert repr(tensor(1).expand([2**62])) == "tensor([1, 1, 1, ..., 1, 1, 1])"
    with Log() as log:
        repr(endless)
    assert log.names == []


def test_text_of_many_dimensions_says_the_sizes_alone():
    many = tensor(1).expand([2] * 40)
    assert repr(many) == f"tensor(..., size={(2,) * 40}, dtype=keyway.int64)"
    assert "1, 1" in repr(tensor(1).expand([6] * 5))


def test_no_elements_in_many_rows():
    rows = keyway.zeros(2**40, 0)
    assert repr(rows) == "tensor([], size=(1099511627776, 0))" and repr(keyway.zeros(0)) == "tensor([])"
    assert repr(tensor([[], []])) == "tensor([], size=(2, 0))" and tensor([[], []]).tolist() == [[], []]
    with pytest.raises(MemoryError, match="not enough memory for a list"):
        rows.tolist()


def test_lengths_that_lie_make_no_room():
    class Endless(list):
        def __len__(self):
            return 2**50

    assert keyway.zeros(Endless([2, 3])).shape == keyway.FakeTensorMode().empty(Endless([2, 3])).shape == (2, 3)
    assert Tensor._make_wrapper_subclass(Wrapper, Endless([2, 3]), Endless([3, 1])).stride() == (3, 1)
    with pytest.raises(TypeError, match="a sequence of integers is needed, not str"):
        Tensor._make_wrapper_subclass(Wrapper, "ab")


def test_text_of_the_edges_is_that_of_the_elements_there():
    rows = np.arange(2 * 2000, dtype="float32").reshape(2, 2000)
    assert repr(keyway.from_numpy(rows)) == (
        "tensor([[0., 1., 2., ..., 1997., 1998., 1999.],\n        [2000., 2001., 2002., ..., 3997., 3998., 3999.]])"
    )
    turned = keyway.from_numpy(rows.T)
    assert repr(turned).startswith("tensor([[0., 2000.],\n        [1., 2001.],\n        [2., 2002.],\n        ...,\n")
    assert repr(turned).endswith("[1999., 3999.]])")


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x.tolist(),
        lambda x: tensor(x),
        lambda x: x + 1,
        lambda x: x.clone(),
        lambda x: x.numpy().copy(),
        lambda x: keyway.empty([2**45]),
        lambda x: keyway.zeros([2**45]),
    ],
)
def test_too_little_memory_is_an_exception(endless, use):
    with pytest.raises((RuntimeError, MemoryError), match="not enough memory|Unable to allocate"):
        use(endless)


def test_integers_that_do_not_fit():
    for data in (2**70, [1, 2**63], [1.0, -(2**64)], [[2**200]]):
        with pytest.raises(OverflowError, match=r"an integer of \d+ bits does not fit int64; give a floating-point dtype"):
            tensor(data)
    assert tensor([2**70, 1], dtype=keyway.float64).tolist() == [2.0**70, 1.0]
    with pytest.raises(OverflowError):
        tensor(10**400, dtype=keyway.float64)
    x = tensor([1, 2])
    for use in (lambda: x + 2**70, lambda: 2**70 - x, lambda: x == 2**70):
        with pytest.raises(OverflowError, match="an integer of 71 bits does not fit int64"):
            use()
    message = r"aten::add.Tensor\(\) got a value for argument 'alpha' \(position 2\) that is too large: an integer of 71 bits"
    with pytest.raises(OverflowError, match=message):
        ops.aten.add.Tensor(x, x, alpha=2**70)
    with pytest.raises(TypeError, match="argument 'dim' .* too large"):
        x.sum([2**70])


def test_ragged_and_foreign_data():
    for data in ([[1, 2], [3]], [[1, 2], 3], [1, [2]], [[], [1]], [[], [[]]]):
        with pytest.raises(ValueError, match="differ in length"):
            tensor(data)
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested deeper"):
        tensor(endless)
    for data in ("abc", None, [1, None], {1: 2}, (number for number in [1])):
        with pytest.raises(TypeError, match="a tensor is made of numbers, not of"):
            tensor(data)


def test_membership_asks_for_an_equal_element():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    assert 3.0 in x and 5 not in x and tensor(4.0) in x and np.float32(2) in x
    with pytest.raises(RuntimeError, match="only supports Tensor or scalar"):
        "a" in x


def test_formats_of_one_number():
    assert f"{tensor(1.25):.1f} {tensor(7):03d} {tensor([7])}" == "1.2 007 tensor([7])"
    with pytest.raises(TypeError, match="unsupported format string"):
        format(tensor([1.0]), ".1f")


def test_tensors_without_data_are_copied_and_pickled():
    x = keyway.empty([2, 3], dtype=keyway.float64, device="meta")

    class Kept(Tensor):
        pass

    globals()["Kept"], Kept.__qualname__ = Kept, "Kept"
    kept = Tensor._make_subclass(Kept, x)
    kept.note = "here"
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert other.shape == (2, 3) and other.dtype is keyway.float64 and other.device.type == "meta"
    assert type(other) is Kept and other.note == "here"


def test_one_wrapper_in_two_places_is_copied_once():
    wrapper = Wrapper(tensor([1.0]))
    first, second = copy.deepcopy([wrapper, wrapper])
    assert first is second and first is not wrapper and first.elem.tolist() == [1.0]


def test_a_shallow_copy_shares_memory_class_and_attributes():
    class Noted(Tensor):
        pass

    x, noted = tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor._make_subclass(Noted, tensor([1.0]))
    noted.note = "here"
    other = copy.copy(x.t())
    other[0, 1] = 9.0
    assert type(other) is Tensor and x.tolist() == [[1.0, 2.0], [9.0, 4.0]] and other.stride() == (1, 2)
    again = copy.copy(noted)
    assert type(again) is Noted and again is not noted and again.note == "here"
    wrapper = Wrapper(x)
    again = copy.copy(wrapper)
    assert type(again) is Wrapper and again is not wrapper and again.elem is x


@pytest.mark.parametrize(
    "raised", [KeyError("a"), KeyboardInterrupt(), SystemExit(3), StopIteration(1), GeneratorExit(), MemoryError(), RecursionError("b")]
)
def test_every_exception_of_a_handler_arrives_as_itself(raised, nothing_is_left_behind):
    class Raises(keyway.DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            raise raised

    with pytest.raises(type(raised)) as caught, Raises():
        tensor([1.0]) + 1
    assert caught.value is raised
    assert [entry.name for entry in caught.traceback][-1] == "__torch_dispatch__"


def test_recursion_without_end_is_an_exception(ns, nothing_is_left_behind):
    library = keyway.Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.impl("f", lambda x: getattr(ops, ns).f(x), "CPU")
    with pytest.raises(RecursionError):
        getattr(ops, ns).f(tensor([1.0]))

    class Again(keyway.DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            with self:
                return func(*args, **kwargs)

    with pytest.raises(RecursionError), Again():
        tensor([1.0]) + 1


DEEP = """
import sys, threading
import keyway

library = keyway.Library("deep", "DEF")
library.define("f(Tensor x) -> Tensor")
library.impl("f", lambda x: keyway.ops.deep.f(x), "CPU")


class Again(keyway.DispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        with self:
            return func(*args, **kwargs)


class Looping(keyway.Tensor):
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        with keyway.enable_reentrant_dispatch():
            return func(*args, **kwargs)


def under_a_mode():
    with Again():
        keyway.ops.aten.relu(x)


x = keyway.tensor([1.0])
looping = x.as_subclass(Looping)


def run():
    for call in (lambda: keyway.ops.deep.f(x), under_a_mode, lambda: keyway.ops.aten.relu(looping)):
        try:
            call()
        except RecursionError as error:
            print(str(error).partition(":")[0])


sys.setrecursionlimit(1_000_000)
threading.stack_size(512 << 10)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_the_stack_of_a_thread_is_not_overrun():
    """Neither where the user has taken Python's own limit away, nor where a thread's stack is small."""
    run = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.splitlines() == ["the stack is used up"] * 3


def test_a_mode_in_a_generator_ends_with_it(nothing_is_left_behind):
    def numbers():
        with Log():
            yield 1

    running = numbers()
    assert next(running) == 1 and keyway._keyway._len_torch_dispatch_stack() == 1
    del running
