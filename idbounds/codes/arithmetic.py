"""An exact arithmetic coder over integer tables, within two bits of -log2 P for every input.

The coder keeps an interval [low, low + width) of a 62-bit frame. A symbol with weights [c, c + w) out of a
total W takes unit = width // W, low += unit c, width = unit w. What the division leaves over belongs to no
symbol: real intervals are then never wider than the model's, so that the length is never below -log2 P, and a
decoder that lands in the leftover has met an altered message. After each symbol the frame is doubled onto its
lower half, upper half or middle half as long as the interval lies inside one of them, so width > 2^60; with
W <= 2^30 the division costs less than 2^-28 bits a symbol.

Termination. After s doublings the real interval has size Q = (width / 2^62) 2^-s. No half contains it, hence
low < 2^61 < low + width, and since the middle half does not contain it, low < 2^60 or low + width > 3 2^60.
So the second or the third quarter of the frame lies inside the interval. A quarter of the frame is one dyadic
interval, s + 2 bits long: sending these bits fixes the interval whatever bits follow (prefix-free). As
width < 2^62, s + 2 < 2 - log2 Q. When a whole half, or the whole frame, lies inside, one or two bits fewer
do. The decoder ends in the same state, so it knows the same number of bits; and it checks that they spell
just that quarter, half or frame, so that every sequence has exactly one accepted spelling.

Sources: Witten, Neal and Cleary (1987); Krichevsky and Trofimov (1981).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes import _kernels
from idbounds.codes.bits import BitReader, Bits, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import integer_within
from idbounds.errors import DecodeError, InputError

LARGEST_TOTAL: Final = 2**30
"""Largest sum of the weights of a table: it keeps the loss of a division below 2^-28 bits."""

LARGEST_RUN: Final = 2**28
"""Most symbols of one run: the divisions then cost less than half a bit, whatever the table."""


def integer_vector(values: ArrayLike, what: str) -> NDArray[np.int64]:
    """A one-dimensional array of integers as contiguous int64.

    Args:
        values: Anything numpy reads as integers, shape (n,).
        what: Name for the error message.

    Returns:
        The array, shape (n,).

    Raises:
        InputError: If the values are not integers of 64 bits in one dimension.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{what}: rows of unequal length given; one dimension is allowed") from None
    if array.ndim != 1:
        raise InputError(f"{what}: an array of shape {array.shape} given; one dimension is allowed")
    if not array.size:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise InputError(f"{what}: dtype {array.dtype} given; only integers are allowed, round them first")
    if array.dtype.kind == "u" and int(array.max()) >= 2**63:
        raise InputError(f"{what}: {int(array.max())} given; less than 2^63 is allowed")
    return np.ascontiguousarray(array, dtype=np.int64)


@final
class StaticRun(Codec[NDArray[np.int64]]):
    """Arithmetic code of n symbols with P(j) = counts[j] / sum(counts), the table known to the decoder.

    A table with a single positive entry leaves nothing to say: 0 bits.

    Args:
        counts: Weight of each symbol 0 .. K - 1, shape (K,), not negative, 1 <= sum <= 2^30.
        n: Number of symbols, known to the decoder; at most 2^28.

    Raises:
        InputError: If the table or n is out of range.

    Source: Witten, Neal and Cleary (1987).
    """

    def __init__(self, counts: ArrayLike, *, n: int) -> None:
        """Fix the table and the number of symbols."""
        self._counts = integer_vector(counts, "counts")
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)
        if (self._counts < 0).any() or (self._counts > LARGEST_TOTAL).any():
            raise InputError(f"counts: an entry outside 0 .. {LARGEST_TOTAL} given; none is allowed")
        self._total = int(self._counts.sum())
        if not 1 <= self._total <= LARGEST_TOTAL:
            raise InputError(f"counts: a sum of {self._total} given; 1 to {LARGEST_TOTAL} is allowed")

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"static-arithmetic(K={self._counts.size}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the symbols."""
        self._tally(value)
        if self._counts.max() < self._total:
            write_run(integer_vector(value, "symbols"), self._counts.copy(), 0, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,)."""
        if self._counts.max() == self._total:
            return np.full(self._n, self._counts.argmax(), dtype=np.int64)
        return read_run(source, self._n, self._counts.copy(), 0)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Sum of log2(total / count) over the symbols, in bits."""
        tally = self._tally(value)
        used = tally > 0
        return float(tally[used] @ (math.log2(self._total) - np.log2(self._counts[used])))

    def _tally(self, value: ArrayLike) -> NDArray[np.int64]:
        """How often each symbol occurs; InputError if one has no weight."""
        tally = occurrences(value, self._n, self._counts.size)
        if ((tally > 0) & (self._counts == 0)).any():
            symbol = int(np.argmax((tally > 0) & (self._counts == 0)))
            raise InputError(
                f"symbols: {symbol} given, whose count is 0; only symbols of positive count allowed"
            )
        return tally


