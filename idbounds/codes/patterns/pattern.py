"""What a code of k among n positions is: the base of the enumerative code and of the storage formats."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import Uniform, integer_within
from idbounds.errors import DecodeError, InputError

LARGEST_SET: Final = 2**28
"""Most positions n: the divisions then cost less than 0.05 bits, and a decoded set takes at most 2 GiB."""

Shape = int | tuple[int, ...]


def log2_choose(n: ArrayLike, k: ArrayLike) -> NDArray[np.float64]:
    """log2 of the number of k-subsets of n positions, in bits: ideal, and not below the true value.

    Args:
        n: Numbers of positions, at least 0.
        k: Sizes of the subsets, 0 <= k <= n, broadcast against n.

    Returns:
        Bits, the shape of both; within 3e-15 relative.
    """
    from idbounds.kernels.floats import log_choose  # later: it loads more than numpy for long arrays

    return np.asarray(log_choose(n, k), dtype=np.float64) / math.log(2)


class Pattern(Codec[NDArray[np.int64]]):
    """A set of positions among 0 .. n - 1, as an ascending array of shape (k,); row by row for a matrix.

    Where a code needs k, it writes k first, by `Uniform(n + 1)`, unless k is known to the decoder.
    `numpy.flatnonzero(mask)` makes a value from a mask.

    Args:
        shape: Number of positions n, or the shape of the array that they index; n <= 2^28.
        k: Number of positions in the set, if the decoder knows it.

    Raises:
        InputError: If shape or k is out of range.
    """

    kind: ClassVar[str]
    sends_count: ClassVar[bool] = True

    def __init__(self, shape: Shape, k: int | None = None) -> None:
        """Fix the shape and, if known, the count."""
        sides = shape if isinstance(shape, tuple) else (shape,)
        self._shape = tuple(
            integer_within(s, f"{self.kind}: side of the shape", 0, LARGEST_SET) for s in sides
        )
        self._n = integer_within(math.prod(self._shape), f"{self.kind}: positions", 0, LARGEST_SET)
        self._k = None if k is None else integer_within(k, f"{self.kind}: positions in the set", 0, self._n)
        self._count = Uniform(self._n + 1)

    @property
    def name(self) -> str:
        """Name of the code with the shape and, if known, the count."""
        shape = "x".join(map(str, self._shape))
        return f"{self.kind}({shape}{self._options()}{'' if self._k is None else f', k={self._k}'})"

    @final
    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append a set of positions."""
        positions = self._checked(value)
        if self._pays_for_count():
            self._count.write(positions.size, out)
        self._write(positions, out)

    @final
    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a set of positions, shape (k,); DecodeError if no set is written so."""
        count = self._count.read(source) if self._pays_for_count() else self._k
        positions = self._read(count, source)
        if self._k is not None and positions.size != self._k:
            raise DecodeError(f"{self.name}: the stream holds {positions.size} positions, not {self._k}")
        return positions

    @final
    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Bits of the count, if written, and of the set."""
        positions = self._checked(value)
        return self._count_bits() + self._ideal(positions)

    @final
    def mean_ideal_length(self, k: ArrayLike) -> NDArray[np.float64]:
        """Mean of the ideal length over all sets of k positions, in bits.

        That of `Subset` and `NOfM` is the same for all sets, and the message a bit or two longer. Of all the
        others it is the mean length of the messages themselves.

        Args:
            k: Sizes of the set, 0 <= k <= n (or the k that is known to the decoder), any shape.

        Returns:
            Bits, the shape of k, the count included where it is written.

        Raises:
            InputError: If a size is out of range.
        """
        sizes = np.asarray(k)
        least, most = (0, self._n) if self._k is None else (self._k, self._k)
        if sizes.dtype.kind not in "iu" or (sizes < least).any() or (sizes > most).any():
            raise InputError(f"{self.name}: k = {k!r} given; integers {least} to {most} are allowed")
        return self._count_bits() + np.asarray(self._expected(sizes.astype(np.int64)), dtype=np.float64)

    @abstractmethod
    def _write(self, positions: NDArray[np.int64], out: BitWriter) -> None:
        """Append the set; its size is known to the reader if `sends_count`."""

    @abstractmethod
    def _read(self, count: int | None, source: BitReader) -> NDArray[np.int64]:
        """Read a set, of `count` positions if `sends_count`."""

    @abstractmethod
    def _ideal(self, positions: NDArray[np.int64]) -> float:
        """Ideal length of the set without its count."""

    @abstractmethod
    def _expected(self, k: NDArray[np.int64]) -> ArrayLike:
        """Mean length over all sets of k positions, without the count."""

    def _options(self) -> str:
        """Further parameters, for the name."""
        return ""

    def _pays_for_count(self) -> bool:
        return self.sends_count and self._k is None

    def _count_bits(self) -> float:
        return self._count.ideal_length(0) if self._pays_for_count() else 0.0

    def _checked(self, value: ArrayLike) -> NDArray[np.int64]:
        """The positions, or InputError."""
        positions = integer_vector(value, f"{self.kind}: positions")
        if self._k is not None and positions.size != self._k:
            raise InputError(f"{self.name}: {positions.size} positions given; {self._k} are allowed")
        if positions.size and not (positions[0] >= 0 and positions[-1] < self._n and _ascending(positions)):
            raise InputError(
                f"{self.name}: positions {positions.min()} to {positions.max()} given; ascending ones, each "
                f"once, in 0 .. {self._n - 1} are allowed (numpy.flatnonzero of a mask gives them)"
            )
        return positions

    def _made(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions that were read, each known to be in range: DecodeError unless they ascend."""
        if not _ascending(positions):
            raise DecodeError(f"{self.name}: the stream repeats a position or leaves the order")
        return positions


def _ascending(positions: NDArray[np.int64]) -> bool:
    return bool((positions[1:] > positions[:-1]).all())
