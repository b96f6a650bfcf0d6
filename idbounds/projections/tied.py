"""Tied weights: each parameter copies one coordinate, as in Uni-LoRA; no signs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError
from idbounds.projections.base import BUFFER, Cost, Float64Array, FloatArray, Int64Array, SignProjection
from idbounds.projections.stream import Stream, permutation
from idbounds.projections.threads import run_all, split

LARGEST = 1 << 31  # rows that a random order is drawn for
PIECES = 8  # partial sums of the adjoint; fixed, so that the sum has the same bits on any thread count


@dataclass(frozen=True)
class TiedProjection(SignProjection):
    r"""Balanced one-hot rows without signs: :math:`P_{r,\,\pi(r) \bmod d} = 1/\sqrt{\text{count}}`.

    :math:`\pi` is a random order of the rows, so that each coordinate feeds D // d rows or one more. Columns
    do not meet and have equal lengths: every singular value equals `column_length`. All weights of one
    coordinate move together and in the same direction, which is the mean over them: what sums to zero within
    a group is out of reach. The rotated signs of ``"blocks"`` do the same with signs, and without the index.

    Costs a read at a random place for each row, and keeps 2 or 4 bytes a row; the first call sorts D keys.

    Source: Li et al., "Uni-LoRA: One Vector is All You Need", 2025; balanced as in Hugging Face's peft.
    """

    kind: ClassVar[str] = "tied"

    def __post_init__(self) -> None:
        """Check the fields, and that an order of so many rows can be drawn."""
        super().__post_init__()
        if self.D > LARGEST:
            raise InputError(f"tied: D = {self.D} is more than 2**31; use kind 'blocks'")

    @property
    def orthonormal(self) -> bool:
        """True: every singular value equals `column_length`."""
        return True

    def cost(self) -> Cost:
        """Return a read and a write a row; the index is kept."""
        kept = self.D * self._index_type().itemsize
        return Cost(memory=kept + (PIECES + 2) * 8 * self.d + BUFFER, operations=self.D)

    def column_counts(self) -> Int64Array:
        """Return how many rows copy each coordinate: D // d, and one more for the first D mod d.

        Returns:
            int64 array of shape (d,).
        """
        whole, rest = divmod(self.D, self.d)
        return whole + (np.arange(self.d) < rest).astype(np.int64)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z: each row copies its coordinate.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        return np.asarray(z[self._index])

    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g, each coordinate summed over its rows in a fixed number of pieces.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        from idbounds.projections import _kernels

        pieces = split(self.D, PIECES)
        totals = np.zeros((len(pieces), self.d))
        call = partial(_kernels.gather_tied, self._index)
        tasks = [
            partial(call, first, end, g, total) for (first, end), total in zip(pieces, totals, strict=True)
        ]
        run_all(tasks, entries=self.D)
        return np.asarray(totals.sum(axis=0))

    def _index_type(self) -> np.dtype[Any]:
        return np.dtype(np.uint16 if self.d <= 1 << 16 else np.uint32)

    @cached_property
    def _index(self) -> NDArray[Any]:
        return (permutation(self.seed, Stream.PERMUTATION, self.D) % self.d).astype(self._index_type())
