"""What every form of a tensor in a message of "layers-1" shares; the forms themselves are in `forms`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import Codec, EliasDelta, Shifted, Uniform
from idbounds.decoders.values import Reals
from idbounds.projections.stream import SEED_LIMIT

Shape = tuple[int, ...]
Positions = NDArray[np.int64]

SEED: Final = Shifted(EliasDelta(largest=SEED_LIMIT), by=1)
"""The code of a seed."""


@dataclass(frozen=True)
class Slot:
    """One tensor of the network, as the architecture has it.

    Attributes:
        name: of the parameter or buffer.
        shape: its dimensions.
        start: how many numbers lie in the tensors before it.
    """

    name: str
    shape: Shape
    start: int

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)

    @property
    def matrix(self) -> tuple[int, int]:
        """Rows and columns: outputs, and everything else in C order."""
        rows = self.shape[0] if self.shape else 1
        return rows, self.size // max(rows, 1)


class Form(ABC):
    """A way to make a tensor of vectors of numbers. Its dataclass fields are the integers of the message."""

    kind: ClassVar[str]
    vectors: ClassVar[int] = 1

    @classmethod
    @abstractmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:
        """The codes of its integers, for a tensor."""

    def pattern(self, slot: Slot) -> Codec[Positions] | None:
        """The code of the positions that it needs besides, if it needs any: most need none."""
        return None

    @abstractmethod
    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:
        """How long its vectors are, if `kept` positions were named."""

    @abstractmethod
    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:
        """The tensor in C order, float64, shape (N,)."""


@dataclass(frozen=True)
class Seeded(Form):
    """Fewer numbers than entries; what an entry makes of them follows from a seed.

    Attributes:
        count: of numbers, 1 to N.
        seed: of what is drawn.
    """

    count: int
    seed: int = 0

    @classmethod
    def fields(cls, slot: Slot) -> tuple[Codec[int], ...]:  # noqa: D102
        return Shifted(Uniform(slot.size), by=-1), SEED

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        return (self.count,)


def product(left: Reals, right: Reals) -> Reals:
    """A matrix product with the same floats on every machine: summed in order, and not by BLAS.

    Args:
        left: float64, shape (m, r).
        right: float64, shape (r, n).

    Returns:
        float64, shape (m, n).
    """
    made = np.zeros((len(left), right.shape[1]))
    for i, row in enumerate(right):
        made += left[:, i : i + 1] * row
    return made
