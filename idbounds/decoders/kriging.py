"""Values on a grid predicted from few of its points: kernel ridge regression, the same on every machine.

With k_ij = r^(dy^2 + dx^2), the squared exponential kernel of length 1 / sqrt(-2 ln r), A the chosen points
and numbers v there, the prediction at x is v^T (K_AA + I / 128)^-1 K_Ax. Only +, -, x, / and square roots of
float64 in a fixed order are used: no BLAS, no exponential function, and no subnormal numbers.

Source: Denil, Shakibi, Dinh, Ranzato and de Freitas (2013), Predicting parameters in deep learning. The
points are those of the pivoted Cholesky factorisation: each is where the ones before say least.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idbounds.decoders.values import Reals
from idbounds.errors import DecodeError

REACHES: Final = 16
"""Kernels in the menu: r = 2^reach / (2^reach + 1), so that the length is about 2^((reach - 1) / 2) steps."""

LARGEST: Final = 2**22
"""Most entries of a dictionary: what a decoder works through in some ten seconds."""

_RIDGE: Final = 2.0**-7
_LEAST: Final = 2.0**-60


@lru_cache(maxsize=16)
def dictionary(height: int, width: int, count: int, reach: int) -> tuple[NDArray[np.int64], Reals]:
    """The points that are kept, and what each of them contributes to all others.

    Args:
        height: of the grid.
        width: of the grid.
        count: how many points, 1 to height x width.
        reach: of the kernel, index into the menu of `REACHES`.

    Returns:
        Points in the order in which they were chosen, int64, shape (count,); and the dictionary D, float64,
        shape (count, height x width): numbers v at the points predict v^T D. Both are read-only.

    Raises:
        DecodeError: for a dictionary of too many entries.
    """
    size = height * width
    if count * size > LARGEST:
        raise DecodeError(f"predicted: {count} of {size} points; their product may be up to {LARGEST}")
    powers = _powers(2.0**reach / (2.0**reach + 1), (height - 1) ** 2 + (width - 1) ** 2)
    y, x = np.divmod(np.arange(size), width)
    points, made, left = np.zeros(count, dtype=np.int64), np.zeros((count, size)), np.ones(size)
    pivots = np.zeros(count)
    for t in range(count):  # row t of L^-1 K_Ax, with L L^T = K_AA + I / 128
        points[t] = p = int(left.argmax())
        pivots[t] = np.sqrt(left[p] + _RIDGE)
        row = powers[(y - y[p]) ** 2 + (x - x[p]) ** 2]
        for s in range(t):
            row -= made[s, p] * made[s]
        made[t] = _cut(row / pivots[t])
        left -= made[t] * made[t]
        left[points[: t + 1]] = -1.0  # not again
    upper = made[:, points].copy()  # above its diagonal, L^T
    for t in reversed(range(count)):  # L^-T times that
        row = made[t].copy()
        for s in range(t + 1, count):
            row -= upper[t, s] * made[s]
        made[t] = _cut(row / pivots[t])
    points.flags.writeable = made.flags.writeable = False
    return points, made


def _powers(base: float, last: int) -> Reals:
    """Base to the power of 0, 1, ..., last, by repeated multiplication; zero where it is next to nothing."""
    found = [1.0]
    for _ in range(last):
        power = found[-1] * base
        found.append(power if power >= _LEAST else 0.0)
    return np.array(found)


def _cut(row: Reals) -> Reals:
    """A row with what is next to nothing set to zero: processors differ in numbers below 2^-1022."""
    return np.where(np.abs(row) < _LEAST, 0.0, row)
