"""Python's operators and what users of PyTorch write beside them: bare sizes, attributes, conversions."""

import operator

import numpy as np
import pytest
from conftest import Log

import keyway
from keyway import Tensor, ops, tensor

INTEGERS = [operator.mod, operator.floordiv, operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
FLOATS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
IN_PLACE = {
    operator.add: operator.iadd, operator.sub: operator.isub, operator.mul: operator.imul, operator.truediv: operator.itruediv,
    operator.floordiv: operator.ifloordiv, operator.mod: operator.imod, operator.pow: operator.ipow, operator.and_: operator.iand,
    operator.or_: operator.ior, operator.xor: operator.ixor, operator.lshift: operator.ilshift, operator.rshift: operator.irshift,
}


def agree(given, expected):
    np.testing.assert_allclose(np.asarray(given.numpy()), expected, rtol=1e-6)


@pytest.mark.parametrize("apply", INTEGERS + COMPARISONS + [operator.add, operator.sub, operator.mul], ids=lambda f: f.__name__)
def test_integers_agree_with_numpy(apply):
    a, b = np.array([7, -7, 5, 12]), np.array([3, 2, 1, 5])
    x, y = tensor(a), tensor(b)
    agree(apply(x, y), apply(a, b))
    agree(apply(x, 3), apply(a, 3))
    agree(apply(100, y), apply(100, b))


@pytest.mark.parametrize("apply", FLOATS + COMPARISONS, ids=lambda f: f.__name__)
def test_floats_agree_with_numpy(apply):
    a, b = np.array([7.5, 0.5, 5.0]), np.array([3.0, -2.0, 0.25])
    x, y = tensor(a), tensor(b)
    agree(apply(x, y), apply(a, b))
    agree(apply(x, 2.5), apply(a, 2.5))
    agree(apply(2.5, y), apply(2.5, b))


@pytest.mark.parametrize("apply", IN_PLACE, ids=lambda f: f.__name__)
def test_in_place_forms_change_the_tensor_itself(apply):
    dtype = keyway.float64 if apply is operator.truediv else keyway.int64
    for other in (3, tensor([3, 2], dtype=dtype)):
        x = tensor([12, 5], dtype=dtype)
        view, expected = x[:], apply(x, other).tolist()
        assert IN_PLACE[apply](x, other) is x and view.tolist() == expected
    with pytest.raises(TypeError, match="unsupported operand"):
        IN_PLACE[apply](x, "a")


def test_bits_of_truth_values():
    a, b = tensor([True, True, False]), tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False] and (a | b).tolist() == [True, True, False] and (a ^ b).tolist() == [False, True, False]
    assert (a & True).tolist() == (True & a).tolist() == (False | a).tolist() == (~~a).tolist() == a.tolist()
    assert (~tensor([5, -7])).tolist() == [-6, 6]
    with pytest.raises(TypeError, match="~ is for tensors of integers and of bool, not of float32"):
        ~tensor([1.0])
    for use in (lambda: tensor([1.0]) & 1, lambda: tensor([1.0]) << 1, lambda: 1 ^ tensor([1.0])):
        with pytest.raises(NotImplementedError, match="aten::bitwise_.*float32"):
            use()


