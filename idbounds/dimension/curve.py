"""The dose-response curve: where the score crosses a threshold as d grows.

A non-decreasing curve through all runs says roughly where; a fit to the runs near by (`local.py`) says
exactly where, and how sure that is. Where the runs are too few or the curve too steep for a fit, the interval
is the bracket: the largest d that clearly fails, and the smallest that clearly passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from idbounds.dimension.criteria import Threshold
from idbounds.dimension.local import bend, fit

Floats = NDArray[np.float64]

WIDEST: Final = 0.7
"""Half-width of the window at most, in ln d."""
REACH: Final = 0.1
"""Share of the baseline's gain by which the curve may change from the window's middle to its edge."""
CLIP: Final = 0.05
"""Share of the gain beyond which a run is just "far above" or "far below" when the crossing is located."""
SLOPE: Final = 1e-9
"""Smallest slope taken for one, as a share of the gain."""


@dataclass(frozen=True)
class Points:
    """Runs as arrays, oriented so that more is better, sorted by d and then by score.

    Attributes:
        x: ln d, shape (n,).
        y: scores times the metric's sign, shape (n,).
        cluster: number of the group within which runs are not independent, shape (n,).
        gain: the baseline's gain above chance; where chance is unknown, above the median of the three runs of
            smallest d.
        diverged: runs left out because they ended further below chance than full training lies above it.
    """

    x: Floats
    y: Floats
    cluster: NDArray[np.int64]
    gain: float
    diverged: int = 0


@dataclass(frozen=True)
class Found:
    """Where a curve crosses a threshold, in ln d.

    Attributes:
        x: of the crossing; NaN if there is none within the data.
        low: lower end of the interval; -inf if nothing bounds it.
        high: upper end; inf if nothing bounds it.
        slope: of the score by ln d at the crossing, more is better; NaN if it was not fitted.
        noise: standard deviation of a run near the crossing; NaN if unknown.
        runs: that entered the fit.
        window: smallest and largest ln d among them.
        method: "fit", "bracket" (too few runs or too steep for a fit), "above" (not reached) or "below"
            (reached by the smallest d).
    """

    x: float
    low: float
    high: float
    slope: float
    noise: float
    runs: int
    window: tuple[float, float]
    method: Literal["fit", "bracket", "above", "below"]


def steps(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Runs of the same d taken together.

    Args:
        x: ln d, sorted, shape (n,).
        y: scores, shape (n,).

    Returns:
        The k different values, the mean score at each and the number of runs at each.
    """
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    return values, np.bincount(inverse, y) / counts, counts.astype(np.float64)


