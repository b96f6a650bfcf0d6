"""Normal variables that every machine makes alike: 4096 equally probable integers.

A word's twelve highest bits choose one of the quantiles of the normal distribution at (2 j + 1) / 8192, as a
multiple of 2^-20. Their variance is 0.9997, and the largest is 3.67: enough for entries that are summed by
the thousand. Each quantile lies further than 1e-11 from the nearest rounding boundary (a test says so), so
that any mathematical library that is right to 1e-12 gives the same integers.

Source: Wichura (1988), Algorithm AS 241, as the standard library has it, for the quantiles.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np

from idbounds.projections.base import Float64Array, Int64Array
from idbounds.projections.stream import words

LEVEL_BITS = 12
PLACES = 20  # binary places of a level: with the two bits before the point it is exact in float32


@cache
def levels() -> Int64Array:
    """Return the values of a normal variable in units of 2^-20.

    Returns:
        int64 array of shape (4096,), ascending, read-only.
    """
    values = np.rint(quantiles() * 2.0**PLACES).astype(np.int64)
    values.setflags(write=False)
    return values


def quantiles() -> Float64Array:
    """Return the quantiles of the normal distribution that are rounded to `levels`.

    Returns:
        float64 array of shape (4096,).
    """
    half = 1 << (LEVEL_BITS - 1)
    upper = [NormalDist().inv_cdf(0.5 + (2 * j + 1) / (4 * half)) for j in range(half)]
    return np.array([-x for x in reversed(upper)] + upper)


def normals(seed: int, stream: int, start: int, count: int) -> Int64Array:
    """Return normal variables in units of 2^-20.

    Args:
        seed: integer in [0, 2**63).
        stream: stream number, usually `Stream.NORMAL`.
        start: first counter.
        count: how many.

    Returns:
        int64 array of shape (count,).
    """
    return np.asarray(levels()[words(seed, stream, start, count) >> np.uint32(32 - LEVEL_BITS)])
