"""The adaptive search: few runs, most of them where the curve crosses the threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idbounds.dimension.criteria import Baseline, Metric, thresholds
from idbounds.dimension.curve import REACH, WIDEST, Found, find
from idbounds.dimension.estimate import collect, conclude, criteria
from idbounds.dimension.learning_rates import Ladder
from idbounds.dimension.protocol import Run, Runner, Score, as_runner
from idbounds.dimension.result import IntrinsicDimension
from idbounds.errors import InputError
from idbounds.projections.stream import checked_integer

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many counted runs are done, and how many there may be in all."""

_SPREAD = 0.3  # half-width of a round, in ln d
_SHARE = 0.6  # of the fit's window that a round covers, where the curve is steep
_NEAR = 2 * REACH  # share of the gain: a d whose score is as near a threshold as that may enter a fit
_SEEDS_EACH = 1 << 20  # run seeds that one measurement has to itself
_LEAST = 8  # runs in subspaces without which there is no search to speak of


@dataclass(frozen=True)
class Range:
    """Where to search, and how.

    Attributes:
        d_min: smallest d.
        d_start: first d.
        d_max: largest d.
        growth: factor by which d grows until a run passes.
    """

    d_min: int
    d_start: int
    d_max: int
    growth: float

    def clip(self, x: float) -> int:
        """The d nearest to exp(x) within the range.

        Args:
            x: ln d.

        Returns:
            d.
        """
        return min(max(round(math.exp(min(x, 700.0))), self.d_min), self.d_max)

    def powers(self, start: int, step: float, count: int) -> list[int]:
        """Up to `count` different d that grow, or shrink, from one on.

        Args:
            start: the first one.
            step: in ln d.
            count: how many at most.

        Returns:
            The list, which ends early at an end of the range.
        """
        return list(dict.fromkeys(self.clip(math.log(start) + k * step) for k in range(count)))


def plan(
    found: Mapping[str, Found], tried: Sequence[int], turn: int, count: int, span: Range, gain: float
) -> list[int]:
    """Where the next runs go: outwards until every threshold is enclosed, then around the crossings in turn.

    Args:
        found: the crossings so far, of the criteria aimed at; empty before the first run.
        tried: every d tried so far.
        turn: how many rounds there were.
        count: runs to place.
        span: where to search.
        gain: of the baseline above chance.

    Returns:
        Values of d, at most `count`; none if nothing is left to learn.
    """
    step = math.log(span.growth)
    if not tried:
        return span.powers(span.d_start, step, count)
    methods = {f.method for f in found.values()} or {"above"}  # nothing but failures is not reached, either
    if "above" in methods and max(tried) < span.d_max:
        start = max(span.clip(math.log(max(tried)) + step), max(tried) + 1)
        return span.powers(start, step, count)
    if "below" in methods and min(tried) > span.d_min:
        start = min(span.clip(math.log(min(tried)) - step), min(tried) - 1)
        return span.powers(start, -step, count)
    open_ones = [f for f in found.values() if not _closed(f, tried, count, span)]
    if not open_ones:
        return []
    now = open_ones[turn % len(open_ones)]
    if now.method in ("above", "below"):
        return [span.d_max if now.method == "above" else span.d_min] * count
    if now.method == "fit":
        spread = min(_SPREAD, _SHARE * min(WIDEST, REACH * gain / now.slope))
        places = now.x + spread * (np.linspace(-1, 1, count) if count > 1 else np.zeros(1))
    else:
        low, high = now.window
        places = low + (high - low) * np.arange(1, count + 1) / (count + 1)
        if high - low < 1.5 * math.exp(-low):  # neighbours: repeat both
            places = np.resize([low, high], count)
    return [span.clip(float(x)) for x in places]


def _closed(found: Found, tried: Sequence[int], count: int, span: Range) -> bool:
    """Whether more runs would teach nothing: both ends of a jump are sure, or the end of the range is."""
    if found.method == "bracket":
        low, high = math.exp(found.low), math.exp(found.high)
        return high - low < 1.5 and min(tried.count(round(low)), tried.count(round(high))) > 1
    if found.method == "above":
        return tried.count(span.d_max) >= count and found.low >= math.log(span.d_max) - 1e-9
    if found.method == "below":
        return tried.count(span.d_min) >= count and found.high <= math.log(span.d_min) + 1e-9
    return False


