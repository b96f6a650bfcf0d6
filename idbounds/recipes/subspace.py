"""Recipe "subspace": train d coordinates in a random subspace, on the grid of a quantiser at the end."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from idbounds import training
from idbounds.decoders import CUSTOM, subspace
from idbounds.errors import InputError
from idbounds.recipes.recipe import Job, Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from idbounds.projections.subspace import SubspaceModule

D = 1000
"""Default subspace dimension."""


@dataclass(frozen=True)
class Settings(training.Settings):
    """How to train, and in which subspace.

    Attributes:
        d: subspace dimension; paid for.
        projection: family of the subspace; paid for.
    """

    d: int = D
    projection: str = "blocks"


class Learner:
    """One run in a subspace.

    Args:
        job: what to learn.
        settings: how.

    Raises:
        InputError: when the module cannot be certified.
    """

    def __init__(self, job: Job, settings: Settings) -> None:
        """Make the network and try it."""
        self._job, self._settings, self._name = job, settings, job.architectures[0]
        base = training.Settings(**{f.name: getattr(settings, f.name) for f in fields(training.Settings)})
        self._trainer = self._trainer_of(self._network(), base)

    @property
    def done(self) -> int:
        """Steps taken."""
        return self._trainer.done

    def run(self, *, resume: bool) -> subspace.Model:
        """Train.

        Args:
            resume: go on from the checkpoint.

        Returns:
            The hypothesis.
        """
        trainer, job = self._trainer, self._job
        if resume:
            trainer.load(job.checkpoint)
        advance = job.report.stage("training", self._settings.steps)
        trainer.run(
            job.checkpoint,
            advance=lambda done, loss: advance(done, f"loss {loss:.3g}" if done % 20 == 0 else ""),
        )
        assert trainer.grid is not None
        s = self._settings
        return subspace.Model(self._name, s.projection, s.d, job.seed, trainer.grid, trainer.symbols())

    def _trainer_of(self, network: SubspaceModule, settings: training.Settings) -> training.Trainer:
        return training.Trainer(network, self._job.sample, settings, self._job.device)

    def _network(self) -> SubspaceModule:
        """The module in its subspace, after the evaluator has tried it on two examples."""
        network = self._attached()
        if self._name == CUSTOM and self._attached().start_digest != network.start_digest:
            raise InputError(
                "the factory gives a different module each time, by random buffers or parameters with "
                "requires_grad=False, so nobody could replay it; seed them inside the factory"
            )
        self._try(network, subspace.state(network, np.zeros(self._settings.d)))
        return network

    def _try(self, network: SubspaceModule, state: dict[str, Tensor]) -> None:
        from idbounds.evaluator import count_errors

        sample = self._job.sample
        x = sample.train_x[:2]
        y = np.full(len(x), sample.classes - 1)
        count_errors(network.module, state, x, y, levels=sample.levels)

    def _attached(self) -> SubspaceModule:
        job, settings = self._job, self._settings
        made = job.make(self._name)
        return subspace.subspace(made, kind=settings.projection, d=settings.d, seed=job.seed)


RECIPE = Recipe(
    name="subspace", decoder=subspace.SUBSPACE, settings=Settings, architectures=lambda shape: ("convnet",),
    devices=("cpu", "cuda"), prepare=Learner,
)  # fmt: skip
