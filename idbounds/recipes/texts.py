"""Recipes "documents" and "tokens": a language model over bytes in a random subspace, then on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idbounds import training
from idbounds.decoders import Decoder, texts
from idbounds.errors import InputError
from idbounds.recipes import subspace
from idbounds.recipes.recipe import Recipe

if TYPE_CHECKING:
    import torch

    from idbounds.projections.subspace import SubspaceModule


class Trainer(training.Trainer):
    """Training on the next byte, each given those before it in its row."""

    def loss(self, rows: torch.Tensor) -> torch.Tensor:
        """The mean cross-entropy of the bytes of some rows.

        Args:
            rows: their numbers.

        Returns:
            Nats a byte, a scalar.
        """
        import torch

        from idbounds.bytegpt import bytes_of

        x = self.images[rows]
        scores = self.network(x)
        return torch.nn.functional.cross_entropy(scores.flatten(0, 1), bytes_of(x).flatten())


class Learner(subspace.Learner):
    """One run in a subspace, of a language model."""

    def _trainer_of(self, network: SubspaceModule, settings: training.Settings) -> Trainer:
        return Trainer(network, self._job.sample, settings, self._job.device)

    def _try(self, network: SubspaceModule, state: dict[str, torch.Tensor]) -> None:
        from idbounds.text_evaluator import count
        from idbounds.text_units import BYTES

        sample = self._job.sample
        if sample.levels != BYTES or sample.train_x.ndim != 2:
            raise InputError(
                f"data set {sample.name!r}: levels = {sample.levels}, rows of shape "
                f"{sample.train_x.shape[1:]}; a language model reads rows of bytes: levels = {BYTES}, "
                "train_x of shape (n, length)"
            )
        count(network.module, state, sample.train_x[:2], smoothing=1, share=1)


@dataclass(frozen=True)
class OfDocuments(subspace.Settings):
    """Few documents carry a short message only: of more coordinates each costs more than it buys."""

    d: int = 16
    steps: int = 600
    batch: int = 8
    learning_rate: float = 0.1


@dataclass(frozen=True)
class OfTokens(subspace.Settings):
    """Millions of bytes carry a longer one."""

    d: int = 4000
    steps: int = 1500
    batch: int = 16
    learning_rate: float = 0.1


def _recipe(name: str, decoder: Decoder, settings: type) -> Recipe:
    return Recipe(
        name=name, decoder=decoder, settings=settings, architectures=lambda shape: ("bytegpt",),
        devices=("cpu", "cuda"), prepare=Learner,
    )  # fmt: skip


DOCUMENTS = _recipe("documents", texts.DOCUMENTS, OfDocuments)
TOKENS = _recipe("tokens", texts.TOKENS, OfTokens)
