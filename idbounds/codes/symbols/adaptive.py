"""A code of an integer vector that needs no header beyond its largest entry."""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import LARGEST_RUN, AdaptiveRun, integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, integer_within
from idbounds.errors import DecodeError, InputError

LARGEST_ENTRY: Final = 2**20
"""Largest |x_i|: what a stream can make the decoder allocate for its table of counts stays near 25 MB."""


@final
class AdaptiveVector(Codec[NDArray[np.int64]]):
    """Adaptive code of an integer vector x of a length d that the decoder knows.

    M = max |x_i| goes first, M + 1 by Elias gamma; then |x_1| .. |x_d| by the Krichevsky-Trofimov estimator
    over 0 .. M as one arithmetic-coded run; then one raw sign bit (1 for negative) for each nonzero entry.
    A vector of zeros costs one bit in all. The length is below the ideal length plus 2 bits (plus the loss of
    the integer divisions, at most d (d + M + 1) 2^-59 bits: below 10^-5 up to d = 10^6).

    Args:
        size: Length d of the vector, 0 .. 2^28.

    Raises:
        InputError: If the length is out of range.

    Source: Krichevsky and Trofimov (1981); Elias (1975).
    """

    def __init__(self, size: int) -> None:
        """Fix the length."""
        self._size = integer_within(size, "size of the vector", 0, LARGEST_RUN)
        self._largest_plus_one = EliasGamma(largest=LARGEST_ENTRY + 1)

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"adaptive-vector({self._size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append a vector of shape (d,)."""
        vector, largest = self._checked(value)
        self._largest_plus_one.write(largest + 1, out)
        if largest:
            AdaptiveRun(largest + 1, n=self._size).write(np.abs(vector), out)
            out.write_array((vector[vector != 0] < 0).astype(np.uint8))

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if no vector is written so."""
        largest = self._largest_plus_one.read(source) - 1
        if not largest:
            return np.zeros(self._size, dtype=np.int64)
        vector = AdaptiveRun(largest + 1, n=self._size).read(source)
        if vector.max(initial=0) != largest:
            raise DecodeError(f"{self.name}: no entry is as large as the stream says, {largest}")
        nonzero = vector != 0
        vector[nonzero] *= 1 - 2 * source.read_array(int(nonzero.sum())).astype(np.int64)
        return vector

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Elias gamma of M + 1, -log2 P of the KT estimator and one bit for each nonzero, in bits."""
        vector, largest = self._checked(value)
        header = self._largest_plus_one.ideal_length(largest + 1)
        if not largest:
            return header
        magnitudes = AdaptiveRun(largest + 1, n=self._size).ideal_length(np.abs(vector))
        return header + magnitudes + int(np.count_nonzero(vector))

    def _checked(self, value: ArrayLike) -> tuple[NDArray[np.int64], int]:
        """The vector and its largest magnitude, or InputError."""
        vector = integer_vector(value, "vector")
        if vector.size != self._size:
            raise InputError(f"vector: {vector.size} entries given; {self._size} are allowed")
        largest = max(int(vector.max(initial=0)), -int(vector.min(initial=0)))
        if largest > LARGEST_ENTRY:
            raise InputError(
                f"vector: an entry of magnitude {largest} given; up to {LARGEST_ENTRY} is allowed"
            )
        return vector, largest
