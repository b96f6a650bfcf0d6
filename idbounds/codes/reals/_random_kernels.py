"""Compiled loop of the random codes; imported on first use, because importing numba is slow.

All integers are uint64 and never meet a signed one, which numba would turn into a float.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from idbounds.codes.reals.noise import GOLDEN, LEVEL_BITS, MULTIPLIERS, PER_WORD
from idbounds.codes.symbols._mixture_kernels import _compile

_GOLDEN = np.uint64(GOLDEN)
_FIRST, _SECOND = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
_LAST_LEVEL = np.uint64((1 << LEVEL_BITS) - 1)
_LEVEL_BITS = np.uint64(LEVEL_BITS)
_ONE = np.uint64(1)


def _mix(x: Any) -> Any:
    """`noise.mix` of one uint64."""
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))


mix: Any = _compile(_mix)


def _choose(linear: Any, square: Any, bits: Any, levels: Any, keys: Any) -> Any:
    """For each block, the candidate z with the largest sum of linear_i z_i + square_i z_i^2.

    Args:
        linear: Shape (blocks, entries).
        square: The same shape.
        bits: log2 of the number of candidates of each block, at most 16, int64, shape (blocks,).
        levels: `noise.normal_levels()`.
        keys: Keys of the candidates and of the noise, uint64, shape (2,); without noise, shape (1,). With
            noise, minus the logarithm of an exponential variable is added to each sum, the smallest variable
            to the first and so
            on: a draw with probabilities as e^sum, in which low indices are preferred as far as that allows.

    Returns:
        Indices, int64, shape (blocks,); the first of several that are equally good.
    """
    blocks, entries = linear.shape
    words = np.uint64((entries + PER_WORD - 1) // PER_WORD)
    best = np.zeros(blocks, np.int64)
    for block in range(blocks):
        highest = -np.inf
        elapsed = 0.0
        count = 1 << bits[block]
        for index in range(count):
            place = np.uint64(block) << np.uint64(16) | np.uint64(index)
            counter = place * words
            score = 0.0
            i = 0
            while i < entries:
                counter += _ONE
                word = mix(keys[0] + counter * _GOLDEN)
                for _ in range(min(PER_WORD, entries - i)):
                    z = levels[word & _LAST_LEVEL]
                    word >>= _LEVEL_BITS
                    score += z * (linear[block, i] + square[block, i] * z)
                    i += 1
            if keys.size > 1:
                upper = mix(keys[1] + (place + _ONE) * _GOLDEN) >> np.uint64(11)
                elapsed -= math.log((np.float64(upper) + 0.5) * 2.0**-53) / (count - index)
                score -= math.log(elapsed)
            if score > highest:
                highest = score
                best[block] = index
    return best


choose: Any = _compile(_choose)


def _fill(key: Any, start: Any, words: Any, levels: Any, out: Any) -> None:
    """Candidates as `Drawing.all_drawn` wants them.

    Args:
        key: Key of the candidates, uint64.
        start: Place of the first candidate, uint64.
        words: Words of a candidate, uint64.
        levels: `noise.normal_levels()` as float32.
        out: float32, shape (candidates, entries); filled.
    """
    candidates, entries = out.shape
    for index in range(candidates):
        counter = (start + np.uint64(index)) * words
        i = 0
        while i < entries:
            counter += _ONE
            word = mix(key + counter * _GOLDEN)
            for _ in range(min(PER_WORD, entries - i)):
                out[index, i] = levels[word & _LAST_LEVEL]
                word >>= _LEVEL_BITS
                i += 1


fill: Any = _compile(_fill)
