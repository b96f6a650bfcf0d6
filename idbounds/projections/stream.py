"""The one source of randomness of the project: a 32-bit hash of a counter.

Word ``i`` of stream ``t`` under ``seed`` depends on those three integers and on nothing else, so a
certificate that stores the integers stores the randomness, and any word can be made without its
predecessors. With ``mix`` the finaliser *lowbias32* (a bijection of 32-bit integers)::

    mix(x):  x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16
    word(i) = mix(mix(i xor k0) + k1)                                   all modulo 2**32

The 64-bit key (k0, k1) comes from the seed by four Feistel rounds salted with the stream number, so under
one stream two different seeds never share a key. Under one key the words are a permutation of the counters:
no word repeats, which only a test over more than about 2**16 words of all 32 bits could tell from chance.

The same hash is written three times: in Python integers (`hash32`, the definition), in numpy (`words`) and
inside the compiled kernels. Frozen test vectors tie the three together. It is not a cipher: it hides
nothing from somebody who wants to choose a seed.

Source: C. Wellons, "Prospecting for hash functions" (2018), for the constants of ``mix``.
"""

from __future__ import annotations

import operator
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError

MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B9
MULTIPLIER_1 = 0x7FEB352D
MULTIPLIER_2 = 0x846CA68B
SEED_LIMIT = 1 << 63
COUNTER_LIMIT = 1 << 32
_CHUNK = 1 << 15  # words per numpy pass: the temporaries stay in the cache


class Stream(IntEnum):
    """The named streams; a number never changes meaning, because certificates are replayed from it."""

    SIGNS = 0
    ROTATIONS = 1
    DENSE = 2
    INIT = 3
    ORDER = 4
    SPLIT = 5
    PROBE = 6
    NOISE = 7
    TEST = 8
    INNER_SIGNS = 9
    PERMUTATION = 10
    NORMAL = 11
    POSITIONS = 12
    TENSORS = 13


def checked_integer(name: str, value: object, low: int, high: int) -> int:
    """Return ``value`` as a Python integer within ``low <= value < high``.

    Args:
        name: how the message calls the value.
        value: what was given; Python and numpy integers pass, booleans and floats do not.
        low: smallest value allowed.
        high: smallest value no longer allowed.

    Returns:
        The value as an ``int``.

    Raises:
        InputError: if it is not an integer or lies outside the range.
    """
    if isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be an integer, not {value!r}")
    given: Any = value
    try:
        number = operator.index(given)
    except TypeError:
        raise InputError(f"{name} must be an integer, not {value!r}") from None
    if not low <= number < high:
        raise InputError(f"{name} = {number} is outside {low}..{high - 1}")
    return number


def mix32(x: int) -> int:
    """Scramble one 32-bit integer (lowbias32, a bijection of 0..2**32-1)."""
    x = (x ^ (x >> 16)) * MULTIPLIER_1 & MASK
    x = (x ^ (x >> 15)) * MULTIPLIER_2 & MASK
    return x ^ (x >> 16)


def stream_key(seed: int, stream: int) -> tuple[int, int]:
    """Derive the 64-bit key (k0, k1) of one stream from a seed.

    Args:
        seed: integer in [0, 2**63).
        stream: stream number in [0, 2**32), usually a `Stream`.

    Returns:
        Two integers in [0, 2**32).

    Raises:
        InputError: if either is not an integer in its range.
    """  # noqa: DOC502 - raised by checked_integer
    seed = checked_integer("seed", seed, 0, SEED_LIMIT)
    salt = mix32(checked_integer("stream", stream, 0, COUNTER_LIMIT) ^ GOLDEN)
    k0, k1 = seed & MASK, seed >> 32
    for step in range(1, 5):
        k0, k1 = k1 ^ mix32((k0 + salt + step * GOLDEN) & MASK), k0
    return k0, k1


def hash32(key: tuple[int, int], counter: int) -> int:
    """Return the word at ``counter`` under ``key``: the definition that every other form must equal.

    Args:
        key: (k0, k1) from `stream_key`.
        counter: integer in [0, 2**32).

    Returns:
        An integer in [0, 2**32).
    """
    return mix32((mix32(counter ^ key[0]) + key[1]) & MASK)


def _mix_array(x: NDArray[np.uint32]) -> NDArray[np.uint32]:
    x = (x ^ (x >> np.uint32(16))) * np.uint32(MULTIPLIER_1)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(MULTIPLIER_2)
    return x ^ (x >> np.uint32(16))


def words(seed: int, stream: int, start: int, count: int) -> NDArray[np.uint32]:
    """Return words ``start .. start + count - 1`` of a stream.

    Args:
        seed: integer in [0, 2**63).
        stream: stream number, usually a `Stream`.
        start: first counter.
        count: number of words; ``start + count`` is at most 2**32.

    Returns:
        uint32 array of shape (count,).

    Raises:
        InputError: if an argument is not an integer in its range.
    """  # noqa: DOC502 - raised by checked_integer
    k0, k1 = stream_key(seed, stream)
    start = checked_integer("start", start, 0, COUNTER_LIMIT + 1)
    count = checked_integer("count", count, 0, COUNTER_LIMIT - start + 1)
    out = np.empty(count, dtype=np.uint32)
    for low in range(0, count, _CHUNK):
        high = min(low + _CHUNK, count)
        counter = np.arange(start + low, start + high, dtype=np.uint64).astype(np.uint32)
        out[low:high] = _mix_array(_mix_array(counter ^ np.uint32(k0)) + np.uint32(k1))
    return out


def signs(seed: int, stream: int, start: int, count: int) -> NDArray[np.int8]:
    """Return random signs: -1 where the word's top bit is set, else +1.

    Args:
        seed: integer in [0, 2**63).
        stream: stream number, usually a `Stream`.
        start: first counter.
        count: number of signs.

    Returns:
        int8 array of shape (count,) with entries -1 and +1.
    """
    top = (words(seed, stream, start, count) >> np.uint32(31)).astype(np.int8)
    return np.int8(1) - np.int8(2) * top


def uniform_symmetric(seed: int, stream: int, count: int, start: int = 0) -> NDArray[np.float64]:
    r"""Return numbers uniform in (-1, 1): :math:`(2 w + 1 - 2^{32}) / 2^{32}` for each word w.

    Every value is an odd multiple of 2**-32, exact in float64; zero, -1 and 1 never occur.

    Args:
        seed: integer in [0, 2**63).
        stream: stream number, usually a `Stream`.
        count: how many.
        start: first counter.

    Returns:
        float64 array of shape (count,).
    """
    numerator = 2 * words(seed, stream, start, count).astype(np.int64) + (1 - COUNTER_LIMIT)
    return np.asarray(numerator * 2.0**-32, dtype=np.float64)


def permutation(seed: int, stream: int, n: int) -> NDArray[np.int64]:
    """Return a random order of 0..n-1: a stable sort of 64-bit keys, ties in index order.

    Item i has the key ``word(2i) * 2**32 + word(2i + 1)``; position p of the result holds the item with the
    p-th smallest key.

    Args:
        seed: integer in [0, 2**63).
        stream: stream number, usually `Stream.ORDER`.
        n: number of items, at most 2**31.

    Returns:
        int64 array of shape (n,).
    """
    n = checked_integer("n", n, 0, COUNTER_LIMIT // 2 + 1)
    pairs = words(seed, stream, 0, 2 * n).astype(np.uint64).reshape(n, 2)
    keys = (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]
    return np.argsort(keys, kind="stable").astype(np.int64)
