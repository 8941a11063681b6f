"""Blocks of definitions, kernels and fallbacks, undone when they are destroyed or collected."""

from __future__ import annotations

import sys
import weakref

from . import _keyway
from ._ops import ops

_RESERVED = {"prim"}

#: Namespaces of the operators that came with the extension.
_BUILT_IN = frozenset(name.split("::")[0] for name in _keyway._operator_names())

#: (namespace, operator, key) of kernels that came from Python.
_from_python: dict[tuple[str, str, str], int] = {}

#: Libraries of module-level functions, kept for the process.
_kept: list["Library"] = []


def fallthrough_kernel():
    """Registered as a kernel, lets calls go on at the next key."""
    raise NotImplementedError("fallthrough_kernel() is registered, never called")


def _written_at(depth):
    """The file and line of the caller so many frames up that is outside of this package."""
    frame = sys._getframe(depth)
    here = __file__.rsplit("_library", 1)[0]
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _operator_name(op):
    if isinstance(op, str):
        return op
    if isinstance(op, _keyway.OpOverload):
        return op.name
    raise TypeError(f"impl should be passed either a name or an OpOverload object as the first argument, got {type(op)}")


def _undo(handle, names, kernels):
    handle.destroy()
    for name in names:
        ops._forget(name)
    for kernel in kernels:
        _from_python[kernel] -= 1
        if not _from_python[kernel]:
            del _from_python[kernel]


class Library:
    """A block of registrations in a namespace.

    ``kind`` is ``"DEF"`` (owns the namespace), ``"FRAGMENT"`` (adds to it) or ``"IMPL"`` (kernels only). What it registered goes when
    it is destroyed or collected, and what it hid comes back.
    """

    def __init__(self, ns, kind, dispatch_key=""):
        if kind not in ("DEF", "FRAGMENT", "IMPL"):
            raise ValueError(f"Unsupported kind: {kind}")
        if ns in _RESERVED and kind in ("DEF", "FRAGMENT"):
            raise ValueError(f"{ns} is a reserved namespace. Please try creating a library with another name.")
        if kind == "DEF" and ns in _BUILT_IN:
            raise RuntimeError(f"the namespace {ns} is that of operators built in; add to it with a FRAGMENT")
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key
        self._handle = _keyway._Library(ns, kind, dispatch_key or None, *_written_at(2))
        self._names, self._kernels = [], []
        self._finalizer = weakref.finalize(self, _undo, self._handle, self._names, self._kernels)
        self._finalizer.atexit = False

    def __repr__(self):
        return f"Library(kind={self.kind}, ns={self.ns}, dispatch_key={self.dispatch_key})>"

    def define(self, schema, alias_analysis="", *, tags=()):
        """Defines an operator by its schema and returns its name."""
        if alias_analysis not in ("", "FROM_SCHEMA", "CONSERVATIVE"):
            raise RuntimeError(f"Invalid alias_analysis type {alias_analysis}")
        tags = [tags] if isinstance(tags, str) else list(tags) if isinstance(tags, (list, tuple, set, frozenset)) else [None]
        if not all(isinstance(tag, str) for tag in tags):
            raise TypeError("tags must be the name of a tag or a sequence of such names")
        overload = self._handle.define(schema, tags, *_written_at(2))
        self._names.append(overload.name)
        ops._forget(overload.name)
        return overload.name

    def _qualified(self, op):
        name = _operator_name(op)
        namespace, separator, rest = name.partition("::")
        if not separator:
            return f"{self.ns}::{name}"
        if namespace != self.ns:
            raise RuntimeError(f"operator name {name} does not match the namespace {self.ns} of the library")
        return name

    def impl(self, op_name, fn, dispatch_key="", *, with_keyset=False, allow_override=True):
        """Registers a kernel for an operator: above the one that is there, until this library goes.

        Without a key it serves every backend and, with it, autograd (CompositeImplicitAutograd).
        """
        self._impl(op_name, fn, dispatch_key, with_keyset, allow_override, None)

    def _impl(self, op_name, fn, dispatch_key, with_keyset, allow_override, module):
        """``impl``; a kernel with a module, for messages, may return nothing that shares memory."""
        if not callable(fn):
            raise TypeError(f"Input function is required to be a callable but found type {type(fn)}")
        key = dispatch_key or self.dispatch_key or "CompositeImplicitAutograd"
        key = _keyway._parse_dispatch_key(key)
        name = self._qualified(op_name)
        known = (self.ns, name, key)
        if not allow_override and known in _from_python:
            raise RuntimeError(
                f"This is not allowed since there's already a kernel registered from python overriding {name}'s behavior "
                f"for {key} dispatch key and {self.ns} namespace."
            )
        if key == "Meta" and _keyway._is_defined(name):
            if _keyway._operator(name).has_kernel_for_dispatch_key("CompositeImplicitAutograd"):
                raise RuntimeError(
                    f"We should not register a meta kernel directly to the operator '{name}', because it has a "
                    "CompositeImplicitAutograd kernel. Let the operator decompose instead."
                )
        function = None if fn is fallthrough_kernel else fn
        self._handle.impl(name, function, key, with_keyset, module, *_written_at(2))
        self._kernels.append(known)
        _from_python[known] = _from_python.get(known, 0) + 1

    def fallback(self, fn, dispatch_key="", *, with_keyset=False):
        """Registers what runs at a key for every operator without a kernel there: ``fn([keyset,] op, *args, **kwargs)``."""
        key = dispatch_key or self.dispatch_key
        if not key:
            raise AssertionError("dispatch_key must not be empty for fallback")
        if self.ns != "_" or self.kind != "IMPL":
            raise RuntimeError(
                f'Fallback can only be registered using library fragment on the global namespace "_" but it is {self.ns}'
            )
        if not callable(fn):
            raise TypeError(f"Input function is required to be a callable but found type {type(fn)}")
        function = None if fn is fallthrough_kernel else fn
        self._handle.fallback(function, key, with_keyset, *_written_at(2))

    def register_fake(self, op_name, fn=None):
        """Registers what gives sizes and dtypes without data: the kernel for Meta. Without ``fn`` a decorator."""
        if fn is None:
            return lambda fn: self.register_fake(op_name, fn) or fn
        name = self._qualified(op_name)
        if _keyway._is_defined(name):
            if _keyway._operator(name).has_kernel_for_dispatch_key("CompositeImplicitAutograd"):
                raise RuntimeError(
                    f"{name} has a CompositeImplicitAutograd kernel, which gives sizes already; a fake kernel would never run"
                )
        self.impl(name, fn, "Meta")

    def register_autograd(self, op_name, backward, /, *, setup_context=None):
        """Would register a derivative; there is no autograd yet.

        Raises NotImplementedError.
        """
        register_autograd(self._qualified(op_name), backward, setup_context=setup_context, lib=self)

    def _destroy(self):
        """Undoes all registrations now."""
        self._finalizer()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._destroy()


