"""One projection a tensor, all of the same z: how Aghajanyan et al. measure DID and SAID."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from idbounds.errors import InputError
from idbounds.projections.base import Cost, Float64Array, FloatArray, Int64Array, Projection, Scale
from idbounds.projections.dense import DenseProjection
from idbounds.projections.fastfood import FastfoodProjection
from idbounds.projections.srht import SrhtProjection
from idbounds.projections.stream import COUNTER_LIMIT, Stream, checked_integer, words

MEMBERS: dict[str, type[Projection]] = {
    "fastfood": FastfoodProjection,
    "dense": DenseProjection,
    "srht": SrhtProjection,
}
"""Families in whose rows all coordinates meet, so that any of their rows alone use all of z."""


@dataclass(frozen=True)
class PerTensor(Projection):
    r"""Stacked projections :math:`P_1 \ldots P_m`, one a tensor, drawn one by one, acting on the same z.

    With scale ``"unit"`` each :math:`P_i` has columns of length 1, as published, so that those of P have
    length :math:`\sqrt m` and the weights of a small tensor move further than those of a large one. With
    ``"rms"`` those of :math:`P_i` have length sqrt(D_i / d) and those of P sqrt(D / d), as in every family.

    A tensor of fewer entries than d takes the first D_i rows of a projection to d: all d coordinates move
    it, with columns of the same length, and :math:`P_i` has the rank D_i, the largest that it can have.
    (Published code cuts z instead and does not say so: coordinates beyond the padded size of a tensor never
    reach it.)

    Costs what its members cost.

    Args:
        member: ``"fastfood"`` (default), ``"dense"`` or ``"srht"``.
        sizes: entries of each tensor; their sum is D.

    Source: Aghajanyan, Zettlemoyer and Gupta, "Intrinsic Dimensionality Explains the Effectiveness of
    Language Model Fine-Tuning", ACL 2021.
    """

    kind: ClassVar[str] = "per-tensor"

    member: str = "fastfood"
    sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the fields."""
        super().__post_init__()
        if self.member not in MEMBERS:
            raise InputError(f"member = {self.member!r}: allowed are {', '.join(MEMBERS)}")
        sizes = tuple(checked_integer("sizes", size, 1, self.D + 1) for size in self.sizes)
        if sum(sizes) != self.D:
            raise InputError(f"sizes add up to {sum(sizes)}, not to D = {self.D}")
        object.__setattr__(self, "sizes", sizes)
        _ = self.members  # they check themselves

    @classmethod
    def of(
        cls, member: str, *, seed: int, d: int, sizes: tuple[int, ...], scale: Scale = "unit"
    ) -> PerTensor:
        """Build one projection a tensor; D is the sum of the sizes.

        Args:
            member: ``"fastfood"``, ``"dense"`` or ``"srht"``.
            seed: integer in [0, 2**63).
            d: number of coordinates, at most D.
            sizes: entries of each tensor, in their order.
            scale: ``"unit"`` (each tensor's columns have length 1, as published) or ``"rms"``.

        Returns:
            The projection.

        Raises:
            InputError: if an argument is outside what is allowed.
        """  # noqa: DOC502 - raised by __post_init__
        whole = [checked_integer("sizes", size, 1, COUNTER_LIMIT + 1) for size in sizes]
        return cls(seed=seed, d=d, D=sum(whole), scale=scale, member=member, sizes=tuple(whole))

    @property
    def column_length(self) -> float:
        """The length of the columns of P: sqrt(m) for m tensors, or sqrt(D/d) with the scale ``"rms"``."""
        return math.sqrt(len(self.sizes)) if self.scale == "unit" else super().column_length

    @property
    def column_tolerance(self) -> float:
        """The mean of what the members state, at their shares of the squared length."""
        if not any(member.column_tolerance for member in self.members):
            return 0.0
        shares = [1.0 if self.scale == "unit" else size for size in self.sizes]
        each = [4 / math.sqrt(size) * share for size, share in zip(self.sizes, shares, strict=True)]
        return math.fsum(each) / math.fsum(shares)

    @cached_property
    def members(self) -> tuple[Projection, ...]:
        """The projection of each tensor: with max(D_i, d) rows, scale ``"unit"`` and a seed of its own."""
        drawn = words(self.seed, Stream.TENSORS, 0, 2 * len(self.sizes)).astype(np.uint64).reshape(-1, 2)
        seeds = ((drawn[:, 0] << np.uint64(32) | drawn[:, 1]) >> np.uint64(1)).tolist()
        make = MEMBERS[self.member]
        return tuple(
            make(seed=seed, d=self.d, D=max(size, self.d), scale="unit")
            for seed, size in zip(seeds, self.sizes, strict=True)
        )

    def column_weights(self) -> Float64Array:
        """Return 1 for every column: the members bring their own weights.

        Returns:
            float64 array of shape (d,).
        """
        return np.ones(self.d)

    def cost(self) -> Cost:
        """Return the sum over the members; the largest rows are taken twice for a moment."""
        costs = [member.cost() for member in self.members]
        copies = 8 * max(member.D for member in self.members) + 8 * self.d
        return Cost(
            memory=sum(cost.memory for cost in costs) + copies,
            operations=sum(cost.operations for cost in costs) + self.D,
        )

    def description(self) -> str:
        """Return the line of `Projection`, with the family and the sizes."""
        sizes = ",".join(map(str, self.sizes))
        return f"{super().description()} member={self.member} sizes={sizes}"

    def description_bits(self) -> int:
        """Return the bits of the member's family, d and seed; the sizes come with the architecture.

        Returns:
            Bits, at least 3.
        """
        return MEMBERS[self.member](seed=self.seed, d=self.d, D=max(self.D, self.d)).description_bits()

    def spread(self, z: FloatArray) -> FloatArray:
        """Return the image of z under each member, one after the other.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        out = np.empty(self.D, dtype=z.dtype)
        for member, factor, (low, high) in self._places:
            np.multiply(member.apply(z)[: high - low], z.dtype.type(factor), out=out[low:high])
        return out

    def gather(self, g: FloatArray) -> Float64Array:
        """Return the sum of what the adjoints of the members give, in their order.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        total = np.zeros(self.d)
        for member, factor, (low, high) in self._places:
            rows = np.zeros(member.D, dtype=g.dtype)
            np.multiply(g[low:high], g.dtype.type(factor), out=rows[: high - low])
            total += member.adjoint(rows)
        return total

    def exact_images(self, x: Int64Array, h: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return the images under each member, one after the other, and the sum of the others.

        Args:
            x: int64 array of shape (d,).
            h: int64 array of shape (D,).

        Returns:
            int64 arrays of shapes (D,) and (d,), modulo 2**64.
        """
        image, back = np.empty(self.D, np.int64), np.zeros(self.d, np.int64)
        for member, _, (low, high) in self._places:
            rows = np.zeros(member.D, np.int64)
            rows[: high - low] = h[low:high]
            forth, one = member.exact_images(x, rows)
            image[low:high] = forth[: high - low]
            back += one
        return image, back

    @cached_property
    def _places(self) -> list[tuple[Projection, float, tuple[int, int]]]:
        """Each member, what multiplies its unit columns, and where its rows stand."""
        places, low = [], 0
        for member, size in zip(self.members, self.sizes, strict=True):
            wanted = 1.0 if self.scale == "unit" else math.sqrt(size / self.d)
            places.append((member, wanted * math.sqrt(member.D / size), (low, low + size)))
            low += size
        return places
