"""Dynamic sparse training: the pattern moves while the number of weights stays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from idbounds.batches import evaluating
from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.looking import check_drawn, drawn, weights_now
from idbounds.compress.pipeline import Bench, Pipeline, Stage, Step
from idbounds.compress.sparsify import Sparsify, sparse
from idbounds.compress.tuning import FineTune
from idbounds.decoders.forms import Sparse
from idbounds.decoders.values import Reals, Values
from idbounds.errors import InputError

GROWTHS: Final = ("gradient", "random")


@final
@dataclass(frozen=True)
class Regrow(Step):
    """In each pruned matrix the smallest weights go, and as many places that were zero get a weight.

    It starts at zero, so the network is the one without the smallest weights until it is trained; a place
    that has just been left may be taken again. `regrown` makes the pipeline of rounds.

    Attributes:
        fraction: share of the weights of each matrix that moves, in (0, 1).
        growth: "gradient" takes the places where the loss falls fastest (RigL), "random" draws them (SET).
        examples: of the training part over which the gradient is taken, at most all.
        seed: of the examples or the places; not in the message, which has the pattern itself.

    Raises:
        InputError: for a number or a growth that is not there.

    Source: Mocanu et al. (2018), Scalable training of artificial neural networks with adaptive sparse
        connectivity (SET); Evci, Gale, Menick, Castro and Elsen (2020), Rigging the lottery (RigL).
    """

    fraction: float
    growth: str = "gradient"
    examples: int = 1000
    seed: int = 0

    stage = Stage.TRAINING
    handles = MATRICES

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        check_drawn(self, self.examples, self.seed)
        if not 0 < self.fraction < 1:
            raise InputError(f"{self}: give a fraction above 0 and below 1")
        if self.growth not in GROWTHS:
            raise InputError(f"growth = {self.growth!r}: give one of {', '.join(GROWTHS)}")

    @property
    def needs_data(self) -> bool:
        """Whether the loss is asked."""
        return self.growth == "gradient"

    def accepts(self, before: Sequence[Step]) -> str:
        """After a pruning, and before the numbers are quantised."""
        if not any(isinstance(step, Sparsify) for step in before):
            return "there is no pattern to move; put Sparsify before it"
        settled = [step for step in before if step.stage in (Stage.VALUES, Stage.CODES)]
        return f"a new weight would have no place on the levels of {settled[-1]}" if settled else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Move some of each pattern.

        Args:
            drafts: matrices, sparse or of which nothing is left.
            bench: network and data, for the gradient.

        Returns:
            The drafts with as many weights, at other positions.
        """
        wanted = self._gradients(drafts, bench) if self.needs_data else [self._draws(d) for d in drafts]
        return [
            self._moved(draft, worth) if isinstance(draft.coded.form, Sparse) else draft
            for draft, worth in zip(drafts, wanted, strict=True)
        ]

    def _moved(self, draft: Draft, worth: Reals) -> Draft:
        old, (values,) = draft.coded.positions, draft.coded.values
        moving = round(self.fraction * old.size)
        order = np.argsort(-np.abs(values.numbers), kind="stable")
        kept = np.sort(order[: old.size - moving])
        numbers, worth = np.zeros(draft.slot.size), worth.copy()
        numbers[old[kept]] = values.numbers[kept]
        worth[old[kept]] = -np.inf
        grown = np.argsort(-worth, kind="stable")[:moving]
        positions = np.sort(np.concatenate([old[kept], grown])).astype(np.int64)
        return sparse(draft, positions, Values.floats(numbers[positions]))

    def _draws(self, draft: Draft) -> Reals:
        return np.random.default_rng([self.seed, draft.slot.start]).random(draft.slot.size)

    def _gradients(self, drafts: Sequence[Draft], bench: Bench) -> list[Reals]:
        """Sizes of the derivatives of the mean cross-entropy by all entries, zero or not."""
        import torch

        moving, given = weights_now(drafts, bench)
        images, labels = drawn(bench, self.examples, self.seed)
        for tensor in moving.values():
            tensor.requires_grad_(True)
        with evaluating(bench.module), torch.enable_grad():
            scores = torch.func.functional_call(bench.module, given | moving, (images,))
            loss = torch.nn.functional.cross_entropy(scores, labels)
            found = torch.autograd.grad(loss, list(moving.values()))
        return [gradient.abs().numpy().ravel() for gradient in found]


def regrown(
    sparsity: float,
    *,
    rounds: int,
    tune: FineTune,
    fraction: float = 0.3,
    growth: str = "gradient",
    layers: str = "erk",
) -> Pipeline:
    """Pruning, then rounds of training in which less and less of the pattern moves, and training at the end.

    Args:
        sparsity: share that is zero all the time; a place that gets no gradient stays zero, too.
        rounds: T, how often the pattern moves, at least once.
        tune: the training before each move and after the last.
        fraction: f, of the first move; round t = 0, ..., T - 1 moves f (1 + cos(pi t / T)) / 2.
        growth: as in `Regrow`.
        layers: as in `Sparsify`.

    Returns:
        The pipeline.

    Raises:
        InputError: for less than one round.

    Source: Evci et al. (2020), Rigging the lottery, section 3, for the cosine.
    """
    if rounds < 1:
        raise InputError(f"rounds = {rounds}: give at least 1")
    shares = [fraction * (1 + math.cos(math.pi * t / rounds)) / 2 for t in range(rounds)]
    moves = [step for t, share in enumerate(shares) for step in (tune, Regrow(share, growth, seed=t))]
    return Pipeline((Sparsify(sparsity, layers), *moves, tune))
