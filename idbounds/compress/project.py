"""Compression by random projection: a matrix becomes its inner products with random sign matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.decoders.projected import Projected
from idbounds.decoders.values import Values
from idbounds.errors import InputError
from idbounds.projections.stream import COUNTER_LIMIT, SEED_LIMIT


@final
@dataclass(frozen=True)
class Project(Step):
    """Algorithm 1 of Arora et al.: a matrix A becomes its products <A, M> with k random sign matrices M.

    The decoder makes A^ = sum <A, M> M / k of them. The signs are the helper string: they follow from the
    seed. A^ has A as its mean over the signs, and |u' (A^ - A) v| is about |A| |u| |v| / sqrt(k): the noise
    of an output is small where the layer cushion is large (`idbounds.compress.cushions`). Training in the
    span of the sign matrices may follow, which the paper does not do; each step of it hashes 2 k N signs. A
    tensor with more signs than the stream has, k N > 2^32, stays dense.

    Attributes:
        share: k over the numbers N of a matrix, in (0, 1).
        seed: of the signs; in the message, 1 bit for 0.

    Raises:
        InputError: for a share or a seed out of range.

    Source: Arora, Ge, Neyshabur and Zhang (2018), Stronger generalization bounds for deep nets via a
        compression approach, Algorithm 1.
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
        """Project.

        Args:
            drafts: dense matrices.
            bench: not used.

        Returns:
            Drafts of inner products.
        """
        return [self._projected(draft) for draft in drafts]

    def _projected(self, draft: Draft) -> Draft:
        size = draft.slot.size
        form = Projected(max(1, round(self.share * size)), self.seed)
        if form.count * size > COUNTER_LIMIT:
            return draft.skipped(f"Project: {form.count} x {size} signs; the stream has 2^32")
        found = form.projection(draft.slot).adjoint(draft.coded.weights.ravel())
        return draft.remade(form, Values.floats(found))
