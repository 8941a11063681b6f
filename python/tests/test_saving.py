"""Pickling and copying: classes, attributes, strides and what shares memory with what."""

import copy
import pickle

import numpy as np
import pytest
from conftest import Wrapper

import keyway
from keyway import Tensor, tensor

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def saved(value, protocol=None):
    return pickle.loads(pickle.dumps(value, protocol))


class Noted(Tensor):
    """A class without a handler, with attributes."""


class Slotted(Tensor):
    __slots__ = ("note",)


class Stateful(Tensor):
    def __getstate__(self):
        return {"told": self.told}

    def __setstate__(self, state):
        self.told = state["told"] + ", and back"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_strides_and_offsets_stay(protocol):
    base = keyway.arange(24).reshape(4, 6)
    for view in (base.t(), base[1:, ::2], base[0], base[2, 3], base[:0], base[0].expand(3, 6)):
        for other in (saved(view, protocol), copy.deepcopy(view)):
            assert (other.shape, other.stride(), other.storage_offset()) == (view.shape, view.stride(), view.storage_offset())
            assert other.tolist() == view.tolist() and other.dtype is view.dtype and not other.shares_storage(view)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_that_share_memory_share_it_afterwards(protocol):
    base, alone = keyway.zeros(2, 3), keyway.zeros(2, 3)
    for copied in (lambda values: saved(values, protocol), copy.deepcopy):
        whole, row, words, other = copied([base, base[1], base.view(keyway.int32), alone])
        row[0] = 7.0
        assert whole.tolist() == [[0.0, 0.0, 0.0], [7.0, 0.0, 0.0]] and words[1, 0].item() == 0x40E00000
        assert whole.shares_storage(row) and whole.shares_storage(words) and not whole.shares_storage(other)
    assert base.sum().item() == 0.0


def test_one_object_in_two_places_stays_one():
    x = tensor([1.0])
    for first, second in (saved([x, x]), copy.deepcopy([x, x])):
        assert first is second and first is not x


def test_every_dtype_is_saved():
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"):
        x = tensor([0, 1, 1], dtype=getattr(keyway, name))
        assert saved(x).tolist() == x.tolist() and saved(x).dtype is x.dtype
    nan = saved(tensor([float("nan"), float("inf"), -0.0]))
    assert np.isnan(nan[0].item()) and nan[1].item() == float("inf") and np.signbit(nan.numpy()[2])


def test_an_expanded_tensor_takes_the_room_of_its_memory():
    endless = tensor([1.5]).expand(2**40)
    text = pickle.dumps(endless)
    assert len(text) < 1000
    for other in (pickle.loads(text), copy.deepcopy(endless)):
        assert other.shape == (2**40,) and other.stride() == (0,) and other[2**39].item() == 1.5


@pytest.mark.parametrize("protocol", PROTOCOLS[2:])
def test_classes_keep_their_attributes(protocol):
    noted, slotted = Tensor._make_subclass(Noted, tensor([1.0, 2.0])), Tensor._make_subclass(Slotted, tensor([3.0]))
    noted.note, noted.tensors, slotted.note = ["a"], {"same": noted}, "b"
    for other in (saved(noted, protocol), copy.deepcopy(noted)):
        assert type(other) is Noted and other.tolist() == [1.0, 2.0] and other.note == ["a"] and other.note is not noted.note
        assert other.tensors["same"] is other
    for other in (saved(slotted, protocol), copy.deepcopy(slotted), copy.copy(slotted)):
        assert type(other) is Slotted and other.note == "b"
    assert copy.copy(noted).note is noted.note


def test_a_class_may_say_what_its_state_is():
    x = Tensor._make_subclass(Stateful, tensor([1.0]))
    x.told, x.secret = "there", "kept"
    for other in (saved(x), copy.deepcopy(x), copy.copy(x)):
        assert type(other) is Stateful and other.told == "there, and back" and not hasattr(other, "secret")


@pytest.mark.parametrize("protocol", PROTOCOLS[2:])
def test_wrappers_are_made_again_around_what_they_hold(protocol):
    """SUB-23."""
    inner = tensor([[1.0, 2.0], [3.0, 4.0]]).t()
    wrapper = Wrapper(inner)
    other, elem = saved((wrapper, inner), protocol)
    assert type(other) is Wrapper and other.elem is elem and (other.shape, other.stride()) == (inner.shape, inner.stride())
    assert (other + 1).elem.tolist() == (inner + 1).tolist()
    other = copy.deepcopy(wrapper)
    assert type(other) is Wrapper and other.elem.tolist() == inner.tolist() and not other.elem.shares_storage(inner)
    bare = Tensor._make_wrapper_subclass(Wrapper, (2,))
    with pytest.raises(TypeError, match="neither data nor attributes to save; give it a __reduce_ex__"):
        pickle.dumps(bare)


def test_what_cannot_be_saved_says_what_to_do():
    quantised = keyway.quantize_per_tensor(tensor([1.0, 2.0]), 0.1, 0, keyway.qint8)
    with pytest.raises(TypeError, match="tensor of keyway.qint8 cannot be saved; save dequantize"):
        pickle.dumps(quantised)


def test_a_saved_tensor_of_borrowed_memory_has_its_own():
    array = np.arange(4.0)
    array.flags.writeable = False
    other = saved(keyway.from_numpy(array))
    other += 1
    assert other.tolist() == [1.0, 2.0, 3.0, 4.0] and array.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_damaged_file_is_an_exception():
    text = pickle.dumps(tensor([1, 2, 3]))
    short = text.replace(pickle.dumps(3)[2:-1], pickle.dumps(9)[2:-1])
    for damaged in (text[:20], text[:-3], short):
        try:
            pickle.loads(damaged)
        except Exception as error:
            assert not isinstance(error, SystemError)
    with pytest.raises(RuntimeError, match="storage"):
        keyway._keyway._over_storage(keyway._keyway._storage(tensor([1])), keyway.int64, (5,), (1,), 0)


def test_keys_operators_and_constants_are_saved():
    """KS-52."""
    keys = keyway.KeySet("CPU", "AutogradCPU", "Python")
    assert saved(keys) == copy.deepcopy(keys) == keys and saved(keyway.KeySet()) == keyway.KeySet()
    for one in (keyway.ops.aten.add, keyway.ops.aten.add.Tensor, keyway.relu, keyway.float16, keyway.strided, keyway.channels_last):
        assert saved(one) is copy.deepcopy(one) is one


def test_operators_document_themselves():
    assert "aten::relu(Tensor self) -> Tensor" in keyway.relu.__doc__ and "aten::add.Tensor" in keyway.ops.aten.add.__doc__
    assert keyway.Tensor.tolist.__doc__ and keyway.Tensor.relu.__doc__ == keyway.relu.__doc__
