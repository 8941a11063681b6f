"""``tensor[...]`` and assignment to it, beside NumPy."""

import numpy as np
import pytest

import keyway
from keyway import Tensor, tensor

from conftest import Log, Wrapper

ROWS = np.array([1, 0, 1])
GRID = np.array([[0, 1], [1, 0]])
MASK = np.arange(24).reshape(2, 3, 4) % 5 > 1

#: Indices of an array of shape (2, 3, 4) that NumPy and PyTorch understand alike.
VIEWS = [
    0, -1, (1, 2), (0, 1, -1), slice(None), (slice(None), slice(1, 3)), (Ellipsis, 0), None, (slice(None), None, 1),
    (0, Ellipsis, slice(0, 4, 2)), slice(5, 9), (), Ellipsis, (None, Ellipsis, None), (0, Ellipsis, None, 1),
]
PICKS = [
    ROWS, GRID, -ROWS, [1, 0], [], (slice(None), [0, 2]), (slice(None), ROWS), (slice(None), slice(None), [3, 0, 0]),
    (ROWS, ROWS), (ROWS, [2, 0, 1], [3, 3, 0]), (GRID, [[0], [2]]), (slice(None), ROWS, ROWS), (ROWS, slice(None), ROWS),
    (ROWS, slice(1, 3), slice(0, 4, 2)), (Ellipsis, ROWS), (None, ROWS), (ROWS, None), (slice(None), None, ROWS),
    (slice(0, 1), ROWS, Ellipsis), (np.array([1], dtype="int32"),), (range(2), 0), (slice(None), range(2)),
]
MASKS = [
    MASK, np.array([True, False]), [True, False], (slice(None), np.array([True, False, True])), MASK[:, :, 0], (MASK[:, :, 0], 1),
    (MASK[:, :, 0], slice(1, 3)), (slice(None), MASK[0]), (Ellipsis, np.array([True, False, False, True])),
    np.zeros((2, 3, 4), bool), np.array(True), True, False, (slice(None), True), (np.array([True, False]), [0, 2]),
]


def as_tensors(index):
    """The same index with tensors for arrays."""
    if isinstance(index, tuple):
        return tuple(as_tensors(part) for part in index)
    return keyway.from_numpy(index) if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("index", VIEWS + PICKS + MASKS, ids=repr)
def test_reading_agrees_with_numpy(index):
    a = np.arange(24.0).reshape(2, 3, 4)
    x = keyway.from_numpy(a)
    expected = a[index]
    for given in (as_tensors(index), index):
        result = x[given]
        assert result.shape == expected.shape and (result.numpy() == expected).all()


@pytest.mark.parametrize("index", VIEWS + PICKS + MASKS, ids=repr)
def test_writing_agrees_with_numpy(index):
    a = np.arange(24.0).reshape(2, 3, 4)
    x = tensor(a)
    places = a[index]
    for value in (-1.5, np.arange(places.size, dtype="float64").reshape(places.shape)):
        if index is PICKS[0] or not isinstance(value, float):
            # Several writes to one place have no order: all write the same.
            value = np.broadcast_to(np.float64(7.0), places.shape).copy()
        a[index] = value
        x[as_tensors(index)] = value if isinstance(value, float) else keyway.from_numpy(value)
        assert (x.numpy() == a).all()


def test_an_int_beside_an_index_tensor_takes_its_dimension_away_first():
    """Where NumPy moves the picked dimension to the front."""
    x = keyway.from_numpy(np.arange(24.0).reshape(2, 3, 4))
    assert x[0, :, [1, 2]].tolist() == x[0][:, [1, 2]].tolist()


def test_views_are_views_and_picks_are_copies():
    x = keyway.from_numpy(np.arange(6.0).reshape(2, 3))
    for index in [0, (slice(None), 1), None, Ellipsis, tensor(1)]:
        assert x[index].shares_storage(x)
    for index in [[0], tensor([1]), x > 2]:
        assert not x[index].shares_storage(x)


def test_assignment_writes_through_views():
    x = keyway.zeros([2, 3])
    x[0] = 1.0
    x[:, 1] = tensor([5.0, 6.0])
    x[1, 2] = 7
    assert x.tolist() == [[1.0, 5.0, 1.0], [0.0, 6.0, 7.0]]
    x[x > 5] = 0
    assert x.tolist() == [[1.0, 5.0, 1.0], [0.0, 0.0, 0.0]]
    x[:, 1:][[1], tensor([0])] = 8.0
    assert x.tolist() == [[1.0, 5.0, 1.0], [0.0, 8.0, 0.0]]


def test_values_are_broadcast_and_converted():
    x = keyway.zeros([2, 3], dtype=keyway.int64)
    x[[0, 1]] = tensor([1.9, 2.0, 3.0])
    assert x.tolist() == [[1, 2, 3], [1, 2, 3]]
    x[0] = tensor([[[4, 5, 6]]])
    x[tensor([[True, False, False], [False, True, True]])] = [7, 8, 9]
    assert x.tolist() == [[7, 5, 6], [1, 8, 9]]
    x[1] = np.array([0, 0, 1])
    assert x.tolist() == [[7, 5, 6], [0, 0, 1]]
    with pytest.raises((IndexError, ValueError, RuntimeError)):
        x[[0, 1]] = tensor([1, 2])
    assert x.tolist() == [[7, 5, 6], [0, 0, 1]]


def test_bad_indices_are_index_errors():
    x = tensor([[1, 2], [3, 4]])
    for index in [2, -3, (0, 0, 0), (0, 5), tensor([7]), [0, -3], tensor(2), tensor([True]), tensor([1.0]), (Ellipsis, Ellipsis),
                  (tensor([0, 1]), tensor([0, 1, 0])), tensor([[True, False, True]])]:
        with pytest.raises(IndexError):
            x[index]
        with pytest.raises(IndexError):
            x[index] = 5
    assert x.tolist() == [[1, 2], [3, 4]]
    for index in ["a", 1.5, {}]:
        with pytest.raises(TypeError, match="is indexed by"):
            x[index]
    with pytest.raises(ValueError, match="go forward"):
        x[::-1]


def test_modes_and_classes_see_one_operator(wrapper_calls):
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    with Log() as log:
        x[:, [1, 0]]
        x[[0]] = 5.0
    assert log.names == ["aten.index.Tensor", "aten.index_put_.default"]
    wrapped = Wrapper(x)
    assert isinstance(wrapped[tensor([1])], Tensor) and type(wrapped[tensor([1])]) is Wrapper
    assert [call[0] for call in wrapper_calls][0] == "aten.index.Tensor"
