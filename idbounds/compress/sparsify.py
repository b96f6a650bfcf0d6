"""Sparsification: the weights that matter least become zero; the positions of the others are paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.compress.densities import RULES, densities
from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.inverse_saliency import unweighable
from idbounds.compress.looking import check_drawn
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.compress.saliency import SALIENCIES, saliencies
from idbounds.decoders.form import Positions, Slot
from idbounds.decoders.forms import PATTERNS, Sparse, Zero
from idbounds.decoders.values import Values
from idbounds.errors import InputError


@final
@dataclass(frozen=True)
class Sparsify(Step):
    """Pruning: the weights that matter least become zero, by default those of the smallest magnitude.

    Several in one pipeline, with training between them, prune gradually: see `gradual`.

    Attributes:
        sparsity: share of the weights of all handled matrices that becomes zero, in (0, 1).
        layers: "global" compares all weights; "uniform" takes the same share of each matrix; "er" and "erk"
            keep more of small matrices (Erdos-Renyi densities).
        saliency: what matters: "magnitude"; or the rise of the loss to second order, by the empirical
            Fisher matrix ("fisher") or the Gauss-Newton matrix ("obd"), see `idbounds.compress.saliency`; or
            that rise if the other weights may make up for it ("obs", "kfac").
        examples: of the training part that all but the first look at, at most all.
        seed: of the choice of the examples; not in the message.

    Raises:
        InputError: for a sparsity, a rule, a saliency or a number that is not there.
    """

    sparsity: float
    layers: str = "global"
    saliency: str = "magnitude"
    examples: int = 1000
    seed: int = 0

    stage = Stage.STRUCTURE
    handles = MATRICES

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.sparsity < 1:
            raise InputError(f"sparsity = {self.sparsity}: give a share above 0 and below 1")
        if self.layers not in ("global", *RULES):
            raise InputError(f"layers = {self.layers!r}: give one of global, {', '.join(RULES)}")
        if self.saliency not in SALIENCIES:
            raise InputError(f"saliency = {self.saliency!r}: give one of {', '.join(SALIENCIES)}")
        check_drawn(self, self.examples, self.seed)

    @property
    def needs_data(self) -> bool:
        """Whether the loss is asked."""
        return self.saliency != "magnitude"

    def accepts(self, before: Sequence[Step]) -> str:
        """After sparser steps only, and after no other structure."""
        structures = [step for step in before if step.stage is Stage.STRUCTURE]
        if any(not isinstance(step, Sparsify) for step in structures):
            return f"{structures[-1]} has taken the matrices apart; its parts are not pruned"
        if any(isinstance(s, Sparsify) and s.sparsity >= self.sparsity for s in structures):
            return f"{structures[-1]} has pruned as much already"
        return ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Prune.

        Args:
            drafts: matrices, dense or pruned before.
            bench: network and data, for a saliency that needs them.

        Returns:
            The pruned drafts, each with the cheapest format of its pattern.
        """
        reasons = [unweighable(draft, bench.module, self.saliency) for draft in drafts]
        made = iter(self._pruned([d for d, why in zip(drafts, reasons, strict=True) if not why], bench))
        return [
            draft.skipped(f"Sparsify: {why}") if why else next(made)
            for draft, why in zip(drafts, reasons, strict=True)
        ]

    def _pruned(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Those that the saliency knows."""
        if not drafts:
            return []
        sizes = saliencies(drafts, bench, self.saliency, self.examples, self.seed)
        if self.layers == "global":
            keep = _largest(np.concatenate(sizes), 1 - self.sparsity)
            kept = np.split(keep, np.cumsum([size.size for size in sizes])[:-1])
        else:
            shares = densities([draft.slot.shape for draft in drafts], 1 - self.sparsity, self.layers)
            kept = [_largest(size, share) for size, share in zip(sizes, shares, strict=True)]
        return [_at(draft, np.flatnonzero(keep)) for draft, keep in zip(drafts, kept, strict=True)]


def sparse(draft: Draft, positions: Positions, values: Values) -> Draft:
    """A tensor that is zero but at some positions, in the cheapest format.

    Args:
        draft: the tensor.
        positions: ascending, int64, shape (k,).
        values: the numbers there, shape (k,).

    Returns:
        The new draft; of form `Zero` without positions.
    """
    if not positions.size:
        return draft.remade(Zero(), positions=positions)
    return draft.remade(Sparse(cheapest(draft.slot, positions)), values, positions=positions)


def pruned(draft: Draft, values: Values) -> Draft:
    """A sparse tensor with new numbers, without the positions whose number is zero.

    Args:
        draft: of form `Sparse`.
        values: numbers at its positions.

    Returns:
        The new draft.
    """
    kept = values.numbers != 0
    return sparse(draft, draft.coded.positions[kept], Values(values.scheme, values.entries[kept]))


def cheapest(slot: Slot, positions: Positions) -> int:
    """Index of the format that takes the fewest bits for positions in a matrix.

    Args:
        slot: the tensor.
        positions: ascending, int64.

    Returns:
        Index into `PATTERNS`, the first one of equals.
    """
    return int(np.argmin([make(slot.matrix).length(positions) for make in PATTERNS]))


def _at(draft: Draft, positions: Positions) -> Draft:
    return sparse(draft, positions, Values.floats(draft.coded.weights.ravel()[positions]))


def _largest(
    sizes: np.ndarray[tuple[int], np.dtype[np.float64]], share: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A mask of the share of largest sizes; of equal ones the first, and what has none is not kept."""
    keep = np.zeros(sizes.size, dtype=bool)
    count = round(share * sizes.size)
    keep[np.argsort(-sizes, kind="stable")[:count]] = True
    return keep & (sizes > 0)
