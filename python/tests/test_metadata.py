"""Classes that answer questions about sizes, strides, device and layout themselves (P126 to P130)."""

import pytest

import keyway
from keyway import Tensor, ops, tensor

from conftest import Log


def answering(answers, asked=None):
    """A class whose handler answers the questions named, and leaves others to the tensor."""

    class Answering(Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            if asked is not None:
                asked.append((str(func), types, type(args[0])))
            answer = answers.get(func.name)
            return answer(args[0]) if callable(answer) else answer

    return Answering


def made(cls, **policy):
    return Tensor._make_wrapper_subclass(cls, [2, 3], dtype=keyway.float32, **policy)


def test_without_a_policy_nobody_is_asked():
    asked = []
    x = made(answering({}, asked))
    assert (x.shape, x.stride(), x.numel(), x.dim(), str(x.device), x.is_contiguous()) == ((2, 3), (3, 1), 6, 2, "cpu", True)
    assert asked == []


def test_sizes_and_strides_are_asked_for():
    asked = []
    answers = {
        "aten::sym_size": [4, 5], "aten::sym_stride": (5, 1), "aten::sym_numel": 20, "aten::dim": 2, "aten::sym_storage_offset": 7,
        "aten::is_contiguous": False,
    }
    cls = answering(answers, asked)
    x = made(cls, dispatch_sizes_strides_policy="sizes")
    assert (x.shape, x.size(0), x.stride(), x.numel(), x.dim(), x.ndim) == ((4, 5), 4, (5, 1), 20, 2, 2)
    assert x.storage_offset() == 7 and x.is_contiguous() is False
    assert asked[0] == ("aten.sym_size.default", (cls,), cls)
    assert len(asked) == 8


def test_the_strides_policy_leaves_sizes_to_the_tensor():
    asked = []
    x = made(answering({"aten::sym_stride": [1, 2]}, asked), dispatch_sizes_strides_policy="strides")
    assert x.shape == (2, 3) and x.numel() == 6 and asked == []
    assert x.stride() == (1, 2) and len(asked) == 1


def test_none_means_the_stored_value_where_there_is_one():
    """P128."""
    x = made(answering({}), dispatch_sizes_strides_policy="sizes", dispatch_device=True, dispatch_layout=True)
    assert (x.shape, x.stride(), x.numel(), x.storage_offset(), x.is_contiguous()) == ((2, 3), (3, 1), 6, 0, True)
    for read in (lambda: x.dim(), lambda: x.device, lambda: x.layout):
        with pytest.raises((RuntimeError, TypeError), match="returned invalid type"):
            read()


def test_device_and_layout_are_asked_for():
    cls = answering({"prim::device": keyway.device("cuda", 1), "prim::layout": keyway.sparse})
    x = made(cls, dispatch_device=True, dispatch_layout=True)
    assert x.device == keyway.device("cuda:1") and x.layout == keyway.sparse
    y = Tensor._make_subclass(cls, tensor([1.0]), dispatch_device=True)
    assert y.device == keyway.device("cuda:1") and y.layout == keyway.strided
    z = made(answering({"prim::device": "cuda:3"}), dispatch_device=True)
    assert z.device == keyway.device("cuda", 3)


def test_wrong_answers():
    """P129."""
    x = made(answering({"aten::sym_size": 3, "aten::sym_numel": "many", "aten::is_contiguous": 1}), dispatch_sizes_strides_policy="sizes")
    with pytest.raises(RuntimeError, match="sizes must be a list or a tuple"):
        x.shape
    with pytest.raises(RuntimeError, match="numel returned invalid type str"):
        x.numel()
    with pytest.raises(RuntimeError, match="is_contiguous returned invalid type int"):
        x.is_contiguous()


def test_exceptions_are_the_same_objects():
    error = KeyError("mine")

    def fails(_):
        raise error

    x = made(answering({"aten::sym_size": fails}), dispatch_sizes_strides_policy="sizes")
    with pytest.raises(KeyError) as raised:
        x.shape
    assert raised.value is error


def test_declining_is_an_error():
    x = made(answering({"aten::sym_size": NotImplemented}), dispatch_sizes_strides_policy="sizes")
    with pytest.raises(TypeError, match="Multiple dispatch failed"):
        x.shape


@pytest.mark.parametrize(
    "policy, question, read, stored, other",
    [
        ({"dispatch_sizes_strides_policy": "strides"}, "aten::is_contiguous", lambda x: x.is_contiguous(), True, False),
        ({"dispatch_sizes_strides_policy": "strides"}, "aten::sym_stride", lambda x: x.stride(), (3, 1), (4, 2)),
        ({"dispatch_sizes_strides_policy": "sizes"}, "aten::sym_size", lambda x: x.shape, (2, 3), (5, 3)),
        ({"dispatch_device": True}, "prim::device", lambda x: x.device, None, keyway.device("meta")),
    ],
)
def test_a_question_is_answered_left_or_declined(policy, question, read, stored, other):
    """SUB-48, SUB-50, SUB-51, SUB-53."""
    assert read(made(answering({question: other}), **policy)) == other
    if stored is not None:
        assert read(made(answering({question: None}), **policy)) == stored
    with pytest.raises(TypeError, match="Multiple dispatch failed"):
        read(made(answering({question: NotImplemented}), **policy))


def test_a_tensor_goes_to_the_device_that_a_class_says():
    """SUB-53."""
    x = made(answering({"prim::device": keyway.device("meta")}), dispatch_device=True)
    assert tensor([1.0]).to(x.device).is_meta


def test_a_mode_is_asked_first():
    """P130."""
    x = made(answering({"aten::sym_numel": 20}), dispatch_sizes_strides_policy="sizes")

    class Says(keyway.DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return 99 if func is ops.aten.sym_numel.default else NotImplemented

    with Says():
        assert x.numel() == 99 and tensor([1.0]).numel() == 1
    with Log() as log:
        assert x.numel() == 20
    assert log.names == ["aten.sym_numel.default"]
    with keyway._disable_dispatch():
        assert x.numel() == 6


def test_unknown_policies_are_refused():
    with pytest.raises(ValueError, match="Unknown sizes_strides_policy: both; expected 'strides' or 'sizes'"):
        made(answering({}), dispatch_sizes_strides_policy="both")
