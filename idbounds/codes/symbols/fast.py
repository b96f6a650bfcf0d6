"""Long arrays by the range coder of the library constriction: faster than the exact coder, longer by words.

It writes whole words of 32 bits and rounds probabilities to 24 bits. That is nothing on 10^5 symbols, and a
tenth of the message on 100: short messages belong to the exact coder of `arithmetic`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import LARGEST_RUN, checked_symbols, integer_vector, occurrences
from idbounds.codes.bits import BitReader, Bits, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, integer_within
from idbounds.errors import DecodeError, InputError

LARGEST_FAST_TOTAL: Final = 2**24
"""Largest sum of the counts: the coder would lift a smaller probability to 2^-24."""


@final
class FastRun(Codec[NDArray[np.int64]]):
    """Range code of n symbols with P(j) about counts[j] / sum(counts), the table known to the decoder.

    The number of words, plus one, by Elias gamma; then the words. A table with a single positive entry leaves
    nothing to say, and no words. There is no promise on the length: some 40 bits above the ideal one is
    usual. The decoder encodes what it read once more, so that only what the encoder writes is accepted.

    Args:
        counts: Weight of each symbol 0 .. K - 1, shape (K,), not negative, 1 <= sum <= 2^24.
        n: Number of symbols, known to the decoder; at most 2^28.

    Raises:
        InputError: If the table or n is out of range.

    Source: Martin (1979) for range coding; Bamler (2022), arXiv 2201.01741, for constriction.
    """

    overhead: ClassVar[float] = math.inf

    def __init__(self, counts: ArrayLike, *, n: int) -> None:
        """Fix the table and the number of symbols."""
        self._counts = integer_vector(counts, "counts")
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)
        if (self._counts < 0).any() or (self._counts > LARGEST_FAST_TOTAL).any():
            raise InputError(f"counts: an entry outside 0 .. {LARGEST_FAST_TOTAL} given; none is allowed")
        integer_within(int(self._counts.sum()), "sum of the counts", 1, LARGEST_FAST_TOTAL)
        self._used, self._unused = np.flatnonzero(self._counts), np.flatnonzero(self._counts == 0)
        self._rank = np.full(self._counts.size, -1, dtype=np.int32)  # place among the symbols in use
        self._rank[self._used] = np.arange(self._used.size)

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"fast-range(K={self._counts.size}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the symbols."""
        ranks = self._rank[checked_symbols(value, self._n, self._counts.size)]
        if self._unused.size and ranks.min(initial=0) < 0:
            self._tally(value)  # says which one
        if self._used.size == 1 or not self._n:
            return
        words = self._words(ranks)
        EliasGamma().write(words.size + 1, out)
        out.write_array(np.unpackbits(words.astype(">u4").view(np.uint8)))

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,)."""
        if self._used.size == 1 or not self._n:
            return np.full(self._n, self._used[0], dtype=np.int64)
        count = EliasGamma(largest=self._n + 3).read(source) - 1  # a symbol takes at most 24 bits
        words = np.packbits(source.read_array(32 * count)).view(">u4").astype(np.uint32)
        coder = _constriction().queue.RangeDecoder(words)
        try:
            ranks = coder.decode(self._model, self._n)
        except AssertionError:  # what the library raises where no symbol is
            ranks = None
        if ranks is None or not np.array_equal(self._words(ranks), words):
            raise DecodeError(f"{self.name}: no encoder writes these words; the message was altered")
        symbols: NDArray[np.int64] = self._used[ranks]
        return symbols

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """-log2 of the probabilities as the coder rounds them, or a little less, in bits."""
        tally = self._tally(value)
        if self._used.size == 1:
            return 0.0
        # Of 2^24 units the coder gives a symbol 1 + (2^24 - K') p, K' symbols being in use, or a unit more.
        scale = 1 - self._used.size / LARGEST_FAST_TOTAL
        p = self._counts[self._used] / self._counts.sum() * scale + 2 / LARGEST_FAST_TOTAL
        return float(tally[self._used] @ -np.log2(np.minimum(p, 1)))

    def _tally(self, value: ArrayLike) -> NDArray[np.int64]:
        """How often each symbol occurs; InputError if one has no weight."""
        tally = occurrences(value, self._n, self._counts.size)
        if self._unused.size and tally[self._unused].any():
            symbol = int(self._unused[tally[self._unused] > 0][0])
            raise InputError(
                f"symbols: {symbol} given, whose count is 0; only symbols of positive count allowed"
            )
        return tally

    @cached_property
    def _model(self) -> Any:
        """The table as the library wants it; it rounds quotients of integers, the same on every machine."""
        p = self._counts[self._used] / self._counts.sum()
        return _constriction().model.Categorical(p, perfect=False)

    def _words(self, ranks: NDArray[np.int32]) -> NDArray[np.uint32]:
        """The words of symbols given by their place among those in use."""
        coder = _constriction().queue.RangeEncoder()
        coder.encode(ranks, self._model)
        words: NDArray[np.uint32] = coder.get_compressed()
        return words


def encode_fast(symbols: Sequence[int] | NDArray[np.int64], counts: ArrayLike) -> Bits:
    """The bits of `FastRun`; the number of symbols and the table are known to the decoder."""
    array = integer_vector(symbols, "symbols")
    return FastRun(counts, n=array.size).encode(array).bits


def decode_fast(bits: Bits, *, n: int, counts: ArrayLike) -> NDArray[np.int64]:
    """The n symbols that `encode_fast` wrote, shape (n,)."""
    return FastRun(counts, n=n).decode(bits)


def _constriction() -> Any:
    """The stream coders of the library, imported on first use."""
    import constriction

    return constriction.stream
