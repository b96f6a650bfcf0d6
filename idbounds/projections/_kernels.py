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
STRIP = 16  # columns of a strip: a line of the cache in float32


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


def _rest_of_hash(counter: Any, upper: Any, k1: Any) -> Any:
    """hash32 from behind its first shift, whose outcome `upper` holds with k0."""
    x = np.uint32(np.uint32(counter ^ upper) * _M1)
    x = np.uint32(x ^ np.uint32(x >> _S15))
    x = np.uint32(x * _M2)
    x = np.uint32(x ^ np.uint32(x >> _S16))
    return mix32(np.uint32(x + k1))


rest_of_hash: Any = numba.njit(inline="always")(_rest_of_hash)


def _place(key: Any, counter: Any, size: Any) -> Any:
    return (np.uint64(hash32(key[0], key[1], np.uint32(counter))) * np.uint64(size)) >> np.uint64(32)


place: Any = numba.njit(inline="always")(_place)


def _words(k0: Any, k1: Any, start: Any, out: Any) -> None:
    for i in range(out.shape[0]):
        out[i] = hash32(k0, k1, np.uint32(start + i))


def _signed_copy(key: Any, start: Any, source: Any, target: Any) -> None:
    """Set target = s * source, with the signs of the words at start, start + 1, ..."""
    k0, k1 = key
    n, done = source.shape[0], 0
    while done < n:
        # In a run without a carry into the upper half the first shift of the hash is the same for all: it is
        # taken once, a tenth of the work.
        base = np.uint32(start + done)
        m = min(n - done, 65536 - (np.int64(base) & 65535))
        upper = np.uint32(k0 ^ np.uint32(np.uint32(base ^ k0) >> _S16))
        x, y = source[done : done + m], target[done : done + m]
        for i in range(m):
            value = x[i]
            y[i] = value if rest_of_hash(np.uint32(base + np.uint32(i)), upper, k1) < _HALF else -value
        done += m


def _signed_add(key: Any, start: Any, source: Any, target: Any) -> None:
    """Add s * source to target, with the signs of the words at start, start + 1, ..."""
    k0, k1 = key
    n, done = source.shape[0], 0
    while done < n:
        base = np.uint32(start + done)
        m = min(n - done, 65536 - (np.int64(base) & 65535))
        upper = np.uint32(k0 ^ np.uint32(np.uint32(base ^ k0) >> _S16))
        x, y = source[done : done + m], target[done : done + m]
        for i in range(m):
            value = x[i]
            y[i] += value if rest_of_hash(np.uint32(base + np.uint32(i)), upper, k1) < _HALF else -value
        done += m


signed_copy: Any = numba.njit(nogil=True)(_signed_copy)
signed_add: Any = numba.njit(nogil=True)(_signed_add)


def _spread_blocks(
    sign_key: Any, turn_key: Any, d: Any, length: Any, first: Any, end: Any, tile: Any, out: Any
) -> None:
    D = out.shape[0]
    for b in range(first, end):
        start = b * length
        n = min(length, D - start)
        turn = place(turn_key, b, d)
        # Slices, not computed indices: numba's test for negative indices would stop vectorisation.
        signed_copy(sign_key, start, tile[turn : turn + np.uint64(n)], out[start : start + n])


def _gather_blocks(
    sign_key: Any, turn_key: Any, d: Any, length: Any, first: Any, end: Any, g: Any, total: Any
) -> None:
    D = g.shape[0]
    for b in range(first, end):
        start = b * length
        n = min(length, D - start)
        turn = place(turn_key, b, d)
        signed_add(sign_key, start, g[start : start + n], total[turn : turn + np.uint64(n)])


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


def _flip(key: Any, counter: Any, value: Any) -> Any:
    return value if hash32(key[0], key[1], np.uint32(counter)) < _HALF else -value


flip: Any = numba.njit(inline="always")(_flip)


