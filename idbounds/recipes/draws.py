"""Recipe "draws": fit a posterior against the bound, replace it by draws, choose those of the head again.

Where several architectures suit the examples, a short fit of each chooses: the message names the one, so the
choice is paid for. For vectors short fits choose the price of a bit, too, which no decoder needs.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.codes.integers.elias import integer_within
from idbounds.codes.reals.drawn import Drawing
from idbounds.codes.reals.noise import SEED_LIMIT
from idbounds.decoders import CUSTOM, draws
from idbounds.errors import InputError
from idbounds.recipes.recipe import Job, Recipe
from idbounds.variational.settings import NATS_PER_ERROR, Fit, Settings

if TYPE_CHECKING:
    import torch
    from torch import nn

    from idbounds.variational.fitter import Fitter

COUNTING = 2.0
"""Seconds of counting errors in float64 for each second that the front takes in float32: measured 1.2."""


CLEARLY = 0.98
"""Cheaper bits must bring the bound of a short fit down to this share: more bits are what will stay."""


@dataclass(frozen=True)
class Way:
    """One architecture, and what stays the same while its weights are fitted.

    Attributes:
        name: in the decoder's menu.
        nats: of cross-entropy that stand for one error in the price of a bit.
        front: what has no weights, or None.
        body: what learns.
    """

    name: str
    nats: float
    front: nn.Module | None
    body: nn.Module


class Learner:
    """One fit.

    Args:
        job: what to learn.
        settings: how.

    Raises:
        InputError: when a module cannot be certified.
    """

    def __init__(self, job: Job, settings: Fit) -> None:
        """Make the networks and try them."""
        from idbounds.halves import halves, inputs_of, prepared

        shape = job.sample.train_x.shape[1:]
        self._job, self._settings, self.done = job, settings, 0
        integer_within(job.seed, "seed", 0, SEED_LIMIT - 1)
        if settings.batch > (n := len(job.sample.train_y)):
            raise InputError(f"batch = {settings.batch}: {job.sample.name} has n = {n}; give at most that")
        pixels = inputs_of(None, job.sample.train_x[:2], job.sample.levels, lambda done, remark: None)
        self._prices = _nats(shape) if settings.nats is None else (settings.nats,)
        self._ways = [
            Way(name, nats, *parts)
            for name in job.architectures
            for parts in [halves(prepared(self._tried(name)), pixels)]
            for nats in self._prices
        ]

    def run(self, *, resume: bool) -> Any:
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

        job, settings = self._job, self._settings
        way = self._begun() if resume else None
        with torch.random.fork_rng([]):
            way, inputs, seconds = self._seen(way) if way or len(self._ways) == 1 else self._chosen()
            fitter = self._fitter(way, inputs, settings)
            course = Course(fitter, self._phases(), self._identity(way), job.report.stage, job.report.say)
            if resume:
                course.load(job.checkpoint)
            tests = len(job.sample.test_y) / len(job.sample.train_y)
            reserve = COUNTING * seconds * (1 + tests)
            limit = float("inf") if settings.budget is None else 60 * settings.budget
            try:
                course.run(job.checkpoint, job.started + limit - reserve)
            except Interrupted as stop:
                self.done = stop.step
                raise
        self.done = fitter.step
        return self._said(way, fitter)

    def _phases(self) -> tuple[str, ...]:
        from idbounds.variational.course import DRAWN

        return DRAWN

    def _said(self, way: Way, fitter: Fitter) -> Any:
        """The hypothesis at the end of the last phase."""
        return draws.Model(way.name, fitter.drawing, fitter.scales, fitter.indices)

    def _begun(self) -> Way:
        """The way that the checkpoint is on."""
        from idbounds import resuming

        for way in self._ways:
            with suppress(InputError):
                resuming.load(self._job.checkpoint, self._identity(way), ())
                return way
        return self._ways[0]  # to load it for this one will say what is wrong

    def _chosen(self) -> tuple[Way, torch.Tensor, float]:
        """What `_seen` gives for the way whose short fit has the smallest bound."""
        job, settings = self._job, replace(self._settings, steps=self._settings.pilot)
        best, kept = float("inf"), None
        # Prices of a bit are compared for the first architecture, then architectures at the best of them.
        for way in self._ways:
            if kept is not None and way.name != self._ways[0].name and way.nats != kept[0].nats:
                continue
            seen = self._seen(way) if kept is None or way.name != kept[0].name else (way, *kept[1:])
            fitter = self._fitter(way, seen[1], settings)
            move = job.report.stage(f"pilot {way.name}", settings.steps)
            for step in range(settings.steps):
                move(step + 1, fitter.fit_step())
            value = fitter.estimate()
            price = f" at {way.nats:g} nats an error" if len(self._prices) > 1 else ""
            job.report.say(f"{way.name}{price}: {value:.3f} after {settings.steps} steps")
            cheaper = kept is not None and way.nats < kept[0].nats
            if kept is None or value < (CLEARLY if cheaper else 1) * best:
                best, kept = value, seen
        assert kept is not None
        return kept

    def _seen(self, way: Way | None) -> tuple[Way, torch.Tensor, float]:
        """A way, what its body sees of the examples, and the seconds that this took."""
        from idbounds.halves import inputs_of

        way, sample = way or self._ways[0], self._job.sample
        start = time.monotonic()
        move = self._job.report.stage("features", len(sample.train_y))
        inputs = inputs_of(way.front, sample.train_x, sample.levels, move)
        return way, inputs, time.monotonic() - start

    def _fitter(self, way: Way, inputs: torch.Tensor, settings: Fit) -> Fitter:
        import torch

        from idbounds.variational.fitter import Fitter

        job = self._job
        labels = torch.from_numpy(job.sample.train_y)
        return Fitter(
            way.body, inputs, labels, settings, seed=job.seed, delta=float(job.delta), nats=way.nats
        )

    def _identity(self, way: Way) -> str:
        """What a checkpoint belongs to; a run may be gone on with under another budget."""
        job = self._job
        settings = asdict(replace(self._settings, budget=None))
        words = f"{job.sample.train_sha256} {job.sample.levels} {job.seed} {job.delta} {settings} "
        return hashlib.sha256((words + f"{way.name} {way.nats} {way.front} {way.body}").encode()).hexdigest()

    def _tried(self, name: str) -> nn.Module:
        """The module, after the evaluator has tried it on two examples with weights drawn for nothing."""
        import torch

        from idbounds.evaluator import count_errors

        job = self._job
        module = job.make(name)
        sizes, groups = draws.layout(module)
        # Not zero: then no score would show what it depends on.
        drawing = Drawing(sizes, tuple(min(1, size) for size in sizes), 1, job.seed)
        scales = np.full(int(groups.max()) + 1, draws.FIRST_SCALE)
        blank = draws.Model(name, drawing, scales, np.zeros(drawing.total, np.int64))
        state = draws.state(blank, module)
        if name == CUSTOM:
            other = job.make(name)
            laid = draws.layout(other)
            again = draws.state(blank, other) if laid[0] == sizes and np.array_equal(laid[1], groups) else {}
            if state.keys() != again.keys() or not all(torch.equal(state[k], again[k]) for k in state):
                raise InputError(
                    "the factory gives a different module each time, by random buffers, prior_groups or "
                    "parameters with requires_grad=False, so nobody could replay it; seed them inside the "
                    "factory"
                )
        x = job.sample.train_x[:2]
        y = np.full(len(x), job.sample.classes - 1)
        count_errors(module, state, x, y, levels=job.sample.levels)
        return module


def _nats(shape: Sequence[int]) -> tuple[float, ...]:
    """What an error may stand for: images have shown it; for vectors a short fit finds it, at no bits."""
    return tuple(NATS_PER_ERROR / 2**k for k in range(4)) if len(shape) == 1 else (NATS_PER_ERROR,)


def architectures(shape: Sequence[int]) -> tuple[str, ...]:
    """What suits examples of a shape: names in the menu, of which a pilot fit chooses one."""
    from idbounds.scattering import fits
    from idbounds.upright import stands

    if len(shape) == 1:
        return ("linear", "vectornet")
    if not fits(shape):
        return ("mlp",)
    return ("scatternet", "uprightnet" if stands(shape) else "mirrornet")


RECIPE = Recipe(
    name="draws", decoder=draws.DRAWS, settings=Settings, architectures=architectures, devices=("cpu",),
    prepare=Learner,
)  # fmt: skip
