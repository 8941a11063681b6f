"""Tensors as Python objects: made, read, indexed, computed with, told as text, saved."""

import copy
import gc
import pickle
import re
import weakref

import numpy as np
import pytest

import keyway
from keyway import Tensor, ops, tensor


def test_nested_lists_give_sizes_and_a_dtype():
    assert tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert tensor([[1, 2], [3, 4]]).dtype is keyway.int64
    assert tensor([1, 2.5]).dtype is keyway.float32
    assert tensor([True, False]).dtype is keyway.bool
    assert tensor(3).shape == () and tensor(3).item() == 3
    assert tensor([1, 2], dtype=keyway.float64).tolist() == [1.0, 2.0]
    assert tensor([[], []]).shape == (2, 0)


@pytest.mark.parametrize("data", [[[1], [2, 3]], [1, [2]], [[1], 2]])
def test_ragged_lists_are_refused(data):
    with pytest.raises(ValueError, match="differ in length"):
        tensor(data)


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match="made of numbers, not of str"):
        tensor(["a"])
    with pytest.raises(TypeError, match="no dtype"):
        tensor([1], dtype="float32")
    with pytest.raises(ValueError, match="no device"):
        tensor([1], device="abacus")


def test_metadata():
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert (x.shape, x.size(), x.size(-1), x.stride(), x.stride(0)) == ((2, 3), (2, 3), 3, (3, 1), 3)
    assert (x.dim(), x.ndim, x.numel(), x.element_size(), x.storage_offset()) == (2, 2, 6, 4, 0)
    assert x.device == keyway.device("cpu") and str(x.device) == "cpu" and x.layout == keyway.strided
    assert x.is_contiguous() and not x.t().is_contiguous()
    with pytest.raises(IndexError, match="there is no dimension 2"):
        x.size(2)


def test_complex_numbers():
    x = tensor([1 + 2j, 3.0])
    assert x.dtype is keyway.complex64 and x.dtype.is_complex and not x.dtype.is_floating_point
    assert x.tolist() == [1 + 2j, 3 + 0j] and (x * x).tolist() == [-3 + 4j, 9 + 0j]
    assert tensor([1j], dtype=keyway.complex128).item() == 1j
    assert repr(x).startswith("tensor([")
    assert pickle.loads(pickle.dumps(x)).tolist() == x.tolist()


def test_arithmetic_agrees_with_numpy():
    a, b = np.array([[1.0, -2.0], [3.5, 4.0]], "float32"), np.array([[2.0, 2.0], [0.5, -1.0]], "float32")
    x, y = keyway.from_numpy(a), keyway.from_numpy(b)
    for compute in [
        lambda p, q: p + q, lambda p, q: p - q, lambda p, q: p * q, lambda p, q: p / q, lambda p, q: p @ q,
        lambda p, q: p + 1, lambda p, q: 1 - p, lambda p, q: 2 * p, lambda p, q: 2 / q, lambda p, q: p**2,
        lambda p, q: abs(p) ** q, lambda p, q: p // q, lambda p, q: -p, lambda p, q: abs(p),
        lambda p, q: p < q, lambda p, q: p >= 1, lambda p, q: p == q, lambda p, q: p != q, lambda p, q: ~(p > q),
    ]:
        np.testing.assert_allclose(compute(x, y).numpy(), compute(a, b), rtol=1e-5)
    np.testing.assert_allclose((2 ** x).numpy(), 2**a, rtol=1e-5)


def test_in_place_operators_give_the_same_object():
    x = tensor([1.0, 2.0])
    same = x
    x += 1
    x *= tensor([2.0, 3.0])
    assert x is same and x.tolist() == [4.0, 9.0]


def test_operands_that_are_no_numbers_are_refused():
    with pytest.raises(TypeError, match="unsupported operand"):
        tensor([1]) + "a"
    with pytest.raises(TypeError):
        tensor([1.0]) @ 2


def test_truth_length_iteration_and_numbers():
    assert bool(tensor([2])) and not tensor(0) and int(tensor([3])) == 3 and float(tensor(1.5)) == 1.5
    assert [row.tolist() for row in tensor([[1], [2]])] == [[1], [2]] and len(tensor([1, 2])) == 2
    assert [10, 20, 30][tensor(1)] == 20
    with pytest.raises(RuntimeError, match="ambiguous"):
        bool(tensor([1, 2]))
    with pytest.raises(TypeError):
        len(tensor(1))
    with pytest.raises(RuntimeError, match="one element"):
        tensor([1, 2]).item()