def test_a_zero_divides_no_integers():
    for use in (lambda x: x // 0, lambda x: x % 0, lambda x: 1 % (x - x)):
        with pytest.raises(RuntimeError, match="holds a zero"):
            use(tensor([1, 2]))


def test_rounding_and_quotients_with_rest():
    x = tensor([1.25, -2.75])
    assert round(x).tolist() == [1.0, -3.0] and round(tensor([1.26]), 1)[0].item() == pytest.approx(1.3)
    for pair, expected in ((divmod(tensor([7, -7]), 3), divmod(np.array([7, -7]), 3)), (divmod(7, tensor([2, -2])), divmod(7, np.array([2, -2])))):
        assert [part.tolist() for part in pair] == [part.tolist() for part in expected]


def test_a_handler_sees_the_overloads_that_users_of_pytorch_know():
    x, y = tensor([5, 7]), tensor([True, False])
    expected = {
        lambda: x % 3: ("remainder.Scalar", 1, 3), lambda: 7 % x: ("remainder.Scalar_Tensor", 0, 7), lambda: x // 3: ("floor_divide.default", 1, 3),
        lambda: 7 // x: ("floor_divide.default", 0, 7), lambda: x & 3: ("bitwise_and.Scalar", 1, 3), lambda: 3 & x: ("bitwise_and.Scalar", 1, 3),
        lambda: x == 1: ("eq.Scalar", 1, 1), lambda: 1 < x: ("gt.Scalar", 1, 1), lambda: 1 - x: ("rsub.Scalar", 1, 1),
        lambda: x + 1: ("add.Tensor", 1, 1), lambda: x**2: ("pow.Tensor_Scalar", 1, 2), lambda: 2**x: ("pow.Scalar", 0, 2),
        lambda: True ^ y: ("bitwise_xor.Scalar", 1, True),
    }
    for use, (name, position, number) in expected.items():
        with Log() as log:
            use()
        ((called, _, args, kwargs),) = log.seen
        assert (called, args[position], kwargs) == (f"aten.{name}", number, {}) and isinstance(args[1 - position], Tensor)
    with Log() as log:
        assert [one.item() for one in x] == [5, 7]
    assert log.names[0] == "aten.unbind.int"


def test_numbers_and_arrays_of_numpy_are_operands():
    x = tensor([1.0, 2.0])
    for use in (lambda: x + np.float32(1), lambda: np.int64(1) + x, lambda: np.array(1) + x, lambda: np.float64(1) + x, lambda: keyway.add(x, np.int8(1))):
        assert type(use()) is Tensor and use().dtype is keyway.float32 and use().tolist() == [2.0, 3.0]
    for use in (lambda: x + np.ones(2), lambda: np.ones(2) + x):
        with Log() as log:
            assert type(use()) is Tensor and use().dtype is keyway.float64 and use().tolist() == [2.0, 3.0]
        assert set(log.names) >= {"aten.add.Tensor"}
    assert (x == np.float32(2)).tolist() == [False, True] and (np.array([1.0, 3.0]) < x).tolist() == [False, False]
    assert keyway.full([2], np.float32(2.5)).tolist() == [2.5, 2.5] and x.sum(np.int64(0)).item() == 3.0
    with pytest.raises(TypeError, match="no fitting tensor dtype"):
        x + np.array(["a", "b"])
    with pytest.raises(TypeError):
        x + np.datetime64("2020-01-01")


def test_conversion_to_numbers():
    assert complex(tensor(1 + 2j)) == 1 + 2j and float(tensor([1.5])) == 1.5 and int(tensor([[3.7]])) == 3 and float(tensor(True)) == 1.0
    assert range(10)[tensor(3)] == 3 and hex(tensor(12)) == "0xc" and operator.index(tensor(True)) == 1
    for convert in (int, float, complex):
        with pytest.raises(ValueError, match=f"a tensor of 2 elements is no {convert.__name__}"):
            convert(tensor([1, 2]))
    for wrong in (tensor(1.5), tensor(1j), tensor([1, 2])):
        with pytest.raises(TypeError, match="converted to an index"):
            operator.index(wrong)
    with pytest.raises(TypeError):
        float(tensor(1j))


def test_reversed_and_membership():
    x = tensor([[1, 2], [3, 4]])
    assert reversed(x).tolist() == [[4, 3], [2, 1]] and reversed(tensor(1)).item() == 1
    assert 3 in x and 5 not in x and len(x) == 2 and [row.tolist() for row in x] == [[1, 2], [3, 4]]


def test_integers_of_the_only_list_are_given_one_by_one():
    """As PyTorch's parser takes an ``int[]`` in the first place."""
    x = keyway.arange(6)
    assert x.reshape(2, 3).shape == x.view(2, -1).shape == (2, 3) and x.reshape(6) .shape == x.view(6).shape == (6,)
    y = x.reshape(2, 3)
    assert y.permute(1, 0).shape == (3, 2) and y.flip(0).tolist() == [[3, 4, 5], [0, 1, 2]] and y.flip(0, 1).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert x.expand(2, 6).shape == (2, 6) and x.expand(2, -1, implicit=False).shape == (2, 6) and x.repeat(2, 2).shape == (2, 12)
    assert x.repeat(2).shape == (12,) and x.tile(1, 2).shape == (1, 12) and y.unsqueeze(0).squeeze(0, 1).shape == (2, 3) and y.size(0) == 2
    assert keyway.zeros(2, 3).shape == keyway.ones(2, 3, dtype=keyway.int64).shape == keyway.empty(2, 3).shape == keyway.rand(2, 3).shape == (2, 3)
    assert keyway.zeros(2).shape == (2,) and x.new_zeros(2, 3).dtype is keyway.int64 and keyway.zeros(np.int64(2), 3).shape == (2, 3)
    assert y.reshape((3, 2)).shape == y.reshape([3, 2]).shape == y.reshape(shape=(3, 2)).shape == (3, 2)


def test_integers_one_by_one_are_for_the_only_list():
    x = keyway.arange(6)
    for use in (lambda: keyway.full(2, 3), lambda: x.sum(0, 1), lambda: x.reshape(2.0, 3), lambda: x.reshape(True), lambda: x.reshape(), lambda: x.reshape("a"),
                lambda: keyway.zeros(), lambda: ops.aten.zeros.default(2, 3), lambda: x.reshape(6, shape=(6,)), lambda: keyway.zeros(2**70)):
        with pytest.raises(TypeError, match="aten::"):
            use()
    with pytest.raises(RuntimeError, match=r"size \[4, 2\] does not have the 6 elements"):
        x.reshape(4, 2)


def test_a_handler_sees_integers_one_by_one_as_a_list():
    with Log() as log:
        keyway.zeros(2, 3)
        keyway.arange(6).view(2, 3)
    assert log.seen[0][2] == ([2, 3],) and log.seen[-1][2][1] == [2, 3]


def test_attributes():
    x = keyway.arange(6).reshape(1, 2, 3)
    assert x.mT.shape == (1, 3, 2) and x.T.shape == (3, 2, 1) and x.mT.shares_storage(x) and x.real is not None
    z = tensor([1 + 2j])
    assert z.real.tolist() == [1.0] and z.imag.tolist() == [2.0] and z.real.shares_storage(z)
    assert (x.nbytes, x.itemsize, x.nelement(), x.ndimension()) == (48, 8, 6, 3) and x.is_cpu and not x.is_meta and not x.is_quantized
    before = x._version
    x += 1
    assert x._version > before and x.mT._version == x._version
    assert keyway.int8.is_signed and not keyway.uint8.is_signed
    with pytest.raises(RuntimeError, match="mT"):
        tensor([1.0]).mT


def test_conversions():
    x = tensor([1, 2])
    for name, dtype in {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "char": "int8", "short": "int16", "int": "int32",
                        "long": "int64", "byte": "uint8", "bool": "bool", "cfloat": "complex64", "cdouble": "complex128"}.items():
        assert getattr(x, name)().dtype is getattr(keyway, dtype)
    assert x.long() is not None and x.cpu().tolist() == [1, 2] and keyway.long is keyway.int64 and keyway.float is keyway.float32
    assert x.to("meta").is_meta and x.to(keyway.device("meta"), keyway.float32).dtype is keyway.float32 and x.to(keyway.float64).dtype is keyway.float64
    assert x.to("cpu", copy=True).shares_storage(x) is False and x.to(tensor(1.5)).dtype is keyway.float32 and x.to("meta", dtype=keyway.int8).is_meta
    with pytest.raises(TypeError, match="at most 3 positional"):
        x.to("cpu", False, False, 3)
    assert x.where(x > 1, 0).tolist() == [0, 2] and x.where(condition=x > 1, other=tensor([7, 7])).tolist() == [7, 2]
    assert keyway.is_tensor(x) and not keyway.is_tensor([1]) and keyway.inf > keyway.pi


def test_kernels_are_spread_over_as_many_threads_as_asked_for():
    before = keyway.get_num_threads()
    try:
        keyway.set_num_threads(1)
        assert keyway.get_num_threads() == 1
        with pytest.raises(ValueError, match="at least one thread"):
            keyway.set_num_threads(0)
        with pytest.raises(OverflowError):
            keyway.set_num_threads(-1)
    finally:
        keyway.set_num_threads(before)


def test_names_of_arguments_need_not_be_interned():
    """A name made at run time is another object than the one in the schema; an operator, a name of several and a method take it."""
    x = keyway.tensor([[1.0, 2.0], [3.0, 4.0]])
    named = {"".join(("di", "m")): [0], "".join(("keep", "dim")): True}
    for call in (ops.aten.sum.dim_IntList, ops.aten.sum, type(x).sum):
        assert call(x, **named).tolist() == [[4.0, 6.0]]
    assert x.sum(**named).tolist() == [[4.0, 6.0]]
    with pytest.raises(TypeError, match="dmi"):
        x.sum(**{"d" + "mi": [0]})


def test_methods_are_found_by_instance_class_and_super():
    """P98's operators as methods: called with the tensor first, bound by an instance, plain from the class."""

    class Named(keyway.Tensor):
        def add(self, other):
            return super().add(other).mul(2.0)

    x = keyway.tensor([1.0, 2.0])
    assert keyway.Tensor.add(x, x).tolist() == [2.0, 4.0]
    bound = x.add
    assert bound(x).tolist() == [2.0, 4.0] and bound.__self__ is x
    assert Named([1.0, 2.0]).add(x).tolist() == [4.0, 8.0]
    assert list(map(keyway.Tensor.neg, [x]))[0].tolist() == [-1.0, -2.0]


def test_arguments_that_are_words_of_python_take_an_underscore():
    """What stubs call `from_` can be said so; a word of Python itself only by position or in a dictionary."""
    x = keyway.zeros([4])
    for result in (x.uniform_(from_=2.0, to=3.0), x.uniform_(2.0, to=3.0), x.uniform_(**{"from": 2.0}, to=3.0)):
        assert all(2.0 <= value < 3.0 for value in result.tolist())
    assert ops.aten.random_.from_ is getattr(ops.aten.random_, "from") and not hasattr(ops.aten.add, "Tensor_")
    assert keyway.can_cast(from_=keyway.int32, to=keyway.float32)
    with pytest.raises(TypeError, match="position and by name"):
        x.uniform_(2.0, from_=1.0)
    with pytest.raises(TypeError, match="no argument 'to_'"):
        x.uniform_(2.0, to_=1.0)
