"""Orthonormalised normal columns: the exact isometry that cheaper families are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from idbounds.errors import InputError
from idbounds.projections import normal
from idbounds.projections.base import Cost, Float64Array, FloatArray, Int64Array, Projection
from idbounds.projections.stream import Stream
from idbounds.projections.threads import run_all, split

LARGEST = 1 << 27  # entries that are kept: 1 GiB
ROWS = 4096  # rows per task of apply: their partial sums stay in the cache while the columns pass


@dataclass(frozen=True)
class OrthonormalProjection(Projection):
    r"""The Q of a D x d matrix of normal variables: an exact isometry onto a uniformly random subspace.

    Q comes from modified Gram-Schmidt, each column cleaned twice, in float64 and in a fixed order of
    additions and multiplications. A LAPACK factorisation would be faster and would have other last bits on
    other machines; this one has not, so that a certificate may use it. The digest rests on the normal
    variables.

    Keeps 8 D d bytes, at most 1 GiB: for small D. The first call costs 4 D d^2 operations (about two seconds
    at D = 10**4, d = 300); apply and adjoint cost 2 D d each, about a nanosecond a pair of entries.

    Source: Li et al. 2018, dense form, orthonormalised; Larsen et al. 2022. Björck 1967 for the algorithm.
    """

    kind: ClassVar[str] = "orthonormal"

    def __post_init__(self) -> None:
        """Check the fields, and that the matrix can be kept."""
        super().__post_init__()
        if self.d * self.D > LARGEST:
            raise InputError(
                f"orthonormal: d * D = {self.d * self.D} is more than 2**27; use kind 'blocks' or 'srht'"
            )

    @property
    def orthonormal(self) -> bool:
        """True: every singular value equals `column_length`."""
        return True

    def column_weights(self) -> Float64Array:
        """Return the length of the columns, since those of Q have length 1.

        Returns:
            float64 array of shape (d,).
        """
        return np.full(self.d, self.column_length)

    def cost(self) -> Cost:
        """Return a multiplication and an addition an entry; the matrix is kept."""
        return Cost(memory=8 * (self.D * self.d + self.D + 3 * self.d), operations=2 * self.D * self.d)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return Q z, each row summed over its columns in order.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        return product(self._columns, z.astype(np.float64)).astype(z.dtype, copy=False)

    def gather(self, g: FloatArray) -> Float64Array:
        """Return Q' g.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        from idbounds.projections import _kernels

        total, wide = np.empty(self.d), g.astype(np.float64)
        call = partial(_kernels.gather_rows)
        tasks = [partial(call, *piece, wide, self._columns, total) for piece in split(self.d, 16)]
        run_all(tasks, entries=self._columns.size)
        return total

    def exact_images(self, x: Int64Array, h: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return A x and A' h for the normal variables A, in units of 2^-20, behind Q.

        Args:
            x: int64 array of shape (d,).
            h: int64 array of shape (D,).

        Returns:
            int64 arrays of shapes (D,) and (d,).
        """
        drawn = normal.normals(self.seed, Stream.NORMAL, 0, self.d * self.D).reshape(self.d, self.D)
        return x @ drawn, drawn @ h

    @cached_property
    def _columns(self) -> Float64Array:
        return orthonormal_rows(self.seed, 0, self.d, self.D)


def orthonormal_rows(seed: int, start: int, count: int, length: int) -> Float64Array:
    """Return orthonormal vectors made from normal variables.

    Args:
        seed: integer in [0, 2**63).
        start: counter of the first variable.
        count: number of vectors, at most `length`.
        length: entries of each.

    Returns:
        float64 array of shape (count, length) with orthonormal rows.
    """
    from idbounds.projections import _kernels

    drawn = normal.normals(seed, Stream.NORMAL, start, count * length).reshape(count, length)
    rows: Float64Array = np.asarray(drawn * (2.0**-normal.PLACES / math.sqrt(length)), dtype=np.float64)
    _kernels.orthonormalise(rows)
    return rows


def product(rows: Float64Array, z: Float64Array) -> Float64Array:
    """Return z @ rows, summed in the order of the rows.

    Args:
        rows: float64 array of shape (d, D).
        z: float64 array of shape (d,).

    Returns:
        float64 array of shape (D,).
    """
    from idbounds.projections import _kernels

    out = np.empty(rows.shape[1])
    call = partial(_kernels.spread_rows)
    tasks = [partial(call, *piece, z, rows, out) for piece in split(len(out), -(-len(out) // ROWS))]
    run_all(tasks, entries=rows.size)
    return out
