"""Does d90 stay while the number of weights grows? Fully connected networks of nine widths and depths."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.dimensions import Ends
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

WIDTHS, DEPTHS, SEEDS = (32, 96, 288), (1, 2, 3), (0, 1, 2)
DIMENSIONS = (48, 72, 108, 162, 243)
STEPS, RATE = 300, 0.1
FACTOR = 2.0
"""How far apart the estimates may lie and still be said to stay."""

SLOPE = 0.1
"""Growth of ln d90 for one unit of ln D below which d90 is said not to grow."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"width": 32, "depth": 1, "seed": 0, "steps": 20},),
    "laptop": tuple(
        {"width": width, "depth": depth, "seed": seed, "steps": STEPS}
        for width in WIDTHS
        for depth in DEPTHS
        for seed in SEEDS
    ),
}

_COLUMNS = ("width", "depth", "seed", "d", "score", "D")


def network(width: int, depth: int) -> Callable[[], Any]:
    """A factory of a fully connected network with ReLU for the bundled digits.

    Args:
        width: units of a hidden layer.
        depth: hidden layers.

    Returns:
        Factory without arguments.
    """

    def made() -> Any:
        from torch import nn

        sizes = [64, *[width] * depth]
        hidden = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
        return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, 10))

    return made


def measure(point: Point) -> list[Row]:
    """Train one network at every dimension, and with all its parameters.

    Args:
        point: width, depth, seed, steps.

    Returns:
        One row a run: held-out accuracy, number D of weights.
    """
    from idbounds.dimension.trial import Training, Trial

    width, depth, seed, steps = (int(point[k] or 0) for k in ("width", "depth", "seed", "steps"))
    training = Training(steps=steps, learning_rate=RATE, full_learning_rate=0.003)
    trial = Trial(
        network(width, depth), "digits", training=training, held_out=0.2, kind="blocks", relative=False
    )
    return dimensions.trained(trial, (None, *DIMENSIONS), seed)


def d90(rows: pd.DataFrame) -> list[tuple[int, int, int, Ends | None]]:
    """The estimates.

    Args:
        rows: the study's latest rows.

    Returns:
        Width, depth, number of weights and d90 with its 90% interval (None if not known) of each network.
    """
    runs, found = reading.ok(rows, _COLUMNS), []
    for width in WIDTHS:
        for depth in DEPTHS:
            some = runs[(runs["width"] == width) & (runs["depth"] == depth)]
            if len(some):
                one = dimensions.ends(dimensions.crossing(some, chance=0.1))
                found.append((width, depth, int(some["D"].iloc[0]), one))
    return found


def _complete(rows: pd.DataFrame) -> tuple[list[Ends], list[int]] | None:
    found = d90(rows)
    known = [one for *_, one in found if one is not None]
    if len(known) < len(WIDTHS) * len(DEPTHS):
        return None
    return known, [weights for _, _, weights, _ in found]


def check_stays(rows: pd.DataFrame) -> Outcome:
    """Hold the largest estimate over the smallest against `FACTOR`.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if the intervals rule out more, not supported if they rule out less.
    """
    complete = _complete(rows)
    if complete is None:
        return Outcome(Verdict.INCONCLUSIVE, "not every network is measured")
    known, weights = complete
    apart = dimensions.together(known)
    says = f"weights {max(weights) / min(weights):.0f} times as many, d90 up to {apart} times as large"
    if apart.high <= FACTOR:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if apart.low > FACTOR else Verdict.INCONCLUSIVE, says)


def slope(known: list[Ends], weights: list[int]) -> Ends:
    """Growth of ln d90 with ln D: least squares, with the 90% interval that the scatter gives.

    Args:
        known: estimates of d90.
        weights: D of each.

    Returns:
        The slope.
    """
    import numpy as np
    from scipy import stats

    fit = stats.linregress(np.log(weights), np.log([one.value for one in known]))
    half = stats.t.ppf(0.95, len(known) - 2) * fit.stderr
    return Ends(float(fit.slope), float(fit.slope - half), float(fit.slope + half))


def check_slope(rows: pd.DataFrame) -> Outcome:
    """Hold the growth of ln d90 with ln D against `SLOPE`.

    Args:
        rows: the study's latest rows.

    Returns:
        The outcome, with the slope and its 90% interval.
    """
    complete = _complete(rows)
    if complete is None:
        return Outcome(Verdict.INCONCLUSIVE, "not every network is measured")
    found = slope(*complete)
    says = f"slope {found} over {len(complete[0])} networks"
    if found.high < SLOPE:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if found.low > SLOPE else Verdict.INCONCLUSIVE, says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """d90 of each network.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a network: width, depth (hidden layers), weights D, accuracy with all of them, d90 with its
        90% interval.
    """
    runs, lines = reading.ok(rows, _COLUMNS), []
    for width, depth, weights, one in d90(rows):
        full = runs[(runs["width"] == width) & (runs["depth"] == depth) & runs["d"].isna()]
        line = {"width": width, "depth": depth, "weights": weights, "accuracy": full["score"].mean()}
        lines.append(line | dict(dimensions.columns("d90", one)))
    return pd.DataFrame(lines)


def figure(rows: pd.DataFrame) -> Figure:
    """d90 against the number of weights.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    for depth, colour, marker in zip(DEPTHS, COLOURS.values(), MARKERS, strict=False):
        some = [(weights, one) for _, k, weights, one in d90(rows) if k == depth and one is not None]
        if some:
            at = [weights for weights, _ in some]
            high = [one.value for _, one in some]
            errors = [[one.value - one.low for _, one in some], [one.high - one.value for _, one in some]]
            axes.errorbar(
                at, high, yerr=errors, fmt=f"{marker}-", color=colour, label=f"{depth} hidden", capsize=2
            )
    axes.set(xscale="log", xlabel="weights D", ylabel="d90", ylim=(0, None))
    made.legend(loc="outside upper right", ncols=3)
    return made


STUDY = Study(
    id="width_depth",
    question="Does d90 stay while the network grows in width and depth?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "d90 with its 90% interval of fully connected networks of width 32, 96 and 288 on the bundled "
        "digits, against their number of weights; the end that is missing is not bounded."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "stays",
            f"Over all widths and depths d90 stays within a factor of {FACTOR:g}.",
            check_stays,
        ),
        Claim(
            "does_not_grow",
            f"d90 grows by less than the power {SLOPE:g} of the number of weights.",
            check_slope,
        ),
    ),
)
