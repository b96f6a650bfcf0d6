"""Blocks of a sparse matrix: which of them hold anything, and those as they are."""

from __future__ import annotations

from itertools import product
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.integers.elias import integer_within
from idbounds.codes.patterns.pattern import LARGEST_SET, Pattern, log2_choose
from idbounds.errors import DecodeError, InputError

Array = NDArray[np.int64]


@final
class Blocks(Pattern):
    """One bit for each block of a matrix, set if it holds a position; then each such block as a bitmap.

    Blocks at the right and lower edge are cut off there. A format that stores such blocks densely has a value
    in place of one bit for each cell: see `expected_cells`.

    Args:
        shape: (rows, columns).
        block: (rows, columns) of a block, at least 1 each.
        k: Number of positions in the set, if the decoder knows it; it is never sent.

    Raises:
        InputError: If shape or block is out of range.
    """

    kind = "blocks"
    sends_count = False

    def __init__(self, shape: tuple[int, int], block: tuple[int, int], k: int | None = None) -> None:
        """Fix the blocks."""
        if not (isinstance(shape, tuple) and isinstance(block, tuple) and len(shape) == len(block) == 2):
            raise InputError(f"{self.kind}: shape {shape}, block {block} given; two sides each are allowed")
        super().__init__(shape, k)
        self._block = tuple(integer_within(side, "side of a block", 1, LARGEST_SET) for side in block)
        self._edges = [
            np.diff(np.append(np.arange(0, side, step), side))
            for side, step in zip(self._shape, self._block, strict=True)
        ]  # sizes of the blocks along each axis

    def _options(self) -> str:
        return f", {self._block[0]}x{self._block[1]}"

    def _write(self, positions: Array, out: BitWriter) -> None:
        present, cells = self._cells(positions)
        mask = np.zeros(self._n, dtype=np.uint8)
        mask[positions] = 1
        out.write_array(present.astype(np.uint8))
        out.write_array(mask[cells])

    def _read(self, count: int | None, source: BitReader) -> Array:
        blocks = self._edges[0].size * self._edges[1].size
        present = source.read_array(blocks).astype(bool)
        held = np.outer(*self._edges).ravel()[present]
        inside = source.read_array(int(held.sum())).astype(bool)
        if held.size and not np.logical_or.reduceat(inside, np.cumsum(held) - held).all():
            raise DecodeError(
                f"{self.name}: the stream holds a block without a position; the message was altered"
            )
        return np.sort(self._inside(present)[inside])

    def _ideal(self, positions: Array) -> float:
        present, cells = self._cells(positions)
        return float(present.size + cells.size)

    def _expected(self, k: Array) -> NDArray[np.float64]:
        return self._edges[0].size * self._edges[1].size + self.expected_cells(k)

    def expected_cells(self, k: ArrayLike) -> NDArray[np.float64]:
        """Mean number of cells in blocks that hold a position, over all sets of k positions."""
        sizes = np.asarray(k, dtype=np.int64)
        total = np.zeros(sizes.shape)
        rows, columns = (zip(*np.unique(edge, return_counts=True), strict=True) for edge in self._edges)
        for (height, down), (width, across) in product(rows, columns):
            area, number = int(height * width), int(down * across)
            free = self._n - area  # a block of this area is empty with probability C(n - area, k) / C(n, k)
            fits = sizes <= free
            log2_empty = log2_choose(free, np.where(fits, sizes, 0)) - log2_choose(
                self._n, np.where(fits, sizes, 0)
            )
            total += number * area * (1 - np.where(fits, 2.0**log2_empty, 0.0))
        return total

    def _cells(self, positions: Array) -> tuple[NDArray[np.bool_], Array]:
        """Which blocks hold a position, and the positions of all their cells, block by block."""
        columns = max(self._shape[1], 1)
        across = self._edges[1].size
        block = positions // columns // self._block[0] * across + positions % columns // self._block[1]
        present = np.zeros(self._edges[0].size * across, dtype=bool)
        present[block] = True
        return present, self._inside(present)

    def _inside(self, present: NDArray[np.bool_]) -> Array:
        """Positions of all cells of the present blocks, block by block and row by row."""
        down, across = np.divmod(np.flatnonzero(present), max(self._edges[1].size, 1))
        widths = self._edges[1][across]
        areas = self._edges[0][down] * widths
        place = np.arange(areas.sum()) - np.repeat(np.cumsum(areas) - areas, areas)
        row, column = np.divmod(place, np.repeat(widths, areas))
        row += np.repeat(down * self._block[0], areas)
        column += np.repeat(across * self._block[1], areas)
        return row * self._shape[1] + column
