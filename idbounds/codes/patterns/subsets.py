"""Codes of k among n positions: the enumerative code, the bitmap, and a fixed number in each group."""

from __future__ import annotations

import math
from itertools import combinations
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import StaticRun, read_end, write_end
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.integers.elias import integer_within
from idbounds.codes.patterns import _subset_kernels
from idbounds.codes.patterns.pattern import Pattern, Shape, log2_choose
from idbounds.errors import InputError


@final
class Subset(Pattern):
    """Enumerative code of a set: log2 C(n, k) bits and less than 2.05 more, besides the count.

    Position after position is coded by an exact arithmetic coder with probability
    (ones left) / (positions left), which makes all sets of k positions equally likely.

    Source: Cover (1973), IEEE Transactions on Information Theory 19(1); the coder is that of `StaticRun`.
    """

    kind = "subset"
    overhead: ClassVar[float] = 2.05

    def _write(self, positions: NDArray[np.int64], out: BitWriter) -> None:
        encode_urn, _ = _subset_kernels.compiled()
        settled, count, low, width, pending = encode_urn(positions, self._n)
        write_end(settled[:count], low, width, pending, out)

    def _read(self, count: int | None, source: BitReader) -> NDArray[np.int64]:
        assert count is not None
        _, decode_urn = _subset_kernels.compiled()
        data = np.frombuffer(source.bits.data, dtype=np.uint8)
        positions = np.empty(count, dtype=np.int64)  # pages are touched only as far as the stream really goes
        read_end(source, *decode_urn(data, source.position, source.bits.length, positions, self._n))
        return positions

    def _ideal(self, positions: NDArray[np.int64]) -> float:
        return float(log2_choose(self._n, positions.size))

    def _expected(self, k: NDArray[np.int64]) -> ArrayLike:
        return log2_choose(self._n, k)


@final
class Bitmap(Pattern):
    """A set as n bits, one for each position; its count need not be sent."""

    kind = "bitmap"
    sends_count = False

    def _write(self, positions: NDArray[np.int64], out: BitWriter) -> None:
        digits = np.zeros(self._n, dtype=np.uint8)
        digits[positions] = 1
        out.write_array(digits)

    def _read(self, count: int | None, source: BitReader) -> NDArray[np.int64]:
        return np.flatnonzero(source.read_array(self._n)).astype(np.int64)

    def _ideal(self, positions: NDArray[np.int64]) -> float:
        return float(self._n)

    def _expected(self, k: NDArray[np.int64]) -> ArrayLike:
        return np.full(k.shape, float(self._n))


@final
class NOfM(Pattern):
    """Exactly `keep` of every `of` consecutive positions, as in 2:4 sparsity: log2 C(of, keep) bits a group.

    Args:
        shape: Number of positions or shape; a multiple of `of` positions in all.
        keep: Positions of the set in each group, 0 .. `of`.
        of: Size of a group, 1 .. 16.

    Raises:
        InputError: If the shape is not made of whole groups or a parameter is out of range.
    """

    kind = "n-of-m"
    sends_count = False

    def __init__(self, shape: Shape, keep: int, of: int) -> None:
        """Fix the groups; the place of a choice among all choices is the symbol that is coded."""
        self._of = integer_within(of, "size of a group", 1, 16)
        self._keep = integer_within(keep, "positions kept in a group", 0, self._of)
        super().__init__(shape)
        self._k = self._n // self._of * self._keep
        if self._n % self._of:
            raise InputError(f"{self.name}: {self._n} positions given; a multiple of {self._of} is allowed")
        self._choices = np.array(list(combinations(range(self._of), self._keep)), dtype=np.int64)
        self._run = StaticRun(np.ones(len(self._choices), dtype=np.int64), n=self._n // self._of)

    def _options(self) -> str:
        return f", {self._keep}:{self._of}"

    def _write(self, positions: NDArray[np.int64], out: BitWriter) -> None:
        self._run.write(self._symbols(positions), out)

    def _read(self, count: int | None, source: BitReader) -> NDArray[np.int64]:
        symbols = self._run.read(source)
        firsts = self._of * np.arange(symbols.size, dtype=np.int64)
        return (firsts[:, None] + self._choices[symbols]).ravel()

    def _ideal(self, positions: NDArray[np.int64]) -> float:
        return self._run.ideal_length(self._symbols(positions))

    def _expected(self, k: NDArray[np.int64]) -> ArrayLike:
        return np.full(k.shape, self._n // self._of * math.log2(len(self._choices)))

    def _symbols(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place of the choice of each group in the list of all choices, or InputError."""
        groups = self._n // self._of
        if not np.array_equal(positions // self._of, np.repeat(np.arange(groups), self._keep)):
            raise InputError(
                f"{self.name}: a group without exactly {self._keep} of its {self._of} positions given"
            )
        places = np.zeros(2**self._of, dtype=np.int64)
        places[(1 << self._choices).sum(axis=1)] = np.arange(len(self._choices))
        masks = (1 << (positions % self._of)).reshape(groups, self._keep).sum(axis=1)
        symbols: NDArray[np.int64] = places[masks]
        return symbols
