"""What a mode is given, and what is checked of its answer. Catalogue area MODE."""

import pytest
from conftest import Answering, Log

import keyway
from keyway import Tensor, ops, tensor

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


@pytest.mark.parametrize("answer", ["text", 1, [tensor([1.0])], (tensor([1.0]),), {}])
def test_results_of_a_wrong_kind(answer):
    """MODE-34, P109."""
    with pytest.raises(RuntimeError, match="Unable to cast"), Answering(answer):
        tensor([1.0]).add(1)


def test_wrong_numbers_of_results():
    """MODE-37, P107: a plain error where PyTorch crashes."""
    x = tensor([1.0, 2.0])
    for count in (0, 1, 3):
        with pytest.raises(RuntimeError, match=f"returned {count} results, the schema has 2"), Answering((x,) * count):
            keyway.topk(x, 1)


@pytest.mark.parametrize("answer", [tensor([1.0]), None, 3])
def test_results_that_are_no_sequence(answer):
    """MODE-38, P108."""
    with pytest.raises(TypeError, match="is not an instance of 'sequence'"), Answering(answer):
        keyway.topk(tensor([1.0, 2.0]), 1)


def test_none_for_a_tensor_reaches_the_caller():
    """MODE-39."""
    x = tensor([1.0])
    with Answering(None):
        assert keyway.neg(x) is None and x + x is None
    values, indices = (x, None)
    with Answering((values, indices)):
        assert keyway.topk(x, 1) == (x, None)


def test_a_view_of_the_same_dtype_is_another_object():
    """MODE-52."""
    x = tensor([1.0])
    with Log() as log:
        y = ops.aten.view.dtype(x, keyway.float32)
    assert log.names == ["aten.view.dtype"] and y is not x and y.shares_storage(x)


def test_whether_modes_are_all_the_same():
    """MODE-51."""
    mode, other = Log(), Log()
    assert keyway.all_same_mode([mode, mode, mode]) and keyway.all_same_mode([])
    assert not keyway.all_same_mode([mode, None]) and not keyway.all_same_mode([mode, other])


def test_several_results_are_a_tuple_or_a_list():
    """P108."""
    x, y = tensor([1.0]), tensor([0])
    for answer in ((x, y), [x, y]):
        with Answering(answer):
            values, indices = keyway.topk(tensor([1.0, 2.0]), 1)
        assert values is x and indices is y


def test_an_operator_without_results_gives_none(ns):
    """P106."""
    library = keyway.Library(ns, "DEF")
    library.define("act(Tensor x) -> ()")
    for answer in (False, [], 0):
        with pytest.raises(RuntimeError, match="to return None but it returned something else"), Answering(answer):
            getattr(ops, ns).act(tensor([1.0]))
    with Answering(None):
        assert getattr(ops, ns).act(tensor([1.0])) is None


def test_arguments_equal_to_their_defaults_are_left_out(ns):
    """MODE-40, MODE-43, P99, P253."""
    library = keyway.Library(ns, "DEF")
    library.define("f(Tensor x, int a=1, int b=2, *, int c=3, str d='four') -> Tensor")
    f = getattr(ops, ns).f.default
    x = tensor([1.0])
    for given, expected in [
        (((), {}), ((), {})),
        (((1, 2), {"c": 3, "d": "four"}), ((), {})),
        (((1, 7), {}), ((1, 7), {})),
        (((5,), {"d": "5"}), ((5,), {"d": "5"})),
        (((1,), {"c": 4}), ((), {"c": 4})),
        (((), {"b": 9}), ((1, 9), {})),
    ]:
        with Log() as log, pytest.raises(NotImplementedError):
            f(x, *given[0], **given[1])
        assert log.seen[0][2][1:] == expected[0] and log.seen[0][3] == expected[1]


def test_arguments_arrive_as_python_objects():
    """P101, P102, P253: dtypes and devices as objects, wrapped numbers as numbers."""
    x = tensor([1.0])
    with Log() as log:
        x + 1
        x.to(keyway.float64)
        keyway.full([2], True, device="cpu", dtype=keyway.bool)
        keyway.clamp(x, None, 3)
    by_name = {call[0]: call for call in log.seen}
    assert by_name["aten.add.Tensor"][2] == (x, 1) and type(by_name["aten.add.Tensor"][2][1]) is int
    full = by_name["aten.full.default"]
    assert full[2] == ([2], True) and full[3]["dtype"] is keyway.bool and full[3]["device"] == keyway.device("cpu")
    assert by_name["aten.clamp.default"][2][1:] == (None, 3)
