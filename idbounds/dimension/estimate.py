"""From finished runs to d90."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from idbounds.dimension.criteria import CRITERIA, Baseline, Metric, Threshold, thresholds
from idbounds.dimension.curve import Found, Points, falls_back, find, repeated, steps
from idbounds.dimension.protocol import Run, Score
from idbounds.dimension.result import Crossing, IntrinsicDimension
from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_CENSORED = {"above": "not reached", "below": "reached at once"}
_ADVISED = 5  # full-parameter runs
_CLEAR = 2  # standard errors above chance, without which full training learned nothing
_NOTHING = 1e-12  # gain where nothing was learned
_NOISY = 0.5  # error of one run in ln d


def estimate_d90(
    table: pd.DataFrame | Mapping[str, Sequence[Any]] | Iterable[Score],
    *,
    threshold: float = 0.9,
    criterion: str | Sequence[str] = "fraction",
    chance: float | None = None,
    best: float | None = 1.0,
    higher_is_better: bool = True,
    absolute: float | None = None,
    baseline: Sequence[float] = (),
    level: float = 0.9,
    cluster: Literal["seed", "d"] = "seed",
) -> IntrinsicDimension:
    """Estimate d90 from runs that are done.

    Args:
        table: scores, or columns `d`, `score` and, if known, `seed` and `learning_rate`. A row without d is a
            full-parameter run; a row without a score is a run that failed.
        threshold: the fraction of full training that is asked; 0.5 gives d50.
        criterion: the criterion, or criteria, that the result is about.
        chance: the score without learning.
        best: the best possible score, None if there is none.
        higher_is_better: False for a loss or an error rate.
        absolute: the fixed score of the criterion "absolute"; `threshold` times `best` if not given.
        baseline: scores of more full-parameter runs.
        level: of the intervals.
        cluster: "seed" if rows with the same seed share start weights or projection; "d" if all rows of one d
            share their projection (as in Li et al. 2018), so that each d counts as one run.

    Returns:
        The result, with an interval for each criterion.

    Raises:
        InputError: for a table without the columns or the runs needed, or an option outside its domain.
    """
    if cluster not in ("seed", "d"):
        raise InputError(f'cluster = {cluster!r}: "seed" or "d"')
    scores = _scores(table)
    full = [Score(Run(None, -1 - i), float(value)) for i, value in enumerate(baseline)]
    metric = Metric(chance, best, higher_is_better)
    return conclude(
        [*full, *scores],
        metric,
        threshold=threshold,
        aim=criteria(criterion),
        absolute=absolute,
        level=level,
        cluster=cluster,
    )


def criteria(given: str | Sequence[str]) -> tuple[str, ...]:
    """The criteria asked for.

    Args:
        given: one or several names.

    Returns:
        Their names.

    Raises:
        InputError: for an unknown name, or none at all.
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names or any(name not in CRITERIA for name in names):
        raise InputError(f"criterion = {given!r}: one or several of {', '.join(CRITERIA)}")
    return names


def conclude(
    scores: Sequence[Score],
    metric: Metric,
    *,
    threshold: float,
    aim: tuple[str, ...],
    absolute: float | None,
    level: float,
    cluster: Literal["seed", "d"] = "seed",
    tuning: Sequence[Score] = (),
    learning_rates: tuple[float, ...] | None = None,
    warnings: Sequence[str] = (),
) -> IntrinsicDimension:
    """Draw the conclusion from scores.

    Args:
        scores: of full-parameter and of subspace runs.
        metric: what they mean.
        threshold: q.
        aim: the criteria that the result is about.
        absolute: the fixed score, if any.
        level: of the intervals.
        cluster: as in `estimate_d90`.
        tuning: runs that chose learning rates.
        learning_rates: the ladder.
        warnings: to be kept.

    Returns:
        The result.

    Raises:
        InputError: without a finite score of either kind, or if a criterion aimed at cannot be stated.
    """
    if not 0 < level < 1:
        raise InputError(f"level = {level}: of the interval, in (0, 1), such as 0.9")
    good = [s for s in scores if s.status == "ok" and math.isfinite(s.score)]
    base = Baseline.of([s.score for s in good if s.run.d is None])
    stated, missing = thresholds(base, metric, threshold=threshold, absolute=absolute)
    for name in aim:
        if name in missing:
            raise InputError(f"criterion {name!r}: {missing[name]}")
    points = collect([s for s in good if s.run.d is not None], base, metric, cluster)
    found = {name: find(points, one, metric.sign, level) for name, one in stated.items()}
    notes = [*warnings, *_notes(scores, good, base, points, metric, stated, found, aim)]
    ordered = sorted(scores, key=lambda s: s.run.d is not None)
    return IntrinsicDimension(
        threshold, level, aim, {name: crossing(stated[name], f, metric.sign) for name, f in found.items()},
        missing, metric, base, tuple(ordered), tuple(tuning), learning_rates, tuple(notes),
    )  # fmt: skip


