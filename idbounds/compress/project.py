"""Compression by random projection: a matrix becomes its inner products with random sign matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from idbounds.compress.drafts import Draft
from idbounds.compress.share import Seeded
from idbounds.decoders.projected import Projected
from idbounds.decoders.values import Values
from idbounds.projections.stream import COUNTER_LIMIT


@final
@dataclass(frozen=True)
class Project(Seeded):
    """Algorithm 1 of Arora et al.: a matrix A becomes its products <A, M> with k random sign matrices M.

    The decoder makes A^ = sum <A, M> M / k of them. The signs are the helper string: they follow from the
    seed. A^ has A as its mean over the signs, and |u' (A^ - A) v| is about |A| |u| |v| / sqrt(k): the noise
    of an output is small where the layer cushion is large (`idbounds.compress.cushions`). Training in the
    span of the sign matrices may follow, which the paper does not do; each step of it hashes 2 k N signs. A
    tensor with more signs than the stream has, k N > 2^32, stays dense.

    Source: Arora, Ge, Neyshabur and Zhang (2018), Stronger generalization bounds for deep nets via a
        compression approach, Algorithm 1.
    """

    def made(self, draft: Draft, count: int) -> Draft:
        """The inner products with as many sign matrices."""
        form, size = Projected(count, self.seed), draft.slot.size
        if count * size > COUNTER_LIMIT:
            return draft.skipped(f"Project: {count} x {size} signs; the stream has 2^32")
        return draft.remade(
            form, Values.floats(form.projection(draft.slot).adjoint(draft.coded.weights.ravel()))
        )
