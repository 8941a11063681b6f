"""Memory shared with NumPy and, by DLPack, with whoever speaks it: no copies, owners kept alive, read-only respected."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import keyway
from keyway import Tensor, tensor

#: The dtypes that NumPy has too.
SHARED = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128", "bool"]
ROUTES = {
    "numpy": (keyway.from_numpy, lambda x: x.numpy()),
    "dlpack": (keyway.from_dlpack, np.from_dlpack),
}


@pytest.fixture(params=ROUTES)
def route(request):
    return ROUTES[request.param]


@pytest.mark.parametrize("dtype", SHARED)
def test_every_dtype_is_shared_both_ways(route, dtype):
    to_tensor, to_array = route
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    x = to_tensor(array)
    assert x.dtype is getattr(keyway, dtype) and x.shape == (2, 3) and x.tolist() == array.tolist()
    array[0, 0] = 1
    assert x[0, 0].item() == 1
    own = keyway.zeros([2, 3], dtype=getattr(keyway, dtype))
    seen = to_array(own)
    assert seen.dtype == array.dtype and seen.shape == (2, 3)
    seen[1, 2] = 1
    assert own[1, 2].item() == 1


def test_writes_are_seen_on_both_sides(route):
    to_tensor, to_array = route
    array = np.arange(6.0).reshape(2, 3)
    x = to_tensor(array)
    x *= 2
    assert (array == np.arange(6.0).reshape(2, 3) * 2).all()
    y = tensor([1.0, 2.0, 3.0])
    seen = to_array(y)
    y += 1
    assert seen.tolist() == [2.0, 3.0, 4.0]
    seen[:] = 0
    assert y.tolist() == [0.0, 0.0, 0.0]


def test_views_keep_their_strides(route):
    to_tensor, to_array = route
    array = np.arange(24.0).reshape(2, 3, 4)
    for view in [array.transpose(2, 0, 1), array[:, ::2], array[1, :, 1:3], array[0, 0, 0], array[:0]]:
        view = np.asarray(view)
        x = to_tensor(view)
        assert x.shape == view.shape and x.tolist() == view.tolist()
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for view in [x.t(), x[1], x[:, 1:], x[0, 0]]:
        seen = to_array(view)
        assert seen.tolist() == view.tolist()
        assert np.shares_memory(seen, x.numpy())


def test_the_array_lives_as_long_as_the_tensor(route):
    to_tensor, _ = route

    class Array(np.ndarray):
        pass

    array = Array((1000,))
    array[:] = np.arange(1000.0)
    gone = weakref.ref(array)
    x = to_tensor(array)
    del array
    gc.collect()
    assert gone() is not None and x[999].item() == 999.0
    part = x[10:20]
    del x
    gc.collect()
    assert part.tolist() == [float(n) for n in range(10, 20)]
    del part
    gc.collect()
    assert gone() is None


def test_the_tensor_lives_as_long_as_the_array(route):
    _, to_array = route
    x = keyway.arange(1000.0)
    seen = to_array(x[5:])
    address = seen.__array_interface__["data"][0]
    del x
    gc.collect()
    junk = [keyway.zeros([1000]) for _ in range(50)]
    assert seen[0] == 5.0 and seen[-1] == 999.0 and seen.__array_interface__["data"][0] == address
    del junk


def test_read_only_arrays_give_tensors_that_refuse_writes(route):
    to_tensor, to_array = route
    array = np.arange(3.0)
    array.flags.writeable = False
    x = to_tensor(array)
    assert (x + 1).tolist() == [1.0, 2.0, 3.0]
    for write in [lambda: x.add_(1), lambda: x.__setitem__(0, 5.0), lambda: keyway.ops.aten.copy_(x, tensor([9.0, 9.0, 9.0]))]:
        with pytest.raises(RuntimeError, match="read-only"):
            write()
    assert array.tolist() == [0.0, 1.0, 2.0]
    back = to_array(x)
    assert not back.flags.writeable and np.shares_memory(back, array)
    copy = x.clone()
    copy += 1
    assert copy.tolist() == [1.0, 2.0, 3.0]


def test_broadcast_arrays_are_shared_and_not_written():
    x = keyway.from_numpy(np.broadcast_to(np.arange(3.0), (4, 3)))
    assert x.stride() == (0, 1) and x.sum().item() == 12.0
    with pytest.raises(RuntimeError, match="one place in memory"):
        x += 1
    with pytest.raises(RuntimeError, match="read-only"):
        x[0] = 1.0


def test_views_of_one_array_are_views_of_one_storage():
    array = np.arange(10.0)
    x, y = keyway.from_numpy(array[:6]), keyway.from_numpy(array[4:])
    assert x.shares_storage(y) and keyway.from_numpy(array).shares_storage(x)
    assert not keyway.from_numpy(np.arange(10.0)).shares_storage(x)
    z = tensor([1.0, 2.0, 3.0])
    assert keyway.from_numpy(z.numpy()[1:]).shares_storage(z)
    assert keyway.from_numpy(z.numpy()[1:]).tolist() == [2.0, 3.0]
    assert keyway.from_dlpack(z).shares_storage(z) and keyway.from_dlpack(z[1:]).tolist() == [2.0, 3.0]


def test_bytes_of_another_dtype_are_a_storage_of_their_own():
    whole = np.zeros(8, "int64")
    whole[0] = 0x0302
    raw = whole.view("uint8")
    x = keyway.from_numpy(raw[1:])
    assert x.dtype is keyway.uint8 and x[0].item() == 3
    flags = keyway.from_numpy(whole.view("bool")[8:])
    assert flags.tolist() == [False] * 56


def test_bfloat16_is_shared_by_dlpack_and_unknown_to_numpy():
    x = tensor([1.5, -2.0], dtype=keyway.bfloat16)
    with pytest.raises(TypeError, match="NumPy has no dtype for bfloat16"):
        x.numpy()
    y = keyway.from_dlpack(x)
    assert y.dtype is keyway.bfloat16 and y.shares_storage(x) and y.tolist() == [1.5, -2.0]
    assert x.to(keyway.float32).numpy().tolist() == [1.5, -2.0]


def test_arrays_that_tensors_cannot_be_are_refused():
    with pytest.raises(ValueError, match="negative strides; copy the array first"):
        keyway.from_numpy(np.arange(3.0)[::-1])
    fields = np.zeros(3, dtype=[("tag", "u1"), ("value", "f4")])
    with pytest.raises(ValueError, match="whole number of elements"):
        keyway.from_numpy(fields["value"])
    with pytest.raises(ValueError, match="not aligned"):
        keyway.from_numpy(np.zeros(17, "u1")[1:].view("f8"))
    for dtype in [">f4", "U3", "M8[s]", "u4", "O"]:
        with pytest.raises(TypeError, match="no fitting tensor dtype"):
            keyway.from_numpy(np.zeros(2, dtype))
    with pytest.raises(TypeError, match="np.ndarray"):
        keyway.from_numpy([1])


def test_what_only_says_that_it_is_an_array_is_not_believed():
    class Liar:
        __array_interface__ = {"version": 3, "data": (8, False), "typestr": "<f8", "shape": (100,)}

    with pytest.raises(TypeError, match="np.ndarray"):
        keyway.from_numpy(Liar())

    class Misleading(np.ndarray):
        @property
        def __array_interface__(self):
            return Liar.__array_interface__

    assert keyway.from_numpy(np.arange(3.0).view(Misleading)).tolist() == [0.0, 1.0, 2.0]


def test_shared_memory_is_not_resized(route):
    to_tensor, to_array = route
    x = tensor([1.0, 2.0])
    seen = to_array(x)
    with pytest.raises(RuntimeError, match="shared with another library"):
        keyway.ops.aten.add.out(keyway.zeros([100]), keyway.ones([100]), out=x)
    assert seen.tolist() == [1.0, 2.0]
    del seen
    gc.collect()
    assert keyway.ops.aten.add.out(keyway.zeros([100]), keyway.ones([100]), out=x).numel() == 100
    foreign = to_tensor(np.zeros(2, "float32"))
    with pytest.raises(RuntimeError, match="belongs to another library"):
        keyway.ops.aten.add.out(keyway.zeros([100]), keyway.ones([100]), out=foreign)


def test_asarray_shares_and_copies_as_asked():
    x = tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert not np.shares_memory(np.array(x), x.numpy())
    assert np.asarray(x, dtype="float64").dtype == np.float64
    with pytest.raises(ValueError):
        x.__array__(np.dtype("int32"), copy=False)
    assert not np.shares_memory(Tensor(x.numpy()).numpy(), x.numpy())


def test_tensors_without_host_memory_have_no_array():
    meta = keyway.zeros([2], device="meta")
    with pytest.raises(RuntimeError, match="no data"):
        meta.numpy()
    with pytest.raises(BufferError):
        meta.__dlpack__()
    with pytest.raises(BufferError, match="meta"):
        meta.__dlpack_device__()


def test_capsules_are_versioned_on_request():
    x = tensor([1.0, 2.0])
    assert '"dltensor_versioned"' in repr(x.__dlpack__(max_version=(1, 0)))
    assert '"dltensor_versioned"' in repr(x.__dlpack__(max_version=(2, 7)))
    assert '"dltensor"' in repr(x.__dlpack__()) and '"dltensor"' in repr(x.__dlpack__(max_version=(0, 8)))
    assert x.__dlpack_device__() == (1, 0)
    with pytest.raises(BufferError, match="device"):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(ValueError, match="stream"):
        x.__dlpack__(stream=1)


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_a_capsule_is_taken_once(version):
    x = tensor([1.0, 2.0])
    capsule = x.__dlpack__(max_version=version)
    y = keyway.from_dlpack(capsule)
    assert y.shares_storage(x) and '"used_' in repr(capsule)
    with pytest.raises(TypeError, match="taken already"):
        keyway.from_dlpack(capsule)


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_a_capsule_that_nobody_takes_frees_its_tensor(version):
    x = tensor([1.0, 2.0])
    capsule = x.__dlpack__(max_version=version)
    with pytest.raises(RuntimeError, match="shared with another library"):
        keyway.ops.aten.add.out(keyway.zeros([100]), keyway.ones([100]), out=x)
    del capsule
    keyway.ops.aten.add.out(keyway.zeros([100]), keyway.ones([100]), out=x)


def test_old_capsules_do_not_hide_that_memory_is_read_only():
    array = np.arange(3.0)
    array.flags.writeable = False
    x = keyway.from_numpy(array)
    with pytest.raises(BufferError, match="read-only"):
        x.__dlpack__()
    copy = keyway.from_dlpack(x.__dlpack__(copy=True))
    copy += 1
    assert copy.tolist() == [1.0, 2.0, 3.0] and array.tolist() == [0.0, 1.0, 2.0]


def test_dlpack_copies_on_request():
    array = np.arange(3.0)
    x = keyway.from_dlpack(array, copy=True)
    array[0] = 9.0
    assert x.tolist() == [0.0, 1.0, 2.0]


def test_producers_of_the_old_protocol_are_understood():
    class Old:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, stream=None):
            return self.array.__dlpack__()

        def __dlpack_device__(self):
            return (1, 0)

    array = np.arange(3.0)
    x = keyway.from_dlpack(Old(array))
    array[0] = 7.0
    assert x.tolist() == [7.0, 1.0, 2.0]


def test_what_dlpack_cannot_give_is_refused():
    class Elsewhere:
        def __dlpack__(self, **_):
            raise AssertionError("not asked")

        def __dlpack_device__(self):
            return (2, 0)

    class Raising:
        def __dlpack__(self, **_):
            raise KeyError("mine")

    with pytest.raises(BufferError, match="device type 2"):
        keyway.from_dlpack(Elsewhere())
    with pytest.raises(KeyError, match="mine"):
        keyway.from_dlpack(Raising())
    with pytest.raises(TypeError, match="__dlpack__"):
        keyway.from_dlpack([1])
    with pytest.raises(BufferError, match="negative strides"):
        keyway.from_dlpack(np.arange(3.0)[::-1])
    with pytest.raises(BufferError, match="no dtype"):
        keyway.from_dlpack(np.zeros(2, "uint32"))


def test_subclasses_with_handlers_share_no_memory_of_their_own():
    class Handling(Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    wrapped = Tensor._make_subclass(Handling, tensor([1.0]))
    with pytest.raises(RuntimeError, match="not supported for tensor subclasses"):
        wrapped.numpy()
    with pytest.raises(RuntimeError, match="not supported for tensor subclasses"):
        wrapped.__dlpack__()


def test_a_hundred_thousand_arrays_leave_nothing_behind(route):
    to_tensor, to_array = route
    array, own = np.arange(4.0), tensor([1.0, 2.0])
    to_tensor(array), to_array(own)
    before = sys.getrefcount(array), sys.getrefcount(own)
    for _ in range(100_000):
        to_tensor(array)
        to_array(own)
    assert (sys.getrefcount(array), sys.getrefcount(own)) == before
    keyway.ops.aten.add.out(keyway.zeros([100]), keyway.ones([100]), out=own)


def test_arrays_are_let_go_of_by_threads_too():
    array = np.zeros(100_000)
    before = sys.getrefcount(array)

    def work():
        x = keyway.from_numpy(array)
        for _ in range(20):
            x = x + 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.getrefcount(array) == before
