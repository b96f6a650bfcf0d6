"""Inner loops of the arithmetic coder: plain Python that numba compiles on first use.

Everything is int64: low + width never passes 2^62 and no product passes the width it divides, so no sum can
overflow and no unsigned integer is ever mixed in. An adaptive model is a static table whose entry grows by
`step` after each use (2 for Krichevsky-Trofimov, 0 for a static table); a Fenwick tree holds the sums.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FULL = 1 << 62
HALF = 1 << 61
QUARTER = 1 << 60

DONE, TRUNCATED, GAP = 0, 1, 2


def encode_run(
    symbols: NDArray[np.int64], weights: NDArray[np.int64], tree: NDArray[np.int64], step: int
) -> tuple[NDArray[np.uint8], int, int, int, int]:
    """Narrow [low, low + width) by each symbol; give the settled bits and the state that is left.

    Args:
        symbols: The symbols, each of positive weight.
        weights: Weight of each symbol; changed in place.
        tree: Fenwick tree of the weights; changed in place.
        step: What a weight grows by after each use.

    Returns:
        The bits (one a byte, in a buffer that may be longer), their number, low, width and the number of
        pending bits, which are the opposite of the next settled bit.
    """
    size = weights.size
    total = weights.sum()
    out = np.empty(64 + symbols.size, dtype=np.uint8)
    count, low, width, pending = 0, 0, FULL, 0
    for t in range(symbols.size):
        symbol = symbols[t]
        below = 0
        i = symbol
        while i > 0:
            below += tree[i]
            i &= i - 1
        unit = width // total
        low += unit * below
        width = unit * weights[symbol]
        if step:
            weights[symbol] += step
            total += step
            i = symbol + 1
            while i <= size:
                tree[i] += step
                i += i & -i
        while True:
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


def decode_run(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    symbols: NDArray[np.int64],
    weights: NDArray[np.int64],
    tree: NDArray[np.int64],
    step: int,
) -> tuple[int, int, int, int, int, int]:
    """Undo `encode_run`: follow the number spelt by the bits [start, stop) of `data`, zeros behind them.

    Args:
        data: Packed bytes.
        start: First bit.
        stop: End of the bits that exist.
        symbols: Filled with the symbols, in place.
        weights: As for the encoder.
        tree: As for the encoder.
        step: As for the encoder.

    Returns:
        Status, low, width, pending, the 62-bit window of the number, and the number of bits shifted out.
    """
    size = weights.size
    total = weights.sum()
    top = 1
    while 2 * top <= size:
        top *= 2
    low, width, pending, shifts, value = 0, FULL, 0, 0, 0
    position = start
    for _ in range(62):
        value *= 2
        if position < stop:
            value += (data[position >> 3] >> (7 - (position & 7))) & 1
        position += 1
    for t in range(symbols.size):
        unit = width // total
        target = (value - low) // unit
        if target >= total:
            return GAP, low, width, pending, value, shifts
        symbol, rest, jump = 0, target, top
        while jump > 0:
            i = symbol + jump
            if i <= size and tree[i] <= rest:
                symbol = i
                rest -= tree[i]
            jump >>= 1
        symbols[t] = symbol
        low += unit * (target - rest)
        width = unit * weights[symbol]
        if step:
            weights[symbol] += step
            total += step
            i = symbol + 1
            while i <= size:
                tree[i] += step
                i += i & -i
        while True:
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
        if shifts > stop - start:  # the message would end behind its last bit: stop before inventing symbols
            return TRUNCATED, low, width, pending, value, shifts
    return DONE, low, width, pending, value, shifts


@cache
def compiled() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two loops, compiled; numba is imported here and not before."""
    from numba import njit

    compile_cached = njit(cache=True)
    return compile_cached(encode_run), compile_cached(decode_run)