class _Work:
    """Runs asked for and scores received; what is left of the budget."""

    def __init__(
        self, runner: Runner, budget: int, seed: int, ladder: Ladder | None, progress: Progress | None
    ) -> None:
        self.runner, self.budget, self.seed, self.ladder = runner, budget, seed, ladder
        self.progress = progress
        self.scores: list[Score] = []
        self.tuning: list[Score] = []

    @property
    def left(self) -> int:
        return self.budget - len(self.scores)

    def good(self, *, full: bool) -> list[Score]:
        return [s for s in self.scores if (s.run.d is None) == full and math.isfinite(s.score)]

    def measure(
        self,
        ds: Sequence[int | None],
        what: str,
        *,
        centre: int | None = None,
        near: Callable[[float], bool] | None = None,
    ) -> None:
        """Do one run for each d, at the rate of its own d or of the centre of a round."""
        ladder, places = self.ladder, ds if centre is None else [centre] * len(ds)
        while ladder is not None and (wanted := ladder.wanted(places, near)):
            scores = self._do(wanted, f"learning rate, {what}", counted=False)
            self.tuning += scores
            ladder.add(scores)
        rates = [None if ladder is None else ladder.rate(d) for d in places]
        first = self.seed + len(self.scores)
        runs = [Run(d, first + i, rate) for i, (d, rate) in enumerate(zip(ds, rates, strict=True))]
        self.scores += self._do(runs, what, counted=True)

    def _do(self, runs: Sequence[Run], what: str, *, counted: bool) -> list[Score]:
        got: dict[Run, Score] = {}
        self._tell(what, 0)
        for score in self.runner(runs):
            if score.run not in runs or score.run in got:
                raise InputError(f"the runner returned {score.run}, which it was not asked for, or not again")
            got[score.run] = score
            self._tell(what, len(got) if counted else 0)
        if len(got) < len(runs):
            raise InputError(f"the runner returned {len(got)} scores for {len(runs)} runs; give one for each")
        return [got[run] for run in runs]

    def _tell(self, what: str, done: int) -> None:
        if self.progress is not None:
            self.progress(what, len(self.scores) + done, self.budget)


