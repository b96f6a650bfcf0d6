"""One bit an entry: its sign, times one scale."""

from __future__ import annotations

import math
from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike

from idbounds.codes.arithmetic import LARGEST_RUN
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import Uniform, integer_within
from idbounds.codes.reals._given import Reals, real_vector
from idbounds.errors import InputError

SCALES: Final = tuple(math.ldexp(16 + i % 16, i // 16 - 24) for i in range(512))
"""Scales 16/16 .. 31/16 times 2^-20 .. 2^11, ascending. The menu never changes."""

LARGEST_MEAN: Final = 4096.0
"""Largest mean magnitude."""


@final
class SignScale(Codec[Reals]):
    """Entries s or -s: 9 bits for the scale s, and a raw bit for each sign (1 for negative).

    Precision is lost and nothing else: decode(encode(x)) is `quantise(x)`. The scale is the one of the menu
    nearest to the mean of |x_i|, which minimises the squared error; on N(0, 1) that error is 1 - 2/pi = 0.363
    an entry.

    Args:
        size: Length d of the vector, 0 .. 2^28.

    Raises:
        InputError: If the length is out of range.
    """

    _scale = Uniform(len(SCALES))

    def __init__(self, size: int) -> None:
        """Fix the length."""
        self._size = integer_within(size, "size of the vector", 0, LARGEST_RUN)

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"sign-scale({self._size})"

    def quantise(self, value: ArrayLike) -> Reals:
        """What the decoder will give.

        Args:
            value: Finite numbers, shape (d,).

        Returns:
            Shape (d,).
        """
        vector = real_vector(value, "vector", self._size)
        scale = SCALES[_nearest_scale(vector)]
        return np.where(vector < 0, -scale, scale)

    def write(self, value: Reals, out: BitWriter) -> None:
        """Append scale and signs of a vector of shape (d,)."""
        vector = real_vector(value, "vector", self._size)
        self._scale.write(_nearest_scale(vector), out)
        out.write_array((vector < 0).astype(np.uint8))

    def read(self, source: BitReader) -> Reals:
        """Read a quantised vector of shape (d,); DecodeError if bits are missing."""
        scale = SCALES[self._scale.read(source)]
        return np.where(source.read_array(self._size), -scale, scale)

    def ideal_length(self, value: Reals) -> float:
        """9 + d bits."""
        real_vector(value, "vector", self._size)
        return float(self._scale.ideal_length(0) + self._size)


def _nearest_scale(vector: Reals) -> int:
    """Index of the scale nearest to the mean magnitude; the smallest for zeros and for an empty vector."""
    with np.errstate(over="ignore"):
        mean = float(np.abs(vector).mean()) if vector.size else 0.0
    if mean > LARGEST_MEAN:
        raise InputError(
            f"vector: a mean magnitude of {mean:.6g} given; up to {LARGEST_MEAN:.0f} is allowed: "
            "scale the vector"
        )
    return min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - mean))
