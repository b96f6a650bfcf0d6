"""d90 from runs on a fixed grid of dimensions, for studies that compare many networks cheaply."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from validation.study import Outcome, Row, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from idbounds.dimension import Crossing


def trained(trial: Any, ds: Iterable[int | None], seed: int, *, together: bool = True) -> list[Row]:
    """Train a network at each dimension, and with all parameters where d is None.

    Args:
        trial: an `idbounds.dimension.trial.Trial`.
        ds: dimensions of the subspace.
        seed: of start, projection and order of the data.
        together: whether the runs in subspaces are one group, which is faster for small networks.

    Returns:
        One row a run: d, score, test_score if there is a test part, number D of weights; `what` is "run".
    """
    from idbounds.dimension.many import train
    from idbounds.dimension.protocol import Run

    whole = [Run(d, seed, None) for d in ds if d is None]
    parts = [Run(d, seed, None) for d in ds if d is not None]
    groups = [whole, parts] if together else [[run] for run in [*whole, *parts]]
    return [
        {
            "what": "run", "d": s.run.d, "score": s.score, "test_score": s.extra.get("test_score"),
            "D": trial.D, "status": s.status, "reason": s.reason or None,
        }
        for group in groups if group for s in train(trial, group)
    ]  # fmt: skip


def crossing(rows: pd.DataFrame, criterion: str = "fraction", **options: Any) -> Crossing | None:
    """d90 from rows of `trained`.

    Args:
        rows: with columns d, score and seed; those with all parameters have no d.
        criterion: which threshold.
        **options: of `idbounds.dimension.estimate_d90`.

    Returns:
        The crossing; None where there are not enough runs for one.
    """
    from idbounds.dimension import estimate_d90
    from idbounds.errors import InputError

    try:
        return estimate_d90(rows[["d", "score", "seed"]], criterion=criterion, **options).main
    except InputError:
        return None


class Ends(NamedTuple):
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Whole numbers from 100 on, two digits behind the point below 10."""
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def ends(one: Crossing | None) -> Ends | None:
    """A crossing as numbers.

    Args:
        one: the crossing.

    Returns:
        d90 and its interval, 0 and infinity where nothing bounds it; None if d90 is not known.
    """
    if one is None or one.d is None:
        return None
    return Ends(one.d, one.low or 0.0, math.inf if one.high is None else one.high)


def ratio(one: Ends | None, other: Ends | None) -> Ends | None:
    """The ratio of two independent estimates, with errors added in the logarithm.

    Args:
        one: the numerator.
        other: the denominator.

    Returns:
        The ratio with its interval; None if either is not known, or not on both sides. Where the
        two share a threshold or their start weights, the interval is rather too wide.
    """
    if one is None or other is None or min(one.low, other.low) <= 0 or math.inf in (one.high, other.high):
        return None
    value = one.value / other.value
    down = math.hypot(math.log(one.value / one.low), math.log(other.high / other.value))
    up = math.hypot(math.log(one.high / one.value), math.log(other.value / other.low))
    return Ends(value, value / math.exp(down), value * math.exp(up))


def columns(name: str, found: Ends | None) -> Row:
    """An estimate as three columns of a table.

    Args:
        name: of the value.
        found: the estimate.

    Returns:
        `name`, `name_low` and `name_high`, each without a value if it is not known.
    """
    value, low, high = found or (None, None, None)
    return {name: value, f"{name}_low": low or None, f"{name}_high": None if high == math.inf else high}


def together(found: Sequence[Ends]) -> Ends:
    """How far a set of estimates lies apart: the largest over the smallest.

    Args:
        found: the estimates, one at least.

    Returns:
        The ratio of the extreme values; its low end is that of the largest low over the smallest high end
        (not below 1), its high end that of the largest high over the smallest low end.
    """
    value = max(e.value for e in found) / min(e.value for e in found)
    low = max(1.0, max(e.low for e in found) / min(e.high for e in found))
    least = min(e.low for e in found)
    return Ends(value, low, max(e.high for e in found) / least if least else math.inf)


def lower(one: Crossing | None, other: Crossing | None) -> Outcome:
    """Hold one d90 against another by whole intervals, which may touch at a point of the grid.

    Args:
        one: said to be the lower one; None if it was not measured.
        other: said to be the higher one, likewise.

    Returns:
        Supported if it clearly is, not supported if it clearly is not. One that is not reached lies above its
        low end, one that is reached at once below its high end.
    """
    found = []
    for crossed in (one, other):
        if crossed is None or (crossed.low is None and crossed.high is None):
            return Outcome(Verdict.INCONCLUSIVE, "one of the two is not measured, or nothing bounds it")
        found.append((crossed.low or 0.0, math.inf if crossed.high is None else crossed.high))
    (low, high), (other_low, other_high) = found
    criterion = one.criterion if one is not None else ""
    says = f"[{low:.0f}, {high:.0f}] against [{other_low:.0f}, {other_high:.0f}] ({criterion})"
    if high <= other_low:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if low >= other_high else Verdict.INCONCLUSIVE, says)


def relative_gap(rows: pd.DataFrame) -> pd.Series:
    """The relative generalisation gap of Aghajanyan et al. (2020).

    Args:
        rows: with accuracies train_score and test_score.

    Returns:
        (train_score - test_score) / (1 - test_score), one number a row.
    """
    return (rows["train_score"] - rows["test_score"]) / (1 - rows["test_score"])
