"""k-means in one dimension, from a fixed start: the same levels for the same numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.integers.elias import integer_within
from idbounds.codes.reals._given import Reals, real_vector
from idbounds.errors import InputError

MOST_LEVELS: Final = 1 << 16
"""Most levels of a codebook."""

_MOST_STEPS = 1000


def nearest(levels: Reals, points: Reals) -> NDArray[np.int64]:
    """Index of the level nearest to each point; of the lower one if two are.

    Args:
        levels: Ascending, shape (K,).
        points: Shape (n,).

    Returns:
        Shape (n,).
    """
    return np.searchsorted(levels[:-1] / 2 + levels[1:] / 2, points).astype(np.int64)


def lloyd(vector: ArrayLike, count: int, *, weights: ArrayLike | None = None) -> Reals:
    """Levels for the entries of a vector by Lloyd's algorithm.

    It starts at quantiles of the entries and, where these coincide, at the entry with the largest weighted
    error, until there are enough levels. Each step gives an entry to its nearest level, and moves a level to
    the mean of its entries, or drops it if there are none. It ends when nothing moves, or after 1000 steps.

    Args:
        vector: Entries, shape (d,), at least one.
        count: Most levels, 1 .. 2^16.
        weights: Weight of each entry, not negative, not all zero; equal by default.

    Returns:
        At most `count` levels, ascending.

    Raises:
        InputError: If there is no entry, or the weights are not as they should be.

    Source: Lloyd (1982), IEEE Transactions on Information Theory 28(2).
    """
    entries = real_vector(vector, "vector")
    mass = np.ones(entries.size) if weights is None else real_vector(weights, "weights", entries.size)
    count = integer_within(count, "number of levels", 1, MOST_LEVELS)
    if (mass < 0).any() or not mass.any():
        raise InputError(
            f"k-means: {entries.size} entries with weights {mass.min(initial=0):.6g} to "
            f"{mass.max(initial=0):.6g} given; weights of at least 0, one of them positive, are allowed"
        )
    points, places = np.unique(entries[mass > 0], return_inverse=True)
    if points.size <= count:
        return points
    unit = float(
        np.ldexp(1.0, int(np.frexp(np.abs(points).max())[1]) - 1)
    )  # a power of two: division is exact
    sums = np.bincount(places, mass[mass > 0] / mass.max()).astype(np.float64)
    return _improved(points / unit, sums, _start(points / unit, sums, count)) * unit


def _start(points: Reals, mass: Reals, count: int) -> Reals:
    """The first levels, among the points."""
    below = np.cumsum(mass)
    levels = np.unique(points[np.searchsorted(below, (np.arange(count) + 0.5) / count * below[-1])])
    while levels.size < count:
        error = mass * (points - levels[nearest(levels, points)]) ** 2
        levels = np.sort(np.append(levels, points[error.argmax()]))
    return levels


def _improved(points: Reals, mass: Reals, levels: Reals) -> Reals:
    """Lloyd's steps; the entries of a level are a stretch of the points, so that sums are differences."""
    below = np.concatenate([np.zeros(1), np.cumsum(mass)])
    moment = np.concatenate([np.zeros(1), np.cumsum(mass * points)])
    for _ in range(_MOST_STEPS):
        inner = np.searchsorted(points, (levels[1:] + levels[:-1]) / 2, side="right")
        ends = np.concatenate([[0], inner, [points.size]])
        used = np.diff(below[ends]) > 0
        moved = np.unique(np.diff(moment[ends])[used] / np.diff(below[ends])[used])
        if np.array_equal(moved, levels):
            break
        levels = moved
    return levels
