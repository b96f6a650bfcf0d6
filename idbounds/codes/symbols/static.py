"""Codes of sequences whose statistics are paid for: a histogram, a type, a range.

The code of the type is uniform over all histograms, then over all sequences that have it. Its length is
exactly that of the adaptive code which adds one to each count (Laplace's rule), so one class is both:
`EnumerativeRun`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.arithmetic import (
    LARGEST_RUN,
    LARGEST_TOTAL,
    StaticRun,
    integer_vector,
    occurrences,
    read_run,
    write_run,
)
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, Shifted, Uniform, Zigzag, integer_within
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.codes.symbols.huffman import LARGEST_ALPHABET
from idbounds.codes.symbols.tree import checked
from idbounds.errors import DecodeError, InputError


@final
class HistogramRun(Codec[NDArray[np.int64]]):
    """Arithmetic code of n symbols over 0 .. size - 1 by their exact counts, which are sent first.

    Each count but the last is an index into 0 .. left, left being n less the counts before it: it takes
    ceil(log2(left + 1)) bits. Then the symbols as in `StaticRun`.

    Args:
        size: Number K of symbols, 1 .. 2^20.
        n: Number of symbols of the message, known to the decoder; at most 2^28.

    Raises:
        InputError: If size or n is out of range.
    """

    def __init__(self, size: int, *, n: int) -> None:
        """Fix the alphabet and the number of symbols."""
        self._size = integer_within(size, "size of the alphabet", 1, LARGEST_ALPHABET)
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"histogram(K={self._size}, n={self._n})"

    def header_bits(self, value: NDArray[np.int64]) -> int:
        """What the counts take of the length, in bits.

        Args:
            value: The symbols, shape (n,).

        Returns:
            The number of bits.
        """
        counts = occurrences(value, self._n, self._size)
        left = self._n - np.cumsum(counts)[:-1] + counts[:-1]
        return int(np.frexp(left)[1].sum())

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the counts and the symbols."""
        counts = occurrences(value, self._n, self._size)
        left = self._n
        for count in counts[:-1].tolist():
            out.write_uint(count, left.bit_length())
            left -= count
        if self._n:
            StaticRun(counts, n=self._n).write(value, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,); DecodeError if their counts are others."""
        counts = np.zeros(self._size, dtype=np.int64)
        left = self._n
        for symbol in range(self._size - 1):
            if not left:
                break
            counts[symbol] = Uniform(left + 1).read(source)
            left -= int(counts[symbol])
        counts[-1] += left
        if not self._n:
            return np.zeros(0, dtype=np.int64)
        symbols = StaticRun(counts, n=self._n).read(source)
        if not np.array_equal(np.bincount(symbols, minlength=self._size), counts):
            raise DecodeError(f"{self.name}: the symbols have other counts than the header says")
        return symbols

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The bits of the counts, and n times the entropy of the histogram."""
        counts = occurrences(value, self._n, self._size)
        payload = StaticRun(counts, n=self._n).ideal_length(value) if self._n else 0.0
        return self.header_bits(value) + payload


@final
class EnumerativeRun(Codec[NDArray[np.int64]]):
    """Enumerative code of n symbols over 0 .. size - 1: a uniform type, a uniform sequence of that type.

    -log2 P = log2 C(n + K - 1, K - 1) + log2[n! / (n_1! .. n_K!)] bits. It is written as what it equals, the
    adaptive code with P(j) = (n_j + 1) / (t + K) after t symbols.

    Args:
        size: Number K of symbols, at least one; one symbol costs 0 bits.
        n: Number of symbols of the message, known to the decoder; n <= 2^28 and n + K <= 2^30.

    Raises:
        InputError: If size or n is out of range.

    Source: Cover (1973), IEEE Transactions on Information Theory 19(1).
    """

    def __init__(self, size: int, *, n: int) -> None:
        """Fix the alphabet and the number of symbols."""
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)
        self._size = integer_within(size, "size of the alphabet", 1, LARGEST_TOTAL - self._n)

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"enumerative(K={self._size}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the symbols."""
        occurrences(value, self._n, self._size)
        if self._size > 1:
            write_run(integer_vector(value, "symbols"), np.ones(self._size, dtype=np.int64), 1, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,)."""
        if self._size == 1:
            return np.zeros(self._n, dtype=np.int64)
        return read_run(source, self._n, np.ones(self._size, dtype=np.int64), 1)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The formula above, in bits."""
        counts = occurrences(value, self._n, self._size)
        used = math.fsum(math.lgamma(count + 1) for count in counts[counts > 0].tolist())
        return (math.lgamma(self._n + self._size) - math.lgamma(self._size) - used) / math.log(2)


@final
class RangedVector(Codec[NDArray[np.int64]]):
    """A code of symbols 0 .. K - 1 for integers in any range: the smallest one is sent, and K.

    The smallest entry goes first, by Elias gamma of its zigzag number plus one, then K by Elias gamma, then
    the entries less the smallest one. An empty vector is no bits.

    Args:
        run: The code for symbols, called as run(K, n=d): `HistogramRun`, `HuffmanRun`, `EnumerativeRun`,
            `AdaptiveRun`.
        size: Length d of the vector, 0 .. 2^28.

    Raises:
        InputError: If the length is out of range.
    """

    def __init__(self, run: Callable[..., Codec[NDArray[np.int64]]], size: int) -> None:
        """Fix the code and the length."""
        self._run = run
        self._size = integer_within(size, "size of the vector", 0, LARGEST_RUN)
        self._smallest = Zigzag(Shifted(EliasGamma(largest=2 * LARGEST_ENTRY + 1), by=1))
        self._span = EliasGamma(largest=LARGEST_ALPHABET)

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"ranged-{self._run(1, n=self._size).name.partition('(')[0]}({self._size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append a vector of shape (d,)."""
        vector, smallest, span = self._checked(value)
        if vector.size:
            self._smallest.write(smallest, out)
            self._span.write(span, out)
            self._run(span, n=self._size).write(vector - smallest, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if its range is another."""
        if not self._size:
            return np.zeros(0, dtype=np.int64)
        smallest = self._smallest.read(source)
        span = self._span.read(source)
        symbols = self._run(span, n=self._size).read(source)
        if symbols.min() != 0 or symbols.max() != span - 1:
            raise DecodeError(f"{self.name}: the entries have another range than the header says")
        return symbols + smallest

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The bits of smallest entry and K, and the ideal length of the symbols."""
        vector, smallest, span = self._checked(value)
        if not vector.size:
            return 0.0
        header = self._smallest.ideal_length(smallest)
        payload = self._run(span, n=self._size).ideal_length(vector - smallest)
        return header + self._span.ideal_length(span) + payload

    def _checked(self, value: NDArray[np.int64]) -> tuple[NDArray[np.int64], int, int]:
        """The vector, its smallest entry and the number of integers from there to the largest."""
        vector = checked(value, self._size)
        if not vector.size:
            return vector, 0, 1
        span = int(vector.max()) - int(vector.min()) + 1
        if span > LARGEST_ALPHABET:
            raise InputError(f"vector: a range of {span} integers given; up to {LARGEST_ALPHABET} is allowed")
        return vector, int(vector.min()), span
