"""Operators made of annotated Python functions."""

from __future__ import annotations

import collections.abc
import contextlib
import logging
import re
import typing

from . import _keyway
from ._library import Library, _kept, register_autograd, register_kernel
from ._ops import ops

_log = logging.getLogger("keyway")

_RESERVED = {"aten", "prim", "prims", "_"}

#: What an annotation is in the schema language.
_PARAMETERS = {
    _keyway.Tensor: "Tensor",
    int: "SymInt",
    bool: "bool",
    float: "float",
    str: "str",
    _keyway.dtype: "ScalarType",
    _keyway.device: "Device",
    _keyway.layout: "Layout",
    _keyway.memory_format: "MemoryFormat",
}
_LISTED = frozenset({*_PARAMETERS.values(), "Tensor?", "SymInt?", "Scalar"})
_NUMBERS = frozenset({int, float, bool})
_RESULTS = {_keyway.Tensor: "Tensor", int: "SymInt", float: "float", bool: "bool"}
_SEQUENCES = (list, collections.abc.Sequence)


def _members(annotation):
    """The members of a union; empty for what is none."""
    import types

    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return typing.get_args(annotation) if is_union else ()


def _parameter_type(annotation):
    """The schema type of a parameter's annotation; None if there is none."""
    if annotation in _PARAMETERS:
        return _PARAMETERS[annotation]
    members = _members(annotation)
    if members:
        if _NUMBERS.issuperset(members) or set(members) <= _NUMBERS | {complex}:
            return "Scalar"
        rest = [member for member in members if member is not type(None)]
        if len(rest) == len(members):
            return None
        inner = typing.Union[tuple(rest)] if len(rest) > 1 else rest[0]
        inner = _parameter_type(inner)
        return None if inner is None or inner.endswith("?") else inner + "?"
    if typing.get_origin(annotation) in _SEQUENCES:
        (element,) = typing.get_args(annotation) or (None,)
        inner = _parameter_type(element)
        if inner in _LISTED:
            return inner + "[]"
    return None


def _unsupported(name, annotation):
    message = f"infer_schema(func): Parameter {name} has unsupported type {annotation}."
    if typing.get_origin(annotation) is tuple:
        elements = set(typing.get_args(annotation)) - {Ellipsis}
        if len(elements) == 1:
            message += f" Did you mean typing.List[{elements.pop().__name__}]?"
    return ValueError(f"{message} The valid types are: Tensor, int, float, bool, str, dtype, device, layout, memory_format, numbers, and sequences or "
                      "optionals of them.")


def _default_text(value):
    if isinstance(value, (str, _keyway.device)):
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_default_text, value))}]"
    if isinstance(value, (_keyway.dtype, _keyway.layout, _keyway.memory_format)):
        return repr(value).removeprefix("keyway.")
    return str(value)


#: What defaults of a schema type are.
_DEFAULTS = {
    "SymInt": int,
    "float": (float, int),
    "bool": bool,
    "str": str,
    "ScalarType": _keyway.dtype,
    "Device": (_keyway.device, str),
    "Layout": _keyway.layout,
    "MemoryFormat": _keyway.memory_format,
    "Scalar": (int, float, bool, complex),
}


def _has_default(schema_type, value):
    """Whether a value can be the default of a parameter of this type."""
    if schema_type.endswith("?"):
        return value is None or _has_default(schema_type[:-1], value)
    if schema_type.endswith("[]"):
        return isinstance(value, (list, tuple)) and all(_has_default(schema_type[:-2], item) for item in value)
    if isinstance(value, bool) and schema_type not in ("bool", "Scalar"):
        return False
    return isinstance(value, _DEFAULTS.get(schema_type, ()))


def _is_tensor_like(schema_type):
    return schema_type.startswith("Tensor")


def _marked(schema_type, letter):
    """The type with the mark of an argument that is written to."""
    return schema_type.replace("Tensor", f"Tensor({letter}!)", 1)


