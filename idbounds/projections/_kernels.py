"""Compiled loops; imported only when a projection is first applied, because importing numba is slow.

Everything compiled lies in this one file: numba's cache watches only the file a function is written in.
No function uses fastmath: on signed copies and sums in a fixed order there is nothing for it to gain but
a result that differs between machines.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from idbounds.projections.stream import MULTIPLIER_1, MULTIPLIER_2

_M1, _M2 = np.uint32(MULTIPLIER_1), np.uint32(MULTIPLIER_2)
_HALF = np.uint32(1 << 31)
_S15, _S16 = np.uint32(15), np.uint32(16)


def _mix32(x: Any) -> Any:
    # numba widens uint32 arithmetic to 64 bits: every step is cast back, or the hash would be another one.
    x = np.uint32(x ^ np.uint32(x >> _S16))
    x = np.uint32(x * _M1)
    x = np.uint32(x ^ np.uint32(x >> _S15))
    x = np.uint32(x * _M2)
    return np.uint32(x ^ np.uint32(x >> _S16))


mix32: Any = numba.njit(inline="always")(_mix32)


def _hash32(k0: Any, k1: Any, counter: Any) -> Any:
    return mix32(np.uint32(mix32(np.uint32(counter ^ k0)) + k1))


hash32: Any = numba.njit(inline="always")(_hash32)


def _words(k0: Any, k1: Any, start: Any, out: Any) -> None:
    for i in range(out.shape[0]):
        out[i] = hash32(k0, k1, np.uint32(start + i))


def _spread_blocks(
    sign_key: Any, turn_key: Any, d: Any, length: Any, first: Any, end: Any, tile: Any, out: Any
) -> None:
    D = out.shape[0]
    k0, k1 = sign_key
    for b in range(first, end):
        start = b * length
        n = min(length, D - start)
        turn = (np.uint64(hash32(turn_key[0], turn_key[1], np.uint32(b))) * np.uint64(d)) >> np.uint64(32)
        # Slices, not computed indices: numba's test for negative indices would stop vectorisation.
        source = tile[turn : turn + np.uint64(n)]
        target = out[start : start + n]
        base = np.uint32(start)
        for i in range(n):
            value = source[i]
            target[i] = value if hash32(k0, k1, np.uint32(base + np.uint32(i))) < _HALF else -value


def _gather_blocks(
    sign_key: Any, turn_key: Any, d: Any, length: Any, first: Any, end: Any, g: Any, total: Any
) -> None:
    D = g.shape[0]
    k0, k1 = sign_key
    for b in range(first, end):
        start = b * length
        n = min(length, D - start)
        turn = (np.uint64(hash32(turn_key[0], turn_key[1], np.uint32(b))) * np.uint64(d)) >> np.uint64(32)
        source = g[start : start + n]
        target = total[turn : turn + np.uint64(n)]
        base = np.uint32(start)
        for i in range(n):
            value = source[i]
            target[i] += value if hash32(k0, k1, np.uint32(base + np.uint32(i))) < _HALF else -value


def _spread_dense(key: Any, first: Any, end: Any, z: Any, out: Any) -> None:
    d = z.shape[0]
    k0, k1 = key
    target = out[first:end]
    target[:] = 0.0
    # Columns outside, rows inside: each row is summed in the order of its columns, on every machine.
    for k in range(d):
        value = z[k]
        base = np.uint32(first * d + k)
        for r in range(end - first):
            counter = np.uint32(base + np.uint32(np.uint32(r) * np.uint32(d)))
            target[r] += value if hash32(k0, k1, counter) < _HALF else -value


def _gather_dense(key: Any, first: Any, end: Any, g: Any, total: Any) -> None:
    d = total.shape[0]
    k0, k1 = key
    for r in range(first, end):
        value = g[r]
        base = np.uint32(r * d)
        for k in range(d):
            total[k] += value if hash32(k0, k1, np.uint32(base + np.uint32(k))) < _HALF else -value


def _compile(function: Any) -> Any:
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # nowhere to write the cache: compile once per process instead
        return numba.njit(nogil=True)(function)


words: Any = _compile(_words)
spread_blocks: Any = _compile(_spread_blocks)
gather_blocks: Any = _compile(_gather_blocks)
spread_dense: Any = _compile(_spread_dense)
gather_dense: Any = _compile(_gather_dense)
