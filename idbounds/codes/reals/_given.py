"""What a user gives as a real vector, checked."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.errors import InputError

Reals: TypeAlias = NDArray[np.float64]


def real_vector(values: ArrayLike, what: str, size: int | None = None) -> Reals:
    """A one-dimensional array of finite numbers as float64.

    Args:
        values: Anything numpy reads as real numbers, shape (n,).
        what: Name for the error message.
        size: How many there must be, if that is known.

    Returns:
        The array, shape (n,).

    Raises:
        InputError: If it is anything else.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{what}: rows of unequal length given; one dimension is allowed") from None
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise InputError(
            f"{what}: {array.dtype} of shape {array.shape} given; real numbers in one dimension are allowed"
        )
    if size is not None and array.size != size:
        raise InputError(f"{what}: {array.size} entries given; {size} are allowed")
    reals = array.astype(np.float64)
    bad = ~np.isfinite(reals)
    if bad.any():
        raise InputError(
            f"{what}: {reals[bad][0]} at entry {int(bad.argmax())} given; finite numbers are allowed, "
            f"{int(bad.sum())} are not: repair or drop them"
        )
    return reals


def integer_entries(entries: Reals, step: float) -> NDArray[np.int64]:
    """Whole numbers as integers, or InputError if one is beyond what a vector code takes.

    Args:
        entries: Whole numbers, or infinite ones, shape (n,).
        step: What they are multiples of, for the error message.

    Returns:
        The integers, shape (n,).

    Raises:
        InputError: If a magnitude is beyond 2^20.
    """
    if np.abs(entries).max(initial=0) > LARGEST_ENTRY:
        raise InputError(
            f"vector: {np.abs(entries).max():.6g} steps of {step:.6g} given; up to {LARGEST_ENTRY} steps are "
            "allowed: take a larger step, or scale the vector"
        )
    return entries.astype(np.int64)


def over(vector: Reals, step: float) -> Reals:
    """A vector over a step; too large a quotient is infinite, without a warning.

    Args:
        vector: Finite numbers, shape (n,).
        step: The step.

    Returns:
        Shape (n,).
    """
    with np.errstate(over="ignore"):
        return vector / step
