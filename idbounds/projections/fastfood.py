"""Global Fastfood of Li et al.: the whole parameter vector through one big Walsh-Hadamard transform."""

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
from idbounds.projections.stream import Stream, permutation, signs
from idbounds.projections.threads import get_threads, run_all, split

LARGEST = 1 << 31  # entries that a random order is drawn for
ROW = 1 << 12  # entries transformed at once: they stay in the cache
PIECES = 8  # partial sums of the adjoint; fixed, so that the sum has the same bits on any thread count


@dataclass(frozen=True)
class FastfoodProjection(Projection):
    r"""Fastfood, :math:`P = H\,G\,\Pi\,H\,B` on z padded with zeros, cut to the first D of N rows.

    N is the power of two that reaches D, H the Walsh-Hadamard matrix, B random signs, :math:`\Pi` a random
    permutation, G normal variables (in units of 2^-20, see `normal`). Since z has only d entries, the inner
    transform repeats one of n = 2^ceil(log2 d) entries N / n times: with u = H_n B z it is

    .. math:: P z = H_N \left( G \odot u[\Pi \bmod n] \right) w,

    the same operator with one big transform in place of two. All columns have the length
    :math:`\sqrt{N \sum G^2}` before the cut; w = 1 / sqrt(D sum G^2), as published, makes them 1 on average
    after it, each within about :math:`1 \pm \sqrt{(1 - D/N) / (2D)}`. They are not orthogonal. With d = n and
    D = N the squares of the singular values are, but for a factor, the sums of G^2 over the rows that share
    an entry of u: chi-square with N / n degrees of freedom, which spreads further than a dense matrix does.

    Costs D log2 N additions each for apply and adjoint, and keeps 6 to 8 bytes for each of the N rows.

    Source: Le, Sarlos and Smola, "Fastfood", ICML 2013; Li et al. 2018, appendix S7.
    """

    kind: ClassVar[str] = "fastfood"

    def __post_init__(self) -> None:
        """Check the fields, and that a permutation of so many rows can be drawn."""
        super().__post_init__()
        if self.length > LARGEST:
            raise InputError(f"fastfood: D = {self.D} is more than 2**31; use kind 'blocks'")

    @property
    def length(self) -> int:
        """N, the power of two that reaches D."""
        return _power_of_two(self.D)

    @property
    def column_tolerance(self) -> float:
        """Six standard deviations and more of the r.m.s. length of the columns."""
        return 4 / math.sqrt(self.D)

    def column_weights(self) -> Float64Array:
        """Return 1 / sqrt(D sum G^2) for each column, times the length wanted; from exact integers.

        Returns:
            float64 array of shape (d,).
        """
        index, levels = self._levels, normal.levels().tolist()
        squares = sum(count * level**2 for count, level in zip(index, levels, strict=True))
        share = self.D if self.scale == "unit" else self.d
        return np.full(self.d, math.sqrt(1 / (share * squares)))

    def cost(self) -> Cost:
        """Return one big transform and a small one; G, the order and the padded vector are in memory."""
        n, N = _power_of_two(self.d), self.length
        kept = N * (4 + self._order_type().itemsize + 4)
        return Cost(
            memory=kept + (4 + 4 * PIECES) * n + 8 * self.d,
            operations=N * (N.bit_length() + 1) + n * n.bit_length(),
        )

    def spread(self, z: FloatArray) -> FloatArray:
        """Return H G Pi H B z, in units of 2^-20.

        Args:
            z: contiguous array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        from idbounds.projections import _kernels

        padded = np.zeros(_power_of_two(self.d), dtype=z.dtype)
        padded[: self.d] = self._inner * z
        _transform(padded)
        out = np.empty(self._shape, dtype=z.dtype)
        call = partial(_kernels.spread_fastfood)
        order, gains = self._order, self._gains_for(z)
        pieces = split(len(out), get_threads())
        tasks = [partial(call, first, end, padded, order, gains, out) for first, end in pieces]
        run_all(tasks, entries=out.size)
        _across(out)
        return out.reshape(-1)[: self.D]

    def gather(self, g: FloatArray) -> Float64Array:
        """Return B H Pi' G H g, in units of 2^-20.

        Args:
            g: contiguous array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        return np.asarray(self._gathered(g), dtype=np.float64)

    def exact_images(self, x: Int64Array, h: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return S x and S' h: the same compiled loops in whole numbers, modulo 2**64.

        Args:
            x: int64 array of shape (d,).
            h: int64 array of shape (D,).

        Returns:
            int64 arrays of shapes (D,) and (d,).
        """
        image: Any = x
        back: Any = h
        return self.spread(image).astype(np.int64, copy=False), self._gathered(back)

    def _gathered(self, g: Any) -> Any:
        from idbounds.projections import _kernels

        padded = np.zeros(self._shape, dtype=g.dtype)
        padded.reshape(-1)[: self.D] = g
        _across(padded)
        pieces = split(len(padded), PIECES)
        totals = np.zeros((len(pieces), _power_of_two(self.d)), dtype=g.dtype)
        order, gains = self._order, self._gains_for(g)
        call = partial(_kernels.gather_fastfood)
        tasks = [
            partial(call, first, end, padded, order, gains, total)
            for (first, end), total in zip(pieces, totals, strict=True)
        ]
        run_all(tasks, entries=padded.size)
        total = totals.sum(axis=0)
        _transform(total)
        back: NDArray[Any] = self._inner * total[: self.d]
        return back

    @property
    def _shape(self) -> tuple[int, int]:
        columns = min(self.length, max(ROW, _power_of_two(math.isqrt(self.length))))
        return self.length // columns, columns

    @cached_property
    def _inner(self) -> NDArray[np.int8]:
        return signs(self.seed, Stream.INNER_SIGNS, 0, self.d)

    def _order_type(self) -> np.dtype[Any]:
        return np.dtype(np.uint16 if self.d <= 1 << 16 else np.uint32)

    @cached_property
    def _order(self) -> NDArray[Any]:
        """Pi modulo n: which entry of u each row takes."""
        order = permutation(self.seed, Stream.PERMUTATION, self.length)
        return (order & (_power_of_two(self.d) - 1)).astype(self._order_type())

    @cached_property
    def _gains(self) -> NDArray[np.float32]:
        """G, exact in float32."""
        return normal.normals(self.seed, Stream.NORMAL, 0, self.length).astype(np.float32)

    @cached_property
    def _levels(self) -> list[int]:
        """How often each level of the normal variable stands in G."""
        drawn = normal.normals(self.seed, Stream.NORMAL, 0, self.length)
        places = np.searchsorted(normal.levels(), drawn)
        counts: list[int] = np.bincount(places, minlength=len(normal.levels())).tolist()
        return counts

    def _gains_for(self, like: NDArray[Any]) -> NDArray[Any]:
        return self._gains if like.dtype.kind == "f" else self._gains.astype(np.int64)


def _power_of_two(n: int) -> int:
    """The least power of two that reaches n."""
    return 1 << (n - 1).bit_length()


def _transform(a: NDArray[Any]) -> None:
    """Replace a, of a power of two, by H a."""
    from idbounds.projections import _kernels

    rows = a.reshape(-1, min(a.size, ROW))
    for row in rows:
        _kernels.hadamard(row)
    _across(rows)


def _across(a: NDArray[Any]) -> None:
    """The stages of the transform across the rows of a matrix."""
    from idbounds.projections import _kernels

    strips = -(-a.shape[1] // _kernels.STRIP)
    call = partial(_kernels.hadamard_across)
    run_all([partial(call, first, end, a) for first, end in split(strips, get_threads())], entries=a.size)
