"""Nothing that a user of Python does ends the process: every operator with right, odd and wrong arguments, and all else with odd ones."""

import pathlib
import subprocess
import sys

import pytest

FOLDER, SECONDS = pathlib.Path(__file__).parent, 3


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on memory is one of Unix")
@pytest.mark.parametrize("program, situation", [("operators", "plain"), ("operators", "mode"), ("operators", "subclass"), ("members", "")])
def test_no_call_ends_the_process(program, situation):
    """SystemError, exceptions that ``except Exception`` misses and panics of kernels are failures, and so is any death of the process."""
    arguments = [sys.executable, "-X", "faulthandler", str(FOLDER / f"fuzz_{program}.py"), "1", str(SECONDS), situation]
    run = subprocess.run(arguments, capture_output=True, text=True, errors="replace", timeout=300)
    failures = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    assert failures == []
    last = [line for line in run.stderr.splitlines() if "::" in line][-1:]
    assert run.returncode == 0, f"the process ended with {run.returncode} after {last}:\n{run.stderr[-3000:]}"
    calls = int(run.stdout.splitlines()[-1].split()[0])
    assert calls > 100
