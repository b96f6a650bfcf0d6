"""Parameter sharing: a hash says which of a few numbers a weight is, so that no index is written."""

from __future__ import annotations

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


@final
@dataclass(frozen=True)
class Share(Step):
    """Hashed weights: the weights of a matrix take few numbers, each up to a sign drawn by the hash.

    A number starts as the mean of its weights, the least squared error; training should follow, since a
    trained matrix has no reason to look like that. Sharing by similarity is `Quantise(kind="kmeans")`.

    Attributes:
        share: numbers over weights of a matrix, in (0, 1).
        seed: of the hash; in the message, 1 bit for 0.

    Raises:
        InputError: for a share or a seed out of range.

    Source: Chen et al. 2015, Compressing neural networks with the hashing trick.
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
        return f"the shared numbers would replace what {taken[-1]} left" if taken else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Share.

        Args:
            drafts: dense matrices.
            bench: not used.

        Returns:
            Drafts of shared numbers.
        """
        return [self._shared(draft) for draft in drafts]

    def _shared(self, draft: Draft) -> Draft:
        form = Shared(max(1, round(self.share * draft.slot.size)), self.seed)
        places, signs = form.hashed(draft.slot)
        sums = np.bincount(places, draft.coded.weights.ravel() * signs, form.count)
        counts = np.bincount(places, minlength=form.count)
        return draft.remade(form, Values.floats(sums / np.maximum(counts, 1)))
