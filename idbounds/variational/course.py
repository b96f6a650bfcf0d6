"""The whole way of a hypothesis, unit by unit: it can be stopped after each, and goes on as if it had not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from idbounds import resuming
from idbounds.errors import InputError
from idbounds.resuming import Interrupted, held_interrupts
from idbounds.variational.fitter import STATE, Fitter
from idbounds.variational.refining import Refiner
from idbounds.variational.settings import Settings, Settle

DRAWN = ("starting", "fitting", "balancing", "drawing", "refining")
"""The phases that end in draws; nothing is done in the first one where one start is tried."""

SETTLED = ("starting", "fitting", "settling")
"""The phases that end in a posterior."""

LAST = ("refining", "settling")
"""Phases that a deadline ends."""

KEPT = 10.0  # seconds between two checkpoints

Stage = Callable[[str, int], Callable[[int, str], None]]


_BEST = "best_"
_DRAWN_ARRAYS = ("counts", "indices", "prices", "weights")


class Course:
    """From the first step of a fit to the last choice among its draws.

    Attributes:
        fitter: what is being fitted.
        phase: index into the phases; their number at the end.
        done: units done in the phase: steps, blocks or visits.

    Args:
        fitter: at step 0.
        phases: `DRAWN` or `SETTLED`.
        identity: of the run, for its checkpoint.
        stage: opens a stage of progress.
        say: receives a remark.
    """

    def __init__(
        self,
        fitter: Fitter,
        phases: tuple[str, ...],
        identity: str,
        stage: Stage,
        say: Callable[[str], None],
    ) -> None:
        """Stand at the beginning."""
        self.fitter, self.phase, self.done = fitter, 0, 0
        self._phases, self._identity, self._stage, self._say = phases, identity, stage, say
        self._refiner: Refiner | None = None
        self._best: dict[str, Any] = {}  # the state of the best start so far, and its bound
        units = {
            "starting": self._try, "fitting": self._fit, "settling": self._settle, "balancing": self._balance,
            "drawing": self._draw, "refining": self._refine,
        }  # fmt: skip
        self._units = [units[name] for name in phases]

    def run(self, checkpoint: Path, deadline: float) -> None:
        """Go to the end, keeping a checkpoint.

        Args:
            checkpoint: file to keep.
            deadline: when refining or settling ends, in seconds of `time.monotonic`.

        Raises:
            Interrupted: on Ctrl-C, after the unit at hand is done and the checkpoint is written.
        """  # noqa: DOC501 - KeyboardInterrupt does not leave it
        kept = time.monotonic()
        with held_interrupts() as pressed:
            try:
                while self.phase < len(self._phases):
                    total = self._total()
                    name = self._phases[self.phase]
                    move = self._stage(name, total) if total else None
                    while self.done < total:
                        if name in LAST and time.monotonic() > deadline:
                            break
                        remark = self._units[self.phase]()
                        self.done += 1
                        if move is not None:
                            move(self.done, remark)
                        if pressed:
                            raise KeyboardInterrupt
                        if time.monotonic() > kept + KEPT:
                            self.save(checkpoint)
                            kept = time.monotonic()
                    self._next()
                self.save(checkpoint)
                if pressed:
                    raise KeyboardInterrupt
            except KeyboardInterrupt:
                self.save(checkpoint)
                raise Interrupted(checkpoint, self.fitter.step) from None

    def save(self, path: Path) -> None:
        """Write the state, all or nothing."""
        arrays: dict[str, Any] = {"phase": self.phase, "done": self.done, **self.fitter.arrays()}
        arrays |= {_BEST + name: value for name, value in self._best.items()}
        resuming.save(path, self._identity, arrays | (self._refiner.arrays() if self._refiner else {}))

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Args:
            path: file that `save` wrote.

        Raises:
            InputError: when there is none, it is damaged, or it belongs to another run.
        """
        arrays = resuming.load(path, self._identity, ("phase", "done", *STATE))
        self.phase, self.done = arrays["phase"].item(), arrays["done"].item()
        try:
            drawn = 0
            if self.phase > self._phases.index("fitting"):
                needed = ("scales",) if self._phases is SETTLED else ("scales", *_DRAWN_ARRAYS)
                for name in needed:
                    _ = arrays[name]  # a KeyError where it is missing
                if self._phases is DRAWN and self.phase >= DRAWN.index("drawing"):
                    drawing = self.phase == DRAWN.index("drawing")
                    drawn = self.done if drawing else len(arrays["indices"])
            self.fitter.restore(arrays, drawn)
            self._best = {k.removeprefix(_BEST): v for k, v in arrays.items() if k.startswith(_BEST)}
            if "scores" in arrays:
                self._refiner = Refiner(self.fitter)
                self._refiner.restore(arrays)
        except (KeyError, ValueError, RuntimeError) as error:
            raise InputError(f"{path}: not a whole checkpoint ({error}); start without --resume") from None

    def _total(self) -> int:
        """Units of the phase at hand; what it needs is made here."""
        fitter, settings, name = self.fitter, self.fitter.settings, self._phases[self.phase]
        if name == "starting":
            return settings.starts * self._tried if settings.starts > 1 else 0
        if name == "fitting":
            return settings.steps
        if isinstance(settings, Settle):
            return settings.settle
        assert isinstance(settings, Settings)
        if name == "balancing":
            return settings.balance if fitter.drawing.total else 0
        if name == "drawing":
            return fitter.drawing.total
        if self._refiner is None and settings.passes and fitter.drawing.total:
            try:
                self._refiner = Refiner(fitter)
            except TypeError as error:
                self._say(f"no draw is chosen again: {error}")
        return settings.passes * len(self._refiner.blocks) if self._refiner else 0

    def _next(self) -> None:
        if self._phases[self.phase] == "starting":
            if self._best:
                self.fitter.restore(self._best, 0)
                self._best = {}
            self.phase, self.done = self.phase + 1, self.fitter.step  # those of the best start are done
            return
        fitting = self._phases[self.phase] == "fitting"
        if fitting and self.fitter.begin_again():
            self._say(f"no bits are left: begun again at {self.fitter.nats:g} nats an error")
            self.done = 0
            return
        if fitting and self._phases is SETTLED:
            self.fitter.round_scales()
        elif fitting:
            self.fitter.cut()
            drawing = self.fitter.drawing
            self._say(f"{drawing.total} blocks of {drawing.bits} bits")
        self.phase, self.done = self.phase + 1, 0

    @property
    def _tried(self) -> int:
        """Steps by which a start is judged."""
        return min(self.fitter.settings.pilot, self.fitter.settings.steps)

    def _try(self) -> str:
        fitter, (start, step) = self.fitter, divmod(self.done, self._tried)
        if step == 0:
            fitter.begin(fitter.posterior.body, start)
        remark = fitter.fit_step()
        if step + 1 == self._tried:
            value = fitter.estimate()
            self._say(f"start {start}: {value:.3f} after {self._tried} steps")
            if not self._best or value < self._best["estimate"]:
                copied = {name: np.array(value) for name, value in fitter.arrays().items()}
                self._best = {**copied, "estimate": np.array(value)}
        return remark

    def _fit(self) -> str:
        return self.fitter.fit_step()

    def _settle(self) -> str:
        return self.fitter.settle_step()

    def _balance(self) -> str:
        self.fitter.balance_step()
        return ""

    def _draw(self) -> str:
        self.fitter.draw(self.done)
        return ""

    def _refine(self) -> str:
        assert self._refiner is not None
        if not self._refiner.visit(self.done):
            self.done = self._total() - 1  # nothing changed in a whole pass
        return f"{self._refiner.errors:,} errors" if self.done % 5 == 0 else ""
