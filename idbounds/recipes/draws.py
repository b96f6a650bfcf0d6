"""Recipe "draws": fit a posterior against the bound, replace it by draws, choose those of the head again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from idbounds.codes.integers.elias import integer_within
from idbounds.codes.reals.drawn import Drawing
from idbounds.codes.reals.noise import SEED_LIMIT
from idbounds.decoders import CUSTOM, draws
from idbounds.errors import InputError
from idbounds.recipes.recipe import Job, Recipe
from idbounds.variational.settings import Settings

if TYPE_CHECKING:
    import torch
    from torch import nn

COUNTING = 2.0
"""Seconds of counting errors in float64 for each second that the front takes in float32: measured 1.2."""


class Learner:
    """One fit.

    Args:
        job: what to learn.
        settings: how.

    Raises:
        InputError: when the module cannot be certified.
    """

    def __init__(self, job: Job, settings: Settings) -> None:
        """Make the network and try it."""
        from idbounds.variational.halves import halves, prepared

        self._job, self._settings, self.done = job, settings, 0
        integer_within(job.seed, "seed", 0, SEED_LIMIT - 1)
        if settings.batch > (n := len(job.sample.train_y)):
            raise InputError(f"batch = {settings.batch}: {job.sample.name} has n = {n}; give at most that")
        module = prepared(self._tried())
        self._front, self._body = halves(module, self._pixels(2))

    def run(self, *, resume: bool) -> draws.Model:
        """Fit.

        Args:
            resume: go on from the checkpoint.

        Returns:
            The hypothesis.

        Raises:
            Interrupted: on Ctrl-C.
        """
        import torch

        from idbounds.resuming import Interrupted
        from idbounds.variational.course import Course
        from idbounds.variational.fitter import Fitter
        from idbounds.variational.halves import inputs_of

        job, settings, sample = self._job, self._settings, self._job.sample
        start = time.monotonic()
        move = job.report.stage("features", len(sample.train_y))
        inputs = inputs_of(self._front, sample.train_x, sample.levels, move)
        seconds = time.monotonic() - start
        fitter = Fitter(
            self._body, inputs, torch.from_numpy(sample.train_y), settings,
            seed=job.seed, delta=float(job.delta),
        )  # fmt: skip
        course = Course(fitter, self._identity(), job.report.stage, job.report.say)
        if resume:
            course.load(job.checkpoint)
        reserve = COUNTING * seconds * (1 + len(sample.test_y) / len(sample.train_y))
        limit = float("inf") if settings.budget is None else 60 * settings.budget
        try:
            with torch.random.fork_rng([]):
                course.run(job.checkpoint, job.started + limit - reserve)
        except Interrupted as stop:
            self.done = stop.step
            raise
        self.done = fitter.step
        return draws.Model(job.architecture, fitter.drawing, fitter.scales, fitter.indices)

    def _identity(self) -> str:
        """What a checkpoint belongs to; a run may be gone on with under another budget."""
        job = self._job
        settings = asdict(replace(self._settings, budget=None))
        words = f"{job.sample.train_sha256} {job.sample.levels} {job.seed} {job.delta} {settings} "
        return hashlib.sha256((words + f"{job.architecture} {self._front} {self._body}").encode()).hexdigest()

    def _tried(self) -> nn.Module:
        """The module, after the evaluator has tried it on one example with all weights zero."""
        import torch

        from idbounds.evaluator import count_errors

        job = self._job
        module = job.make(job.architecture)
        sizes, groups = draws.layout(module)
        drawing = Drawing(sizes, (0,) * len(sizes), self._settings.bits, job.seed)
        scales = np.full(int(groups.max()) + 1, draws.FIRST_SCALE)
        blank = draws.Model(job.architecture, drawing, scales, np.zeros(0, np.int64))
        state = draws.state(blank, module)
        if job.architecture == CUSTOM:
            again = draws.state(blank, job.make(job.architecture))
            if state.keys() != again.keys() or not all(torch.equal(state[k], again[k]) for k in state):
                raise InputError(
                    "the factory gives a different module each time, by random buffers or parameters with "
                    "requires_grad=False, so nobody could replay it; seed them inside the factory"
                )
        x, y = job.sample.train_x[:1], job.sample.train_y[:1]
        count_errors(module, state, x, y, levels=job.sample.levels)
        return module

    def _pixels(self, examples: int) -> torch.Tensor:
        from idbounds.variational.halves import inputs_of

        sample = self._job.sample
        return inputs_of(None, sample.train_x[:examples], sample.levels, lambda done, remark: None)


def _architecture(shape: Sequence[int]) -> str:
    from idbounds.scattering import fits

    return "scatternet" if fits(shape) else "mlp"


RECIPE = Recipe(
    name="draws", decoder=draws.DRAWS, settings=Settings, architecture=_architecture, devices=("cpu",),
    prepare=Learner,
)  # fmt: skip
