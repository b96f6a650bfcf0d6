"""The declared rule by which the learning rate is tuned for each d.

d90 is not defined without it: at one fixed rate the same network may need a hundred dimensions more, or never
get there. The rule, on a ladder of rates (factors of 2 or 3 apart):

* the first d tries every rate of the ladder, and so do all parameters together;
* every later d tries the best rate of the nearest d before it and the two neighbours of that rate, and goes
  on until both neighbours of its own best rate have been tried;
* a d within a factor of 1.25 of one that was tuned takes the rate of that one;
* a round of runs around the crossing takes one rate, that of its middle;
* one seed compares the rates, but three do, averaged, where a wrong rate would move d90: for all parameters,
  for a d whose score is near a threshold, and for the middle of a round. There the best rate and its two
  neighbours have three seeds each, and only a d tuned so well lends its rate to a round.

A rate chosen wrongly is common to all runs of a round, or to the whole baseline. No repeated run shows it, so
the interval cannot hold it: it has to be made rare.

Tuning runs have seeds of their own, other ones for each d, the same for all rates there. They choose a rate
and count for nothing else: a score that was chosen for being high would be too high.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

from idbounds.dimension.protocol import Run, Score
from idbounds.errors import InputError

TUNING_SEEDS: Final = 1 << 40
"""Added to the seed of the measurement: the seeds of tuning runs begin here."""
SEEDS: Final = 3
"""Tuning seeds for each rate where the choice matters; elsewhere one."""
_SAME = math.log(1.25)  # the best rate moves by less than a step of the ladder


class Ladder:
    """Which rates were tried at which d, and what they gave."""

    def __init__(self, rates: Sequence[float], seed: int, sign: int) -> None:
        """Nothing tried yet.

        Args:
            rates: increasing.
            seed: the first one of the measurement's runs.
            sign: of the metric.

        Raises:
            InputError: if the rates do not increase, or one is not positive.
        """
        self.rates = tuple(float(rate) for rate in rates)
        if not self.rates or not self.rates[0] > 0 or any(not a < b for a, b in pairwise(self.rates)):
            allowed = "positive rates in increasing order, factors of 2 to 3 apart"
            raise InputError(f"learning_rates = {rates}: give {allowed}")
        self.seed, self.sign = seed + TUNING_SEEDS, sign
        self.tried: dict[int | None, dict[int, list[float]]] = {}

    def wanted(self, ds: Iterable[int | None], near: Callable[[float], bool] | None = None) -> list[Run]:
        """The runs without which some d has no rate.

        Args:
            ds: dimensions about to be used.
            near: whether a score is so near a threshold that the rate must be sure; None: it must, always.

        Returns:
            Runs to do next; none once all have a rate. Call again when their scores are added.
        """
        runs: list[Run] = []
        for d in dict.fromkeys(ds):
            if d is not None and d not in self.tried and self._lenders(d, sure=near is None):
                continue
            tried = self.tried.setdefault(d, {})
            first = self.seed + SEEDS * list(self.tried).index(d)
            needed = self._needed(d)
            # A whole ladder is first looked through with one seed: most of its rates are far from the best.
            looking = not tried and len(needed) > SEEDS
            sure = near is None or (bool(tried) and near(self.sign * self._merit(d, self._best(d))[1]))
            seeds = range(SEEDS if sure and not looking else 1)
            runs += [Run(d, first + k, self.rates[i]) for i in needed for k in seeds[len(tried.get(i, ())) :]]
            if d is not None and not self._known():
                break  # the others start from what this one finds
        return runs

    def add(self, scores: Iterable[Score]) -> None:
        """Take the scores of tuning runs.

        Args:
            scores: of runs that `wanted` asked for; a failed run is worse than all others.
        """
        for score in scores:
            assert score.run.learning_rate is not None
            failed = score.status == "failed" or not math.isfinite(score.score)
            value = -math.inf if failed else self.sign * score.score
            tried = self.tried[score.run.d]
            tried.setdefault(self.rates.index(score.run.learning_rate), []).append(value)

    def rate(self, d: float | None) -> float:
        """The rate for a d.

        Args:
            d: dimension, or None for all parameters.

        Returns:
            The best rate at the tuned d nearest in ln d; at a tie the smaller d, and the smaller rate. Those
            that were tuned with all seeds go before, if one is within a factor of 1.25.
        """
        if d is None:
            return self.rates[self._best(None)]
        return self.rates[self._best(_nearest(self._lenders(d, sure=True) or self._known(), d))]

    def at_the_end(self, d: float | None) -> bool:
        """Whether the best rate is the first or the last of the ladder, so that a better one may lie outside.

        Args:
            d: dimension, or None for all parameters.

        Returns:
            True or False.
        """
        return self.rate(d) in (self.rates[0], self.rates[-1])

    def _needed(self, d: int | None) -> Sequence[int]:
        whole = range(len(self.rates))
        if self.tried[d]:
            best = self._best(d)
        elif d is not None and self._known():
            best = self._best(_nearest(self._known(), d))
        else:
            return whole
        return [i for i in (best - 1, best, best + 1) if i in whole]

    def _known(self) -> list[int]:
        return [d for d, tried in self.tried.items() if d is not None and tried]

    def _lenders(self, d: float, *, sure: bool) -> list[int]:
        """The tuned dimensions whose rate a d may take; with `sure`, only those whose best has all seeds."""
        close = [other for other in self._known() if abs(math.log(other / d)) <= _SAME]
        return [other for other in close if not sure or len(self.tried[other][self._best(other)]) >= SEEDS]

    def _best(self, d: int | None) -> int:
        return max(self.tried[d], key=lambda i: (self._merit(d, i), -i))

    def _merit(self, d: int | None, i: int) -> tuple[float, float]:
        """The share of a rate's runs that did not fail, then the mean score of those; more is better."""
        values = self.tried[d][i]
        good = [value for value in values if math.isfinite(value)]
        return len(good) / len(values), math.fsum(good) / len(good) if good else -math.inf


def _nearest(ds: Sequence[int], d: float) -> int:
    return min(ds, key=lambda other: (abs(math.log(other / d)), other))
