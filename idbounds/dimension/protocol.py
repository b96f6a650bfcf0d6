"""What the search asks for and what comes back: a `Run`, a `Score`, and the `Runner` between them."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast

from idbounds.errors import InputError


@dataclass(frozen=True)
class Run:
    """One training run to be done: everything that tells it from its neighbours.

    Attributes:
        d: dimension of the random subspace; None trains all parameters.
        seed: of this run. Projection, start weights and order of the data must all depend on it.
        learning_rate: to be used; None leaves it to the runner.
    """

    d: int | None
    seed: int
    learning_rate: float | None = None


@dataclass(frozen=True)
class Score:
    """What a run gave.

    Attributes:
        run: that was done.
        score: the metric on the held-out set the user chose, in the user's own unit; NaN if the run failed.
        train_score: the same metric on the training set, or None if it was not measured.
        seconds: that the run took; runs trained together share their time.
        status: "ok", or "failed" for a run that diverged or broke.
        reason: of the failure; "" otherwise.
        extra: whatever else is worth keeping, as JSON scalars (a test score, say).
    """

    run: Run
    score: float
    train_score: float | None = None
    seconds: float = 0.0
    status: Literal["ok", "failed"] = "ok"
    reason: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


class Runner(Protocol):
    """Does runs, in any order, alone or together. The same runs give the same scores."""

    def __call__(self, runs: Sequence[Run], /) -> Iterator[Score]:
        """Do the runs.

        Args:
            runs: all different.

        Returns:
            Each score as soon as it is there; exactly one a run, in any order.
        """
        ...


class _OneByOne:
    """A plain function as a `Runner`."""

    def __init__(self, function: Callable[..., float], arguments: int) -> None:
        self.function, self.arguments = function, arguments

    def __call__(self, runs: Sequence[Run], /) -> Iterator[Score]:
        for run in runs:
            start = time.perf_counter()
            score = float(self.function(*(run.d, run.seed, run.learning_rate)[: self.arguments]))
            seconds = time.perf_counter() - start
            if math.isfinite(score):
                yield Score(run, score, seconds=seconds)
            else:
                yield Score(run, math.nan, seconds=seconds, status="failed", reason=f"the score is {score}")


def as_runner(run: Runner | Callable[..., float]) -> Runner:
    """Take a runner or a plain function.

    Args:
        run: a `Runner` (one argument, a sequence of runs), or a function of (d, seed) or of
            (d, seed, learning_rate) that returns a number; d is None for all parameters, and a score that is
            not finite means that the run failed.

    Returns:
        A runner.

    Raises:
        InputError: if it is neither.
    """
    allowed = "a Runner, or a function of (d, seed) or of (d, seed, learning_rate)"
    try:
        parameters = inspect.signature(run).parameters.values()
    except (TypeError, ValueError):
        raise InputError(f"run = {run!r}: give {allowed}") from None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in positional)
    if len(positional) == 1:
        return cast(Runner, run)
    if len(positional) < 2 or needed > 3:
        raise InputError(f"run takes {needed} arguments; give {allowed}")
    rated = len(positional) > 2 and (needed == 3 or positional[2].name == "learning_rate")
    return _OneByOne(cast(Callable[..., float], run), 3 if rated else 2)
