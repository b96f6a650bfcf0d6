"""Operator factorisation: a weight matrix becomes a product of two thinner ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.decoders.forms import LowRank
from idbounds.decoders.values import Reals, Values
from idbounds.errors import InputError


@final
@dataclass(frozen=True)
class Factorise(Step):
    """Truncated singular value decomposition of each matrix; a convolution is (outputs, inputs x kernel).

    Both factors take the square root of the singular values, so that one scale suits both. A matrix whose
    factors would have no fewer numbers stays dense.

    Attributes:
        rank: of every matrix; or
        energy: the smallest rank that keeps this share of the squared singular values, in (0, 1); or
        share: the largest rank whose factors have at most this share of the matrix's numbers, in (0, 1).

    Raises:
        InputError: when not exactly one of them is given, or it is out of range.
    """

    rank: int | None = None
    energy: float | None = None
    share: float | None = None

    stage = Stage.STRUCTURE
    handles = MATRICES

    def __post_init__(self) -> None:
        """Refuse two ways at once."""
        if [self.rank, self.energy, self.share].count(None) != 2:
            raise InputError(f"{self}: give exactly one of rank, energy and share")
        shares = [s for s in (self.energy, self.share) if s is not None]
        ranked = self.rank is None or (type(self.rank) is int and self.rank >= 1)
        if not ranked or any(not 0 < s < 1 for s in shares):
            raise InputError(f"{self}: give a whole rank of at least 1, or a share above 0 and below 1")

    def accepts(self, before: Sequence[Step]) -> str:
        """After no other structure."""
        taken = [step for step in before if step.stage is Stage.STRUCTURE]
        return f"the factors would be dense again, and what {taken[-1]} left would be lost" if taken else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Factorise.

        Args:
            drafts: dense matrices.
            bench: not used.

        Returns:
            Drafts of low rank, where that has fewer numbers.
        """
        return [self._factorised(draft) for draft in drafts]

    def _factorised(self, draft: Draft) -> Draft:
        rows, columns = draft.slot.matrix
        left, singular, right = np.linalg.svd(draft.coded.weights.reshape(rows, columns), full_matrices=False)
        rank = self._rank(singular, rows, columns)
        if rank < 1 or rank * (rows + columns) >= rows * columns:
            return draft.skipped(f"Factorise: rank {rank} of {rows} x {columns} has no fewer numbers")
        root = np.sqrt(singular[:rank])
        factors = left[:, :rank] * root, root[:, None] * right[:rank]
        return draft.remade(LowRank(rank), *(Values.floats(factor.ravel()) for factor in factors))

    def _rank(self, singular: Reals, rows: int, columns: int) -> int:
        if self.rank is not None:
            return min(self.rank, singular.size)
        if self.share is not None:
            return int(self.share * rows * columns // (rows + columns))
        assert self.energy is not None
        energy = np.cumsum(singular**2)
        return int(np.searchsorted(energy, self.energy * energy[-1])) + 1
