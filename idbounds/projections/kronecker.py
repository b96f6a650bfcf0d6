"""A Kronecker product of two small orthonormal matrices, its rows in random order: RDKronQR without gaps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError
from idbounds.projections import normal
from idbounds.projections.base import Cost, Float64Array, FloatArray, Int64Array, Projection
from idbounds.projections.orthonormal import orthonormal_rows
from idbounds.projections.stream import COUNTER_LIMIT, Stream, permutation
from idbounds.projections.threads import run_all, split

LARGEST = 1 << 31  # rows that a random order is drawn for
TASKS = 16  # parts of the work; each entry is summed inside one of them


@dataclass(frozen=True)
class KroneckerProjection(Projection):
    r""":math:`P = \Pi\,(A \otimes B)\,\mathrm{diag}(w)`, A and B orthonormal, :math:`\Pi` a random order.

    A has D1 x d1 entries and B has D2 x d2, with D1 = ceil(sqrt D), D2 = ceil(D / D1) and likewise for d,
    both the Q of normal variables (see `orthonormal`). The product has room for D rows and d columns; those
    beyond are left out, and w makes up for what the columns lose: they have equal lengths. All singular
    values are equal if D = D1 D2. In the published code D1 and D2 are rounded *down*, so that rows or
    coordinates beyond D1 D2 or d1 d2 have no entry at all and d is overstated in the bound; here none is
    without.

    Coordinates are tied more than in other families: P z is the matrix A Z B', of rank at most d1, in
    random order. Costs about D sqrt(d) multiplications for apply and as many for adjoint, and a pass in
    random order over D; keeps 4 bytes a row for the order and 8 (D1 d1 + D2 d2) for the matrices.

    Source: Lotfi et al., "PAC-Bayes Compression Bounds So Tight That They Can Explain Generalization",
    NeurIPS 2022, section 4.1 (RDKronQR in their code).
    """

    kind: ClassVar[str] = "kronecker"

    def __post_init__(self) -> None:
        """Check the fields, and that an order of so many rows can be drawn."""
        super().__post_init__()
        drawn = self._left[0] * self._left[1] + self._right[0] * self._right[1]
        if self.D > LARGEST or drawn > COUNTER_LIMIT:
            raise InputError(f"kronecker: D = {self.D} is more than 2**31; use kind 'blocks'")

    @property
    def orthonormal(self) -> bool:
        """True if no row is left out."""
        return self._left[1] * self._right[1] == self.D

    def column_weights(self) -> Float64Array:
        """Return what makes up for the rows left out: 1 over what is left of each column.

        Only the last row of A is not whole: it is followed by D - (D1 - 1) D2 rows of B.

        Returns:
            float64 array of shape (d,).
        """
        A, B = self._matrices
        kept = B[:, : self.D - (self._left[1] - 1) * self._right[1]]
        part = np.array([_sum_of_squares(row) for row in kept])
        if kept.shape == B.shape:
            return np.full(self.d, self.column_length)
        lost = np.multiply.outer(A[:, -1] ** 2, 1 - part).reshape(-1)[: self.d]
        return np.asarray(self.column_length / np.sqrt(1 - lost))

    def cost(self) -> Cost:
        """Return two products of small matrices, and a pass in random order."""
        (d1, D1), (d2, D2) = self._left, self._right
        padded, matrices = D1 * D2, D1 * d1 + D2 * d2
        return Cost(
            memory=4 * self.D + 8 * (padded + matrices + self.D + 2 * d1 * d2 + D1 * d2),
            operations=2 * (D1 * d1 * d2 + padded * d2) + self.D,
        )

    def spread(self, z: FloatArray) -> FloatArray:
        """Return the rows of A Z B' in their order, each entry summed in the order of the columns.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        A, B = self._matrices
        square = np.zeros((len(A), len(B)))
        square.reshape(-1)[: self.d] = z
        return np.asarray(_sandwich(A, square, B).reshape(-1)[self._order], dtype=z.dtype)

    def gather(self, g: FloatArray) -> Float64Array:
        """Return A' G B, with the entries of g put back in their places.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        A, B = self._matrices
        square = np.zeros((A.shape[1], B.shape[1]))
        square.reshape(-1)[self._order] = g
        # (G B)' first, in rows of B: the long sides are summed while they pass through the cache
        half = _sandwich(np.ascontiguousarray(B.T), np.ascontiguousarray(square.T), np.ascontiguousarray(A.T))
        return np.asarray(half.T.reshape(-1)[: self.d])

    def exact_images(self, x: Int64Array, h: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return S x and S' h for the normal variables, in units of 2^-20, behind A and B.

        Args:
            x: int64 array of shape (d,).
            h: int64 array of shape (D,).

        Returns:
            int64 arrays of shapes (D,) and (d,), modulo 2**64.
        """
        (d1, D1), (d2, D2) = self._left, self._right
        A = normal.normals(self.seed, Stream.NORMAL, 0, d1 * D1).reshape(d1, D1)
        B = normal.normals(self.seed, Stream.NORMAL, d1 * D1, d2 * D2).reshape(d2, D2)
        Z, G = np.zeros((d1, d2), np.int64), np.zeros((D1, D2), np.int64)
        Z.reshape(-1)[: self.d] = x
        G.reshape(-1)[self._order] = h
        return (A.T @ Z @ B).reshape(-1)[self._order], (A @ G @ B.T).reshape(-1)[: self.d]

    @property
    def _left(self) -> tuple[int, int]:
        """Shape of A, stored by columns: (d1, D1)."""
        return _ceil_root(self.d), _ceil_root(self.D)

    @property
    def _right(self) -> tuple[int, int]:
        """Shape of B, stored by columns: (d2, D2)."""
        d1, D1 = self._left
        return -(-self.d // d1), -(-self.D // D1)

    @cached_property
    def _matrices(self) -> tuple[Float64Array, Float64Array]:
        (d1, D1), (d2, D2) = self._left, self._right
        return orthonormal_rows(self.seed, 0, d1, D1), orthonormal_rows(self.seed, d1 * D1, d2, D2)

    @cached_property
    def _order(self) -> NDArray[Any]:
        return permutation(self.seed, Stream.PERMUTATION, self.D).astype(np.uint32)


def _ceil_root(n: int) -> int:
    return math.isqrt(n - 1) + 1


def _sum_of_squares(row: Float64Array) -> float:
    total = 0.0
    for value in row.tolist():  # in order: the sums of numpy depend on the machine
        total += value * value
    return total


def _sandwich(left: Float64Array, middle: Float64Array, right: Float64Array) -> Float64Array:
    """Return left' middle right."""
    from idbounds.projections import _kernels

    out = np.empty((left.shape[1], right.shape[1]))
    call = partial(_kernels.kronecker, left, right, middle)
    run_all([partial(call, *piece, out) for piece in split(len(out), TASKS)], entries=out.size * len(right))
    return out
