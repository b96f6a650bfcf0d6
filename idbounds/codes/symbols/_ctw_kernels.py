"""Compiled walk of the context-tree code; imported on first use, because importing numba is slow.

One walk serves the encoder and the decoder, so that their models cannot differ. Odds are out of 2^30. A node
keeps the ratio of two weights, of what it says by itself to what the nodes below it say, as
(2^31 + mantissa) 2^(exponent - 31): a ratio of 2^-100 can still grow slowly, which a small integer could not.
A row of zeros is a fresh node of ratio one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from idbounds.codes.symbols._mixture_kernels import GAP, ROOM, SHIFTS, _compile, take
from idbounds.codes.symbols.decisions import CERTAIN

LARGEST_TREE: Final = 1 << 22
"""Most nodes: 96 MiB. When they are used up, contexts that were never seen stay without a node of their own.

Part of the format: another number is another code.
"""

CHILD, COUNT, MANTISSA, EXPONENT = 0, 2, 4, 5
_FIELDS = 6
_ROOTS_OF_BYTES = 255
_UNIT = 1 << 31


def _blend(own: Any, below: Any, mantissa: Any, exponent: Any) -> Any:
    """The odds of a node: its own and those from below, by their weights."""
    first, second = np.uint64(_UNIT + mantissa), np.uint64(_UNIT)
    if exponent > 0:
        second >>= np.uint64(min(exponent, 63))
    else:
        first >>= np.uint64(min(-exponent, 63))
    return np.int64((first * np.uint64(own) + second * np.uint64(below)) // (first + second))


blend: Any = _compile(_blend)


def _learn(own: Any, below: Any, mantissa: Any, exponent: Any) -> Any:
    """Bayes' rule: the ratio of the weights times own / below, the odds of the bit that came."""
    while own < CERTAIN // 2:
        own *= 2
        exponent -= 1
    while below < CERTAIN // 2:
        below *= 2
        exponent += 1
    ratio = np.int64(np.uint64(_UNIT + mantissa) * np.uint64(own) // np.uint64(below))
    if ratio >= 2 * _UNIT:
        ratio >>= 1
        exponent += 1
    elif ratio < _UNIT:
        ratio <<= 1
        exponent -= 1
    return ratio - _UNIT, exponent


learn: Any = _compile(_learn)


def _update(row: Any, bit: Any, own: Any, below: Any) -> Any:
    """Let a node with nodes below it learn from a bit."""
    if bit:
        own, below = CERTAIN - own, CERTAIN - below
    row[MANTISSA], row[EXPONENT] = learn(own, below, np.int64(row[MANTISSA]), np.int64(row[EXPONENT]))


update: Any = _compile(_update)


def _kt(row: Any) -> Any:
    """The odds of a node by itself: Krichevsky-Trofimov."""
    zeros, ones = np.int64(row[COUNT]), np.int64(row[COUNT + 1])
    return ((2 * zeros + 1) * CERTAIN) // (2 * (zeros + ones) + 2)


kt: Any = _compile(_kt)


def _context_walk(symbols: Any, depth: Any, in_bytes: Any, largest: Any, channel: Any) -> Any:
    """Take bits through the tree of their contexts; the decoder fills them.

    Args:
        symbols: uint8 zeros and ones, shape (n,).
        depth: How many bits of the past make a context.
        in_bytes: Whether the bits are those of bytes: then each of the 255 beginnings of a byte has a tree of
            its own, and contexts are the bytes before it, the first bit of the last byte first.
        largest: Most nodes.
        channel: Whether this is the decoder; its state; the packed message; the odds of 0 of all bits, which
            the encoder fills.

    Returns:
        Number of nodes in use.
    """
    decoding, state, data, odds_out = channel
    tree = np.zeros((1024, _FIELDS), np.int32)
    used = _ROOTS_OF_BYTES if in_bytes else 1
    path = np.zeros(depth + 1, np.int64)
    own = np.zeros(depth + 1, np.int64)
    odds = np.zeros(depth + 1, np.int64)
    context = 0
    beginning = 1  # the bits of this byte so far, behind a leading one
    turned = 0  # the same bits, the first one least significant
    for t in range(symbols.size):
        path[0] = beginning - 1
        end = 0
        while end < depth:
            side = (context >> end) & 1
            node = np.int64(tree[path[end], CHILD + side])
            if node == 0:
                if used == largest:
                    break
                if used == tree.shape[0]:
                    tree = np.concatenate((tree, np.zeros_like(tree)))
                node = np.int64(used)
                tree[path[end], CHILD + side] = node
                used += 1
            end += 1
            path[end] = node
        own[end] = odds[end] = kt(tree[path[end]])
        for level in range(end - 1, -1, -1):
            row = tree[path[level]]
            own[level] = kt(row)
            odds[level] = blend(own[level], odds[level + 1], np.int64(row[MANTISSA]), np.int64(row[EXPONENT]))
        if decoding:
            bit = take(odds[0], state, data)
            symbols[t] = bit
            if state[GAP] or state[SHIFTS] > state[ROOM]:
                break  # altered or truncated: stop before inventing bits
        else:
            bit = np.int64(symbols[t])
            odds_out[t] = odds[0]
        for level in range(end + 1):
            tree[path[level], COUNT + bit] += 1
            if level < end:
                update(tree[path[level]], bit, own[level], odds[level + 1])
        if not in_bytes:
            context = ((context << 1) | bit) & ((1 << depth) - 1)
            continue
        turned |= bit << (t & 7)
        beginning = 2 * beginning + bit
        if beginning >= 256:
            context = ((context << 8) | turned) & ((1 << depth) - 1)
            beginning, turned = 1, 0
    return used


context_walk: Any = _compile(_context_walk)
