"""Block-SRHT: signs, a small Walsh-Hadamard transform, signs, in each block of rows; nothing stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from idbounds.projections.base import Cost, Float64Array, FloatArray, Int64Array, SignProjection
from idbounds.projections.stream import Stream
from idbounds.projections.threads import get_threads, run_all, split

PIECES = 8  # partial sums of the adjoint; fixed, so that the sum has the same bits on any thread count


@dataclass(frozen=True)
class SrhtProjection(SignProjection):
    r"""Randomised Hadamard blocks: dense signs at the price of a transform.

    The D rows are cut into blocks of m = 2^ceil(log2 d) rows. Block b is :math:`A_b H_m B_b` on z padded with
    zeros to m entries, with H_m the Walsh-Hadamard matrix and new random signs A_b (one a row) and B_b (one a
    coordinate) in every block. Every entry of S is +1 or -1, so all columns have the same length; the columns
    of a whole block are orthogonal, so all singular values are equal if m divides D. Otherwise the last
    block is cut: the squares of the singular values then lie between m (D // m) / D and m (D // m + 1) / D
    times the promised one. With D < m there is one cut block: its rank is still d, because no leading minor
    of Sylvester's H_m is zero (its L, U factors are Kronecker powers), but it may be ill-conditioned.

    Costs D log2 m additions in the cache each for apply and adjoint, and O(m) memory.

    Source: Ailon and Chazelle 2009 (the transform); blocks as in block-SRHT, Balabanov et al. 2023.
    """

    kind: ClassVar[str] = "srht"

    @property
    def block_length(self) -> int:
        """Rows of a block, m: the power of two that reaches d."""
        return 1 << (self.d - 1).bit_length()

    @property
    def block_count(self) -> int:
        """The number of blocks, the last of which may be cut."""
        return -(-self.D // self.block_length)

    @property
    def orthonormal(self) -> bool:
        """True if the blocks are whole."""
        return self.D % self.block_length == 0

    def cost(self) -> Cost:
        """Return a small transform a block, and two signs a row."""
        m = self.block_length
        return Cost(
            memory=4 * m * get_threads() + 8 * self.d * (PIECES + 2),
            operations=self.block_count * m * (m.bit_length() + 1) + self.D,
        )

    def column_counts(self) -> Int64Array:
        """Return D for every column.

        Returns:
            int64 array of shape (d,).
        """
        return np.full(self.d, self.D, dtype=np.int64)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z, block by block.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        from idbounds.projections import _kernels

        out = np.empty(self.D, dtype=z.dtype)
        call = partial(_kernels.spread_srht, *self._arguments)
        pieces = split(self.block_count, get_threads())
        run_all([partial(call, first, end, z, out) for first, end in pieces], entries=self.D)
        return out

    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g, the blocks summed in a fixed number of pieces.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        from idbounds.projections import _kernels

        pieces = split(self.block_count, PIECES)
        totals = np.zeros((len(pieces), self.d))
        call = partial(_kernels.gather_srht, *self._arguments)
        tasks = [
            partial(call, first, end, g, total) for (first, end), total in zip(pieces, totals, strict=True)
        ]
        run_all(tasks, entries=self.D)
        return np.asarray(totals.sum(axis=0))

    @cached_property
    def _arguments(self) -> tuple[object, ...]:
        return self._key(Stream.INNER_SIGNS), self._key(Stream.SIGNS), self.block_length
