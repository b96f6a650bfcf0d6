"""Context-tree weighting: a Bayes mixture over all tree models of bounded depth, as a code without header.

A tree model says the probability of the next bit from the last few bits, the context; its leaves are the
contexts it tells apart. Each leaf counts its zeros and ones (Krichevsky-Trofimov). There are at least
2^(2^(D-1)) tree models of depth D, and the mixture over all of them, with prior 2^-(2 leaves - 1 - leaves at
depth D), needs D + 1 steps a bit: a node mixes, half and half at first, what it would say as a leaf and what
the node below it on the path says. Bayes' rule moves the weights. So for each tree model with S leaves, and
each sequence of n >= S bits,

    ideal length <= -log2 P(sequence | model, any probabilities) + S (log2(n / S) / 2 + 1) + 2 S - 1,

up to the rounding of the integers, which adds less than 10^-6 bits a bit wherever it was measured: odds are
out of 2^30, weights have 32 significant bits. The context of the first bits is filled up with zeros.

Source: Willems, Shtarkov and Tjalkens (1995), IEEE Transactions on Information Theory 41(3).
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.arithmetic import LARGEST_RUN, integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasDelta, integer_within
from idbounds.codes.symbols.decisions import DecisionReader, decisions_length, write_decisions
from idbounds.errors import InputError

LARGEST_DEPTH: Final = 32
"""Deepest context, in bits."""

LARGEST_TEXT: Final = LARGEST_RUN // 8
"""Most bytes of one text."""


@final
class ContextTreeRun(Codec[NDArray[np.int64]]):
    """Context-tree code of n zeros and ones; the context is the last `depth` of them.

    The bound above holds as long as the tree has room: 2^22 nodes, hence certainly for depth 21, and for
    n depth < 2^22. After that, contexts that were never seen share the node of a shorter context.

    Args:
        depth: Longest context, 0 .. 32 bits; 0 makes it the Krichevsky-Trofimov code.
        n: Number of bits, known to the decoder; at most 2^28.

    Raises:
        InputError: If depth or n is out of range.
    """

    def __init__(self, depth: int, *, n: int) -> None:
        """Fix the depth and the number of bits."""
        self._depth = integer_within(depth, "depth of the context tree", 0, LARGEST_DEPTH)
        self._n = integer_within(n, "number of bits", 0, LARGEST_RUN)

    @property
    def name(self) -> str:
        """Name of the code with its depth and number of bits."""
        return f"context-tree(depth={self._depth}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the bits, shape (n,)."""
        bits = self._checked(value)
        write_decisions(bits, _odds(bits, self._depth, in_bytes=False), out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n bits, shape (n,); DecodeError if no bits are written so."""
        return _read(source, self._n, self._depth, in_bytes=False).astype(np.int64)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """-log2 of the probability that the mixture gives to the bits."""
        bits = self._checked(value)
        return decisions_length(bits, _odds(bits, self._depth, in_bytes=False))

    def _checked(self, value: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The bits as bytes, or InputError."""
        bits = integer_vector(value, "bits")
        if bits.size != self._n:
            raise InputError(f"bits: {bits.size} given; {self._n} are allowed")
        if bits.size and not 0 <= bits.min() <= bits.max() <= 1:
            raise InputError(f"bits: values {bits.min()} to {bits.max()} given; 0 and 1 are allowed")
        return bits.astype(np.uint8)


@final
class ContextTree(Codec[bytes]):
    """Context-tree code of a byte string of any length: its length + 1 by Elias delta, then its bits.

    Each of the eight decisions of a byte, given those before it in the same byte, has a tree of its own (255
    in all). Its context is the bytes before, the first bit of the last byte first: 8 bits tell which byte
    came last.

    Args:
        depth: Longest context, 0 .. 32 bits.
        largest: Most bytes written or read.

    Raises:
        InputError: If depth or largest is out of range.
    """

    def __init__(self, depth: int = 24, *, largest: int = 2**24) -> None:
        """Fix the depth."""
        self._depth = integer_within(depth, "depth of the context tree", 0, LARGEST_DEPTH)
        self._largest = integer_within(largest, "largest number of bytes", 0, LARGEST_TEXT)
        self._size_plus_one = EliasDelta(largest=self._largest + 1)

    @property
    def name(self) -> str:
        """Name of the code with its depth."""
        return f"context-tree-bytes(depth={self._depth})"

    def write(self, value: bytes, out: BitWriter) -> None:
        """Append a byte string."""
        bits = self._checked(value)
        self._size_plus_one.write(bits.size // 8 + 1, out)
        write_decisions(bits, _odds(bits, self._depth, in_bytes=True), out)

    def read(self, source: BitReader) -> bytes:
        """Read a byte string; DecodeError if none is written so."""
        size = self._size_plus_one.read(source) - 1
        return np.packbits(_read(source, 8 * size, self._depth, in_bytes=True)).tobytes()

    def ideal_length(self, value: bytes) -> float:
        """Elias delta of the number of bytes + 1, and -log2 of the probability of the bits."""
        bits = self._checked(value)
        odds = _odds(bits, self._depth, in_bytes=True)
        return self._size_plus_one.ideal_length(bits.size // 8 + 1) + decisions_length(bits, odds)

    def _checked(self, value: bytes) -> NDArray[np.uint8]:
        """The bits of the bytes, or InputError."""
        if not isinstance(value, bytes):
            raise InputError(f"text: {type(value).__name__} given; bytes are allowed")
        if len(value) > self._largest:
            raise InputError(f"text: {len(value)} bytes given; up to {self._largest} are allowed")
        return np.unpackbits(np.frombuffer(value, dtype=np.uint8))


def _odds(bits: NDArray[np.uint8], depth: int, *, in_bytes: bool) -> NDArray[np.uint32]:
    """The odds of 0 that the mixture gives to each bit."""
    from idbounds.codes.symbols import _ctw_kernels, _mixture_kernels

    odds = np.empty(bits.size, dtype=np.uint32)
    state, nothing = np.zeros(_mixture_kernels.FIELDS, dtype=np.int64), np.empty(0, dtype=np.uint8)
    channel = False, state, nothing, odds
    _ctw_kernels.context_walk(bits.copy(), depth, in_bytes, _ctw_kernels.LARGEST_TREE, channel)
    return odds


def _read(source: BitReader, n: int, depth: int, *, in_bytes: bool) -> NDArray[np.uint8]:
    """The bits of a run."""
    from idbounds.codes.symbols import _ctw_kernels

    reader = DecisionReader(source)
    bits = np.zeros(n, dtype=np.uint8)  # pages are touched only as far as the stream goes
    channel = True, *reader.channel, np.empty(0, dtype=np.uint32)
    _ctw_kernels.context_walk(bits, depth, in_bytes, _ctw_kernels.LARGEST_TREE, channel)
    reader.finish()
    return bits
