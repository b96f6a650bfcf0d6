"""Sparsification by a seed: the pattern is drawn, not learned, so it costs nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from idbounds.compress.densities import RULES, densities
from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.decoders.forms import Scattered
from idbounds.decoders.values import Values
from idbounds.errors import InputError
from idbounds.projections.stream import SEED_LIMIT


@final
@dataclass(frozen=True)
class Scatter(Step):
    """A random pattern: the weights at the positions that a seed draws stay, all others become zero.

    A learned pattern takes most of the bits of a very sparse network; this one takes none, at the price of
    weights that were not chosen. Training must follow; the weights start divided by the root of the density,
    so that the outputs of a layer keep their size.

    Attributes:
        density: share of the weights of all handled matrices that stays, in (0, 1).
        layers: "uniform" keeps that share of each matrix; "er" and "erk" keep more of small ones.
        seed: of the positions; in the message, 1 bit for 0.

    Raises:
        InputError: for a density, a rule or a seed that is not there.
    """

    density: float
    layers: str = "erk"
    seed: int = 0

    stage = Stage.STRUCTURE
    handles = MATRICES

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.density < 1 or not (type(self.seed) is int and 0 <= self.seed < SEED_LIMIT):
            raise InputError(f"{self}: give a density above 0 and below 1, and a seed from 0 below 2^63")
        if self.layers not in RULES:
            raise InputError(f"layers = {self.layers!r}: give one of {', '.join(RULES)}")

    def accepts(self, before: Sequence[Step]) -> str:
        """After no other structure."""
        taken = [step for step in before if step.stage is Stage.STRUCTURE]
        return f"the positions are drawn anew, and what {taken[-1]} left would be lost" if taken else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Keep what the seed draws.

        Args:
            drafts: dense matrices.
            bench: not used.

        Returns:
            Scattered drafts.
        """
        shares = densities([draft.slot.shape for draft in drafts], self.density, self.layers)
        return [self._scattered(draft, share) for draft, share in zip(drafts, shares, strict=True)]

    def _scattered(self, draft: Draft, density: float) -> Draft:
        form = Scattered(max(1, round(density * draft.slot.size)), self.seed)
        kept = draft.coded.weights.ravel()[form.drawn(draft.slot)]
        return draft.remade(form, Values.floats(kept / math.sqrt(density)))
