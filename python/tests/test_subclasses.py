"""Tensors of Python classes. Catalogue area SUB.

SUB-01, SUB-37 and SUB-41 wait for autograd; that a handler may pass a call to `super().__torch_dispatch__`, and that calls inside a handler are offered
again in `enable_reentrant_dispatch`, is tested here and with the modes.
"""

import copy
import gc
import pickle
import sys
import weakref

import pytest
from conftest import Log, Wrapper

import keyway
from keyway import Tensor, _keyway, ops, tensor


def subclass(name, answer, *bases):
    """A class whose handler answers by a function of (cls, func, types, args, kwargs)."""

    def handler(cls, func, types, args=(), kwargs=None):
        return answer(cls, func, types, args, kwargs)

    return type(name, bases or (Tensor,), {"__torch_dispatch__": classmethod(handler)})


def of(cls, data=(1.0,)):
    return Tensor._make_subclass(cls, tensor(list(data)))


def raising(message):
    def answer(*call):
        raise ValueError(message)

    return answer


def test_out_arguments_are_keywords(wrapper_calls):
    """SUB-02, P253."""
    out, a = Wrapper(keyway.zeros([2])), Wrapper(tensor([1.0, 2.0]))
    keyway.add(a, a, out=out)
    name, _, args, kwargs = wrapper_calls[-1]
    assert name == "aten.add.out" and args == (a, a) or args[0] is a
    assert kwargs["out"] is out and out.elem.tolist() == [2.0, 4.0]


def test_dtypes_and_formats_are_objects(wrapper_calls):
    """SUB-03, P101."""
    w = Wrapper(tensor([1.0]))
    ops.aten._to_copy(w, dtype=keyway.float64)
    w.clone(memory_format=keyway.contiguous_format)
    assert wrapper_calls[0][3]["dtype"] is keyway.float64
    assert wrapper_calls[1][3] == {"memory_format": keyway.contiguous_format}


def test_lists_are_looked_through(ns, wrapper_calls):
    """SUB-04, P91, LIB-56: optional tensors too."""
    library = keyway.Library(ns, "DEF")
    library.define("f(Tensor?[] xs) -> Tensor")
    w = Wrapper(tensor([1.0]))
    with pytest.raises(NotImplementedError):
        getattr(ops, ns).f([None, w])
    assert wrapper_calls[0][2][0][0] is None and wrapper_calls[0][2][0][1] is w
    assert type(keyway.cat([tensor([1.0]), w])) is Wrapper


@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_a_list_of_results(kind):
    """SUB-05, P110."""
    parts = [tensor([1.0]), tensor([2.0])]
    cls = subclass("Splitting", lambda *call: kind(parts))
    assert keyway.split(of(cls, (1.0, 2.0)), 1)[1] is parts[1]


def test_wrong_results():
    """SUB-06."""
    x = of(subclass("Texting", lambda *call: "arf"))
    for compute in (lambda: x.neg(), lambda: x + x):
        with pytest.raises(RuntimeError, match="Unable to cast 'arf' to Tensor"):
            compute()


def test_detach_is_seen_once():
    """SUB-07."""
    seen = []

    def answer(cls, func, types, args, kwargs):
        seen.append(str(func))
        return tensor([1.0])

    of(subclass("Detaching", answer)).detach()
    assert seen == ["aten.detach.default"]


def test_wrappers_have_no_memory(wrapper_calls):
    """SUB-08, SUB-09, P122, P124; P115: no crash with dispatch off."""

    class Huge(Wrapper):
        pass

    huge = Tensor._make_wrapper_subclass(Huge, [10**6, 10**6])
    assert huge.numel() == 10**12
    w = Wrapper(tensor([1.0]))
    with keyway._disable_dispatch():
        for compute in (lambda: w + w, lambda: w.sum(), lambda: w.clone(), lambda: keyway.cat([w, w])):
            with pytest.raises(RuntimeError):
                compute()


