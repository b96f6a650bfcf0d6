"""The index formats of sparse arrays as codes of their patterns: COO, CSR and CSC.

They are what hardware and file formats use, bit for bit the message one would store; the enumerative code
`Subset` is shorter than each of them on average. The values at the positions are not part of a pattern.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes._fields import read_fields, write_fields
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.patterns.pattern import Pattern
from idbounds.errors import DecodeError, InputError

Array = NDArray[np.int64]


@final
class Coo(Pattern):
    """Coordinates: each position as one index of ceil(log2 side) bits an axis, in ascending order.

    Args:
        shape: n for a flat index of ceil(log2 n) bits, or a tuple for one index an axis.
        k: Number of positions in the set, if the decoder knows it.
    """

    kind = "coo"

    def _widths(self) -> list[int]:
        return [max(side - 1, 0).bit_length() for side in self._shape]

    def _write(self, positions: Array, out: BitWriter) -> None:
        fields = np.zeros_like(positions)
        for axis, width in zip(np.unravel_index(positions, self._shape), self._widths(), strict=True):
            fields = fields << width | axis
        write_fields(fields, sum(self._widths()), out)

    def _read(self, count: int | None, source: BitReader) -> Array:
        assert count is not None
        fields = read_fields(source, count, sum(self._widths()))
        positions, stride = np.zeros_like(fields), 1
        for side, width in zip(reversed(self._shape), reversed(self._widths()), strict=True):
            axis = fields & ((1 << width) - 1)
            if (axis >= side).any():
                raise DecodeError(f"{self.name}: the stream holds an index beyond its side of {side}")
            positions += stride * axis
            fields >>= width
            stride *= side
        return self._made(positions)

    def _ideal(self, positions: Array) -> float:
        return float(positions.size * sum(self._widths()))

    def _expected(self, k: Array) -> ArrayLike:
        return k * sum(self._widths())


class _Lines(Pattern):
    """Rows (or columns): where each begins among the k entries, then the place of each entry in its line."""

    def __init__(self, shape: tuple[int, int], k: int | None = None) -> None:
        """Fix the shape, two-dimensional."""
        if not isinstance(shape, tuple) or len(shape) != 2:
            raise InputError(f"{self.kind}: shape {shape} given; (rows, columns) is allowed")
        super().__init__(shape, k)
        self._lines, self._side = self._shape if self.kind == "csr" else self._shape[::-1]
        self._width = max(self._side - 1, 0).bit_length()

    def _write(self, positions: Array, out: BitWriter) -> None:
        line, place = self._split(positions)
        starts = np.searchsorted(line, np.arange(self._lines + 1)).astype(np.int64)
        write_fields(starts, positions.size.bit_length(), out)
        write_fields(place, self._width, out)

    def _read(self, count: int | None, source: BitReader) -> Array:
        assert count is not None
        starts = read_fields(source, self._lines + 1, count.bit_length())
        if starts[0] != 0 or starts[-1] != count or (starts[1:] < starts[:-1]).any():
            raise DecodeError(f"{self.name}: the starts of the lines must ascend from 0 to {count}")
        place = read_fields(source, count, self._width)
        if (place >= self._side).any():
            raise DecodeError(f"{self.name}: the stream holds an index beyond its side of {self._side}")
        line = np.repeat(np.arange(self._lines, dtype=np.int64), np.diff(starts))
        return self._joined(self._made(line * self._side + place))

    def _ideal(self, positions: Array) -> float:
        return float(self._expected(np.array(positions.size)))

    def _expected(self, k: Array) -> NDArray[np.float64]:
        pointer = np.ceil(np.log2(k + 1.0))  # exact for k <= 2^28: bit_length of k
        bits: NDArray[np.float64] = (self._lines + 1) * pointer + k * self._width
        return bits

    def _split(self, positions: Array) -> tuple[Array, Array]:
        """Line and place in the line, in the order of the lines."""
        raise NotImplementedError

    def _joined(self, ordered: Array) -> Array:
        """Positions in row order from positions in the order of the lines."""
        raise NotImplementedError


@final
class Csr(_Lines):
    """Compressed rows: rows + 1 pointers of ceil(log2(k + 1)) bits, k columns of ceil(log2 columns) bits.

    The first pointer is 0 and the last is k; both are written, as the format has it.

    Args:
        shape: (rows, columns).
        k: Number of positions in the set, if the decoder knows it.
    """

    kind = "csr"

    def _split(self, positions: Array) -> tuple[Array, Array]:
        return positions // max(self._side, 1), positions % max(self._side, 1)

    def _joined(self, ordered: Array) -> Array:
        return ordered


@final
class Csc(_Lines):
    """Compressed columns: `Csr` of the transposed matrix; positions still count row by row.

    Args:
        shape: (rows, columns).
        k: Number of positions in the set, if the decoder knows it.
    """

    kind = "csc"

    def _split(self, positions: Array) -> tuple[Array, Array]:
        columns, rows = max(self._lines, 1), max(self._side, 1)
        ordered = np.sort(positions % columns * rows + positions // columns)
        return ordered // rows, ordered % rows

    def _joined(self, ordered: Array) -> Array:
        rows = max(self._side, 1)
        return np.sort(ordered % rows * self._lines + ordered // rows)
