"""Form "projected": a tensor as a sum of random sign matrices, of which only the coefficients are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.decoders.form import Positions, Seeded, Slot
from idbounds.decoders.values import Reals
from idbounds.errors import DecodeError, InputError
from idbounds.projections.dense import DenseProjection
from idbounds.projections.stream import Stream, words


@final
@dataclass(frozen=True)
class Projected(Seeded):
    """W = P v, with P of shape (N, k) made of dense random signs, its columns of length sqrt(N / k).

    The signs are the helper string of Arora et al.: they follow from a seed, so nothing of them is written.
    Each tensor has signs of its own; their seed is made of words `start` and `start` + 1 of stream `TENSORS`.

    Attributes:
        count: k, 1 to N.
        seed: of the signs.

    Source: Arora, Ge, Neyshabur and Zhang (2018), Stronger generalization bounds for deep nets via a
        compression approach, Algorithm 1.
    """

    kind = "projected"

    def sizes(self, slot: Slot, kept: int) -> tuple[int, ...]:  # noqa: D102
        try:
            self.projection(slot)
        except InputError as error:
            raise DecodeError(f"{self.kind}: {error}") from None
        return super().sizes(slot, kept)

    def weights(self, slot: Slot, positions: Positions, numbers: Sequence[Reals]) -> Reals:  # noqa: D102
        return self.projection(slot).apply(numbers[0]).astype(np.float64, copy=False)

    def projection(self, slot: Slot) -> DenseProjection:
        """P for a tensor.

        Args:
            slot: the tensor.

        Returns:
            The projection, of scale "rms".

        Raises:
            InputError: for more signs than the stream has, 2^32.
        """  # noqa: DOC502 - raised by the projection
        high, low = words(self.seed, Stream.TENSORS, slot.start, 2).tolist()
        return DenseProjection((high << 32 | low) >> 1, self.count, slot.size)
