"""The stub files say what the package has: each public name, member and parameter, in both directions."""

import ast
import inspect
import pathlib

import pytest

import keyway
from keyway import _keyway

FOLDER = pathlib.Path(keyway.__file__).parent

#: What every class has, or Python adds by itself.
UNSAID = set(dir(object)) | {"__dict__", "__weakref__", "__module__", "__dir__", "__init__", "__new__", "__del__", "__reduce__", "__str__", "__repr__", "__annotations__",
                             "__getattr__", "__call__", "__class_getitem__", "__rmatmul__", "__slotnames__", "__firstlineno__", "__static_attributes__", "__annotate__", "__annotate_func__", "__annotations_cache__"}
#: Types of values that Python code cannot make.
VALUES_ONLY = {"qscheme", "Storage", "Stream", "Generator"}


def names(body):
    """The definitions of a module or class by name; of overloads, all of them."""
    found = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.AnnAssign):
            found.setdefault(node.target.id, []).append(node)
        elif isinstance(node, ast.Assign):
            found.setdefault(node.targets[0].id, []).append(node)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name, []).append(node)
    return found


def stub(file):
    return names(ast.parse((FOLDER / file).read_text()).body)


OPERATORS, PACKAGE = stub("_operators.pyi"), stub("__init__.pyi")


def classes():
    for file in (OPERATORS, PACKAGE):
        for name, nodes in file.items():
            if isinstance(nodes[0], ast.ClassDef) and name not in VALUES_ONLY and not name.startswith("_"):
                yield name, names(nodes[0].body), nodes[0]


CLASSES = {name: (members, node) for name, members, node in classes()}
TYPING = {"AbstractContextManager", "Any", "Callable", "Iterable", "Iterator", "NoReturn", "Self", "Sequence", "TypeAlias", "TypeGuard", "TypeVar", "overload", "builtins", "annotations", "*"}


def operators():
    return set(dir(keyway.ops.aten))


def test_every_public_name_of_the_package_is_in_the_stubs():
    public = {name for name in vars(keyway) if not name.startswith("_")} - {"annotations"}
    assert public - operators() <= set(PACKAGE), public - operators() - set(PACKAGE)


def test_every_name_in_the_stubs_is_in_the_package():
    said = {name for name in {*PACKAGE, *OPERATORS} if not name.startswith("_")} - TYPING - VALUES_ONLY
    assert {name for name in said if not hasattr(keyway, name)} == set()


@pytest.mark.parametrize("name", CLASSES)
def test_members_of_a_class_are_those_in_the_stubs(name):
    runtime, (said, node) = getattr(keyway, name), CLASSES[name]
    for base in node.bases:
        said = {**said, **names(PACKAGE[base.id][0].body)} if isinstance(base, ast.Name) and base.id in PACKAGE else said
    has = {member for one in runtime.__mro__ if one not in (object, ValueError, RuntimeError, Exception, BaseException) for member in vars(one)}
    # What Python makes of one of them: `__add__` and `__radd__`, all six comparisons, of `__len__` a sequence.
    has = {member for member in has if not member.startswith("_") or member in said or member.startswith("__")} - UNSAID
    if name == "KeySet":
        has -= {"__rand__", "__ror__", "__rsub__", "__bool__", "__hash__"}
    if name == "Tensor":
        # Operators that are methods in the list are generated; each that is callable as a method is one.
        has -= operators() - set(said)
    hidden = {member for member in said if member.startswith("_") and not member.startswith("__")}
    missing = {member for member in said if not hasattr(runtime, member)}
    assert not missing and has - set(said) - hidden == set()


def parameters(node):
    """The names of parameters, those by keyword alone apart."""
    arguments = node.args
    plain = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    return plain, {argument.arg for argument in arguments.kwonlyargs}


def agrees(nodes, function, skip):
    """Whether each of the definitions in the stubs names parameters that the function has."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return True
    # One with a `_` before it is the package's own business.
    has = [parameter for parameter in signature.parameters.values() if not parameter.name.startswith("_") or parameter.default is parameter.empty]
    variadic = any(parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) for parameter in has)
    known = [parameter.name.lstrip("_") for parameter in has]
    for node in nodes:
        plain, by_name = parameters(node)
        plain = [argument.lstrip("_") for argument in plain[skip:]]
        if not variadic and not {*plain, *by_name} <= set(known):
            return False
        if len(nodes) == 1 and not variadic and len(plain) + len(by_name) != len(known):
            return False
    return True


def test_parameters_of_functions_are_those_in_the_stubs():
    wrong = []
    for name, nodes in PACKAGE.items():
        function = getattr(keyway, name, None)
        if isinstance(nodes[0], ast.FunctionDef) and not agrees(nodes, function, 0):
            wrong.append(f"{name}{inspect.signature(function)}")
    assert wrong == []


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_of_methods_are_those_in_the_stubs(name):
    wrong, runtime = [], getattr(keyway, name)
    for member, nodes in CLASSES[name][0].items():
        function = inspect.getattr_static(runtime, member, None)
        # Operators are generated; what is called with underscores is called by Python.
        if not isinstance(nodes[0], ast.FunctionDef) or isinstance(function, _keyway._Method) or member == "to" or member.startswith("__"):
            continue
        decorators = {getattr(decorator, "id", "") for decorator in nodes[0].decorator_list}
        if "property" in decorators:
            continue
        called = getattr(runtime, member)
        is_bound = "staticmethod" not in decorators and (inspect.ismethod(called) or "classmethod" in decorators)
        if not agrees(nodes, called, 1 if is_bound else 0):
            wrong.append(f"{member}{inspect.signature(called)}")
    assert wrong == []


def test_operators_in_the_stubs_are_those_there_are():
    (namespace,) = OPERATORS["_aten_namespace"]
    said = {member.rstrip("_") for member in names(namespace.body)}
    built_in = {name for name in _keyway._operator_names() if name.startswith("aten::")}
    questions = {"is_contiguous", "is_non_overlapping_and_dense", "dim", "sym_size", "sym_stride", "sym_numel", "sym_storage_offset"}
    has = {name.removeprefix("aten::").split(".")[0].rstrip("_") for name in built_in}
    assert said - has == set() and has - said <= questions


def test_properties_in_the_stubs_are_properties():
    for name, (members, _) in CLASSES.items():
        for member, nodes in members.items():
            is_property = isinstance(nodes[0], ast.FunctionDef) and any(getattr(one, "id", "") == "property" for one in nodes[0].decorator_list)
            value = inspect.getattr_static(getattr(keyway, name), member, None)
            if is_property:
                assert not inspect.isroutine(value) and not isinstance(value, _keyway._Method), f"{name}.{member}"