def register_autograd(op, backward, /, *, setup_context=None, lib=None):
    """Would register the derivative of an operator; there is no autograd yet, and it says so rather than do nothing.

    Raises NotImplementedError.
    """
    name = getattr(op, "_qualified", None) or _operator_name(op)
    raise NotImplementedError(f"{name}: there is no autograd yet, so that a derivative would never be asked for; its keys are passed through")


def _fragment(qualified):
    if "::" not in qualified:
        raise ValueError(f"the name must be of the form 'namespace::name', got {qualified!r}")
    library = Library(qualified.split("::")[0], "FRAGMENT")
    _kept.append(library)
    return library


def define(qualname, schema, *, lib=None, tags=()):
    """Defines an operator: ``define("mine::f", "(Tensor x) -> Tensor")``. It stays for the process, or as long as ``lib``.

    ``define(library, "f(Tensor x) -> Tensor")`` is a decorator of a function that becomes the kernel for all backends.
    """
    if isinstance(qualname, Library):
        library = qualname
        name = library.define(schema, tags=tags)
        return lambda fn: library.impl(name, fn) or fn
    if not isinstance(qualname, str):
        raise ValueError(f"define(qualname, schema): expected qualname to be an instance of str, got {type(qualname)}")
    if "::" not in qualname:
        raise ValueError(f"define({qualname!r}, ...): the name must be of the form 'namespace::name'")
    if not schema.lstrip().startswith("("):
        raise ValueError(f"define({qualname!r}, {schema!r}): the schema must be of the form '(args) -> result', without a name")
    (lib or _fragment(qualname)).define(qualname.partition("::")[2] + schema, tags=tags)
    return None


def impl(qualname, types, func=None, *, lib=None):
    """Registers a kernel of an operator for devices, or at a key: ``impl("mine::f", "cpu", f)``. Without ``func`` a decorator.

    ``impl(library, "f", "CPU")`` is a decorator too.
    """
    if isinstance(qualname, Library):
        library, name, key = qualname, types, func or ""
        return lambda fn: library.impl(name, fn, key) or fn
    if func is None:
        return lambda func: impl(qualname, types, func, lib=lib) or func
    name = _operator_name(qualname)
    if isinstance(types, str) and types not in ("default", *_keyway._device_types()):
        (lib or _fragment(name)).impl(name, func, types)
        return None
    return register_kernel(name, types, func, lib=lib)


def register_kernel(op, device_types, fn=None, *, lib=None, _module=None):
    """Registers a kernel of an operator for devices: a word, a list of them, or None for all. Without ``fn`` a decorator."""
    if fn is None:
        return lambda fn: register_kernel(op, device_types, fn, lib=lib) or fn
    name = getattr(op, "_qualified", None) or _operator_name(op)
    library = lib or _fragment(name)
    if device_types is None or device_types == "default":
        library._impl(name, fn, "CompositeExplicitAutograd", False, True, _module)
        return None
    for device in [device_types] if isinstance(device_types, str) else device_types:
        if device not in _keyway._device_types():
            known = ", ".join(_keyway._device_types())
            raise RuntimeError(f"Expected one of {known} device type at start of device string: {device}")
        library._impl(name, fn, _keyway._key_of_device(device), False, True, _module)
    return None


def register_fake(op, fn=None, *, lib=None):
    """Registers what gives an operator's sizes and dtypes without data. Without ``fn`` a decorator."""
    if fn is None:
        return lambda fn: register_fake(op, fn, lib=lib) or fn
    name = getattr(op, "_qualified", None) or _operator_name(op)
    (lib or _fragment(name)).register_fake(name, fn)
    return None


def register_torch_dispatch(op, torch_dispatch_class, fn=None):
    """Registers ``fn(mode_or_class, func, types, args, kwargs)`` for one operator and exactly this class of modes or tensors, to run
    instead of its handler. Without ``fn`` a decorator. Returns an object whose ``destroy()`` takes the rule away."""
    if fn is None:

        def register(fn):
            fn.rule = register_torch_dispatch(op, torch_dispatch_class, fn)
            return fn

        return register
    rule = _keyway._register_torch_dispatch(op, torch_dispatch_class, fn)
    _rules.append(rule)
    return rule


_rules: list = []
