"""Canonical Huffman code with the table it needs: the textbook code, kept for contrast.

A codeword has a whole number of bits, one at least, so a frequent symbol costs up to a bit too much, each
time; and the table is paid before the first symbol. The arithmetic codes of this package have neither cost.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.arithmetic import LARGEST_RUN, integer_vector, occurrences
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, Uniform, integer_within
from idbounds.errors import DecodeError

LARGEST_ALPHABET: Final = 2**20
"""Most symbols of an alphabet: what a stream can make the decoder allocate for its table stays near 25 MB."""

_LONGEST = 40  # bits of a codeword: 41 take counts that grow like Fibonacci's numbers, beyond 2^28 symbols


def huffman_lengths(counts: Sequence[int]) -> list[int]:
    """Length of the codeword of each symbol: again and again the two lightest trees become one.

    Args:
        counts: How often each symbol occurs.

    Returns:
        The lengths in bits; 0 for a symbol that does not occur, or that is alone. Of two trees of equal
        weight the older one counts as lighter, of two symbols the one of lower index.

    Source: Huffman (1952), Proceedings of the IRE 40(9).
    """
    leaves = [symbol for symbol, count in enumerate(counts) if count]
    trees = [(counts[symbol], i) for i, symbol in enumerate(leaves)]
    heapq.heapify(trees)
    parent = [0] * max(2 * len(leaves) - 1, 0)
    for new in range(len(leaves), len(parent)):
        (a, i), (b, j) = heapq.heappop(trees), heapq.heappop(trees)
        parent[i] = parent[j] = new
        heapq.heappush(trees, (a + b, new))
    depth = [0] * len(parent)
    for i in reversed(range(len(parent) - 1)):
        depth[i] = depth[parent[i]] + 1
    lengths = [0] * len(counts)
    for i, symbol in enumerate(leaves):
        lengths[symbol] = depth[i]
    return lengths


def _codewords(lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The symbols in the order of their codewords, and the codewords as numbers in that order."""
    order = np.lexsort((np.arange(lengths.size), lengths))
    order = order[lengths[order] > 0]
    used = lengths[order]
    spans = 1 << (_LONGEST - used)  # what a codeword takes of the 2^40 strings of 40 bits
    return order, (np.cumsum(spans) - spans) >> (_LONGEST - used)


@final
class HuffmanRun(Codec[NDArray[np.int64]]):
    """Huffman code of n symbols over 0 .. size - 1, with its table in front.

    The table is the longest length L, L + 1 by Elias gamma, then the length of each codeword in ceil(log2(L
    + 1))
    bits: codewords of one length are consecutive numbers, shorter ones first, so the lengths say it all. If
    one symbol alone occurs, L is 0, the symbol follows by its index, and that is the message.

    Args:
        size: Number K of symbols, 1 .. 2^20.
        n: Number of symbols of the message, known to the decoder; at most 2^28.

    Raises:
        InputError: If size or n is out of range.

    Source: Huffman (1952); Schwartz and Kallick (1964), Communications of the ACM 7(3), for the canonical
    form.
    """

    def __init__(self, size: int, *, n: int) -> None:
        """Fix the alphabet and the number of symbols."""
        self._size = integer_within(size, "size of the alphabet", 1, LARGEST_ALPHABET)
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)
        self._longest_plus_one = EliasGamma(largest=_LONGEST + 1)

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"huffman(K={self._size}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the table and the symbols."""
        counts = occurrences(value, self._n, self._size)
        if not self._n:
            return
        lengths = np.array(huffman_lengths(counts.tolist()))
        longest = int(lengths.max())
        self._longest_plus_one.write(longest + 1, out)
        if not longest:
            Uniform(self._size).write(int(counts.argmax()), out)
            return
        for length in lengths.tolist():
            out.write_uint(length, longest.bit_length())
        order, codewords = _codewords(lengths)
        codeword = np.zeros(self._size, dtype=np.int64)
        codeword[order] = codewords
        symbols = integer_vector(value, "symbols")
        width = lengths[symbols]
        left = np.repeat(np.cumsum(width), width) - np.arange(width.sum()) - 1  # bits behind each bit
        out.write_array((np.repeat(codeword[symbols], width) >> left & 1).astype(np.uint8))

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,); DecodeError if the table is not the one of these symbols."""
        if not self._n:
            return np.zeros(0, dtype=np.int64)
        longest = self._longest_plus_one.read(source) - 1
        if not longest:
            return np.full(self._n, Uniform(self._size).read(source), dtype=np.int64)
        width = longest.bit_length()
        digits = source.read_array(width * self._size).reshape(self._size, width).astype(np.int64)
        lengths = digits @ (1 << np.arange(width)[::-1])
        used = lengths[lengths > 0]
        if lengths.max() != longest or int((1 << (_LONGEST - used)).sum()) != 1 << _LONGEST:
            raise DecodeError(f"{self.name}: these lengths are of no Huffman code; the message was altered")
        symbols = self._payload(lengths, source)
        if huffman_lengths(np.bincount(symbols, minlength=self._size).tolist()) != lengths.tolist():
            raise DecodeError(f"{self.name}: the table is not the one of these symbols")
        return symbols

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The length itself: table and codewords, in bits."""
        counts = occurrences(value, self._n, self._size)
        if not self._n:
            return 0.0
        lengths = huffman_lengths(counts.tolist())
        longest = max(lengths)
        header = self._longest_plus_one.ideal_length(longest + 1)
        if not longest:
            return header + Uniform(self._size).ideal_length(0)
        return header + longest.bit_length() * self._size + float(counts @ np.array(lengths))

    def _payload(self, lengths: NDArray[np.int64], source: BitReader) -> NDArray[np.int64]:
        """Read the codewords, one bit after another."""
        order, codewords = _codewords(lengths)
        starts = {}  # of each length: its first codeword, how many there are, where they begin in the order
        for length in np.unique(lengths[order]).tolist():
            which = np.flatnonzero(lengths[order] == length)
            starts[length] = int(codewords[which[0]]), which.size, int(which[0])
        symbols: list[int] = []
        while len(symbols) < self._n:
            codeword = length = 0
            while True:
                codeword, length = 2 * codeword + source.read_bit(), length + 1
                first, count, place = starts.get(length, (0, 0, 0))
                if first <= codeword < first + count:
                    symbols.append(order[place + codeword - first])
                    break
        return np.array(symbols, dtype=np.int64)
