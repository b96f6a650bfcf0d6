"""The thresholds: what "90% of full training" is taken to mean, and how uncertain that number is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from idbounds.errors import InputError

CRITERIA: Final = {
    "fraction": "a fraction of the baseline's score (Li et al. 2018, local baseline; Aghajanyan et al. 2021)",
    "absolute": "a fixed score (Li et al. 2018, global baseline)",
    "gain": "a fraction of the baseline's gain above chance",
}
"""The criteria in use, by name."""


@dataclass(frozen=True)
class Baseline:
    """Scores of full-parameter training.

    Attributes:
        mean: of the scores.
        sd: of a single run, from one seed to the next; NaN for a single run.
        runs: how many.
    """

    mean: float
    sd: float
    runs: int

    @classmethod
    def of(cls, scores: Sequence[float]) -> Baseline:
        """Summarise scores.

        Args:
            scores: one a run.

        Returns:
            Their mean and standard deviation.

        Raises:
            InputError: if there is none, or one is not finite.
        """
        values = np.asarray(scores, dtype=np.float64)
        if not values.size or not np.isfinite(values).all():
            raise InputError(
                "no full-parameter score: give at least one (five or more are advised), all finite"
            )
        sd = float(values.std(ddof=1)) if values.size > 1 else math.nan
        return cls(float(values.mean()), sd, values.size)


@dataclass(frozen=True)
class Metric:
    """What the scores mean.

    Attributes:
        chance: the score without learning, or None if it is not known.
        best: the best possible score (1 for accuracy), or None.
        higher_is_better: False for a loss or an error rate.
    """

    chance: float | None = None
    best: float | None = 1.0
    higher_is_better: bool = True

    @property
    def sign(self) -> int:
        """1 or -1: times a score, this is a number of which more is better."""
        return 1 if self.higher_is_better else -1


@dataclass(frozen=True)
class Threshold:
    """A score to be reached.

    Attributes:
        criterion: its name in `CRITERIA`.
        value: of the threshold, in the unit of the scores.
        weight: its derivative by the mean baseline; 0 for a fixed score.
        baseline: that it was derived from.
    """

    criterion: str
    value: float
    weight: float
    baseline: Baseline

    def sd(self, noise: float) -> float:
        """Standard error of the threshold.

        Args:
            noise: standard deviation of a run, used where a single baseline says nothing about its own.

        Returns:
            The error that comes from the baseline's seeds, in the unit of the scores.
        """
        sd = noise if math.isnan(self.baseline.sd) else self.baseline.sd
        return self.weight * sd / math.sqrt(self.baseline.runs)


def thresholds(
    baseline: Baseline, metric: Metric, *, threshold: float = 0.9, absolute: float | None = None
) -> tuple[dict[str, Threshold], dict[str, str]]:
    """All thresholds that can be stated, and why the others cannot.

    With B the mean baseline and q the threshold: q B (B / q for a metric of which less is better), the fixed
    score (q times the best possible one unless given), and chance + q (B - chance).

    Args:
        baseline: of full training.
        metric: what the scores mean.
        threshold: q, in (0, 1): 0.9 for d90.
        absolute: the fixed score.

    Returns:
        Thresholds by criterion, and reasons by criterion.

    Raises:
        InputError: if q is not in (0, 1), or the fixed score is not finite.
    """
    if not 0 < threshold < 1:
        raise InputError(f"threshold = {threshold}: a fraction of full training in (0, 1), such as 0.9")
    if absolute is not None and not math.isfinite(absolute):
        raise InputError(f"absolute = {absolute}: a finite score")
    sign, mean = metric.sign, baseline.mean
    found: dict[str, Threshold] = {}
    missing: dict[str, str] = {}
    if mean > 0:
        factor = threshold if metric.higher_is_better else 1 / threshold
        found["fraction"] = Threshold("fraction", factor * mean, factor, baseline)
    else:
        missing["fraction"] = f"the baseline is {mean:.4g}: a fraction of it means nothing"
    if absolute is not None:
        found["absolute"] = Threshold("absolute", absolute, 0.0, baseline)
    elif metric.higher_is_better and metric.best is not None:
        found["absolute"] = Threshold("absolute", threshold * metric.best, 0.0, baseline)
    else:
        missing["absolute"] = "no fixed score was given (absolute=)"
    if metric.chance is None:
        missing["gain"] = "the score of chance was not given (chance=)"
    elif sign * (mean - metric.chance) <= 0:
        missing["gain"] = f"the baseline {mean:.4g} is no better than chance {metric.chance:.4g}"
    else:
        value = metric.chance + threshold * (mean - metric.chance)
        found["gain"] = Threshold("gain", value, threshold, baseline)
    return found, missing
