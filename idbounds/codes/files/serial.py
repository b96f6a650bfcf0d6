"""Integers as bytes in one canonical way, for general compressors to be held against codes of integers."""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.files.compressors import compressor as by_name
from idbounds.codes.integers.elias import EliasDelta, Uniform, integer_within
from idbounds.errors import DecodeError, InputError

LARGEST_SIZE: Final = 2**22
"""Most entries of one vector."""

_TYPES = tuple(np.dtype(f"<i{width}") for width in (1, 2, 4, 8))


def serialise(values: NDArray[np.int64]) -> bytes:
    """Integers in the narrowest of 1, 2, 4 or 8 bytes each that holds all, little-endian two's complement.

    Args:
        values: The integers, shape (n,).

    Returns:
        The bytes, n times the width.
    """
    vector = integer_vector(values, "values")
    return vector.astype(_TYPES[_width(vector)]).tobytes()


def header_bits(vector: NDArray[np.int64], bits: int) -> int:
    """What of the length of a `CompressedVector` is not its stream: the width, and how long the stream is.

    Args:
        vector: The vector.
        bits: Length of its codeword.

    Returns:
        The number of bits; not for "ctw", whose stream has no whole bytes.
    """
    stream = bits // 8
    while 2 + EliasDelta().length(stream + 1) + 8 * stream > bits:
        stream -= 1
    return bits - 8 * stream


def _width(vector: NDArray[np.int64]) -> int:
    """Index of the narrowest type."""
    ends = (vector.min(initial=0), vector.max(initial=0))
    return next(
        i for i, kind in enumerate(_TYPES) if all(np.iinfo(kind).min <= x <= np.iinfo(kind).max for x in ends)
    )


@final
class CompressedVector(Codec[NDArray[np.int64]]):
    """An integer vector of known length through a general compressor: 2 bits for the width, then the stream.

    Args:
        name: One of `COMPRESSORS`.
        size: Length d of the vector, 0 .. 2^22.

    Raises:
        InputError: If there is no such compressor, or the length is out of range.
        MissingExtra: If its library is not installed.
    """

    def __init__(self, name: str, size: int) -> None:
        """Fix the compressor and the length."""
        self._size = integer_within(size, "size of the vector", 0, LARGEST_SIZE)
        self._compressor = by_name(name, largest=8 * self._size)
        self._choice = Uniform(len(_TYPES))

    @property
    def name(self) -> str:
        """Name of the compressor with the length of the vector."""
        return f"serialised-{self._compressor.name}({self._size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append a vector of shape (d,)."""
        vector = self._checked(value)
        self._choice.write(_width(vector), out)
        self._compressor.write(serialise(vector), out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if no vector is written so."""
        index = self._choice.read(source)
        data = self._compressor.read(source)
        if len(data) != self._size * _TYPES[index].itemsize:
            raise DecodeError(f"{self.name}: {len(data)} bytes do not make {self._size} entries; altered")
        vector = np.frombuffer(data, dtype=_TYPES[index]).astype(np.int64)
        if _width(vector) != index:
            raise DecodeError(f"{self.name}: the entries fit a narrower type; no encoder writes this")
        return vector

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Two bits, and the ideal length of the bytes."""
        return self._choice.ideal_length(0) + self._compressor.ideal_length(serialise(self._checked(value)))

    def _checked(self, value: NDArray[np.int64]) -> NDArray[np.int64]:
        """The vector, or InputError."""
        vector = integer_vector(value, "vector")
        if vector.size != self._size:
            raise InputError(f"vector: {vector.size} entries given; {self._size} are allowed")
        return vector