def test_the_more_derived_class_is_asked_first():
    """SUB-10, P92."""
    A = subclass("A", raising("A's"))
    B = subclass("B", raising("B's"), A)
    a, b = of(A), of(B)
    for pair, expected in [((a, a), "A's"), ((a, b), "B's"), ((b, a), "B's"), ((b, b), "B's")]:
        with pytest.raises(ValueError, match=expected):
            ops.aten.add.Tensor(*pair)


def test_types_in_order_of_precedence():
    """P92, P93: left to right, subclasses before their superclasses."""
    told = []

    def answer(cls, func, types, args, kwargs):
        told.append([ty.__name__ for ty in types])
        return tensor([0.0])

    A = subclass("A", answer)
    SubA = subclass("SubA", answer, A)
    SubSubA = subclass("SubSubA", answer, SubA)
    B = subclass("B", answer)
    a, s, ss, b = of(A), of(SubA), of(SubSubA), of(B)
    keyway.add(a, s)
    keyway.cat([b, a, s])
    keyway.cat([a, a, b, s, ss])
    assert told == [["SubA", "A"], ["B", "SubA", "A"], ["SubSubA", "SubA", "A", "B"]]


def test_the_next_class_is_asked_when_one_declines():
    """P252."""
    asked = []

    def declining(cls, func, types, args, kwargs):
        asked.append((cls.__name__, [ty.__name__ for ty in types]))
        return NotImplemented

    def answering(cls, func, types, args, kwargs):
        asked.append((cls.__name__, [ty.__name__ for ty in types]))
        return tensor([7.0])

    N, A = subclass("N", declining), subclass("A", answering)
    assert keyway.add(of(N), of(A)).tolist() == [7.0]
    assert asked == [("N", ["N", "A"]), ("A", ["N", "A"])]


def test_all_classes_decline():
    """SUB-14, P68."""
    N = subclass("N", lambda *call: NotImplemented)
    N2 = subclass("N2", lambda *call: NotImplemented)
    with pytest.raises(TypeError) as caught:
        keyway.add(of(N), of(N2))
    text = str(caught.value)
    assert text.startswith("aten::add.Tensor: Multiple dispatch failed for") and "N'" in text and "N2'" in text


def test_text_of_a_class_is_its_own():
    """SUB-15."""

    class Told(Tensor):
        def __repr__(self):
            return "told"

    x = of(Told)
    assert f"{x}" == str(x) == repr(x) == "told"


def test_what_can_be_a_subclass(wrapper_calls):
    """SUB-16, SUB-17, P123."""

    class Plain(Tensor):
        pass

    with pytest.raises(RuntimeError, match="already associated to a python object of type Wrapper"):
        Tensor._make_subclass(Plain, Wrapper(tensor([1.0])))
    with pytest.raises(TypeError, match="Plain must define __torch_dispatch__"):
        Tensor._make_wrapper_subclass(Plain, [2])
    with pytest.raises(TypeError, match="does not inherit from Tensor"):
        Tensor._make_subclass(int, tensor([1.0]))
    with pytest.raises(TypeError, match="cls must be a type"):
        Tensor._make_wrapper_subclass("Plain", [2])
    with pytest.raises(RuntimeError, match="storage offset without stride"):
        Tensor._make_wrapper_subclass(Wrapper, [2], None, 3)


def test_factories_like_a_tensor_give_its_class():
    """SUB-20."""
    w = Wrapper(tensor([1.0]))
    for factory in (keyway.zeros_like, keyway.ones_like, keyway.empty_like):
        assert type(factory(w)) is Wrapper


