"""Indices into menus of 2^width entries each: all alike, or the low ones first."""

from __future__ import annotations

from typing import ClassVar, Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import AdaptiveRun, integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.errors import DecodeError, InputError

MOST_BITS: Final = 16
"""Largest width: 65,536 entries."""


class Indices(Codec[NDArray[np.int64]]):
    """Indices j_k in 0 .. 2^width_k - 1, the widths known to the decoder.

    Args:
        widths: Shape (n,), each 0 .. 16.

    Raises:
        InputError: If a width is out of range.
    """

    def __init__(self, widths: ArrayLike) -> None:
        """Fix the widths."""
        self._widths = integer_vector(widths, "widths")
        if self._widths.size and not 0 <= self._widths.min() <= self._widths.max() <= MOST_BITS:
            raise InputError(
                f"widths: {self._widths.min()} to {self._widths.max()} given; 0 to 16 is allowed"
            )

    def _checked(self, value: ArrayLike) -> NDArray[np.int64]:
        """The indices, or InputError."""
        indices = integer_vector(value, "indices")
        if indices.size != self._widths.size:
            raise InputError(f"indices: {indices.size} given; {self._widths.size} are allowed")
        if (indices < 0).any() or (indices >> self._widths).any():
            raise InputError(
                f"indices: one outside 0 .. 2^width - 1 given, in {indices[:5]} ..; none is allowed"
            )
        return indices


@final
class EvenIndices(Indices):
    """Each index in as many bits as its width: the code for indices that are all equally likely."""

    overhead: ClassVar[float] = 1e-9

    @property
    def name(self) -> str:
        """Name of the code with the number of indices."""
        return f"even-indices({self._widths.size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append indices of shape (n,)."""
        out.write_array(_spelt(self._checked(value), self._widths))

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read indices of shape (n,); DecodeError if bits are missing."""
        return _read(source, self._widths)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The sum of the widths: the length itself."""
        self._checked(value)
        return float(self._widths.sum())


@final
class LowIndices(Indices):
    """Indices of which low ones are likelier.

    floor(log2(j + 1)) goes as an adaptive run; then so many low bits of j + 1, for all indices.
    """

    @property
    def name(self) -> str:
        """Name of the code with the number of indices."""
        return f"low-indices({self._widths.size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append indices of shape (n,)."""
        numbers = self._checked(value) + 1
        widths = np.frexp(numbers)[1].astype(np.int64) - 1
        self._run().write(widths, out)
        out.write_array(_spelt(numbers - (1 << widths), widths))

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read indices of shape (n,); DecodeError if none are written so."""
        widths = self._run().read(source)
        indices = (1 << widths) + _read(source, widths) - 1
        if (indices >> self._widths).any():
            raise DecodeError(f"{self.name}: the stream names an entry that its menu does not have")
        return indices

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The ideal length of the adaptive run, and the bits behind it."""
        widths = np.frexp(self._checked(value) + 1)[1].astype(np.int64) - 1
        return self._run().ideal_length(widths) + int(widths.sum())

    def _run(self) -> AdaptiveRun:
        """The code of the bit lengths; one symbol, and no bits, where there is nothing to choose."""
        return AdaptiveRun(int(self._widths.max(initial=0)) + 1, n=self._widths.size)


def _spelt(numbers: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Numbers in binary, one behind another."""
    return (np.repeat(numbers, widths) >> _shifts(widths) & 1).astype(np.uint8)


def _read(source: BitReader, widths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Undo `_spelt`."""
    digits = source.read_array(int(widths.sum())).astype(np.int64)
    owner = np.repeat(np.arange(widths.size), widths)
    return np.bincount(owner, digits << _shifts(widths), minlength=widths.size).astype(np.int64)


def _shifts(widths: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each digit of `_spelt`, how many digits of its number follow."""
    return np.repeat(np.cumsum(widths), widths) - 1 - np.arange(int(widths.sum()))
