"""Inner loops of the subset code: the arithmetic coder of `_kernels`, made for one urn of zeros and ones.

Position t holds a one with probability (ones left) / (positions left). Zeros take the low part of the
interval. It is the coder of `_kernels` with weights (zeros left, ones left), bit for bit, without a table of
weights and without an array of symbols: a position costs one division.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.codes._kernels import DONE, FULL, GAP, HALF, QUARTER, TRUNCATED


def encode_urn(positions: NDArray[np.int64], n: int) -> tuple[NDArray[np.uint8], int, int, int, int]:
    """Narrow [low, low + width) by each of n positions; give the settled bits and the state that is left.

    Args:
        positions: Where the ones are, ascending, each in [0, n).
        n: Number of positions.

    Returns:
        The bits (one a byte, in a buffer that may be longer), their number, low, width and the number of
        pending bits, which are the opposite of the next settled bit.
    """
    ones = positions.size
    out = np.empty(1024, dtype=np.uint8)
    count, low, width, pending = 0, 0, FULL, 0
    t, j = 0, 0
    while 0 < ones - j < n - t:  # afterwards the rest is certain
        unit = width // (n - t)
        zeros = unit * (n - t - ones + j)
        if positions[j] == t:
            low += zeros
            width = unit * (ones - j)
            j += 1
        else:
            width = zeros
        t += 1
        while width <= HALF:  # no half holds a wider interval
            bit = 2
            if low + width <= HALF:
                bit = 0
            elif low >= HALF:
                bit = 1
                low -= HALF
            elif low >= QUARTER and low + width <= HALF + QUARTER:
                pending += 1
                low -= QUARTER
            else:
                break
            low *= 2
            width *= 2
            if bit < 2:
                stop = count + 1 + pending
                if stop > out.size:
                    grown = np.empty(2 * stop, dtype=np.uint8)
                    grown[:count] = out[:count]
                    out = grown
                out[count] = bit
                out[count + 1 : stop] = 1 - bit
                count = stop
                pending = 0
    return out, count, low, width, pending


def decode_urn(
    data: NDArray[np.uint8], start: int, stop: int, positions: NDArray[np.int64], n: int
) -> tuple[int, int, int, int, int, int]:
    """Undo `encode_urn`: follow the number spelt by the bits [start, stop) of `data`, zeros behind them.

    Args:
        data: Packed bytes.
        start: First bit.
        stop: End of the bits that exist.
        positions: Filled with the positions of the ones, in place.
        n: Number of positions.

    Returns:
        Status, low, width, pending, the 62-bit window of the number, and the number of bits shifted out.
    """
    ones = positions.size
    low, width, pending, shifts, value = 0, FULL, 0, 0, 0
    position = start
    for _ in range(62):
        value *= 2
        if position < stop:
            value += (data[position >> 3] >> (7 - (position & 7))) & 1
        position += 1
    t, j = 0, 0
    while 0 < ones - j < n - t:
        unit = width // (n - t)
        zeros = unit * (n - t - ones + j)
        if value - low < zeros:
            width = zeros
        elif value - low < unit * (n - t):
            low += zeros
            width = unit * (ones - j)
            positions[j] = t
            j += 1
        else:
            return GAP, low, width, pending, value, shifts
        t += 1
        while width <= HALF:
            if low + width <= HALF:
                pending = 0
            elif low >= HALF:
                pending = 0
                low -= HALF
                value -= HALF
            elif low >= QUARTER and low + width <= HALF + QUARTER:
                pending += 1
                low -= QUARTER
                value -= QUARTER
            else:
                break
            low *= 2
            width *= 2
            value *= 2
            if position < stop:
                value += (data[position >> 3] >> (7 - (position & 7))) & 1
            position += 1
            shifts += 1
        if shifts > stop - start:  # the message would end behind its last bit: stop before inventing ones
            return TRUNCATED, low, width, pending, value, shifts
    while j < ones:
        positions[j] = t
        t += 1
        j += 1
    return DONE, low, width, pending, value, shifts


@cache
def compiled() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two loops, compiled; numba is imported here and not before."""
    from numba import njit

    compile_cached = njit(cache=True)
    return compile_cached(encode_urn), compile_cached(decode_urn)
