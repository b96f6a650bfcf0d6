"""How a tensor is made of numbers in a message of "layers-1": dense, at some positions, as a product, shared.

A form is a few integers, which are in the message; what they may be follows from the tensor's shape, which
the architecture gives. Indices of `FORMS` and `PATTERNS` never change meaning; new entries go to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import Bitmap, Codec, Coo, Csr, Gaps, Shifted, Subset, Uniform
from idbounds.decoders.decoder import ENTRY
from idbounds.decoders.form import SEED, Form, Positions, Seeded, Slot, product
from idbounds.decoders.kriging import REACHES, dictionary
from idbounds.decoders.projected import Projected
from idbounds.decoders.trains import Train
from idbounds.decoders.values import Reals
from idbounds.errors import DecodeError
from idbounds.projections.stream import Stream, signs, words

PATTERNS: Final[tuple[Callable[[tuple[int, int]], Codec[Positions]], ...]] = (Subset, Bitmap, Gaps, Coo, Csr)
"""Codes of the positions in a matrix, by index."""


@final
@dataclass(frozen=True)
class Dense(Form):
    """Every entry is written."""

    kind = "dense"

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return ()

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return (slot.size,)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        return numbers[0]


@final
@dataclass(frozen=True)
class Sparse(Form):
    """Some positions are named and have a number; all others are zero.

    Attributes:
        format: index into `PATTERNS`.
    """

    format: int = 0

    kind = "sparse"

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return (ENTRY,)

    def pattern(self, slot: Slot) -> Codec[Positions]:  # noqa: D102
        if not 0 <= self.format < len(PATTERNS):
            raise DecodeError(f"pattern {self.format}: the menu has {len(PATTERNS)} entries")
        return PATTERNS[self.format](slot.matrix)

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return (kept,)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        made = np.zeros(slot.size)
        made[positions] = numbers[0]
        return made


@final
@dataclass(frozen=True)
class LowRank(Form):
    """A product of two matrices, (m, r) and (r, n), in C order.

    Attributes:
        rank: r, 1 to min(m, n).
    """

    rank: int

    kind = "low rank"
    vectors = 2

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return (Shifted(Uniform(min(slot.matrix)), by=-1),)

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        rows, columns = slot.matrix
        return rows * self.rank, self.rank * columns

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        rows, columns = slot.matrix
        left, right = numbers[0].reshape(rows, self.rank), numbers[1].reshape(self.rank, columns)
        return product(left, right).ravel()


@final
@dataclass(frozen=True)
class Shared(Seeded):
    """Few numbers for all entries: a hash says which one an entry takes, and with which sign.

    Entry i of the network takes number floor(word(i) K / 2^32), with word(i) of stream `POSITIONS`; it is
    negated where the word of stream `SIGNS` has its top bit set.

    Attributes:
        count: K, 1 to N.
        seed: of the hash.

    Source: Chen, Wilson, Tyree, Weinberger and Chen (2015), Compressing networks by hashing.
    """

    kind = "shared"

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        places, sign = self.hashed(slot)
        made: Reals = numbers[0][places] * sign
        return made

    def hashed(self, slot: Slot) -> tuple[Positions, NDArray[np.int8]]:
        """Which number each entry takes, int64, and its sign, both of shape (N,)."""
        drawn = words(self.seed, Stream.POSITIONS, slot.start, slot.size).astype(np.uint64)
        places = (drawn * np.uint64(self.count) >> np.uint64(32)).astype(np.int64)
        return places, signs(self.seed, Stream.SIGNS, slot.start, slot.size)


@final
@dataclass(frozen=True)
class Zero(Form):
    """Every entry is zero, and nothing is written."""

    kind = "zero"
    vectors = 0

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return ()

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return ()

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        return np.zeros(slot.size)


@final
@dataclass(frozen=True)
class Corner(Form):
    """The first rows and columns of a matrix are written; all others are zero: a narrower layer.

    Attributes:
        rows: how many, 1 to m.
        columns: how many, 1 to n.
    """

    rows: int
    columns: int

    kind = "corner"

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        rows, columns = slot.matrix
        return Shifted(Uniform(rows), by=-1), Shifted(Uniform(columns), by=-1)

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return (self.rows * self.columns,)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        made = np.zeros(slot.matrix)
        made[: self.rows, : self.columns] = numbers[0].reshape(self.rows, self.columns)
        return made.ravel()


@final
@dataclass(frozen=True)
class Scattered(Form):
    """Numbers at positions that a seed draws, so that no pattern is written; all others are zero.

    The positions are those of the k smallest words of stream `POSITIONS`, of equal words the first.

    Attributes:
        count: k, 1 to N.
        seed: of the words.
    """

    count: int
    seed: int = 0

    kind = "scattered"

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return Shifted(Uniform(slot.size), by=-1), SEED

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return (self.count,)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        made = np.zeros(slot.size)
        made[self.drawn(slot)] = numbers[0]
        return made

    def drawn(self, slot: Slot) -> Positions:
        """The positions, ascending, int64, shape (k,)."""
        order = np.argsort(words(self.seed, Stream.POSITIONS, slot.start, slot.size), kind="stable")
        return np.sort(order[: self.count]).astype(np.int64)


@final
@dataclass(frozen=True)
class Predicted(Form):
    """A few weights of each grid are written, and kernel ridge regression predicts the others.

    Each row is one grid, or several one after another: of a first layer the images, of a convolution the
    windows. All have their written weights at the same points; `idbounds.decoders.kriging` says where.

    Attributes:
        count: points of a grid that are written, 1 to height x width.
        height: of a grid.
        width: of a grid.
        reach: of the kernel, an index.

    Source: Denil, Shakibi, Dinh, Ranzato and de Freitas (2013), Predicting parameters in deep learning.
    """

    count: int
    height: int
    width: int
    reach: int = 0

    kind = "predicted"

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        side = Shifted(Uniform(slot.matrix[1]), by=-1)
        return side, side, side, Uniform(REACHES)

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        grid = self.height * self.width
        if slot.matrix[1] % grid or self.count > grid:
            raise DecodeError(
                f"{self.kind}: {self.count} points of grids of {self.height} x {self.width} in rows of "
                f"{slot.matrix[1]}; whole grids, and no more points than a grid has, are allowed"
            )
        return (slot.size // grid * self.count,)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        return product(numbers[0].reshape(-1, self.count), self.dictionary).ravel()

    @property
    def dictionary(self) -> Reals:
        """What each written weight adds to its grid, shape (count, height x width); read-only."""
        return dictionary(self.height, self.width, self.count, self.reach)[1]


FORMS: Final[tuple[type[Form], ...]] = (
    Dense, Sparse, LowRank, Shared, Zero, Corner, Scattered, Predicted, Train, Projected,
)  # fmt: skip
"""Forms by index."""
