"""Two-part codes, real messages: the parameters, as precisely as they are worth, then the data under them.

A parameter with Fisher information I for each of n data, rounded to a step s, costs n I s^2 / 24 nats of
misfit on average and ln(range / s) nats to name. The sum is least at s = sqrt(12 / (n I)): half of log2 n
bits a parameter, and (1/2) log2(2 pi e / 12) = 0.2546 bits more than a Bayes mixture or NML, which name
nothing.

`TwoPartRun` here and `TwoPartRegression` beside it search for the shortest message and send the precision, so
the search is paid for. A reader takes every message of the format, also those that no search would choose.

Source: Rissanen (1983), Annals of Statistics 11(2).
"""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.arithmetic import LARGEST_RUN, StaticRun, occurrences
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import Uniform, integer_within
from idbounds.codes.patterns.subsets import Subset

_FINEST = 13  # the weights of a table add up to at most (2 * 2^13 + 1)^2 + 2^14 < 2^30


@final
class TwoPartRun(Codec[NDArray[np.int64]]):
    """Two-part code of n symbols over 0 .. size - 1: probabilities on a grid, then the symbols.

    The grid: whole numbers m_j with sum 2^e, all equally likely, and P(j) proportional to (2 m_j + 1)^2. It
    is even in sqrt(P), where the Fisher information is the same everywhere, so one precision fits all. First
    e, then the m_j as a subset of 2^e + K - 1 places, then the symbols by `StaticRun`.

    Args:
        size: Number K of symbols, 1 .. 2^14.
        n: Number of symbols of the message, known to the decoder; at most 2^28.

    Raises:
        InputError: If size or n is out of range.
    """

    overhead: ClassVar[float] = 4.1

    def __init__(self, size: int, *, n: int) -> None:
        """Fix the alphabet and the number of symbols."""
        self._size = integer_within(size, "size of the alphabet", 1, 2**14)
        self._n = integer_within(n, "number of symbols", 0, LARGEST_RUN)
        self._finest = min((self._n * self._size).bit_length() // 2 + 1, _FINEST)
        self._precision = Uniform(self._finest + 1)

    @property
    def name(self) -> str:
        """Name of the code with its number of symbols."""
        return f"two-part(K={self._size}, n={self._n})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the precision, the grid point and the symbols."""
        e, grid = self._best(value)
        self._precision.write(e, out)
        self._bars(e).write(np.cumsum(grid[:-1]) + np.arange(self._size - 1), out)
        StaticRun((2 * grid + 1) ** 2, n=self._n).write(value, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read n symbols, shape (n,); DecodeError if none are written so."""
        e = self._precision.read(source)
        ends = np.concatenate([[-1], self._bars(e).read(source), [2**e + self._size - 1]])
        return StaticRun((2 * np.diff(ends) - 1) ** 2, n=self._n).read(source)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Bits of the precision, log2 of the number of grid points, -log2 P of the symbols."""
        e, grid = self._best(value)
        return self._length(e, grid, occurrences(value, self._n, self._size))

    def _bars(self, e: int) -> Subset:
        return Subset(2**e + self._size - 1, self._size - 1)

    def _length(self, e: int, grid: NDArray[np.int64], counts: NDArray[np.int64]) -> float:
        header = self._precision.ideal_length(e) + self._bars(e).ideal_length(np.arange(self._size - 1))
        weights = (2 * grid + 1) ** 2
        return header + float(counts @ (np.log2(weights.sum()) - np.log2(weights)))

    def _best(self, value: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
        """The precision and the grid point of the shortest message found."""
        counts = occurrences(value, self._n, self._size)
        choices = [(e, _nearest(np.sqrt(counts), 2**e)) for e in range(self._finest + 1)]
        return min(choices, key=lambda choice: self._length(choice[0], choice[1], counts))


def _nearest(roots: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers m with a given sum and m + 1/2 nearly proportional to the roots."""
    shares = roots / roots.sum() if roots.any() else np.full(roots.size, 1 / roots.size)
    wanted = np.maximum(shares * (total + roots.size / 2) - 0.5, 0)
    wanted *= total / wanted.sum()
    grid: NDArray[np.int64] = np.floor(wanted).astype(np.int64)
    grid[np.argsort(grid - wanted, kind="stable")[: max(total - int(grid.sum()), 0)]] += 1
    grid[np.argmax(grid)] -= int(grid.sum()) - total  # where the floor of a whole number was one too high
    return grid