@final
class AdaptiveRun(Codec[NDArray[np.int64]]):
    """Arithmetic code of n symbols over 0 .. size - 1 by the Krichevsky-Trofimov estimator: no header at all.

    After t symbols P(j) = (2 n_j + 1) / (2 t + size), so with final counts n_j the whole sequence has
    -log2 P = log2[Gamma(n + K/2) / Gamma(K/2)] - sum_j log2[Gamma(n_j + 1/2) / Gamma(1/2)] bits in any order.

    Args:
        size: Number K of symbols, at least one; one symbol costs 0 bits.
        n: Number of symbols of the message, known to the decoder; n <= 2^28 and 2 n + K <= 2^30.

    Raises:
        InputError: If size or n is out of range.

    Source: Krichevsky and Trofimov (1981), IEEE Transactions on Information Theory 27(2).
    """

    def __init__(self, size: int, *, n: int) -> None:
        """Fix the alphabet and the number of symbols."""
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)
        self._size = integer_within(size, "size of the alphabet", 1, LARGEST_TOTAL)
        if 2 * self._n + self._size > LARGEST_TOTAL:
            raise InputError(
                f"adaptive code: size {size}, n {n} given; 2 n + size up to {LARGEST_TOTAL} is allowed"
            )

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"adaptive-arithmetic(K={self._size}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the symbols."""
        occurrences(value, self._n, self._size)
        if self._size > 1:
            write_run(integer_vector(value, "symbols"), np.ones(self._size, dtype=np.int64), 2, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,)."""
        if self._size == 1:
            return np.zeros(self._n, dtype=np.int64)
        return read_run(source, self._n, np.ones(self._size, dtype=np.int64), 2)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The closed form above, in bits."""
        tally = occurrences(value, self._n, self._size)
        half = math.lgamma(0.5)
        used = math.fsum(math.lgamma(count + 0.5) - half for count in tally[tally > 0].tolist())
        return (math.lgamma(self._n + self._size / 2) - math.lgamma(self._size / 2) - used) / math.log(2)


def encode_static(symbols: Sequence[int] | NDArray[np.int64], counts: ArrayLike) -> Bits:
    """The bits of `StaticRun`; the number of symbols and the table are known to the decoder."""
    array = integer_vector(symbols, "symbols")
    return StaticRun(counts, n=array.size).encode(array).bits


def decode_static(bits: Bits, *, n: int, counts: ArrayLike) -> NDArray[np.int64]:
    """The n symbols that `encode_static` wrote, shape (n,)."""
    return StaticRun(counts, n=n).decode(bits)


def encode_adaptive(symbols: Sequence[int] | NDArray[np.int64], size: int) -> Bits:
    """The bits of `AdaptiveRun`; the number of symbols and the alphabet are known to the decoder."""
    array = integer_vector(symbols, "symbols")
    return AdaptiveRun(size, n=array.size).encode(array).bits


def decode_adaptive(bits: Bits, *, n: int, size: int) -> NDArray[np.int64]:
    """The n symbols that `encode_adaptive` wrote, shape (n,)."""
    return AdaptiveRun(size, n=n).decode(bits)


def checked_symbols(value: ArrayLike, n: int, size: int) -> NDArray[np.int64]:
    """Symbols of an alphabet.

    Args:
        value: Anything numpy reads as integers.
        n: How many there must be.
        size: They must be 0 .. size - 1.

    Returns:
        The symbols, shape (n,).

    Raises:
        InputError: If the value is anything else.
    """
    symbols = integer_vector(value, "symbols")
    if symbols.size != n:
        raise InputError(f"symbols: {symbols.size} given; {n} are allowed")
    if n and (symbols.min() < 0 or symbols.max() >= size):
        raise InputError(
            f"symbols: values {symbols.min()} to {symbols.max()} given; 0 to {size - 1} is allowed"
        )
    return symbols


