"""The functions of `_scalars` compiled by numba; imported for a hot word only, because importing is slow.

No fastmath: the compiled words give the bits of the interpreted ones.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec, module_from_spec
from types import FunctionType, ModuleType
from typing import Any

import numba


@cache
def _scalars() -> ModuleType:
    """A second copy of the module in which every function is compiled; the first one stays as it is."""
    spec = find_spec("idbounds.kernels._scalars")
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    for name, value in list(vars(copy).items()):
        if isinstance(value, FunctionType):
            setattr(copy, name, numba.njit(cache=True, error_model="numpy")(value))
    return copy


@cache
def word(name: str) -> Any:
    """A word as a function of arrays that broadcasts.

    Args:
        name: of a function of `_scalars` from numbers to a number.

    Returns:
        A numpy ufunc of float64 arrays; the first call compiles it, unless an earlier process did.
    """
    function = getattr(_scalars(), name).py_func
    count = function.__code__.co_argcount
    compile_cached: Any = numba.vectorize
    return compile_cached([numba.float64(*[numba.float64] * count)], cache=True)(function)
