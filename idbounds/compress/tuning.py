"""Training between the steps: the numbers move, the form stays, and levels are rounded straight through."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np

from idbounds.batches import evaluating
from idbounds.codes.reals.signs import SCALES
from idbounds.compress.drafts import KINDS, STATISTIC, Draft
from idbounds.compress.pipeline import Bench, Pipeline, Stage, Step
from idbounds.compress.quantise import rebooked
from idbounds.compress.sparsify import Sparsify, pruned
from idbounds.decoders import scaled
from idbounds.decoders.forms import Corner, LowRank, Predicted, Scattered, Shared, Sparse
from idbounds.decoders.projected import Projected
from idbounds.decoders.trains import Train
from idbounds.decoders.values import Book, Floats, Grid, Values
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

_TEMPERATURE = 2.0


@final
@dataclass(frozen=True)
class FineTune(Step):
    """Adam on the cross-entropy of the training part, over the numbers of every tensor in the form it has.

    A pruned weight stays pruned, factors stay factors, shared numbers stay shared. On a grid the forward
    pass sees the rounded number and the update moves the one behind it (quantisation-aware training); of a
    codebook the levels move, and each number keeps its level (Han, Mao and Dally 2016). The network is in
    eval mode: normalisation keeps its statistics, and there is no dropout. None of this is needed to decode.

    Attributes:
        steps: gradient steps.
        learning_rate: Adam's, falling to zero along a cosine.
        batch: examples a step, at most all.
        seed: of the order of the examples.
        teacher: share of the loss, 0 to 1, that is the divergence from the soft labels of the network as it
            was given, at temperature 2 (Hinton, Vinyals and Dean 2015); the rest is the cross-entropy.

    Raises:
        InputError: for a number out of range.
    """

    steps: int = 500
    learning_rate: float = 1e-3
    batch: int = 128
    seed: int = 0
    teacher: float = 0.0

    stage = Stage.TRAINING
    handles = frozenset(KINDS)

    def __post_init__(self) -> None:
        """Refuse settings that cannot train."""
        whole = all(type(count) is int for count in (self.steps, self.batch, self.seed))
        least = min(self.steps, self.batch) >= 1 and self.seed >= 0
        if not (whole and least and 0 < self.learning_rate <= 10):
            raise InputError(
                f"{self}: give whole steps >= 1, batch >= 1 and seed >= 0, and a learning_rate in (0, 10]"
            )
        if not 0 <= self.teacher <= 1:
            raise InputError(f"teacher = {self.teacher}: give a share of the loss from 0 to 1")

    def accepts(self, before: Sequence[Step]) -> str:
        """Before the symbols are encoded."""
        encoded = [step for step in before if step.stage is Stage.CODES]
        return f"{encoded[-1]} has written the symbols already; train before it" if encoded else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Train.

        Args:
            drafts: of every tensor; running statistics do not move.
            bench: network and data.

        Returns:
            The drafts with new numbers.

        Raises:
            InputError: when there is nothing to move, or the training leaves the numbers.
        """
        import torch

        assert bench.sample is not None
        moving = [_Moving(draft) for draft in drafts]
        latents = [latent for tensor in moving for latent in tensor.latents if latent.requires_grad]
        if not latents:
            raise InputError(f"{self}: every tensor is zero; there is nothing to train")
        optimiser = torch.optim.Adam(latents, lr=self.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.steps)
        images = torch.from_numpy(scaled(bench.sample.train_x, bench.sample.levels).astype(np.float32))
        labels = torch.from_numpy(bench.sample.train_y)
        module, given = bench.module, {draft.slot.name: _given(draft) for draft in drafts}
        with evaluating(module), torch.enable_grad():
            for done, rows in enumerate(self._batches(len(labels)), 1):
                weights = {tensor.draft.slot.name: tensor.weights() for tensor in moving}
                scores = torch.func.functional_call(module, weights, (images[rows],))
                loss = torch.nn.functional.cross_entropy(scores, labels[rows])
                if self.teacher:
                    soft = _soft_loss(scores, module, given, images[rows])
                    loss = (1 - self.teacher) * loss + self.teacher * soft
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
                if bench.advance is not None:
                    bench.advance(done, self.steps)
        if not all(bool(latent.isfinite().all()) for latent in latents):
            raise InputError(f"{self}: the training diverged; give a smaller learning_rate")
        return [tensor.settled() for tensor in moving]

    def _batches(self, n: int) -> list[Tensor]:
        """Rows of each step: passes over the data, each in an order of its own."""
        import torch

        batch = min(self.batch, n)
        passes = -(-self.steps * batch // (n // batch * batch))
        draw = np.random.default_rng(self.seed)
        order = [draw.permutation(n)[: n // batch * batch].reshape(-1, batch) for _ in range(passes)]
        return list(torch.from_numpy(np.concatenate(order)[: self.steps]))


def gradual(
    sparsity: float, *, rounds: int, tune: FineTune, layers: str = "global", saliency: str = "magnitude"
) -> Pipeline:
    """Pruning in rounds with training after each: s_t = s (1 - (1 - t / T)^3).

    Args:
        sparsity: s, of the last round.
        rounds: T, at least one.
        tune: the training after each round.
        layers: as in `Sparsify`.
        saliency: as in `Sparsify`.

    Returns:
        The pipeline of pruning and training.

    Raises:
        InputError: for less than one round.

    Source: Zhu and Gupta (2017), To prune, or not to prune, equation 1, from s_i = 0.
    """
    if rounds < 1:
        raise InputError(f"rounds = {rounds}: give at least 1")
    shares = [sparsity * (1 - (1 - t / rounds) ** 3) for t in range(1, rounds)] + [sparsity]
    return Pipeline(tuple(step for share in shares for step in (Sparsify(share, layers, saliency), tune)))


class _Moving:
    """A tensor in training: the numbers behind each of its vectors, float32."""

    def __init__(self, draft: Draft) -> None:
        import torch

        self.draft = draft
        self.latents = [
            torch.from_numpy(_behind(values).astype(np.float32)).requires_grad_(draft.kind != STATISTIC)
            for values in draft.coded.values
        ]

    def weights(self) -> Tensor:
        """The tensor as the network sees it, with a gradient."""
        vectors = [_seen(v, latent) for v, latent in zip(self.draft.coded.values, self.latents, strict=True)]
        return self._made(vectors).reshape(self.draft.slot.shape)

    def settled(self) -> Draft:
        """The draft with the numbers of now."""
        values = [
            _settled(v, latent) for v, latent in zip(self.draft.coded.values, self.latents, strict=True)
        ]
        if isinstance(self.draft.coded.form, Sparse):
            return pruned(self.draft, values[0])
        return self.draft.remade(self.draft.coded.form, *values)

    @cached_property
    def _made(self) -> Callable[[list[Tensor]], Tensor]:
        """The form as a function of tensors, with a gradient; the decoder's own is in `forms`."""
        import torch

        form, slot = self.draft.coded.form, self.draft.slot
        if isinstance(form, (Sparse, Scattered)):
            held = self.draft.coded.positions if isinstance(form, Sparse) else form.drawn(slot)
            places = torch.from_numpy(held)
            return lambda vectors: torch.zeros(slot.size).index_copy(0, places, vectors[0])
        if isinstance(form, LowRank):
            rank = form.rank
            return lambda vectors: vectors[0].reshape(-1, rank) @ vectors[1].reshape(rank, -1)
        if isinstance(form, Shared):
            hashed, signs = form.hashed(slot)
            rows, sign = torch.from_numpy(hashed), torch.from_numpy(signs)
            return lambda vectors: vectors[0][rows] * sign
        if isinstance(form, Predicted):
            dictionary = torch.from_numpy(form.dictionary.astype(np.float32))
            return lambda vectors: (vectors[0].reshape(-1, len(dictionary)) @ dictionary).ravel()
        if isinstance(form, Train):
            order = torch.from_numpy(form.order(slot))
            return lambda vectors: _chained(vectors[0], form.shapes(slot))[order]
        if isinstance(form, Projected):
            from idbounds.projections.operator import Operator, project

            operator = Operator(form.projection(slot))
            return lambda vectors: project(vectors[0], operator)
        if isinstance(form, Corner):
            below, beside = slot.matrix[0] - form.rows, slot.matrix[1] - form.columns
            shape = form.rows, form.columns
            return lambda vectors: torch.nn.functional.pad(vectors[0].reshape(shape), (0, beside, 0, below))
        if not self.latents:
            return lambda vectors: torch.zeros(slot.size)
        return lambda vectors: vectors[0]


def _chained(numbers: Tensor, shapes: Sequence[tuple[int, int, int]]) -> Tensor:
    """The product of the cores of a train, with a gradient."""
    import torch

    made = numbers.new_ones(1, 1)
    parts = torch.split(numbers, [math.prod(shape) for shape in shapes])
    for part, (before, _, after) in zip(parts, shapes, strict=True):
        made = (made @ part.reshape(before, -1)).reshape(-1, after)
    return made.ravel()


def _given(draft: Draft) -> Tensor:
    """A tensor of the network as it was given."""
    import torch

    return torch.from_numpy(draft.original.astype(np.float32)).reshape(draft.slot.shape)


def _soft_loss(scores: Tensor, module: nn.Module, teacher: dict[str, Tensor], images: Tensor) -> Tensor:
    """Divergence from the teacher's probabilities at temperature T, times T^2."""
    import torch

    with torch.no_grad():
        wanted = torch.func.functional_call(module, teacher, (images,)) / _TEMPERATURE
    logs, targets = (torch.log_softmax(s, dim=1) for s in (scores / _TEMPERATURE, wanted))
    loss = torch.nn.functional.kl_div(logs, targets, reduction="batchmean", log_target=True)
    return loss * _TEMPERATURE**2


def _behind(values: Values) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What is trained: the levels of a codebook, else the numbers."""
    return values.scheme.numbers if isinstance(values.scheme, Book) else values.numbers


def _seen(values: Values, latent: Tensor) -> Tensor:
    """The numbers as the network sees them."""
    import torch

    scheme = values.scheme
    if isinstance(scheme, Floats):
        return latent
    if isinstance(scheme, Book):
        return latent[torch.from_numpy(values.entries + scheme.centre)]
    with torch.no_grad():
        rounded = (_rounded(values, scheme, latent) + 0.5 * scheme.half) * SCALES[scheme.scale]
    return latent + (rounded - latent).detach()


def _rounded(values: Values, scheme: Grid, latent: Tensor) -> Tensor:
    """The nearest of the symbols that were in use."""
    least, most = int(values.entries.min(initial=0)), int(values.entries.max(initial=0))
    return (latent / SCALES[scheme.scale] - 0.5 * scheme.half).round().clamp(least, most)


def _settled(values: Values, latent: Tensor) -> Values:
    """The trained numbers, said as before."""
    scheme = values.scheme
    if isinstance(scheme, Floats):
        return Values.floats(latent.detach().numpy(), scheme.width)
    if isinstance(scheme, Book):
        levels = latent.detach().double().numpy()
        return rebooked(levels[values.entries + scheme.centre], levels, scheme.levels.precision)
    return Values(scheme, _rounded(values, scheme, latent.detach()).numpy().astype(np.int64))
