"""Arrays of numbers of one fixed width, written and read at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.bits import BitReader, BitWriter


def write_fields(values: NDArray[np.int64], width: int, out: BitWriter) -> None:
    """Append numbers in `width` bits each, most significant bit first.

    Args:
        values: The numbers, each in 0 .. 2^width - 1, shape (m,).
        width: Bits of each, 0 .. 62.
        out: Where the bits go.
    """
    digits = np.empty((values.size, width), dtype=np.uint8)
    for j in range(width):
        digits[:, j] = (values >> (width - 1 - j)) & 1
    out.write_array(digits.ravel())


def read_fields(source: BitReader, count: int, width: int) -> NDArray[np.int64]:
    """Read numbers of `width` bits each.

    Args:
        source: Where the bits come from; DecodeError if fewer are left, before anything is allocated.
        count: How many numbers.
        width: Bits of each, 0 .. 62.

    Returns:
        The numbers, shape (count,).
    """
    digits = source.read_array(count * width).reshape(count, width)
    values = np.zeros(count, dtype=np.int64)
    for j in range(width):
        values <<= 1
        values |= digits[:, j]
    return values