def _butterflies(a: Any, half: Any) -> None:
    """Stages of the Walsh-Hadamard transform from stride `half` up, two at a time."""
    n = a.shape[0]
    while 4 * half <= n:
        for low in range(0, n, 4 * half):
            # Four slices: with computed indices numba's test for negative ones would stop vectorisation.
            a0, a1 = a[low : low + half], a[low + half : low + 2 * half]
            a2, a3 = a[low + 2 * half : low + 3 * half], a[low + 3 * half : low + 4 * half]
            for i in range(half):
                s0, s1, s2, s3 = a0[i] + a1[i], a0[i] - a1[i], a2[i] + a3[i], a2[i] - a3[i]
                a0[i] = s0 + s2
                a1[i] = s1 + s3
                a2[i] = s0 - s2
                a3[i] = s1 - s3
        half *= 4
    if 2 * half <= n:
        for low in range(0, n, 2 * half):
            a0, a1 = a[low : low + half], a[low + half : low + 2 * half]
            for i in range(half):
                s0, s1 = a0[i] + a1[i], a0[i] - a1[i]
                a0[i] = s0
                a1[i] = s1


butterflies: Any = numba.njit(nogil=True)(_butterflies)


def _hadamard(a: Any) -> None:
    """Replace a, of a power of two, by H a: Walsh and Hadamard, not normalised, in Sylvester's order."""
    n = a.shape[0]
    if n < 8:
        butterflies(a, 1)
        return
    for low in range(0, n, 8):  # the first three stages in registers: their strides are too short for vectors
        b = a[low : low + 8]
        b0, b1, b2, b3 = b[0] + b[1], b[0] - b[1], b[2] + b[3], b[2] - b[3]
        b4, b5, b6, b7 = b[4] + b[5], b[4] - b[5], b[6] + b[7], b[6] - b[7]
        c0, c1, c2, c3 = b0 + b2, b1 + b3, b0 - b2, b1 - b3
        c4, c5, c6, c7 = b4 + b6, b5 + b7, b4 - b6, b5 - b7
        b[0], b[1], b[2], b[3] = c0 + c4, c1 + c5, c2 + c6, c3 + c7
        b[4], b[5], b[6], b[7] = c0 - c4, c1 - c5, c2 - c6, c3 - c7
    butterflies(a, 8)


hadamard: Any = numba.njit(nogil=True)(_hadamard)


def _hadamard_across(first: Any, end: Any, a: Any) -> None:
    """The stages across the rows of a matrix, for strips first..end-1 of STRIP columns."""
    rows, columns = a.shape
    width = min(STRIP, columns)
    work = np.empty(rows * width, dtype=a.dtype)
    for strip in range(first, end):
        left = strip * width
        # Rows lie a power of two apart, where caches have few places: the strip is copied together first.
        for r in range(rows):
            work[r * width : (r + 1) * width] = a[r, left : left + width]
        butterflies(work, width)
        for r in range(rows):
            a[r, left : left + width] = work[r * width : (r + 1) * width]


def _spread_fastfood(first: Any, end: Any, u: Any, index: Any, gain: Any, out: Any) -> None:
    """Rows first..end-1 of G * u[index], each transformed along itself."""
    columns = out.shape[1]
    for r in range(first, end):
        row, start = out[r], r * columns
        at, factor = index[start : start + columns], gain[start : start + columns]
        for i in range(columns):
            row[i] = u[at[i]] * factor[i]
        hadamard(row)


def _gather_fastfood(first: Any, end: Any, a: Any, index: Any, gain: Any, total: Any) -> None:
    """The adjoint of `spread_fastfood`, added to `total`; `a` is overwritten."""
    columns = a.shape[1]
    for r in range(first, end):
        row, start = a[r], r * columns
        hadamard(row)
        at, factor = index[start : start + columns], gain[start : start + columns]
        for i in range(columns):
            total[at[i]] += row[i] * factor[i]


def _spread_srht(inner: Any, outer: Any, length: Any, first: Any, end: Any, z: Any, out: Any) -> None:
    d, D = z.shape[0], out.shape[0]
    work = np.empty(length, dtype=z.dtype)
    for b in range(first, end):
        signed_copy(inner, b * d, z, work[:d])
        work[d:] = 0
        hadamard(work)
        start = b * length
        n = min(length, D - start)
        signed_copy(outer, start, work[:n], out[start : start + n])


def _gather_srht(inner: Any, outer: Any, length: Any, first: Any, end: Any, g: Any, total: Any) -> None:
    d, D = total.shape[0], g.shape[0]
    work = np.empty(length, dtype=g.dtype)
    for b in range(first, end):
        start = b * length
        n = min(length, D - start)
        signed_copy(outer, start, g[start : start + n], work[:n])
        work[n:] = 0
        hadamard(work)
        signed_add(inner, b * d, work[:d], total)


