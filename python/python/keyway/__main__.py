"""``python -m keyway``: what is installed, and the way a call of an operator takes."""

from __future__ import annotations

import argparse
import os
import platform
import sys

from . import KeySet, __version__, _keyway


def _about():
    names = _keyway._operator_names()
    print(f"keyway {__version__}, Python {platform.python_version()} on {platform.machine()}")
    try:
        import numpy

        print(f"numpy {numpy.__version__}")
    except ImportError:
        print("numpy is not installed; Tensor.numpy() needs it")
    namespaces = sorted({name.split("::")[0] for name in names})
    print(f"features: {', '.join(_keyway._features())}")
    print(f"{len(names)} operators in {', '.join(namespaces)}")


def _explain(name, keys):
    try:
        operator = _keyway._operator(name)
    except Exception as error:
        sys.exit(str(error))
    print(operator.schema)
    print(operator.explain(KeySet(*keys)) if keys else operator.dump_table())


def main():
    parser = argparse.ArgumentParser(prog="python -m keyway", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    explain = commands.add_parser("explain", help="how an operator is dispatched")
    explain.add_argument("operator", help="a full name, aten::add.Tensor")
    explain.add_argument("--keys", default="", help="the keys of a call, CPU,Python; without them the whole table")
    arguments = parser.parse_args()
    if arguments.command == "explain":
        _explain(arguments.operator, [key for key in arguments.keys.split(",") if key])
    else:
        _about()


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough. What is still held must not be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
