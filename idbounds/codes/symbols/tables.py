"""Integer tables of the families of the mixture code: the odds of each decision on the way to a magnitude.

A magnitude m >= 0 is found by binary decisions, the nodes of a tree. Flag k asks whether m >= 2^(k+1) - 1:
it ends in bucket k, the magnitudes 2^k - 1 .. 2^(k+1) - 2, or goes on. Inside a bucket the range is halved,
again and again. Only the first `DEPTH` halvings of a bucket are modelled, and none from bucket `CUT` on,
eight times the largest scale or more: what is left of m is raw bits.

A family with scale s takes each decision with the odds of s X rounded to an integer: it needs the tail at
(m - 1/2) / s for both ends and the middle. The scales are 2^-4 .. 2^8. Tails are tabulated at 2^(j/64) and
interpolated on straight lines, which keeps them monotone and costs less than 10^-6 bits a symbol; they are
made of integers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.symbols import fixedpoint

PRECISION: Final = 30
"""The odds of a decision are out of 2^30, the largest total of the arithmetic coder."""

PRIOR_PLACES: Final = 8
"""The weight of a Dirichlet prior at a decision is in 256ths of a symbol."""

LOWEST_OCTAVE: Final = -4
OCTAVES: Final = 12
"""The scales span 2^-4 .. 2^8."""

FINEST: Final = 6
"""Largest fineness: 64 scales an octave. Half a step beside a scale costs 4e-5 bits a symbol."""

PLACES: Final = 20
"""Binary places of the logarithm of a scale."""

BUCKETS: Final = 21
"""The last bucket begins at 2^20 - 1."""

CUT: Final = 12
DEPTH: Final = 6

FAMILIES: Final = tuple(fixedpoint.TAILS)
"""Names of the families, in the order of the columns."""

_UNIT = 32  # binary places of a tail
_KNOTS = 6  # log2 of the number of knots an octave
_FIRST, _LAST = -9, 24  # octaves of the knots: from half a step at scale 2^8 to 2^20 steps at scale 2^-4


@final
@dataclass(frozen=True)
class Node:
    """A decision between the magnitudes low .. middle - 1 and middle .. high - 1; no high, no end."""

    low: int
    middle: int
    high: int | None


def inner_levels(bucket: int) -> int:
    """How many halvings of a bucket are modelled; the rest of its `bucket` bits are raw."""
    return min(bucket, DEPTH) if bucket < CUT else 0


@cache
def nodes() -> tuple[Node, ...]:
    """All decisions in the order of the rows: the flags, then the halvings of each bucket, level by level."""
    flags = [Node(2**k - 1, 2 ** (k + 1) - 1, None) for k in range(BUCKETS - 1)]
    inner = []
    for bucket in range(BUCKETS):
        for level in range(inner_levels(bucket)):
            width = 1 << (bucket - level)
            starts = range(2**bucket - 1, 2 ** (bucket + 1) - 1, width)
            inner += [Node(low, low + width // 2, low + width) for low in starts]
    return (*flags, *inner)


@cache
def inner_rows() -> NDArray[np.int64]:
    """The row before the first halving of each bucket; behind it lies a heap, halving 1, then 2 and 3 .."""
    sizes = [(1 << inner_levels(bucket)) - 1 for bucket in range(BUCKETS)]
    return np.cumsum([BUCKETS - 2, *sizes[:-1]], dtype=np.int64)


def fineness(size: int) -> int:
    """log2 of the scales an octave for a vector of that length: as close as the vector can tell them apart.

    ln(scale) of a Gaussian has the Fisher information 2 a symbol, so Rissanen's precision is a step of
    sqrt(6 / size); (ln 2 / 2^f)^2 <= 6 / size means 4^f >= 0.0801 size. A finer grid costs no bits, only
    time.

    Args:
        size: Number of symbols.

    Returns:
        The fineness, at most `FINEST`.
    """
    return next((f for f in range(FINEST) if 10_000 * 4**f >= 801 * size), FINEST)


def scale_count(fine: int) -> int:
    """Number of scales at 2^fine an octave, both ends included."""
    return (OCTAVES << fine) + 1


@cache
def knots(family: str) -> NDArray[np.int64]:
    """2^32 P[|X| >= 2^(j/64)] for j = -576 .. 1536, rounded; shape (2113,)."""
    places = range(_FIRST << _KNOTS, (_LAST << _KNOTS) + 1)
    tails = [fixedpoint.TAILS[family](fixedpoint.power_of_two(j, _KNOTS)) for j in places]
    drop = fixedpoint.PLACES - _UNIT
    return np.array([(tail + (1 << (drop - 1))) >> drop for tail in tails], dtype=np.int64)


def tails(family: str, ends: Sequence[int], scales: NDArray[np.int64]) -> NDArray[np.int64]:
    """2^32 P[|X| >= m - 1/2] for integers m and scales: the probability of a rounded magnitude of m or more.

    Args:
        family: Name of the family.
        ends: The m, 1 .. 2^20.
        scales: 2^20 log2 of each scale, from -4 2^20 to 8 2^20.

    Returns:
        Shape (ends, scales).
    """
    logs = np.array([fixedpoint.log2(2 * m - 1, PLACES) for m in ends], dtype=np.int64)
    place = logs[:, None] - scales - ((1 + _FIRST) << PLACES)  # log2 of (m - 1/2) / scale from the first knot
    drop = PLACES - _KNOTS
    knot, part = place >> drop, place & ((1 << drop) - 1)
    values = knots(family)
    between: NDArray[np.int64] = values[knot] * ((1 << drop) - part) + values[knot + 1] * part
    return between >> drop


def log_scales(fine: int) -> NDArray[np.int64]:
    """2^20 log2 of the scales at 2^fine an octave, shape (12 * 2^fine + 1,)."""
    return (LOWEST_OCTAVE << PLACES) + (np.arange(scale_count(fine), dtype=np.int64) << (PLACES - fine))


def _cells(family: str, fine: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """2^32 times the probability of the lower side, and of both sides, shape (nodes, scales) each."""
    ends = sorted({m for node in nodes() for m in (node.low, node.middle, node.high or 0)} - {0})
    inside = tails(family, ends, log_scales(fine))
    edges = [np.full(scale_count(fine), 1 << _UNIT), *inside, np.zeros(scale_count(fine), dtype=np.int64)]
    tail = dict(zip([0, *ends, None], edges, strict=True))
    lower = np.array([tail[node.low] - tail[node.middle] for node in nodes()])
    whole = np.array([tail[node.low] - tail[node.high] for node in nodes()])
    return lower, whole


@cache
def stay(fine: int) -> NDArray[np.uint32]:
    """Out of 2^30, the probability of the lower side of each decision: 1 .. 2^30 - 1, and 1/2 without mass.

    Args:
        fine: log2 of the number of scales an octave, 0 .. `FINEST`.

    Returns:
        Shape (nodes, families * scales), family by family; read-only, built on first use and kept.
    """
    columns = []
    for family in FAMILIES:
        lower, whole = _cells(family, fine)
        odds = np.clip((lower << PRECISION) // np.maximum(whole, 1), 1, (1 << PRECISION) - 1)
        columns.append(np.where(whole > 0, odds, 1 << (PRECISION - 1)).astype(np.uint32))
    table = np.concatenate(columns, axis=1)
    table.setflags(write=False)
    return table


@cache
def mass(fine: int) -> NDArray[np.int64]:
    """Out of 2^32, the probability that each decision is met; shape and columns of `stay`, read-only."""
    table = np.concatenate([_cells(family, fine)[1] for family in FAMILIES], axis=1)
    table.setflags(write=False)
    return table
