"""Form "tensor train": a matrix as a chain of small cores, each for one digit of the row and the column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.codes import Codec, Shifted, Uniform
from idbounds.decoders.form import Form, Positions, Shape, Slot, product
from idbounds.decoders.values import Reals

MOST_CORES = 4


@final
@dataclass(frozen=True)
class Train(Form):
    """Cores G_1, ..., G_K: an entry is the product of one matrix out of each.

    The m outputs and the n inputs are numbered in mixed radix, m = m_1 ... m_K and n = n_1 ... n_K, the first
    digit the slowest (`digits`; those of the inputs in the opposite order, so that m_k n_k are alike). Core k
    has shape (r_{k-1}, m_k n_k, r_k), and the entry with row digits i and column digits j is the 1 x 1 matrix
    G_1[i_1 n_1 + j_1] ... G_K[i_K n_K + j_K]. The points of a kernel, if there are several, are one more core
    at the end. A rank is `rank`, or less where fewer digits lie on one side: it is never more than these
    can tell apart. The cores are one vector of numbers, each in C order.

    Attributes:
        cores: K, 1 to 4.
        rank: the largest, 1 to the root of the number of entries.

    Source: Oseledets (2011), Tensor-train decomposition; Novikov, Podoprikhin, Osokin and Vetrov (2015),
        Tensorizing neural networks; Garipov, Podoprikhin, Novikov and Vetrov (2016) for convolutions.
    """

    cores: int
    rank: int

    kind = "tensor train"

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return Shifted(Uniform(MOST_CORES), by=-1), Shifted(Uniform(math.isqrt(slot.size)), by=-1)

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return (sum(map(math.prod, self.shapes(slot))),)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        made = np.ones((1, 1))
        for core in self.split(slot, numbers[0]):
            made = product(made, core.reshape(len(core), -1)).reshape(-1, core.shape[2])
        found: Reals = made.ravel()[self.order(slot)]
        return found

    def axes(self, slot: Slot) -> tuple[Shape, Shape, Shape]:
        """The digits of the outputs, those of the inputs, and the points of the kernel if it has several."""
        points = math.prod(slot.shape[2:])
        rows, columns = slot.matrix
        kernel = (points,) if points > 1 else ()
        return digits(rows, self.cores), digits(columns // points, self.cores)[::-1], kernel

    def shapes(self, slot: Slot) -> tuple[tuple[int, int, int], ...]:
        """The shape of each core, (rank before, digits, rank after)."""
        rows, columns, kernel = self.axes(slot)
        modes = [m * n for m, n in zip(rows, columns, strict=True)] + list(kernel)
        seen, before, found = 1, 1, []
        for mode in modes:
            seen *= mode
            after = min(self.rank, seen, slot.size // seen)
            found.append((before, mode, after))
            before = after
        return tuple(found)

    def split(self, slot: Slot, numbers: Reals) -> list[Reals]:
        """The cores out of their vector, in their shapes."""
        shapes = self.shapes(slot)
        ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(numbers, ends), shapes, strict=True)]

    def order(self, slot: Slot) -> Positions:
        """Where each entry of the tensor lies in the chain, int64, shape (N,)."""
        rows, columns, kernel = self.axes(slot)
        paired = [size for pair in zip(rows, columns, strict=True) for size in pair]
        places = np.arange(slot.size, dtype=np.int64).reshape(*paired, *kernel)
        first, count = tuple(range(0, len(paired), 2)), len(paired)
        return places.transpose(*first, *(k + 1 for k in first), *range(count, places.ndim)).ravel()


def digits(n: int, count: int) -> Shape:
    """Mixed-radix digits of a number of indices, as equal as its prime factors allow.

    The prime factors, from the largest down, each go where the product is smallest.

    Args:
        n: how many indices, at least 1.
        count: of digits.

    Returns:
        Their sizes, falling; their product is n.
    """
    factors, left, divisor = [], n, 2
    while divisor * divisor <= left:
        while left % divisor == 0:
            factors.append(divisor)
            left //= divisor
        divisor += 1
    sizes = [1] * count
    for factor in sorted([*factors, left], reverse=True):
        sizes[sizes.index(min(sizes))] *= factor
    return tuple(sorted(sizes, reverse=True))