def isotonic(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The best non-decreasing curve through the runs.

    Args:
        x: ln d, sorted, shape (n,).
        y: scores, shape (n,).

    Returns:
        The k different values of ln d and the curve there.
    """
    from scipy.optimize import isotonic_regression

    values, means, counts = steps(x, y)
    return values, np.asarray(isotonic_regression(means, weights=counts).x)


def first_crossing(d: Sequence[float], scores: Sequence[float], threshold: float) -> float:
    """Li et al.'s own rule: the smallest d of the grid whose mean score is above the threshold.

    It has no interval, and on a grid it comes out too large: half a step on average.

    Args:
        d: of each run.
        scores: of each run, more is better.
        threshold: to be passed.

    Returns:
        That d; NaN if there is none.
    """
    values, means, _ = steps(np.asarray(d, np.float64), np.asarray(scores, np.float64))
    passed = values[means > threshold]
    return float(passed[0]) if passed.size else math.nan


def find(points: Points, threshold: Threshold, sign: int, level: float = 0.9) -> Found:
    """Where the curve crosses a threshold.

    Args:
        points: the runs; at least one.
        threshold: in the unit of the scores.
        sign: of the metric, as in `Metric`.
        level: of the interval.

    Returns:
        The crossing, with method "above" or "below" if the runs do not enclose it.
    """
    target = sign * threshold.value
    # Clipped, because one disaster at a large d must not outweigh all the runs that passed before it.
    clip = CLIP * points.gain
    x, curve = isotonic(points.x, np.clip(points.y - target, -clip, clip))
    noise, _ = _repeats(points, threshold)
    below, above = _significant(points, threshold, target, level)
    if curve[-1] < 0:
        return Found(math.nan, below, math.inf, math.nan, noise, 0, (math.nan, math.nan), "above")
    if curve[0] >= 0:
        return Found(math.nan, -math.inf, above, math.nan, noise, 0, (math.nan, math.nan), "below")
    k = int(np.argmax(curve >= 0))
    start = x[k - 1] - (x[k] - x[k - 1]) * curve[k - 1] / (curve[k] - curve[k - 1])
    fitted = _local(points, threshold, sign, float(start), level)
    if fitted is None:
        window = (float(x[k - 1]), float(x[k]))
        return Found(
            float(start), min(below, start), max(above, start), math.nan, noise, 0, window, "bracket"
        )
    low = fitted.low if math.isfinite(fitted.low) else min(below, fitted.x)
    high = fitted.high if math.isfinite(fitted.high) else max(above, fitted.x)
    return Found(fitted.x, low, high, fitted.slope, fitted.noise, fitted.runs, fitted.window, "fit")


def falls_back(points: Points, threshold: Threshold, sign: int) -> float | None:
    """Whether the curve contradicts the idea of a crossing.

    Args:
        points: the runs.
        threshold: in the unit of the scores.
        sign: of the metric.

    Returns:
        The smallest ln d whose runs are clearly (three standard errors) below the threshold although those of
        a smaller d are clearly above it; None if there is none, or nothing is known of the noise.
    """
    noise, _ = _repeats(points, threshold)
    x, means, counts = steps(points.x, sign * threshold.value - points.y)
    margin = 3 * np.sqrt(noise**2 / counts + threshold.sd(noise) ** 2)
    fails, passes = x[means > margin], x[means < -margin]
    back = fails[fails > np.min(passes, initial=math.inf)]
    return float(back[0]) if back.size else None


def repeated(points: Points) -> bool:
    """Whether runs of the same d say what the noise is.

    Args:
        points: the runs.

    Returns:
        True with two degrees of freedom or more; otherwise brackets rest on the noise of the baseline, or on
        how runs scatter about the curve.
    """
    return points.x.size - np.unique(points.x).size >= 2


def _repeats(
    points: Points, threshold: Threshold, among: NDArray[np.bool_] | None = None
) -> tuple[float, int]:
    """Standard deviation of a run and its dof: from runs of the same d, or else from what there is."""
    _, inverse = np.unique(points.x, return_inverse=True)
    x, means, counts = steps(points.x, points.y)
    chosen = np.ones(x.size, bool) if among is None else among
    dof = int(np.sum(counts[chosen] - 1))
    if dof >= 2:
        return float(np.sqrt(np.sum(((points.y - means[inverse]) ** 2)[chosen[inverse]]) / dof)), dof
    if among is not None:
        return _repeats(points, threshold)
    # Runs in subspaces are noisier than full training, so what they scatter about the curve counts, too.
    sd, dof = threshold.baseline.sd, threshold.baseline.runs - 1
    curve = isotonic(points.x, points.y)[1]
    rest = points.y.size - np.unique(curve).size
    scatter = float(np.sqrt(np.sum((points.y - curve[inverse]) ** 2) / max(rest, 1)))
    return (scatter, rest) if rest >= 2 and not scatter <= sd else (sd, dof)


def _significant(points: Points, threshold: Threshold, target: float, level: float) -> tuple[float, float]:
    # The largest ln d clearly below the target, and the smallest clearly above it. Where a d that clearly
    # fails lies beyond one that clearly passes, both are left out, with all between them. Each side has its
    # own noise: on the two sides of a jump it differs by orders.
    from scipy.special import stdtrit

    x, means, counts = steps(points.x, points.y)
    margin = np.full(x.size, math.inf)  # without knowledge of the noise nothing is clear
    for side in (means < target, means >= target):
        noise, dof = _repeats(points, threshold, side)
        if dof and not math.isnan(noise):
            t = stdtrit(dof, (1 + level) / 2)
            margin[side] = t * np.sqrt(noise**2 / counts[side] + threshold.sd(noise) ** 2)
    fails, passes = x[means < target - margin], x[means >= target + margin]
    low = np.append(-math.inf, fails[fails < np.min(passes, initial=math.inf)])[-1]
    high = np.append(passes[passes > np.max(fails, initial=-math.inf)], math.inf)[0]
    return float(low), float(high)


def _local(points: Points, threshold: Threshold, sign: int, start: float, level: float) -> Found | None:
    """The local fit, its window moved and scaled until it sits on its own crossing; None if there is none."""
    target = sign * threshold.value
    x, curve = isotonic(points.x, points.y)
    ends = np.clip([start - WIDEST / 2, start + WIDEST / 2], x[0], x[-1])
    slope = float(np.diff(np.interp(ends, x, curve))[0] / np.diff(ends)[0])
    share = 1 - (threshold.baseline.mean * sign - target) / points.gain
    centre, found = start, None
    for _ in range(12):
        if slope < SLOPE * points.gain:
            return None
        half = min(WIDEST, REACH * points.gain / slope)
        near = np.flatnonzero(np.abs(points.x - centre) <= half * (1 + 1e-9))
        if near.size < 5 or np.unique(points.x[near]).size < 2:
            return None
        mean, sd = bend(share)
        scale = slope**2 * half**2 / points.gain
        u, y = (points.x[near] - centre) / half, points.y[near] - target
        line = fit(u, y, points.cluster[near], mean * scale, sd * scale)
        root = line.root()
        if root is None or abs(root) > 1:
            return None
        low, high = line.interval(threshold.sd(line.noise), threshold.baseline.runs - 1, level)
        window = (float(points.x[near].min()), float(points.x[near].max()))
        found = Found(
            x=centre + half * root, low=centre + half * low, high=centre + half * high,
            slope=line.slope(root) / half, noise=line.noise, runs=near.size, window=window, method="fit",
        )  # fmt: skip
        if abs(found.x - centre) < 1e-9 and abs(found.slope / slope - 1) < 1e-9:
            break
        centre, slope = found.x, found.slope
    return found
