"""Rotated-sign blocks: one coordinate per parameter, exactly orthogonal columns, nothing stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from idbounds.projections.base import BUFFER, Cost, Float64Array, FloatArray, SignProjection
from idbounds.projections.stream import Stream, signs, words
from idbounds.projections.threads import get_threads, run_all, split

LONGEST_TARGET = 2048  # rows per block aimed at: long enough to vectorise, short enough for the cache
BLOCKS_WANTED = 32  # a small D is still cut into about this many blocks, so that rotations are drawn
PIECES = 8  # partial sums of the adjoint; fixed, so that the sum has the same bits on any thread count


@dataclass(frozen=True)
class BlocksProjection(SignProjection):
    r"""Rotated-sign blocks, the default.

    The D rows are cut into blocks of L rows, L the smallest multiple of d that reaches
    min(2048, max(1, D // 32)). Row ``b L + j`` holds one entry,

    .. math:: P_{bL+j,\,(j + c_b) \bmod d} = s_{bL+j}\, w_{(j + c_b) \bmod d},

    with a random rotation c_b per block and a random sign s per row. Each row has one entry, so columns
    are orthogonal; w divides by the square root of each coordinate's count, so they have equal lengths:
    every singular value equals `column_length`, for every d <= D.

    Costs about one pass over D for each of apply and adjoint, and O(d + L) extra memory per partial sum.

    Source: the structured one-entry-per-row maps of the intrinsic-dimension literature (Li et al. 2018,
    sparse and Fastfood forms; Aghajanyan et al. 2020), here with balanced counts and no stored index.
    """

    kind: ClassVar[str] = "blocks"

    @property
    def orthonormal(self) -> bool:
        """True: every singular value equals `column_length`."""
        return True

    @property
    def block_length(self) -> int:
        """L, the rows per block (the only block is shorter if D < L)."""
        target = min(LONGEST_TARGET, max(1, self.D // BLOCKS_WANTED))
        return self.d * -(-target // self.d)

    @property
    def block_count(self) -> int:
        """The number of blocks, the last of which may be shorter."""
        return -(-self.D // self.block_length)

    def rotations(self, first: int = 0, end: int | None = None) -> NDArray[np.int64]:
        """Return c_b for blocks first..end-1: ``(word(b) * d) >> 32``.

        Args:
            first: first block.
            end: block after the last one; None for all.

        Returns:
            int64 array with values in 0..d-1.
        """
        count = (self.block_count if end is None else end) - first
        word = words(self.seed, Stream.ROTATIONS, first, count).astype(np.uint64)
        return ((word * np.uint64(self.d)) >> np.uint64(32)).astype(np.int64)

    def cost(self) -> Cost:
        """Return about one pass over D, and memory for a few blocks whatever D is."""
        sums = self.block_length + self.d  # PIECES of them in float32, their total in float64
        return Cost(memory=(4 * PIECES + 8) * sums + 8 * self.d + BUFFER, operations=2 * self.D)

    def column_counts(self) -> NDArray[np.int64]:
        """Return how many rows each coordinate feeds: D // d, and one more for D mod d of them.

        Whole turns of d rows touch each coordinate once; only the end of the last block is not whole.

        Returns:
            int64 array of shape (d,).
        """
        last = int(self.rotations(self.block_count - 1)[0])
        whole, rest = divmod(self.D, self.d)
        counts = np.full(self.d, whole, dtype=np.int64)
        counts[(np.arange(rest, dtype=np.int64) + last) % self.d] += 1
        return counts

    def rows(self) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the coordinate and the sign of every row, 9 D bytes: for accelerators and checks.

        Returns:
            int64 indices and int8 signs, each of shape (D,).
        """
        row = np.arange(self.D, dtype=np.int64)
        block, j = np.divmod(row, self.block_length)
        return (j + self.rotations()[block]) % self.d, signs(self.seed, Stream.SIGNS, 0, self.D)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z: each row copies its coordinate, with its sign.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        out = np.empty(self.D, dtype=z.dtype)
        self.spread_into(z, out)
        return out

    def spread_into(self, z: FloatArray, out: FloatArray) -> None:
        """Write S z into an array.

        Args:
            z: contiguous float array of shape (d,).
            out: contiguous array of shape (D,), dtype of z.
        """
        from idbounds.projections import _kernels

        # z repeated once more than a block needs: a rotated block is then one contiguous slice of it.
        tile = np.tile(z, self.block_length // self.d + 1)
        call = partial(_kernels.spread_blocks, *self._arguments)
        pieces = split(self.block_count, get_threads())
        run_all([partial(call, first, end, tile, out) for first, end in pieces], entries=self.D)

    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g: each coordinate sums its rows, with their signs.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        from idbounds.projections import _kernels

        pieces = split(self.block_count, PIECES)
        totals = np.zeros((len(pieces), self.block_length + self.d), dtype=g.dtype)
        call = partial(_kernels.gather_blocks, *self._arguments)
        tasks = [
            partial(call, first, end, g, total) for (first, end), total in zip(pieces, totals, strict=True)
        ]
        run_all(tasks, entries=self.D)
        total = totals.sum(axis=0, dtype=np.float64)
        return np.asarray(total.reshape(-1, self.d).sum(axis=0))

    @cached_property
    def _arguments(self) -> tuple[object, ...]:
        return self._key(Stream.SIGNS), self._key(Stream.ROTATIONS), self.d, self.block_length