def test_text_is_that_of_arrays():
    assert repr(tensor([[1.0, 2.5], [3.0, 4.0]])) == "tensor([[1.0000, 2.5000],\n        [3.0000, 4.0000]])"
    assert repr(tensor([1, 10], dtype=keyway.int32)) == "tensor([ 1, 10], dtype=keyway.int32)"
    assert "..." in repr(keyway.arange(5000)) and len(repr(keyway.arange(5000))) < 100
    assert repr(keyway.empty([2], device="meta")) == "tensor(..., size=(2,), dtype=keyway.float32, device='meta')"


def test_tensors_are_hashed_by_identity():
    x, y = tensor([1]), tensor([1])
    assert len({x, y, x}) == 2


def test_pickle_and_copy():
    x = tensor([[1.5, 2.5]], dtype=keyway.float64)
    for other in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert other is not x and other.tolist() == x.tolist() and other.dtype is x.dtype
    assert pickle.loads(pickle.dumps(keyway.float32)) is keyway.float32
    assert pickle.loads(pickle.dumps(ops.aten.add.Tensor)) is ops.aten.add.Tensor
    assert pickle.loads(pickle.dumps(keyway.device("cuda:1"))) == keyway.device("cuda", 1)


class Tagged(Tensor):
    """A class without a handler, with attributes."""

    def __init__(self, *args, **kwargs):
        self.tag = "a tag"


def test_a_tensor_has_one_object_while_python_holds_it(ns):
    library = keyway.Library(ns, "DEF")
    library.define("same(Tensor x) -> Tensor")
    library.impl("same", lambda x: x, "CPU")
    x = tensor([1.0])
    assert getattr(ops, ns).same(x) is x
    assert x.alias() is not x and ops.aten.add_.Tensor(x, x) is x


def test_class_and_attributes_outlive_python_references(ns):
    """P150: Rust alone holds the tensor for a while."""
    library = keyway.Library(ns, "DEF")
    held = keyway._keyway._Held([Tagged([1.0, 2.0])])
    gc.collect()
    for _ in range(3):
        x = held.get(0)
        assert type(x) is Tagged and x.tag == "a tag" and x.tolist() == [1.0, 2.0]
        x.tag = "a tag"
        del x
        gc.collect()


def test_dropped_tensors_are_gone():
    x = Tagged([1.0])
    x.me = x
    watch = weakref.ref(x)
    del x
    gc.collect()
    assert watch() is None
    held = keyway._keyway._Held([Tagged([1.0])])
    watch = weakref.ref(held.get(0))
    del held
    gc.collect()
    assert watch() is None


def test_functions_and_methods_choose_overloads():
    x = tensor([1.0, 2.0])
    assert keyway.add(x, x, alpha=2).tolist() == [3.0, 6.0]
    assert keyway.add(x, 1).tolist() == x.add(1).tolist() == [2.0, 3.0]
    assert x.sum().item() == 3.0 and tensor([[1, 2], [3, 4]]).sum(0).tolist() == [4, 6]
    assert keyway.cat([x, x], dim=0).shape == (4,)
    values, indices = keyway.topk(x, 1)
    assert values.tolist() == [2.0] and indices.tolist() == [1]
    out = keyway.zeros([2])
    assert keyway.add(x, x, out=out) is out and out.tolist() == [2.0, 4.0]


def test_a_call_that_fits_nothing_says_what_was_given_and_what_would_fit():
    with pytest.raises(TypeError) as caught:
        keyway.add(tensor([1]), "one")
    text = str(caught.value)
    assert "aten::add() has no overload for (Tensor, str)" in text
    assert "add.Scalar(Tensor self, Scalar other" in text and "found type 'str'" in text


def test_the_command_explains_an_operator():
    import subprocess
    import sys

    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "keyway", *arguments], capture_output=True, text=True)

    about = run().stdout
    assert keyway.__version__ in about and re.search(r"^[1-9]\d\d+ operators in aten", about, re.M)
    assert "features: abi3" in about or "features: vectorcall" in about
    explained = run("explain", "aten::add.Tensor", "--keys", "CPU,Python").stdout
    assert "Tensor self, Tensor other" in explained and "interpreter fallback" in explained
    assert run("explain", "aten::nothing").returncode == 1


def test_the_command_ends_quietly_when_its_reader_does():
    import subprocess
    import sys

    command = subprocess.Popen(
        [sys.executable, "-m", "keyway", "explain", "aten::add.Tensor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    command.stdout.close()
    assert command.stderr.read() == "" and command.wait() == 1
    command.stderr.close()
