"""Parameter sharing: a hash says which of a few numbers a weight is, so that no index is written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.decoders.forms import Shared
from idbounds.decoders.values import Values
from idbounds.errors import InputError
from idbounds.projections.stream import SEED_LIMIT


@dataclass(frozen=True)
class Seeded(Step, ABC):
    """Fewer numbers in the place of a matrix's own, by what a seed draws.

    Attributes:
        share: numbers that are left over numbers of a matrix, in (0, 1).
        seed: of what is drawn; in the message, 1 bit for 0.

    Raises:
        InputError: for a share or a seed out of range.
    """

    share: float
    seed: int = 0

    stage = Stage.STRUCTURE
    handles = MATRICES

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.share < 1 or not (type(self.seed) is int and 0 <= self.seed < SEED_LIMIT):
            raise InputError(f"{self}: give a share above 0 and below 1, and a seed from 0 below 2^63")

    def accepts(self, before: Sequence[Step]) -> str:
        """After no other structure."""
        taken = [step for step in before if step.stage is Stage.STRUCTURE]
        return f"its numbers would replace what {taken[-1]} left" if taken else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Put fewer numbers there.

        Args:
            drafts: dense matrices.
            bench: not used.

        Returns:
            Drafts of fewer numbers.
        """
        return [self.made(draft, max(1, round(self.share * draft.slot.size))) for draft in drafts]

    @abstractmethod
    def made(self, draft: Draft, count: int) -> Draft:
        """One draft with a number of numbers."""


@final
@dataclass(frozen=True)
class Share(Seeded):
    """Hashed weights: the weights of a matrix take few numbers, each up to a sign drawn by the hash.

    A number starts as the mean of its weights, the least squared error; training should follow, since a
    trained matrix has no reason to look like that. Sharing by similarity is `Quantise(kind="kmeans")`.

    Source: Chen et al. 2015, Compressing neural networks with the hashing trick.
    """

    def made(self, draft: Draft, count: int) -> Draft:
        """The means of the weights that share a number."""
        form = Shared(count, self.seed)
        places, signs = form.hashed(draft.slot)
        sums = np.bincount(places, draft.coded.weights.ravel() * signs, count)
        counts = np.bincount(places, minlength=count)
        return draft.remade(form, Values.floats(sums / np.maximum(counts, 1)))
