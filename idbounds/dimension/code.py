"""What a function, a class or an object does, as a digest: a file of runs must not go on with another's.

Names say too little: an edited `forward`, another lambda or another closure keeps its name. What is digested
is the compiled code, so that comments and layout may change, with defaults, closures and attributes, and the
functions of the same module that are called.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

_BY_NAME = {*sys.stdlib_module_names, "builtins", "idbounds", "numpy", "torch"}
"""Packages whose own functions and classes are known by name: an upgrade does not end a study."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def code_digest(*things: Any, skip: Callable[[Any, str], bool] = lambda owner, name: False) -> str:
    """SHA-256 of what things do.

    It is the same in another process of the same Python version, and of no meaning in another version.

    Args:
        *things: functions, classes, modules, callable objects.
        skip: whether an attribute of an object, of that name, does not matter.

    Returns:
        Hexadecimal digits.
    """
    state = hashlib.sha256()
    for piece in _Walk(skip).of(things):
        state.update(f"{len(piece)} ".encode() + piece)
    return state.hexdigest()


class _Walk:
    """Everything reachable that counts, each object once."""

    def __init__(self, skip: Callable[[Any, str], bool]) -> None:
        self.skip = skip
        self.seen: dict[int, tuple[int, Any]] = {}

    def of(self, thing: Any) -> Iterator[bytes]:
        if thing is None or isinstance(thing, bool | int | float | complex | str | bytes):
            yield f"{type(thing).__name__} {thing!r}".encode()
            return
        if isinstance(thing, tuple):  # may or may not be one object with its equals: known by its parts
            yield b"tuple %d" % len(thing)
            for part in thing:
                yield from self.of(part)
            return
        if id(thing) in self.seen:
            yield b"again %d" % self.seen[id(thing)][0]
            return
        self.seen[id(thing)] = (len(self.seen), thing)  # held, so that no other object gets its id
        yield type(thing).__name__.encode()
        if isinstance(thing, CodeType):
            yield from self._code(thing)
        elif isinstance(thing, list):
            for part in thing:
                yield from self.of(part)
        elif isinstance(thing, set | frozenset):  # in no order of their own
            yield from sorted(repr(part).encode() for part in thing)
        elif isinstance(thing, Mapping):
            for key, value in thing.items():
                yield from self.of(key)
                yield from self.of(value)
        elif isinstance(thing, functools.partial):
            yield from self.of((thing.func, thing.args, thing.keywords))
        elif isinstance(thing, MethodType):
            yield from self.of((thing.__func__, thing.__self__))
        elif isinstance(thing, staticmethod | classmethod):
            yield from self.of(thing.__func__)
        elif isinstance(thing, property):
            yield from self.of((thing.fget, thing.fset))
        elif isinstance(thing, FunctionType | type):
            yield from self._definition(thing)
        elif hasattr(thing, "__array__") and hasattr(thing, "dtype"):
            yield from _array(thing)
        else:
            yield from self._object(thing)

    def _definition(self, thing: Any) -> Iterator[bytes]:
        yield thing.__qualname__.encode()
        if _by_name(thing):
            yield str(thing.__module__).encode()
        elif isinstance(thing, type):
            for name, value in sorted(vars(thing).items()):
                if inspect.isroutine(value) or isinstance(value, property) or not name.startswith("__"):
                    yield name.encode()
                    yield from self.of(value)
            yield from self.of(thing.__bases__)
        else:
            yield from self.of((thing.__code__, thing.__defaults__, thing.__kwdefaults__))
            for cell in thing.__closure__ or ():
                try:
                    yield from self.of(cell.cell_contents)
                except ValueError:  # not filled yet
                    yield b"empty"
            yield from self._called(thing)

    def _called(self, function: FunctionType) -> Iterator[bytes]:
        """The constants, functions and classes of its module that a function names."""
        for name in sorted(_names(function.__code__)):
            value = function.__globals__.get(name)
            own = getattr(value, "__module__", None) == function.__module__
            if isinstance(value, bool | int | float | str) and not name.startswith("__"):
                yield from self.of((name, value))
            elif own and isinstance(value, FunctionType | type):
                yield from self.of(value)

    def _code(self, code: CodeType) -> Iterator[bytes]:
        yield code.co_code
        yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_argcount)).encode()
        for constant in code.co_consts:
            yield from self.of(constant)

    def _object(self, thing: Any) -> Iterator[bytes]:
        attributes = getattr(thing, "__dict__", None)
        if not isinstance(attributes, dict) or inspect.ismodule(thing):
            yield _ADDRESS.sub("", repr(thing)).encode()
            return
        yield from self.of(type(thing))
        for name, value in attributes.items():
            if not self.skip(thing, name):
                yield name.encode()
                yield from self.of(value)


def _by_name(thing: Any) -> bool:
    return str(thing.__module__).partition(".")[0] in _BY_NAME


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)


def _array(value: Any) -> Iterator[bytes]:
    """An array or a tensor, its bytes included."""
    import numpy as np

    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value  # bfloat16 is unknown to numpy
    array = np.asarray(value)
    yield f"{array.dtype.str} {array.shape}".encode()
    yield repr(array.tolist()).encode() if array.dtype == object else np.ascontiguousarray(array).tobytes()
