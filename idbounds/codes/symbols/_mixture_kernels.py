"""Compiled loops of the mixture code; imported on first use, because importing numba is slow.

One walk serves the encoder and the decoder, so that their models cannot differ: only where a bit comes from
does. Weights are at most 2^32 and odds below 2^30, so a product stays below 2^62 and a sum of products below
2^63. Sums over components are in uint64 and never meet a signed integer, which numba would turn into a
float; all else is int64.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from idbounds.codes._kernels import FULL, HALF, QUARTER
from idbounds.codes.symbols.tables import BUCKETS, PRECISION, PRIOR_PLACES

LOW, WIDTH, PENDING, VALUE, PLACE, STOP, SHIFTS, ROOM, GAP = range(9)
FIELDS: Final = 9
"""The state of the arithmetic decoder, an int64 array: the interval, the window of 62 bits of the message,
the place of the next bit, the end of the bits, how many were shifted out, how many there were; and whether
the message fell into a gap between two symbols. The encoder counts its decisions in PLACE."""

_ONE = 1 << PRECISION
_ONE_U = np.uint64(_ONE)
_LEAST = np.uint32(1)


def _compile(function: Any) -> Any:
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # nowhere to write the cache: compile once per process instead
        return numba.njit(nogil=True)(function)


def _blend(weights: Any, odds: Any) -> Any:
    """The sum of weight times odds, and the sum of the weights."""
    share, total = np.uint64(0), np.uint64(0)
    for i in range(weights.size):
        share += np.uint64(weights[i]) * np.uint64(odds[i])
        total += np.uint64(weights[i])
    return share, total


def _learn(weights: Any, odds: Any, share: Any, total: Any, bit: Any) -> Any:
    """Bayes' rule: weights times the probabilities of the bit, shifted to a sum below 2^32, never below 1."""
    left = total * _ONE_U - share if bit else share
    shift = np.uint64(0)
    while left >> shift >= np.uint64(1 << 32):
        shift += np.uint64(1)
    if bit:
        for i in range(weights.size):
            product = np.uint64(weights[i]) * (_ONE_U - np.uint64(odds[i]))
            weights[i] = max(_LEAST, np.uint32(product >> shift))
    else:
        for i in range(weights.size):
            product = np.uint64(weights[i]) * np.uint64(odds[i])
            weights[i] = max(_LEAST, np.uint32(product >> shift))


