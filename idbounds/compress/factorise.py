"""Operator factorisation: a weight matrix becomes a product of two thinner ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.compress.drafts import Draft
from idbounds.compress.looking import check_drawn
from idbounds.compress.pipeline import Bench
from idbounds.compress.ranks import Ranked
from idbounds.compress.utilise import utilised_products
from idbounds.decoders.forms import LowRank
from idbounds.decoders.values import Reals, Values


@final
@dataclass(frozen=True)
class Factorise(Ranked):
    """Truncated singular value decomposition of each matrix; a convolution is (outputs, inputs x kernel).

    Both factors take the square root of the singular values, so that one scale suits both. A matrix whose
    factors would have no fewer numbers stays dense.

    Attributes:
        rank: of every matrix; or
        energy: the smallest rank that keeps this share of the squared singular values, in (0, 1); or
        share: the largest rank whose factors have at most this share of the matrix's numbers, in (0, 1); or
        utilised: the utilised rank at this energy, in (0, 1): of the matrix only what its inputs and its
            outputs on the training part use is kept, P_T W P_S; see `idbounds.dimension.utilised`.
        examples: of the training part that the last rule looks at, at most all.
        seed: of their choice; not in the message.

    Raises:
        InputError: when not exactly one rule is given, or a number is out of range.

    Source: Garg et al. (2024), arXiv 2407.04797, for the utilised rank.
    """

    utilised: float | None = None
    examples: int = 1000
    seed: int = 0

    shares = ("energy", "share", "utilised")

    def __post_init__(self) -> None:
        """Refuse two rules at once."""
        super().__post_init__()
        check_drawn(self, self.examples, self.seed)

    @property
    def needs_data(self) -> bool:
        """Whether the inputs of the layers are asked."""
        return self.utilised is not None

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Factorise.

        Args:
            drafts: dense matrices.
            bench: network and data, for the utilised rank.

        Returns:
            Drafts of low rank, where that has fewer numbers.
        """
        if self.utilised is None:
            return [
                self._factorised(draft, draft.coded.weights.reshape(draft.slot.matrix)) for draft in drafts
            ]
        found = utilised_products(drafts, bench, self.utilised, self.examples, self.seed)
        return [
            draft.skipped(f"Factorise: {made}") if isinstance(made, str) else self._factorised(draft, *made)
            for draft, made in zip(drafts, found, strict=True)
        ]

    def _factorised(self, draft: Draft, matrix: Reals, rank: int | None = None) -> Draft:
        """The best product of a rank, or of the rank that the rule gives."""
        rows, columns = matrix.shape
        left, singular, right = np.linalg.svd(matrix, full_matrices=False)
        rank = self._rank(singular, rows, columns) if rank is None else rank
        if rank < 1 or rank * (rows + columns) >= rows * columns:
            return self.useless(draft, rank)
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
