"""Sparse random signs of Li et al. and Achlioptas, with exact counts and nothing stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, Literal, get_args

import numpy as np

from idbounds.errors import InputError
from idbounds.projections.base import Cost, Float64Array, FloatArray, Int64Array, SignProjection
from idbounds.projections.stream import COUNTER_LIMIT, Stream
from idbounds.projections.threads import run_all, split

Density = Literal["covered", "li", "achlioptas"]
COVERING = 8  # entries a row of the covered rule: exp(-8) = 0.03% of the rows stay without one
PIECES = 8  # partial sums of the adjoint; fixed, so that the sum has the same bits on any thread count


@dataclass(frozen=True)
class SparseProjection(SignProjection):
    r"""Sparse random signs: exactly k entries a column, one in each of k equal strata of the rows.

    Column j has its e-th entry, a random sign, at a random row of e D // k ... (e + 1) D // k - 1. Columns
    have exactly equal lengths and are orthogonal on average; two meet in about k^2 / D rows.

    A row without any entry is a weight that never moves. Their share is about exp(-d k / D), and `dead_share`
    states it: with Li's density 1 / sqrt(D) it is 90% at d = 100, D = 10**6. The rule is therefore an option:

    - ``"covered"`` (default): Li's density, or 8 entries a row on average if that is more; at most about
      0.03% of the weights never move.
    - ``"li"``: k = sqrt(D), as published.
    - ``"achlioptas"``: k = D / 3, as published.

    Costs d k entries at about 2 nanoseconds each, for each of apply and adjoint; O(d) memory, as strata pass
    through the cache one after the other. The counter allows d k <= 2**32.

    Args:
        density: the rule.

    Source: Li, Hastie and Church, "Very sparse random projections", KDD 2006, as used by Li et al. 2018;
    Achlioptas 2003. There entries are independent, so that the columns' counts vary; here they are exact.
    """

    kind: ClassVar[str] = "sparse"

    density: Density = "covered"

    def __post_init__(self) -> None:
        """Check the fields, and that the counter reaches every entry."""
        super().__post_init__()
        if self.density not in get_args(Density):
            raise InputError(f"density = {self.density!r}: allowed are {', '.join(get_args(Density))}")
        if self.d * self.entries > COUNTER_LIMIT:
            raise InputError(
                f"sparse: {self.entries} entries in each of d = {self.d} columns are more than 2**32; "
                "use density 'li' or kind 'blocks'"
            )

    @property
    def entries(self) -> int:
        """Entries of each column, k."""
        if self.density == "achlioptas":
            return -(-self.D // 3)
        li = math.isqrt(self.D)
        return li if self.density == "li" else min(self.D, max(li, -(-COVERING * self.D // self.d)))

    def dead_share(self) -> float:
        """Return the share of the rows, and so of the weights, that is expected to have no entry.

        Returns:
            The mean over the strata of (1 - 1 / rows)^d, weighted with their rows.
        """
        short, longer = divmod(self.D, self.entries)
        share = 0.0
        for rows, strata in ((short, self.entries - longer), (short + 1, longer)):
            share += strata * rows / self.D * (1 - 1 / rows) ** self.d
        return share

    def cost(self) -> Cost:
        """Return two hashed words and an addition an entry."""
        return Cost(memory=8 * self.d * (PIECES + 2), operations=3 * self.d * self.entries)

    def description(self) -> str:
        """Return the line of `Projection`, with the rule of the density if it is not the default."""
        line = super().description()
        return line if self.density == "covered" else f"{line} density={self.density}"

    def column_counts(self) -> Int64Array:
        """Return k for every column.

        Returns:
            int64 array of shape (d,).
        """
        return np.full(self.d, self.entries, dtype=np.int64)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z, stratum by stratum, each row summed over its columns in order.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        from idbounds.projections import _kernels

        out = np.empty(self.D, dtype=z.dtype)
        call = partial(_kernels.spread_sparse, *self._arguments)
        pieces = split(self.entries, PIECES)
        run_all([partial(call, first, end, z, out) for first, end in pieces], entries=self.entries * self.d)
        return out

    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g, the strata summed in a fixed number of pieces.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        from idbounds.projections import _kernels

        pieces = split(self.entries, PIECES)
        totals = np.zeros((len(pieces), self.d))
        call = partial(_kernels.gather_sparse, *self._arguments)
        tasks = [
            partial(call, first, end, g, total) for (first, end), total in zip(pieces, totals, strict=True)
        ]
        run_all(tasks, entries=self.entries * self.d)
        return np.asarray(totals.sum(axis=0))

    @cached_property
    def _arguments(self) -> tuple[object, ...]:
        return self._key(Stream.POSITIONS), self._key(Stream.SIGNS), self.entries