def collect(scores: Sequence[Score], baseline: Baseline, metric: Metric, cluster: str = "seed") -> Points:
    """Scores as arrays.

    Args:
        scores: of subspace runs, all finite.
        baseline: of full training.
        metric: what the scores mean.
        cluster: as in `estimate_d90`.

    Returns:
        The points, sorted, so that the order of the rows changes nothing, without runs that diverged.

    Raises:
        InputError: if there are none.
    """
    if not scores:
        raise InputError("no run in a subspace with a finite score: give runs with their d")
    rows = sorted((math.log(s.run.d or 1), metric.sign * s.score, s.run.seed) for s in scores)
    x, y, seeds = (np.array(column) for column in zip(*rows, strict=True))
    # The median of three, because a single disaster would otherwise set the scale of everything.
    floor = float(np.median(y[:3])) if metric.chance is None else metric.sign * metric.chance
    # A gain that is not positive means that nothing was learned; then nothing is fitted either.
    gain = max(metric.sign * baseline.mean - floor, _NOTHING)
    # A loss of 10000 is a failure with a number: one of them near the crossing would drown all other runs.
    kept = y >= floor - gain if gain > _NOTHING else np.ones(y.size, bool)
    if not kept.any():
        kept[:] = True
    x, y, seeds = x[kept], y[kept], seeds[kept]
    if cluster == "d":
        x, y, _ = steps(x, y)
        seeds = np.arange(x.size)
    clusters = np.unique(seeds, return_inverse=True)[1].astype(np.int64)
    return Points(x, y, clusters, gain, int(np.sum(~kept)))


def crossing(threshold: Threshold, found: Found, sign: int) -> Crossing:
    """A crossing in the user's units.

    Args:
        threshold: that was crossed.
        found: where.
        sign: of the metric.

    Returns:
        The crossing in d instead of ln d.
    """

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    def dimension(x: float) -> float | None:
        if x == -math.inf or not x < 700:
            return None
        d = math.exp(x)
        return float(round(d)) if abs(d - round(d)) <= 1e-12 * d else d  # ln and exp lose the last digit

    d, low, high = map(dimension, (found.x, found.low, found.high))
    return Crossing(
        criterion=threshold.criterion,
        threshold=threshold.value,
        threshold_sd=threshold.sd(0.0 if math.isnan(found.noise) else found.noise),
        d=d,
        low=low,
        high=high,
        censored=_CENSORED.get(found.method, ""),
        method="" if found.method in _CENSORED else found.method,
        slope=number(sign * found.slope),
        noise=number(found.noise),
        runs=found.runs,
        window=(dimension(found.window[0]) or 0.0, dimension(found.window[1]) or 0.0) if found.runs else None,
    )


def _notes(
    scores: Sequence[Score],
    good: Sequence[Score],
    base: Baseline,
    points: Points,
    metric: Metric,
    stated: Mapping[str, Threshold],
    found: Mapping[str, Found],
    aim: tuple[str, ...],
) -> list[str]:
    notes = []
    if (nothing := _learned_nothing(base, metric)) is not None:
        notes.append(nothing)
    if base.runs < _ADVISED:
        notes.append(
            f"{base.runs} full-parameter runs; {_ADVISED} or more are advised: they set the threshold"
        )
    if points.diverged:
        far = "scored further below chance than full training lies above it and are left out as diverged"
        notes.append(f"{points.diverged} of {len(scores)} runs {far}")
    if len(good) < len(scores):
        notes.append(f"{len(scores) - len(good)} of {len(scores)} runs failed and are left out")
    for name in aim:
        f = found[name]
        if f.method != "fit" and not repeated(points):
            if math.isnan(f.noise):
                known = "the noise is unknown, so nothing bounds d"
            else:
                known = (
                    "the ends of the interval rest on the noise of full training, or the scatter of the runs"
                )
            notes.append(f"{name}: hardly two runs share a d; {known}. Repeat runs with other seeds")
        if f.method == "bracket":
            notes.append(
                f"{name}: too steep, or too few runs near the crossing, for a fit; the interval is a bracket"
            )
        if f.method == "fit" and not (math.isfinite(f.low) and math.isfinite(f.high)):
            notes.append(f"{name}: the curve is too noisy or too flat to bound d on both sides")
        elif f.method == "fit" and f.noise > _NOISY * f.slope:
            notes.append(f"{name}: noisy; one run errs by {f.noise / f.slope:.2g} in ln d")
        if (back := falls_back(points, stated[name], metric.sign)) is not None:
            again = f"the score is below the threshold again at d = {math.exp(back):.0f}"
            notes.append(f"{name}: not monotone; {again}")
    return notes


def _learned_nothing(base: Baseline, metric: Metric) -> str | None:
    if metric.chance is None:
        return None
    error = 0.0 if math.isnan(base.sd) else _CLEAR * base.sd / math.sqrt(base.runs)
    if metric.sign * (base.mean - metric.chance) > error:
        return None
    return (
        f"FULL TRAINING LEARNED NOTHING: its score {base.mean:.4g} is no better than chance, "
        f"{metric.chance:.4g}, so the value says nothing"
    )


def _scores(table: Any) -> list[Score]:
    if not hasattr(table, "keys"):
        scores = list(table)
        if not all(isinstance(s, Score) for s in scores):
            raise InputError(
                "table: give columns d, score and seed (a data frame or a mapping), or Score objects"
            )
        return scores
    if "d" not in table or "score" not in table:
        raise InputError(f"the table has columns {', '.join(map(str, table))}; it needs d and score")
    rows = []
    n = len(table["d"])
    names = ("d", "score", "seed", "learning_rate")
    columns = (table[name] if name in table else [None] * n for name in names)
    for i, row in enumerate(zip(*columns, strict=True)):
        d, score, seed, rate = (None if _absent(value) else value for value in row)
        if d is not None and (d != int(d) or d < 1):
            raise InputError(f"d = {d} in row {i}: a whole number from 1, or nothing for full training")
        run = Run(None if d is None else int(d), i if seed is None else int(seed), rate)
        value = math.nan if score is None else float(score)
        rows.append(Score(run, value, status="ok" if math.isfinite(value) else "failed"))
    return rows


def _absent(value: Any) -> bool:
    # None, NaN, and the NA of pandas, which has no truth value.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)