def infer_schema(function, /, *, mutates_args, op_name=None):
    """The schema of an annotated function.

    ``mutates_args`` names the arguments that are written to, or is ``"unknown"``: then every tensor may be. Raises ValueError for
    what has no schema.
    """
    unknown = mutates_args == "unknown"
    if not unknown and isinstance(mutates_args, str):
        raise ValueError("mutates_args must either be a sequence of the names of the arguments that are mutated or the string "
                         f"'unknown', got {mutates_args!r}")
    mutated = set() if unknown else _names_of(mutates_args)
    import inspect

    signature = inspect.signature(function)
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise ValueError(f"infer_schema(func): an annotation cannot be read: {error}. Annotate with names that the function's module has.") from None
    parts, seen_star, letters = [], False, 0
    for position, (name, parameter) in enumerate(signature.parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ValueError("infer_schema(func): We do not support *args or **kwargs in the signature of func.")
        if name not in hints:
            raise ValueError(f"infer_schema(func): Parameter {name} must have a type annotation.")
        schema_type = _parameter_type(hints[name])
        if schema_type is None:
            raise _unsupported(name, hints[name])
        if parameter.kind is parameter.KEYWORD_ONLY and not seen_star:
            parts.append("*")
            seen_star = True
        if name in mutated or (unknown and _is_tensor_like(schema_type)):
            if not _is_tensor_like(schema_type):
                raise ValueError(f"infer_schema(func): Parameter {name} is in mutable_args but only Tensors or collections of "
                                 "Tensors can be mutated")
            schema_type = _marked(schema_type, chr(ord("a") + position))
            letters += 1
        text = f"{schema_type} {name}"
        if parameter.default is not parameter.empty:
            if not _has_default(_parameter_type(hints[name]), parameter.default):
                raise ValueError(f"infer_schema(func): Parameter {name} has a default value {parameter.default!r} that is no {hints[name]}, or that a "
                                 "schema does not have.")
            text += f"={_default_text(parameter.default)}"
        parts.append(text)
    strangers = mutated - set(signature.parameters)
    if strangers:
        raise ValueError(f"mutates_args: {', '.join(sorted(strangers))} not found in the function signature")
    return f"{op_name or ''}({', '.join(parts)}) -> {_result(signature, hints)}"


def _names_of(mutates_args):
    try:
        names = set(mutates_args)
    except TypeError:
        names = {None}
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"mutates_args must be a sequence of the names of arguments, or 'unknown', got {mutates_args!r}")
    return names


def _result(signature, hints):
    if signature.return_annotation is signature.empty:
        raise ValueError("infer_schema(func): No return type annotation was provided. Please add one.")
    annotation = hints.get("return", None)
    if annotation in (None, type(None)):
        return "()"
    if typing.get_origin(annotation) is tuple:
        elements = typing.get_args(annotation)
        texts = [_result_type(element) for element in elements]
        if Ellipsis in elements or None in texts:
            raise ValueError(f"infer_schema(func): Return has unsupported type {annotation}.")
        return f"({', '.join(texts)})"
    text = _result_type(annotation)
    if text is None:
        raise ValueError(f"infer_schema(func): Return has unsupported type {annotation}. Tensors, numbers and lists of tensors are "
                         "supported.")
    return text


def _result_type(annotation):
    if annotation in _RESULTS:
        return _RESULTS[annotation]
    members = _members(annotation)
    if members and _NUMBERS.issuperset(members):
        return "Scalar"
    if typing.get_origin(annotation) in _SEQUENCES and typing.get_args(annotation) == (_keyway.Tensor,):
        return "Tensor[]"
    return None


