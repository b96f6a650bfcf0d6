"""Pseudo-random words and normal variables that every machine makes alike, from integers alone.

The words are those of SplitMix64, whose state is a counter: word i is a function of a key and of i, and can
be made without the words before it. With `mix` the finaliser and G = 0x9e3779b97f4a7c15, all modulo 2^64,

    key(seed, stream) = mix(mix(seed + G) + stream),    word(i) = mix(key + (i + 1) G).

A normal variable is one of 4096 equally probable numbers, the quantiles (2 j + 1) / 8192 rounded down in
magnitude to multiples of 2^-24. Twelve bits of a word choose it, the lowest first: five variables a word.
Their variance is 0.99968, and the largest of them is 3.668.

Source: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators, OOPSLA.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.integers.elias import EliasDelta, Shifted, integer_within
from idbounds.codes.symbols import fixedpoint

SEED_LIMIT: Final = 2**63
"""Seeds are 0 .. 2^63 - 1."""

SEED: Final = Shifted(EliasDelta(largest=SEED_LIMIT), by=1)
"""Code of a seed: seed 0 takes one bit."""

GOLDEN: Final = 0x9E3779B97F4A7C15
MULTIPLIERS: Final = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
LEVEL_BITS: Final = 12
"""A normal variable is one of 2^12."""

PER_WORD: Final = 64 // LEVEL_BITS
"""Normal variables made from one word."""

PLACES: Final = 24
"""Binary places of a normal variable."""

_MASK = 2**64 - 1


class Stream(IntEnum):
    """What words are used for; a number never changes meaning, because messages are decoded with it."""

    DITHER = 0
    ORDER = 1
    CANDIDATES = 2
    CHOICE = 3
    POSTERIOR = 4


def mix(x: int) -> int:
    """Scramble a 64-bit integer: a bijection."""
    x = (x ^ (x >> 30)) * MULTIPLIERS[0] & _MASK
    x = (x ^ (x >> 27)) * MULTIPLIERS[1] & _MASK
    return x ^ (x >> 31)


def key(seed: int, stream: int) -> int:
    """The key of a stream.

    Args:
        seed: 0 .. 2^63 - 1; InputError outside.
        stream: A `Stream`.

    Returns:
        0 .. 2^64 - 1.
    """
    return mix(mix(integer_within(seed, "seed", 0, SEED_LIMIT - 1) + GOLDEN & _MASK) + stream & _MASK)


def words(seed: int, stream: int, counters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The words at some counters.

    Args:
        seed: 0 .. 2^63 - 1.
        stream: A `Stream`.
        counters: Any shape.

    Returns:
        The shape of `counters`.
    """
    x = np.uint64(key(seed, stream)) + (counters + np.uint64(1)) * np.uint64(GOLDEN)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(MULTIPLIERS[0])
    x = (x ^ (x >> np.uint64(27))) * np.uint64(MULTIPLIERS[1])
    return np.asarray(x ^ (x >> np.uint64(31)))


def dither(seed: int, count: int) -> NDArray[np.float64]:
    """Numbers uniform in (-1/2, 1/2): odd multiples of 2^-33, from the upper half of each word.

    Args:
        seed: 0 .. 2^63 - 1.
        count: How many.

    Returns:
        Shape (count,).
    """
    upper = (words(seed, Stream.DITHER, np.arange(count, dtype=np.uint64)) >> np.uint64(32)).astype(np.int64)
    return np.asarray((2 * upper + 1 - 2**32) * 2.0**-33, dtype=np.float64)


def order(seed: int, count: int) -> NDArray[np.int64]:
    """A random order of 0 .. count - 1: a stable sort of the words.

    Args:
        seed: 0 .. 2^63 - 1.
        count: How many.

    Returns:
        Shape (count,).
    """
    keys = words(seed, Stream.ORDER, np.arange(count, dtype=np.uint64))
    return np.argsort(keys, kind="stable").astype(np.int64)


@cache
def normal_levels() -> NDArray[np.float64]:
    """The values of a normal variable, built on first use and kept.

    Each is the largest multiple t of 2^-24 with P[|X| >= t] at least what it should be. The floating-point
    quantile is only where the search for it starts: whatever that is, integers decide.

    Returns:
        Ascending, shape (4096,); read-only.
    """
    half = 1 << (LEVEL_BITS - 1)
    drop = fixedpoint.PLACES - PLACES
    upper = []
    for j in range(half):
        wanted = (2 * (half - j) - 1) << (fixedpoint.PLACES - LEVEL_BITS)
        t = round(NormalDist().inv_cdf(0.5 + (2 * j + 1) / (4 * half)) * (1 << PLACES))
        while fixedpoint.gauss(t << drop) < wanted:
            t -= 1
        while fixedpoint.gauss((t + 1) << drop) >= wanted:
            t += 1
        upper.append(t)
    levels = np.array([-t for t in reversed(upper)] + upper) / 2.0**PLACES
    levels.setflags(write=False)
    return levels
