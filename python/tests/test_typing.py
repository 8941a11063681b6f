"""Type checkers read the stubs: the package itself, the examples, and programs of users, right and wrong."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import keyway

SITE = pathlib.Path(keyway.__file__).parent.parent
EXAMPLES = sorted((pathlib.Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Runs mypy and gives what it says, line by line."""
    cache = tmp_path_factory.mktemp("mypy")

    def run(*arguments):
        # The flags of these tests' own process are not those of the checker.
        environment = {**os.environ, "MYPYPATH": str(SITE)}
        command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache), "--no-error-summary", *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cache)
        assert ran.returncode in (0, 1), ran.stderr
        return ran.stdout.splitlines()

    return run


def test_the_stubs_are_right_by_the_strictest_rules(checked):
    stubs = SITE / "keyway"
    assert checked("--strict", stubs / "__init__.pyi", stubs / "_operators.pyi") == []


def test_the_examples_are_right(checked):
    assert EXAMPLES and checked("--check-untyped-defs", *EXAMPLES) == []


RIGHT = """
import keyway
from keyway import ops

x = keyway.zeros([2, 3], dtype=keyway.float32)
reveal_type(x + 1)
reveal_type(x.max(1))
reveal_type(x.clamp(0.0, 1).sum().item())
reveal_type(ops.aten.add.Tensor(x, x, alpha=2))
reveal_type(ops.aten.scatter_reduce.two)
reveal_type(keyway.trace(x))
reveal_type(keyway.uniform(x, from_=0.0))

@keyway.custom_op("mine::twice", mutates_args=())
def twice(x: keyway.Tensor) -> keyway.Tensor:
    return x + x

reveal_type(twice)

class Told(keyway.DispatchMode):
    pass

with Told() as told:
    reveal_type(told)
"""


def test_types_of_results(checked, tmp_path):
    program = tmp_path / "right.py"
    program.write_text(RIGHT)
    said = "\n".join(checked("--strict", program))
    assert "error" not in said, said
    assert re.findall(r'Revealed type is "(.*?)"', said) == [
        "keyway._operators.Tensor",
        "tuple[keyway._operators.Tensor, keyway._operators.Tensor]",
        "Any",
        "keyway._operators.Tensor",
        "keyway._operators._aten_scatter_reduce__two",
        "keyway._operators.Tensor",
        "keyway._operators.Tensor",
        "keyway.CustomOp",
        "right.Told",
    ]


WRONG = [
    "keyway.relu()",
    "keyway.relu('x')",
    "x.sum(dim='rows')",
    "x.no_such_method()",
    "keyway.ops.aten.no_such_operator",
    "keyway.zeros([1], dtype=float)",
    "keyway.DispatchMode().__enter__().no_such_member",
]


def test_what_does_not_work_is_refused(checked, tmp_path):
    program = tmp_path / "wrong.py"
    program.write_text("import keyway\nx = keyway.zeros([1])\n" + "\n".join(WRONG) + "\n")
    lines = {int(line.split(":")[1]) for line in checked(program) if ": error:" in line}
    assert lines == set(range(3, 3 + len(WRONG)))
