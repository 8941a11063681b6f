"""``ops.NAMESPACE.NAME.OVERLOAD``: every operator by name."""

from __future__ import annotations

from . import _keyway


_keyway.OpOverloadPacket.__doc__ = vars(_keyway.OpOverloadPacket)["_schemas"]


class _Namespace:
    """The operators of one namespace."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            packet = _keyway.OpOverloadPacket(self._name, name)
        except AttributeError:
            message = f"'_OpNamespace' '{self._name}' object has no attribute '{name}'"
            raise AttributeError(message) from None
        self.__dict__[name] = packet
        return packet

    def __dir__(self):
        prefix = self._name + "::"
        names = (name.removeprefix(prefix) for name in _keyway._operator_names() if name.startswith(prefix))
        return sorted({name.split(".")[0] for name in names})

    def __repr__(self):
        return f"<operators of '{self._name}'>"


class _Ops:
    """All namespaces. A namespace may have operators later that it has not now."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        namespace = _Namespace(name)
        self.__dict__[name] = namespace
        return namespace

    def __dir__(self):
        return sorted({name.split("::")[0] for name in _keyway._operator_names()})

    def __repr__(self):
        return f"<operators of {', '.join(dir(self))}>"

    def _forget(self, qualified):
        """Drops what is remembered of an operator whose definition is gone."""
        namespace, _, name = qualified.partition("::")
        if namespace in self.__dict__:
            self.__dict__[namespace].__dict__.pop(name.split(".")[0], None)


ops = _Ops()


def packet(namespace, name):
    """The operators of a name; what a saved packet is loaded by."""
    return getattr(getattr(ops, namespace), name)