def test_wrappers_keep_what_they_say():
    """SUB-21, SUB-22."""
    base = keyway.zeros([4, 4], dtype=keyway.float64).t()[1:, ::2]
    w = Tensor._make_wrapper_subclass(
        Wrapper, base.size(), base.stride(), base.storage_offset(), dtype=base.dtype, device="meta",
        extra_dispatch_keys=keyway.KeySet("Negative"),
    )
    assert (w.shape, w.stride(), w.storage_offset()) == (base.shape, base.stride(), base.storage_offset())
    assert w.dtype is keyway.float64 and str(w.device) == "meta" and w.layout == keyway.strided
    keys = _keyway._dispatch_keys(w)
    assert "Negative" in keys and "Python" in keys and "PythonTLSSnapshot" in keys


class Saved(Wrapper):
    def __reduce_ex__(self, protocol):
        return Saved, (self.elem,)


def test_wrappers_are_saved_and_copied():
    """SUB-23."""
    w = Saved(tensor([1.0, 2.0]))
    for other in (pickle.loads(pickle.dumps(w)), copy.deepcopy(w)):
        assert type(other) is Saved and other is not w and other.elem.tolist() == [1.0, 2.0]


def test_the_base_handler_runs_the_operator_plainly():
    """SUB-35, P116."""
    seen = []

    class Delegating(Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            seen.append(func)
            return super().__torch_dispatch__(func, types, args, kwargs)

    x = Tensor._make_subclass(Delegating, tensor([1.0, 2.0]))
    assert (x + x).tolist() == [2.0, 4.0] and seen == [ops.aten.add.Tensor]
    with pytest.raises(TypeError, match=r"expected List or Tuple \(got int\)"):
        Tensor.__torch_dispatch__(ops.aten.add.Tensor, (), 3)
    assert Tensor.__torch_dispatch__(ops.aten.add.Tensor, (), [x, x]).tolist() == [2.0, 4.0]


def test_numbers_on_either_side(wrapper_calls):
    """P102: a handler sees the number, and may call on with it."""
    w = Wrapper(tensor([2.0]))
    for compute in (lambda: 3 * w, lambda: w * 3, lambda: 1 - w, lambda: 1 / w, lambda: 1 + w, lambda: 2**w, lambda: w**2):
        assert type(compute()) is Wrapper
    assert (1 - w).elem.tolist() == [-1.0] and (1 / w).elem.tolist() == [0.5]


def test_reentrant_dispatch_from_a_class_under_a_mode():
    """SUB-40, P20."""

    class Reentrant(Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            with keyway.enable_reentrant_dispatch():
                return func(*[arg.inner if isinstance(arg, cls) else arg for arg in args], **kwargs)

    x = of(Reentrant)
    x.inner = tensor([5.0])
    with Log():
        result = x.clone()
    assert type(result) is Tensor and result.tolist() == [5.0]


def test_classes_without_a_handler_are_plain():
    """SUB-44, P117."""

    class Plain(Tensor):
        pass

    x = Tensor._make_subclass(Plain, tensor([1, 2]))
    assert "Python" not in _keyway._dispatch_keys(x) and (x + 1).tolist() == [2, 3]
    assert type(tensor([1]).as_subclass(Plain)) is Plain and x.shares_storage(x.as_subclass(Plain))


def test_the_constructor_makes_instances_that_are_handled():
    """P117."""
    cls = subclass("Constructed", lambda cls, func, types, args, kwargs: tensor([9.0]))
    assert (cls([1.0]) + 1).tolist() == [9.0]


def test_elements_of_wrappers_cannot_be_read(wrapper_calls):
    """SUB-57."""
    w = Wrapper(tensor([1.0]))
    for read in (w.tolist, w.numpy):
        with pytest.raises(RuntimeError, match="not supported for tensor subclasses"):
            read()
    assert "Wrapper(..., size=(1,)" in repr(w)


def test_a_rule_for_a_class(wrapper_calls):
    """SUB-61, P70."""
    told = []

    def rule(cls, func, types, args, kwargs):
        told.append((cls, func))
        return tensor([3.0])

    w = Wrapper(tensor([1.0]))
    held = keyway.register_torch_dispatch(ops.aten.add.Tensor, Wrapper, rule)
    assert (w + w).tolist() == [3.0] and told == [(Wrapper, ops.aten.add.Tensor)] and wrapper_calls == []
    held.destroy()
    assert type(w + w) is Wrapper


def test_composites_are_seen_as_what_they_are_made_of(wrapper_calls):
    """SUB-65."""
    w = Wrapper(tensor([[1.0]]))
    keyway.matmul(w, w)
    assert "aten.mm.default" in [call[0] for call in wrapper_calls]
    assert "aten.matmul.default" not in [call[0] for call in wrapper_calls]


def test_recursion_is_the_authors_business():
    """SUB-66, P95."""
    depth = []

    def answer(cls, func, types, args, kwargs):
        depth.append(len(depth))
        return tensor([1.0]) if len(depth) == 3 else func(*args, **kwargs)

    of(subclass("Deep", answer)).neg()
    assert depth == [0, 1, 2]
    endless = of(subclass("Endless", lambda cls, func, types, args, kwargs: func(*args, **kwargs)))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        with pytest.raises(RecursionError):
            endless.neg()
    finally:
        sys.setrecursionlimit(limit)


def test_wrappers_survive_in_rust_alone(wrapper_calls):
    """P150: class, attributes and handler."""
    held = _keyway._Held([Wrapper(tensor([4.0]))])
    gc.collect()
    w = held.get(0)
    assert type(w) is Wrapper and w.elem.tolist() == [4.0] and held.get(0) is w
    assert (w + 1).elem.tolist() == [5.0]
    del w
    gc.collect()
    assert held.get(0).elem.tolist() == [4.0]


def test_a_weak_reference_brings_a_kept_object_back():
    held = _keyway._Held([Wrapper(tensor([4.0]))])
    watch = weakref.ref(held.get(0))
    gc.collect()
    w = watch()
    assert w is not None and w.shape == (1,) and held.get(0) is w


def test_many_wrappers_leave_nothing_behind(wrapper_calls):
    w = Wrapper(tensor([1.0]))

    def work(times):
        for _ in range(times):
            w + w
            Wrapper.seen.clear()

    work(10)
    gc.collect()
    before, blocks = sys.getrefcount(w), sys.getallocatedblocks()
    work(2_000)
    gc.collect()
    assert abs(sys.getrefcount(w) - before) < 5 and sys.getallocatedblocks() - blocks < 500


def test_a_class_may_name_the_operators_it_wants():
    """A class attribute declares them; others pass the class by and run plainly."""
    seen = []

    class Selective(Tensor):
        dispatch_operators = [ops.aten.add.Tensor, "aten::mul.Tensor"]

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            seen.append(str(func))
            with keyway._disable_dispatch():
                return func(*args, **(kwargs or {}))

    x = Tensor._make_subclass(Selective, tensor([1.0, 2.0]))
    assert (x + x).tolist() == [2.0, 4.0] and (x * x).tolist() == [1.0, 4.0]
    assert x.neg().tolist() == [-1.0, -2.0] and (x - x).tolist() == [0.0, 0.0]
    assert seen == ["aten.add.Tensor", "aten.mul.Tensor"]
    Selective.dispatch_operators = ["aten::neg"]
    x.neg(), x + x
    assert seen[2:] == ["aten.neg.default"]

    class Changing(Wrapper):
        """Wants all operators at first: what is remembered of a class goes with each change of it or of its bases."""

        seen = []

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            cls.seen.append(str(func))
            return super().__torch_dispatch__(func, types, args, kwargs)

    class Derived(Changing):
        pass

    w = [Derived(tensor([1.0])) for _ in range(3)][2]
    w + w
    Changing.dispatch_operators = ["aten::mul.Tensor"]
    w * w
    with pytest.raises(RuntimeError):
        # Not wanted, so it goes on below, where a wrapper has no memory.
        w + w
    Changing.dispatch_operators = None
    w - w
    assert Changing.seen == ["aten.add.Tensor", "aten.mul.Tensor", "aten.sub.Tensor"]

    class Mistaken(Tensor):
        dispatch_operators = ["aten::no_such_operator"]

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    with pytest.raises(Exception, match="no_such_operator"):
        Tensor._make_subclass(Mistaken, tensor([1.0]))


class Pair(Tensor):
    """A tensor in two parts, whose results share memory as the schema says."""

    @staticmethod
    def __new__(cls, first, second):
        pair = Tensor._make_wrapper_subclass(cls, first.shape, first.stride(), first.storage_offset(), dtype=first.dtype)
        pair.parts = (first, second)
        return pair

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        def part(value, at):
            if isinstance(value, cls):
                return value.parts[at]
            return [part(item, at) for item in value] if isinstance(value, (list, tuple)) else value

        def both(first, second):
            if isinstance(first, Tensor):
                return cls(first, second)
            return type(first)(map(both, first, second)) if isinstance(first, (list, tuple)) else first

        results = (func(*[part(arg, at) for arg in args], **{name: part(arg, at) for name, arg in kwargs.items()}) for at in (0, 1))
        return keyway.return_and_correct_aliasing(func, args, kwargs, both(*results))


def pair():
    return Pair(keyway.arange(6).reshape(2, 3), keyway.arange(6, 12).reshape(2, 3))


ALIASING = {
    "functional": lambda x: ops.aten.neg(x),
    "list of inputs": lambda x: ops.aten.cat([x, x]),
    "in place": lambda x: ops.aten.add_.Tensor(x, x),
    "view": lambda x: ops.aten.transpose.int(x, 0, 1),
    "part": lambda x: ops.aten.slice.Tensor(x, 1, 1, 3),
    "in place view": lambda x: ops.aten.transpose_(x, 0, 1),
    "several views": lambda x: ops.aten.split.Tensor(x, 1),
    "out": lambda x: ops.aten.neg.out(x, out=x),
    "several results": lambda x: ops.aten.topk(x, 1),
}


@pytest.mark.parametrize("call", ALIASING.values(), ids=ALIASING.keys())
def test_results_share_what_those_of_plain_tensors_share(call):
    """SUB-58, SUB-59, P136."""

    def told(x):
        results = call(x)
        results = results if isinstance(results, (list, tuple)) else [results]
        return [(one is x, one.shares_storage(x), one.shape, one.stride(), one.storage_offset()) for one in results], x.shape, x.stride()

    assert told(pair()) == told(keyway.arange(6).reshape(2, 3))


def test_views_of_another_class_are_refused():
    """P136."""
    x = pair()
    with pytest.raises(AssertionError, match=r"Called aten.t.default with input of type .*Pair.*\nand output of type .*Tensor.*expected types to match"):
        keyway.return_and_correct_aliasing(ops.aten.t.default, (x,), {}, tensor([[1]]))
    plain = tensor([[1, 2]])
    assert keyway.return_and_correct_aliasing(ops.aten.t.default, (plain,), {}, keyway.zeros(2, 1, dtype=keyway.int64)).shares_storage(plain)


def test_an_index_alone_may_be_of_the_class(wrapper_calls):
    """SUB-25."""
    x = keyway.zeros(3)
    ops.aten.index_put_(x, [Wrapper(tensor([1]))], tensor([5.0]))
    assert [name for name, *_ in wrapper_calls] == ["aten.index_put_.default"] and x.tolist() == [0.0, 5.0, 0.0]
    wrapper_calls.clear()
    x[Wrapper(tensor([2]))] = 7.0
    assert [name for name, *_ in wrapper_calls].count("aten.index_put_.default") == 1 and x.tolist() == [0.0, 5.0, 7.0]


def test_which_tensors_are_handled():
    """SUB-46."""

    class Plain(Tensor):
        pass

    asked = (tensor([1.0]), Wrapper(tensor([1.0])), Tensor._make_subclass(Plain, tensor([1.0])))
    assert ["Python" in _keyway._dispatch_keys(x) for x in asked] == [False, True, False]