def measure_d90(
    run: Runner | Callable[..., float],
    *,
    d_max: int,
    threshold: float = 0.9,
    criterion: str | Sequence[str] = "fraction",
    chance: float | None = None,
    best: float | None = 1.0,
    higher_is_better: bool = True,
    absolute: float | None = None,
    budget: int = 25,
    baselines: int = 5,
    at_once: int = 3,
    d_min: int = 1,
    d_start: int = 16,
    growth: float = 2.0,
    level: float = 0.9,
    seed: int = 0,
    learning_rates: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> IntrinsicDimension:
    """Measure the intrinsic dimension: the smallest d at which training reaches 90% of full training.

    Full training sets the thresholds. Then d grows by a constant factor until a run passes, and rounds of
    runs around the crossing follow, each placed by a fit to all runs so far, until the budget is spent. Every
    run has a seed of its own.

    Args:
        run: a `Runner`, or a function of (d, seed) or (d, seed, learning_rate) that trains and returns the
            score on held-out data; d is None for all parameters.
        d_max: largest d to try, the number of parameters at most.
        threshold: the fraction of full training that is asked; 0.5 gives d50.
        criterion: one or several of "fraction", "absolute" and "gain": rounds are placed around their
            crossings in turn. All that can be stated are reported.
        chance: the score without learning (0.1 for ten balanced classes).
        best: the best possible score; None if there is none.
        higher_is_better: False for a loss or an error rate.
        absolute: the fixed score of the criterion "absolute"; `threshold` times `best` if not given.
        budget: runs in all, those of full training among them, those that tune the learning rate apart.
        baselines: runs of full training.
        at_once: runs asked for together, which a runner may train together.
        d_min: smallest d to try.
        d_start: where the search begins.
        growth: the factor by which d grows.
        level: of the intervals.
        seed: of the measurement, in [0, 2**20). Its runs have the seeds from seed * 2**20 on, and tuning runs
            2**40 more, so that measurements with different seeds share no run.
        learning_rates: the ladder from which a rate is chosen for each d (`learning_rates.py` has the rule);
            None leaves the rate to `run`.
        progress: told what is being done.

    Returns:
        The crossings with intervals, the curve, and the cost.

    Raises:
        InputError: for an option outside its domain, or a runner that does not do what it was asked.
    """
    metric, aim = Metric(chance, best, higher_is_better), criteria(criterion)
    if not 1 <= d_min <= d_start <= d_max:
        raise InputError(
            f"d_min = {d_min}, d_start = {d_start}, d_max = {d_max}: 1 <= d_min <= d_start <= d_max"
        )
    if baselines < 1 or at_once < 1 or not growth > 1:
        given = f"baselines = {baselines}, at_once = {at_once}, growth = {growth}"
        raise InputError(f"{given}: at least 1, at least 1, more than 1")
    if budget < baselines + _LEAST:
        raise InputError(
            f"budget = {budget}: at least {baselines + _LEAST}, with {baselines} of full training"
        )
    seed = checked_integer("seed", seed, 0, _SEEDS_EACH) * _SEEDS_EACH
    if budget > _SEEDS_EACH:
        raise InputError(f"budget = {budget}: at most {_SEEDS_EACH} runs")
    if not 0 < level < 1:
        raise InputError(f"level = {level}: of the interval, in (0, 1), such as 0.9")
    # What can be refused is refused before anything is trained.
    wished = Baseline((chance or 0.0) + metric.sign, 0.0, 1)
    lacking = thresholds(wished, metric, threshold=threshold, absolute=absolute)[1]
    _demand([name for name in aim if name != "fraction"], lacking)
    ladder = None if learning_rates is None else Ladder(learning_rates, seed, metric.sign)
    span = Range(d_min, d_start, d_max, growth)
    work = _Work(as_runner(run), budget, seed, ladder, progress)

    work.measure([None] * baselines, "full training")
    base = Baseline.of([s.score for s in work.good(full=True)])
    stated, missing = thresholds(base, metric, threshold=threshold, absolute=absolute)
    _demand(aim, missing)
    found: dict[str, Found] = {}
    tried: list[int] = []
    turn = 0
    gain = math.inf if chance is None else max(metric.sign * (base.mean - chance), 0.0)
    while work.left:
        ds = plan(found, tried, turn, min(at_once, work.left), span, gain)
        if not ds:
            break
        around = bool(found) and not {"above", "below"} & {f.method for f in found.values()}
        centre = round(math.exp(float(np.mean(np.log(ds))))) if around else None
        near = None if around else _near([stated[name].value for name in aim], _NEAR * gain)
        work.measure(ds, "around the crossing" if around else "growing d", centre=centre, near=near)
        turn += around
        tried += ds
        if good := work.good(full=False):
            points = collect(good, base, metric)
            found, gain = {name: find(points, stated[name], metric.sign, level) for name in aim}, points.gain
    return conclude(
        work.scores, metric, threshold=threshold, aim=aim, absolute=absolute, level=level, tuning=work.tuning,
        learning_rates=None if ladder is None else ladder.rates, warnings=_about_rates(ladder, found),
    )  # fmt: skip


def _near(targets: Sequence[float], margin: float) -> Callable[[float], bool]:
    return lambda score: min(abs(score - target) for target in targets) <= margin


def _demand(aim: Sequence[str], missing: Mapping[str, str]) -> None:
    for name in aim:
        if name in missing:
            raise InputError(f"criterion {name!r}: {missing[name]}")


def _about_rates(ladder: Ladder | None, found: Mapping[str, Found]) -> list[str]:
    if ladder is None:
        return ["learning rate not tuned: the value holds for the rate in use"]
    places = {"full training": None} | {
        f"the crossing of {n}": math.exp(f.x) for n, f in found.items() if f.x == f.x
    }
    text = "the best learning rate for {} is at the end of the ladder: a better one may lie beyond"
    return [text.format(what) for what, d in places.items() if ladder.at_the_end(d)]
