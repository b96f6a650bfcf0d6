"""Dense random signs: the reference that cheaper families are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError
from idbounds.projections.base import Cost, Float64Array, FloatArray, SignProjection
from idbounds.projections.stream import COUNTER_LIMIT, Stream
from idbounds.projections.threads import run_all, split

ROWS = 4096  # rows per task of apply: their partial sums stay in the cache while the columns pass
PIECES = 8  # partial sums of the adjoint; fixed, so that the sum has the same bits on any thread count


@dataclass(frozen=True)
class DenseProjection(SignProjection):
    r"""Dense random signs, :math:`P_{rk} = s_{rd+k} / \sqrt{D}` (times sqrt(D/d) with scale ``"rms"``).

    Columns have exactly equal lengths; singular values spread over about :math:`1 \pm \sqrt{d/D}`.

    The matrix is never stored: signs are hashed again in blocks of rows, so memory is O(D + d), and apply
    and adjoint each cost D d hashes, about half a nanosecond each on one thread (half a second at
    D = 10**6, d = 10**3). The counter allows D d <= 2**32. Sums run in float64 in a fixed order.

    Source: Li et al. 2018, dense form, with signs in place of Gaussian entries.
    """

    kind: ClassVar[str] = "dense"

    def __post_init__(self) -> None:
        """Check the fields, and that the counter reaches every entry."""
        super().__post_init__()
        if self.d * self.D > COUNTER_LIMIT:
            raise InputError(f"dense: d * D = {self.d * self.D} is more than 2**32; use kind 'blocks'")

    def cost(self) -> Cost:
        """Return a hash and an addition for each of the D d entries, and a float64 vector of size D."""
        return Cost(memory=8 * (self.D + (PIECES + 2) * self.d), operations=2 * self.D * self.d)

    def column_counts(self) -> NDArray[np.int64]:
        """Return D for every column.

        Returns:
            int64 array of shape (d,).
        """
        return np.full(self.d, self.D, dtype=np.int64)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z, each row summed over its columns in order.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        from idbounds.projections import _kernels

        out = np.empty(self.D)
        call = partial(_kernels.spread_dense, self._key(Stream.DENSE))
        pieces = split(self.D, -(-self.D // ROWS))
        tasks = [partial(call, first, end, z.astype(np.float64), out) for first, end in pieces]
        run_all(tasks, entries=self.D * self.d)
        return out.astype(z.dtype, copy=False)

    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g, each column summed over its rows in a fixed number of pieces.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        from idbounds.projections import _kernels

        pieces = split(self.D, PIECES)
        totals = np.zeros((len(pieces), self.d))
        call = partial(_kernels.gather_dense, self._key(Stream.DENSE))
        wide = g.astype(np.float64)
        tasks = [
            partial(call, first, end, wide, total) for (first, end), total in zip(pieces, totals, strict=True)
        ]
        run_all(tasks, entries=self.D * self.d)
        return np.asarray(totals.sum(axis=0))
