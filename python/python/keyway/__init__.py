"""Keyway from Python: tensors, operators, and the code that intercepts or defines them.

``ops`` holds every operator, ``Tensor`` the class, ``DispatchMode`` what sees every call of a ``with`` block, ``Library`` and
``custom_op`` new operators and kernels. An operator of the default namespace is a function here too: ``keyway.relu(x)``.
"""

from __future__ import annotations

from ._keyway import (
    CountingMode,
    FakeTensorMode,
    FlopCounterMode,
    Generator,
    Graph,
    KeySet,
    LoggingMode,
    NanWatchMode,
    OpOverload,
    OpOverloadPacket,
    SchemaCheckMode,
    Tensor,
    UnknownKeyError,
    __version__,
    bfloat16,
    bool,
    channels_last,
    channels_last_3d,
    complex64,
    complex128,
    contiguous_format,
    device,
    dtype,
    enable_python_dispatcher,
    enable_reentrant_dispatch,
    float16,
    float32,
    float64,
    from_dlpack,
    from_numpy,
    get_num_threads,
    int8,
    int16,
    int32,
    int64,
    is_fake,
    is_in_torch_dispatch_mode,
    layout,
    memory_format,
    preserve_format,
    set_num_threads,
    qint8,
    qint32,
    quint8,
    sparse,
    strided,
    tensor,
    trace,
    uint8,
)
from math import e, inf, nan, pi

from ._keyway import _disable_current_modes, _disable_dispatch
from ._keyway import _get_current_dispatch_mode, _get_current_dispatch_mode_stack
from ._aliasing import return_and_correct_aliasing
from ._mode import DispatchMode, all_same_mode
from ._ops import ops
from . import _tensor as _tensor
from ._custom_op import CustomOp, custom_op, infer_schema
from ._library import Library, define, fallthrough_kernel, impl, register_autograd, register_fake, register_kernel, register_torch_dispatch
from ._opcheck import opcheck

TorchDispatchMode = DispatchMode

# Other names of dtypes; after whatever needs Python's own `int` and `float`.
half, float, double, cfloat, cdouble = float16, float32, float64, complex64, complex128
short, int, long = int16, int32, int64


def is_tensor(object, /):
    """Whether an object is a tensor."""
    return isinstance(object, Tensor)


def __getattr__(name: str):
    """Operators of the default namespace as functions."""
    if name.startswith("__"):
        raise AttributeError(f"module 'keyway' has no attribute {name!r}")
    try:
        packet = getattr(ops.aten, name)
    except AttributeError:
        raise AttributeError(f"module 'keyway' has no attribute {name!r}, and there is no operator aten::{name}") from None
    globals()[name] = packet
    return packet


def __dir__():
    return sorted({*globals(), *dir(ops.aten)})
