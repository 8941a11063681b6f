"""Graphs of functions, and the checks that rest on them."""

import pytest

import keyway
from keyway import Tensor, custom_op, ops, tensor


def test_a_graph_is_shown_and_run_again():
    x, y = tensor([1.0, 2.0]), tensor([3.0, 4.0])
    graph, result = keyway.trace(lambda x, y: (x + y) * x, x, y)
    assert result.tolist() == [4.0, 12.0]
    assert graph.operators() == ["aten::add.Tensor", "aten::mul.Tensor"] and len(graph) == 2
    assert "%2: float32[2] = aten::add.Tensor(%0, %1)" in str(graph)
    assert graph(x, x).tolist() == [2.0, 8.0]
    assert keyway.Graph.parse(graph.to_text())(x, y).tolist() == [4.0, 12.0]


def test_of_a_tensor_alone_it_is_the_operator_of_that_name():
    x = tensor([[1.0, 2.0], [3.0, 5.0]])
    assert keyway.trace(x).item() == x.trace().item() == 6.0


def test_several_outputs_and_constants():
    bias = tensor([0.5])
    graph, result = keyway.trace(lambda x: [x + bias, x.neg()], tensor([1.0]))
    assert isinstance(result, list)
    bias += 100
    assert [output.tolist() for output in graph(tensor([2.0]))] == [[2.5], [-2.0]]


def test_errors_of_traced_functions_are_the_same_objects():
    error = KeyError("mine")

    def fails(x):
        raise error

    with pytest.raises(KeyError) as raised:
        keyway.trace(fails, tensor([1.0]))
    assert raised.value is error
    with pytest.raises(TypeError, match="a traced function gives a tensor"):
        keyway.trace(lambda x: 3, tensor([1.0]))
    with pytest.raises(TypeError, match="a Tensor is needed"):
        keyway.trace(lambda x: x, 3)
    assert keyway._get_current_dispatch_mode_stack() == []


def test_what_is_no_operator_is_found_by_running_again():
    calls = []

    def forgetful(x):
        calls.append(1)
        result = x + 1
        result.numpy()[:] = 7.0
        return result

    with pytest.raises(ValueError):
        keyway.trace(forgetful, tensor([1.0]), verify=True)


@pytest.fixture
def operators(ns):
    @custom_op(f"{ns}::good", mutates_args=())
    def good(x: Tensor, parts: list[Tensor]) -> Tensor:
        return x + parts[0]

    @custom_op(f"{ns}::bad", mutates_args=())
    def bad(x: Tensor) -> Tensor:
        x[:] = 0.0
        return x + 1

    @custom_op(f"{ns}::random", mutates_args=())
    def random(x: Tensor) -> Tensor:
        random.calls = getattr(random, "calls", 0) + 1
        return x + random.calls

    for op in (good, bad, random):
        op.register_fake(lambda x, *rest: x.clone())
    return good, bad, random


def test_opcheck_runs_all_checks(operators):
    """P195."""
    good, bad, random = operators
    x = tensor([1.0])
    skipped = "SKIPPED: there is no autograd yet"
    assert keyway.opcheck(good, (x, [x])) == {
        "test_schema": "SUCCESS",
        "test_autograd_registration": skipped,
        "test_faketensor": "SUCCESS",
        "test_aot_dispatch_dynamic": "SUCCESS",
    }
    assert set(keyway.opcheck(ops.aten.add.Tensor, (x, x)).values()) == {"SUCCESS", skipped}
    with pytest.raises(RuntimeError, match="was written to"):
        keyway.opcheck(bad, (x,))
    assert x.tolist() == [1.0]
    outcomes = keyway.opcheck(random, (x,), raise_exception=False)
    assert outcomes["test_schema"] == "SUCCESS" and isinstance(outcomes["test_aot_dispatch_dynamic"], Exception)
    with pytest.raises(ValueError, match="there is no check 'test_nothing'"):
        keyway.opcheck(good, (x, [x]), test_utils="test_nothing")


def test_opcheck_sees_a_wrong_fake_kernel(ns):
    """P195."""

    @custom_op(f"{ns}::doubled", mutates_args=())
    def doubled(x: Tensor) -> Tensor:
        return keyway.cat([x, x])

    doubled.register_fake(lambda x: x.clone())
    with pytest.raises(RuntimeError, match="on fake tensors it gives"):
        keyway.opcheck(doubled, (tensor([1.0]),), test_utils="test_faketensor")