def _spread_sparse(places: Any, sign: Any, entries: Any, first: Any, end: Any, z: Any, out: Any) -> None:
    d, D = z.shape[0], out.shape[0]
    for e in range(first, end):
        low, high = e * D // entries, (e + 1) * D // entries
        target = out[low:high]
        target[:] = 0
        base = np.uint32(e * d)
        for k in range(d):
            counter = np.uint32(base + np.uint32(k))
            target[place(places, counter, high - low)] += flip(sign, counter, z[k])


def _gather_sparse(places: Any, sign: Any, entries: Any, first: Any, end: Any, g: Any, total: Any) -> None:
    d, D = total.shape[0], g.shape[0]
    for e in range(first, end):
        low, high = e * D // entries, (e + 1) * D // entries
        source = g[low:high]
        base = np.uint32(e * d)
        for k in range(d):
            counter = np.uint32(base + np.uint32(k))
            total[k] += flip(sign, counter, source[place(places, counter, high - low)])


def _gather_tied(index: Any, first: Any, end: Any, g: Any, total: Any) -> None:
    for r in range(first, end):
        total[index[r]] += g[r]


def _dot(a: Any, b: Any) -> Any:
    # Four sums side by side, added at the end: a fixed order that does not wait for each addition.
    n = a.shape[0] // 4 * 4
    s0 = s1 = s2 = s3 = 0.0
    for i in range(0, n, 4):
        x, y = a[i : i + 4], b[i : i + 4]
        s0 += x[0] * y[0]
        s1 += x[1] * y[1]
        s2 += x[2] * y[2]
        s3 += x[3] * y[3]
    for i in range(n, a.shape[0]):
        s0 += a[i] * b[i]
    return (s0 + s1) + (s2 + s3)


dot: Any = numba.njit(nogil=True)(_dot)


def _add_multiple(target: Any, factor: Any, source: Any) -> None:
    for i in range(target.shape[0]):
        target[i] += factor * source[i]


add_multiple: Any = numba.njit(nogil=True)(_add_multiple)


def _orthonormalise(a: Any) -> None:
    """Gram and Schmidt, modified, each vector (row of a) cleaned twice: orthonormal to rounding."""
    for k in range(a.shape[0]):
        for _ in range(2):
            for j in range(k):
                add_multiple(a[k], -dot(a[j], a[k]), a[j])
            a[k] /= np.sqrt(dot(a[k], a[k]))


def _kronecker(left: Any, right: Any, z: Any, first: Any, end: Any, out: Any) -> None:
    """Rows first..end-1 of left z right', for matrices stored by columns: row k of `left` is its column k."""
    inner, outer = z.shape
    middle = np.empty(outer)
    for r in range(first, end):
        middle[:] = 0
        for k in range(inner):
            add_multiple(middle, left[k, r], z[k])
        target = out[r]
        target[:] = 0
        for k in range(outer):
            add_multiple(target, middle[k], right[k])


def _spread_rows(first: Any, end: Any, z: Any, a: Any, out: Any) -> None:
    """Entries first..end-1 of a' z, summed in the order of the rows of a."""
    target = out[first:end]
    target[:] = 0
    for k in range(z.shape[0]):
        add_multiple(target, z[k], a[k, first:end])


def _gather_rows(first: Any, end: Any, g: Any, a: Any, total: Any) -> None:
    """Entries first..end-1 of a g."""
    for k in range(first, end):
        total[k] = dot(a[k], g)


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
hadamard_across: Any = _compile(_hadamard_across)
spread_fastfood: Any = _compile(_spread_fastfood)
gather_fastfood: Any = _compile(_gather_fastfood)
spread_srht: Any = _compile(_spread_srht)
gather_srht: Any = _compile(_gather_srht)
spread_sparse: Any = _compile(_spread_sparse)
gather_sparse: Any = _compile(_gather_sparse)
gather_tied: Any = _compile(_gather_tied)
orthonormalise: Any = _compile(_orthonormalise)
kronecker: Any = _compile(_kronecker)
spread_rows: Any = _compile(_spread_rows)
gather_rows: Any = _compile(_gather_rows)