def occurrences(value: ArrayLike, n: int, size: int) -> NDArray[np.int64]:
    """How often each symbol occurs.

    Args:
        value: As for `checked_symbols`.
        n: See there.
        size: See there.

    Returns:
        The counts, shape (size,).
    """
    return np.bincount(checked_symbols(value, n, size), minlength=size).astype(np.int64, copy=False)


def _fenwick(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fenwick tree of the weights: entry i >= 1 is the sum of the weights (i - (i & -i)) .. i - 1."""
    sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(weights)])
    index = np.arange(sums.size)
    return np.ascontiguousarray(sums - sums[index & (index - 1)] * (index > 0))


def _ending(low: int, width: int, pending: int) -> tuple[int, int]:
    """Start and size of the dyadic piece of the frame that ends a message: see Termination above."""
    full, half, quarter = _kernels.FULL, _kernels.HALF, _kernels.QUARTER
    if low == 0 and width == full and not pending:  # with bits pending the frame itself is not dyadic
        return 0, full
    if low == 0:
        return 0, half
    if low + width == full:
        return half, half
    return (quarter, quarter) if low <= quarter else (half, quarter)


def write_run(symbols: NDArray[np.int64], weights: NDArray[np.int64], step: int, out: BitWriter) -> None:
    """Append one arithmetic-coded run, ended so that anything may follow.

    Args:
        symbols: The symbols, each of positive weight.
        weights: Weight of each symbol, two of them positive at least; changed in place.
        step: What a weight grows by after each use.
        out: Where the bits go.
    """
    encode_run, _ = _kernels.compiled()
    settled, count, low, width, pending = encode_run(symbols, weights, _fenwick(weights), step)
    write_end(settled[:count], low, width, pending, out)


def write_end(settled: NDArray[np.uint8], low: int, width: int, pending: int, out: BitWriter) -> None:
    """Append a run as a compiled encoder leaves it, ended so that anything may follow.

    Args:
        settled: The bits that are settled.
        low: Where the interval begins.
        width: How wide it is.
        pending: Number of bits that are the opposite of the next settled one.
        out: Where the bits go.
    """
    out.write_array(settled)
    start, size = _ending(low, width, pending)
    if size == _kernels.FULL:
        return
    bit = int(start >= _kernels.HALF)
    opposite = pending + int(size == _kernels.QUARTER)  # the inner quarters are spelt 01 and 10
    out.write_bit(bit)
    out.write_array(np.full(opposite, 1 - bit, dtype=np.uint8))


def read_run(source: BitReader, n: int, weights: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Read one run and leave the source right behind it; DecodeError if no encoder writes it.

    Args:
        source: Where the bits come from.
        n: Number of symbols.
        weights: As for `write_run`.
        step: As for `write_run`.

    Returns:
        The symbols, shape (n,).
    """
    _, decode_run = _kernels.compiled()
    data = np.frombuffer(source.bits.data, dtype=np.uint8)
    symbols = np.empty(n, dtype=np.int64)  # pages are touched only as far as the stream really goes
    status, low, width, pending, value, shifts = decode_run(
        data, source.position, source.bits.length, symbols, weights, _fenwick(weights), step
    )
    read_end(source, status, low, width, pending, value, shifts)
    return symbols


def read_end(
    source: BitReader, status: int, low: int, width: int, pending: int, value: int, shifts: int
) -> None:
    """Leave the source right behind a run as a compiled decoder leaves it.

    Args:
        source: Where the run was read from; its position is still at the start of the run.
        status: `DONE`, `TRUNCATED` or `GAP`.
        low: Where the interval begins.
        width: How wide it is.
        pending: Number of bits that no half of the frame has settled.
        value: The 62-bit window of the message.
        shifts: Number of bits shifted out.

    Raises:
        DecodeError: If no encoder writes the run.
    """
    if status == _kernels.TRUNCATED:
        raise DecodeError("truncated: the arithmetic-coded run needs more bits than there are")
    start, size = _ending(low, width, pending)
    if status == _kernels.GAP or not start <= value < start + size:
        raise DecodeError("arithmetic-coded run: no encoder writes these bits; the message was altered")
    source.skip(shifts + (_kernels.FULL // size).bit_length() - 1)