def _ask(node: Any, model: Any, counts: Any, odds: Any) -> Any:
    """The odds of 0 at a node under each component, in the order of `tree.Components`."""
    stay, spikes, base, prior = model
    zeros, seen = counts[node, 0], counts[node, 0] + counts[node, 1]
    counted = ((2 * zeros + 1) << PRECISION) // (2 * seen + 2)
    for i in range(stay.shape[1]):
        odds[i] = stay[node, i]
    first = stay.shape[1]
    for i in range(spikes):
        odds[first + i] = stay[node, i] if node else counted
    first += spikes
    for i in range(prior.shape[1]):
        weight = prior[node, i]
        share = weight * base[node, i] + (zeros << (PRECISION + PRIOR_PLACES))
        odds[first + i] = max(share // (weight + (seen << PRIOR_PLACES)), 1)
    first += prior.shape[1]
    if first < odds.size:
        odds[first] = counted


def _take(zero: Any, state: Any, data: Any) -> Any:
    """Decode a bit whose probability of 0 is zero / 2^30, as `_kernels.decode_run` decodes a symbol."""
    unit = state[WIDTH] >> PRECISION
    target = (state[VALUE] - state[LOW]) // unit
    if target >= _ONE:
        state[GAP] = 1
        state[VALUE] = state[LOW]
    bit = np.int64(target >= zero)
    if bit:
        state[LOW] += unit * zero
        state[WIDTH] = unit * (_ONE - zero)
    else:
        state[WIDTH] = unit * zero
    while True:
        low, end = state[LOW], state[LOW] + state[WIDTH]
        if end <= HALF:
            state[PENDING] = taken = 0
        elif low >= HALF:
            state[PENDING] = 0
            taken = HALF
        elif low >= QUARTER and end <= HALF + QUARTER:
            state[PENDING] += 1
            taken = QUARTER
        else:
            return bit
        place = state[PLACE]
        following = (data[place >> 3] >> (7 - (place & 7))) & 1 if place < state[STOP] else 0
        state[LOW] = 2 * (low - taken)
        state[WIDTH] *= 2
        state[VALUE] = 2 * (state[VALUE] - taken) + following
        state[PLACE] += 1
        state[SHIFTS] += 1


def _pass(bit: Any, zero: Any, channel: Any) -> Any:
    """A bit whose probability of 0 is zero / 2^30: noted by the encoder, read by the decoder."""
    decoding, state, data, bits, odds = channel
    if decoding:
        return take(zero, state, data)
    bits[state[PLACE]] = bit
    odds[state[PLACE]] = zero
    state[PLACE] += 1
    return bit


def _decide(bit: Any, node: Any, model: Any, memory: Any, channel: Any) -> Any:
    """A decision at a node of the tree: all components are asked, the bit passes, all learn from it."""
    counts, weights, odds = memory
    ask(node, model, counts, odds)
    share, total = blend(weights, odds)
    bit = pass_(bit, np.int64(share // total), channel)
    learn(weights, odds, share, total, bit)
    counts[node, bit] += 1
    return bit


def _walk(vector: Any, magnitudes: Any, signs: Any, tree: Any, channel: Any) -> None:
    """Take a vector through the tree, entry by entry; the decoder fills it.

    Args:
        vector: int64, shape (n,).
        magnitudes: The model (see `_ask`) and its memory: counts, weights, room for odds.
        signs: The same for the one decision of a sign.
        tree: Where the halvings of each bucket begin, and how many of its levels are modelled.
        channel: Whether this is the decoder; its state; the packed message; the bits and the odds of all
            decisions, which the encoder fills.
    """
    model, memory = magnitudes
    sign_model, sign_memory = signs
    inner_rows, inner_levels = tree
    state = channel[1]
    for t in range(vector.size):
        wanted = abs(vector[t]) + 1
        bucket = 0
        while bucket < BUCKETS - 1:
            if not decide(np.int64(wanted >> (bucket + 1) > 0), bucket, model, memory, channel):
                break
            bucket += 1
        found = 1  # the leading binary digits of the magnitude plus one: bucket + 1 of them in the end
        for level in range(bucket):
            bit: Any = (wanted >> (bucket - 1 - level)) & 1
            if level < inner_levels[bucket]:
                bit = decide(bit, inner_rows[bucket] + found, model, memory, channel)
            else:
                bit = pass_(bit, _ONE // 2, channel)
            found = 2 * found + bit
        negative = found > 1 and decide(np.int64(vector[t] < 0), 0, sign_model, sign_memory, channel)
        vector[t] = 1 - found if negative else found - 1
        if state[GAP] or state[SHIFTS] > state[ROOM]:
            return  # altered or truncated: stop before inventing entries


def _spell(bits: Any, odds: Any) -> Any:
    """Encode bits whose probabilities of 0 are odds / 2^30, as `_kernels.encode_run` encodes symbols."""
    out = np.empty(64 + bits.size, dtype=np.uint8)
    count, low, width, pending = 0, 0, FULL, 0
    for t in range(bits.size):
        unit = width >> PRECISION
        zero: Any = np.int64(odds[t])
        if bits[t]:
            low += unit * zero
            width = unit * (_ONE - zero)
        else:
            width = unit * zero
        while True:
            settled = 2
            if low + width <= HALF:
                settled = 0
            elif low >= HALF:
                settled = 1
                low -= HALF
            elif low >= QUARTER and low + width <= HALF + QUARTER:
                pending += 1
                low -= QUARTER
            else:
                break
            low *= 2
            width *= 2
            if settled < 2:
                stop = count + 1 + pending
                if stop > out.size:
                    grown = np.empty(2 * stop, dtype=np.uint8)
                    grown[:count] = out[:count]
                    out = grown
                out[count] = settled
                out[count + 1 : stop] = 1 - settled
                count = stop
                pending = 0
    return out, count, low, width, pending


blend: Any = _compile(_blend)
learn: Any = _compile(_learn)
ask: Any = _compile(_ask)
take: Any = _compile(_take)
pass_: Any = _compile(_pass)
decide: Any = _compile(_decide)
walk: Any = _compile(_walk)
spell: Any = _compile(_spell)