class CustomOp(_keyway._CallsOverload):
    """An operator made by :func:`custom_op`: call it, or give it more kernels."""

    def __init__(self, name, schema, function, device_types, tags):
        self._qualified = name
        self._lib = Library(name.split("::")[0], "FRAGMENT")
        _kept.append(self._lib)
        self._lib.define(schema, tags=("pt2_compliant_tag", *tags))
        self._overload = _keyway._operator(name)
        self._bind(self._overload)
        self._function = function
        self._kernels, self._disabled = {}, set()
        self.__name__, self.__doc__ = name.split("::")[1], function.__doc__
        self._select_by_device(schema.partition("(")[2].rpartition("->")[0])
        self.register_kernel(device_types)(function)

    def _select_by_device(self, arguments):
        """Without a tensor to bring the key of a backend, an argument ``device`` does."""
        names = [part.split("=")[0].rstrip(" )").rpartition(" ")[2] for part in arguments.split(", ") if part != "*"]
        if "Tensor" in arguments or "device" not in names:
            return
        at, overload = names.index("device"), self._overload

        def select(keyset, *args, **kwargs):
            device = kwargs.get("device", args[at] if at < len(args) else None) or "cpu"
            key = _keyway._key_of_device(str(device))
            below = (keyset | _keyway.KeySet(key)) & _keyway.KeySet.after("BackendSelect")
            return overload.redispatch(below, *args, **kwargs)

        self._lib.impl(self._qualified, select, "BackendSelect", with_keyset=True)

    def __repr__(self):
        return f"<CustomOp({self._qualified})>"

    @property
    def schema(self):
        return self._overload.schema

    def register_kernel(self, device_types, fn=None):
        """Registers a kernel for devices; None for all of them. Without ``fn`` a decorator."""
        if fn is None:
            return lambda fn: self.register_kernel(device_types, fn) or fn
        kernel = _giving_its_argument(self._qualified, fn) if "inplace" in self._overload.tags else fn
        if device_types is None or device_types == "default":
            register_kernel(self, None, kernel, lib=self._lib, _module=self._module_of(fn))
            return None
        is_sequence = isinstance(device_types, collections.abc.Iterable) and not isinstance(device_types, str)
        devices = list(device_types) if is_sequence else [device_types]
        if not all(isinstance(device, str) for device in devices):
            raise TypeError(f"device_types must be None, the name of a device type or a sequence of such names, got {device_types!r}")
        for device in devices:
            self._put(device, kernel)
        return None

    def _module_of(self, function):
        """The function's module if its results may share no memory with arguments or each other."""
        return None if _may_alias(self._overload) else getattr(function, "__module__", None) or "?"

    def _put(self, device, kernel):
        """Registers a kernel of a device in a block of its own, so that it can be switched off."""
        library = Library(self._lib.ns, "FRAGMENT")
        register_kernel(self, device, kernel, lib=library, _module=self._module_of(kernel))
        self._kernels[device] = (library, kernel)

    @contextlib.contextmanager
    def set_kernel_enabled(self, device_type, enabled=True):
        """Switches the kernel of a device on or off for a ``with`` block; off, calls go to the kernel for all devices.

        What is so already, or has no such kernel, is left alone with a warning in the log.
        """
        if device_type not in self._kernels:
            _log.warning("%s has no kernel for %s to switch on or off", self._qualified, device_type)
            yield
            return
        was_enabled = device_type not in self._disabled
        if enabled == was_enabled:
            _log.warning("the kernel of %s for %s is %s already", self._qualified, device_type, "on" if enabled else "off")
            yield
            return
        self._switch(device_type, enabled)
        try:
            yield
        finally:
            self._switch(device_type, was_enabled)

    def _switch(self, device, enabled):
        library, kernel = self._kernels[device]
        if enabled:
            self._disabled.discard(device)
            self._put(device, kernel)
        else:
            self._disabled.add(device)
            library._destroy()

    def register_fake(self, fn):
        """Registers what gives sizes and dtypes without data."""
        self._lib.register_fake(self._qualified, fn)
        return fn

    def register_autograd(self, backward, /, *, setup_context=None):
        """Would register a derivative; there is no autograd yet.

        Raises NotImplementedError.
        """
        register_autograd(self, backward, setup_context=setup_context)

    def _destroy(self):
        """Takes the operator away."""
        for library, _ in self._kernels.values():
            library._destroy()
        self._lib._destroy()


def _may_alias(overload):
    """Whether the schema says that results share memory with arguments."""
    arguments, _, results = overload.schema.rpartition("->")
    return "(a)" in arguments or "!" in results


def _giving_its_argument(name, function):
    def kernel(*args, **kwargs):
        result = function(*args, **kwargs)
        if result is not args[0]:
            raise RuntimeError(f"{name}: an operator tagged as in-place must return its first argument, the function returned "
                               f"another {type(result).__name__}")
        return result

    return kernel


def custom_op(name, fn=None, /, *, mutates_args, device_types=None, schema=None, tags=()):
    """Makes an operator of a function; its schema comes from the annotations unless it is given. Without ``fn`` a decorator.

    ``mutates_args`` names the arguments that the function writes to. ``device_types`` says which devices the function is for; None
    means all.
    """
    if fn is None:
        return lambda fn: custom_op(name, fn, mutates_args=mutates_args, device_types=device_types, schema=schema, tags=tags)
    namespace, separator, _ = str(name).partition("::")
    if not separator:
        raise ValueError(f"the name of a custom operator is 'namespace::name', got {name!r}")
    if namespace in _RESERVED:
        raise ValueError(f"'{namespace}' is a reserved namespace; take one of your own")
    if not isinstance(name, str) or not (schema is None or isinstance(schema, str)):
        raise TypeError(f"the name and the schema of a custom operator are strings, got {name!r} and {schema!r}")
    tags = (tags,) if isinstance(tags, str) else tuple(tags)
    if {"inplace", "out"} <= set(tags):
        raise ValueError("the tags 'inplace' and 'out' are mutually exclusive")
    if schema is None:
        schema = infer_schema(fn, mutates_args=mutates_args)
    else:
        _check_mutated(schema, mutates_args)
    if re.search(r"[(,] *\*,.*Tensor", schema.rpartition("->")[0]) and "out" not in tags:
        raise NotImplementedError(f"custom_op does not support keyword-only tensors: {name}{schema}; make them positional")
    return CustomOp(name, f"{name}{schema}", fn, device_types, tags)


def _check_mutated(schema, mutates_args):
    in_schema = {found.group(1) for found in re.finditer(r"\([a-z]!\)\S* (\w+)", schema.rpartition("->")[0])}
    if mutates_args == "unknown" or in_schema == _names_of(mutates_args):
        return
    raise ValueError(f"the schema says that {sorted(in_schema)} are mutated, mutates_args says {sorted(mutates_args)}; make them "
                     "consistent")
