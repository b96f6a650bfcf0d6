"""Operator factorisation: a weight matrix becomes a train of small cores, through tensorly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import final

import numpy as np

from idbounds.compress.drafts import Draft
from idbounds.compress.pipeline import Bench
from idbounds.compress.ranks import Ranked
from idbounds.decoders.trains import MOST_CORES, Train
from idbounds.decoders.values import Reals, Values
from idbounds.errors import InputError, MissingExtra


@final
@dataclass(frozen=True)
class TensorTrain(Ranked):
    """Tensor train of each matrix: outputs and inputs get as many digits as there are cores.

    All bonds of a train have the same rank, as far as they can. The kernel of a convolution is one core more.
    The cores are scaled to one root mean square, so that one scale suits all. What a train has no fewer
    numbers for stays dense. The decoder needs no tensorly.

    Attributes:
        rank: of every bond; or
        energy: the smallest rank that keeps this share of the squared weights, in (0, 1); or
        share: the largest rank whose cores have at most this share of the matrix's numbers, in (0, 1).
        cores: 2 to 4, those of a kernel not counted.

    Raises:
        InputError: when not exactly one rule is given, or a number is out of range.

    Source: Oseledets (2011), Tensor-train decomposition; Novikov et al. (2015), Tensorizing neural networks.
    """

    cores: int = 2

    def __post_init__(self) -> None:
        """Refuse two rules at once, and a chain of one core."""
        super().__post_init__()
        if type(self.cores) is not int or not 2 <= self.cores <= MOST_CORES:
            raise InputError(f"cores = {self.cores!r}: give a whole number from 2 to {MOST_CORES}")

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Make trains.

        Args:
            drafts: dense matrices.
            bench: not used.

        Returns:
            Trains, where they have fewer numbers.

        Raises:
            MissingExtra: when tensorly is not installed.
        """  # noqa: DOC502 - raised by _train
        return [self._made(draft) for draft in drafts]

    def _made(self, draft: Draft) -> Draft:
        slot, weights = draft.slot, draft.coded.weights.ravel()
        if not weights.any():
            return draft.skipped("TensorTrain: all its weights are zero")
        rank = self._rank(draft, weights)
        form = Train(self.cores, max(1, rank))
        if rank < 1 or form.sizes(slot, 0)[0] >= slot.size:
            return self.useless(draft, rank)
        cores = _train(form, draft, weights)
        sizes = [math.sqrt(float(np.mean(core**2))) for core in cores]
        level = math.prod(sizes) ** (1 / len(sizes))
        scaled = [core.ravel() * (level / size) for core, size in zip(cores, sizes, strict=True)]
        return draft.remade(form, Values.floats(np.concatenate(scaled)))

    def _rank(self, draft: Draft, weights: Reals) -> int:
        most = math.isqrt(draft.slot.size)
        if self.rank is not None:
            return min(self.rank, most)
        ranks = range(1, most + 1)
        if self.share is not None:
            budget = self.share * weights.size
            fits = [Train(self.cores, rank).sizes(draft.slot, 0)[0] <= budget for rank in ranks]
            return sum(fits)  # a larger rank never has fewer numbers
        assert self.energy is not None
        wanted = self.energy * float((weights**2).sum())
        low, high = 1, most
        while low < high:
            middle = (low + high) // 2
            # The cores before the last are orthonormal, so its square is that of the whole train.
            kept = float((_train(Train(self.cores, middle), draft, weights)[-1] ** 2).sum())
            low, high = (low, middle) if kept >= wanted else (middle + 1, high)
        return low


def _train(form: Train, draft: Draft, weights: Reals) -> list[Reals]:
    """The cores of a matrix by repeated singular value decomposition, float64."""
    try:
        tensorly = import_module("tensorly")
        decomposition = import_module("tensorly.decomposition")
    except ImportError:
        raise MissingExtra("TensorTrain needs tensorly: pip install 'idbounds[tensors]'") from None
    shapes = form.shapes(draft.slot)
    chain = np.empty(weights.size)
    chain[form.order(draft.slot)] = weights
    ranks = [shape[0] for shape in shapes] + [1]
    with tensorly.backend_context("numpy"):
        return list(decomposition.tensor_train(chain.reshape([shape[1] for shape in shapes]), ranks).factors)
