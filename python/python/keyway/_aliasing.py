"""Results of wrappers that share memory, or are arguments, as those of plain tensors are (P136)."""

from __future__ import annotations

from . import _keyway

Tensor = _keyway.Tensor


def _check_types(func, argument, result):
    is_wrapper = "Python" in _keyway._dispatch_keys(argument) or "Python" in _keyway._dispatch_keys(result)
    if is_wrapper and type(argument) is not type(result):
        raise AssertionError(f"Called {func} with input of type {type(argument)}\nand output of type {type(result)}. But expected types to match.")


def _tensors(value):
    return [one for one in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(one, Tensor)]


def return_and_correct_aliasing(func, args, kwargs, out):
    """What the handler of a wrapper returns at its end for ``out``, the wrapped results of ``func(*args, **kwargs)``.

    A result that the schema says is a view of an argument gets its memory, without an operator being called; one that is an argument which
    was written to is returned as that argument, with the sizes of the result. Raises AssertionError if an argument and its view are of
    different classes, RuntimeError for an operator that returns both what it wrote to and something new.
    """
    aliases = _keyway._aliased_arguments(func)
    results = [out] if len(aliases) == 1 else list(out or ())
    written = [alias is not None and alias[2] for alias in aliases]
    if any(written) and not all(written):
        raise RuntimeError(f"Unsupported schema: {func.schema}")
    returned = []
    for alias, result in zip(aliases, results):
        if alias is None:
            returned.append(result)
            continue
        position, name, is_written = alias
        argument = args[position] if position < len(args) else (kwargs or {}).get(name)
        if is_written and isinstance(argument, Tensor) and isinstance(result, Tensor):
            _keyway._take_geometry(argument, result)
        elif isinstance(argument, Tensor):
            for view in _tensors(result):
                _check_types(func, argument, view)
                _keyway._share_storage(view, argument)
        returned.append(argument if is_written else result)
    return returned[0] if len(aliases) == 1 else type(out)(returned) if isinstance(out, (list, tuple)) else out
