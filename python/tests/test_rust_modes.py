"""Modes of Rust as context managers, on one stack with those of Python."""

import pytest
from conftest import Log

import keyway
from keyway import tensor


def test_logging_and_counting_on_one_stack_with_python():
    x = tensor([1.0, 2.0])
    with keyway.CountingMode() as counting, Log() as log, keyway.LoggingMode() as logging:
        x + x
        x.relu()
        assert [type(mode).__name__ for mode in keyway._get_current_dispatch_mode_stack()] == ["RustMode", "Log", "RustMode"]
    assert logging.lines()[1] == "aten::relu(float32[2]) -> float32[2]"
    assert log.names == ["aten.add.Tensor", "aten.relu.default"]
    assert counting.count() == 2 and counting.count("aten::add.Tensor") == 1
    with pytest.raises(IndexError):
        logging.__exit__(None, None, None)


def test_flops_of_a_product():
    with keyway.FlopCounterMode() as flops:
        keyway.zeros([3, 4]) @ keyway.zeros([4, 5])
    assert flops.total() == 2 * 3 * 4 * 5 and flops.by_operator()["aten::mm"] == 120


def test_fake_tensors_have_no_data():
    fake = keyway.FakeTensorMode()
    with fake:
        big = fake.empty([10**6, 10**5])
        result = big.t() @ big
        assert keyway.is_fake(result) and result.shape == (10**5, 10**5) and str(result.device) == "cpu"
        assert keyway.is_fake(fake.from_tensor(tensor([1.0])) + 1)
    assert not keyway.is_fake(tensor([1.0]))


def test_nan_watch_raises_where_a_nan_is_made():
    x = tensor([-1.0])
    with pytest.raises(ValueError, match="aten::log.*are NaN"), keyway.NanWatchMode():
        x.exp()
        x.log()


def test_schema_check_finds_a_kernel_that_writes(ns):
    library = keyway.Library(ns, "DEF")
    library.define("f(Tensor x) -> Tensor")

    def kernel(x):
        x[:] = 0.0
        return x.clone()

    library.impl("f", kernel, "CPU")
    with keyway.SchemaCheckMode() as check:
        tensor([1.0]).neg()
        assert check.checked() >= 1
    with pytest.raises(RuntimeError), keyway.SchemaCheckMode():
        getattr(keyway.ops, ns).f(tensor([1.0]))
