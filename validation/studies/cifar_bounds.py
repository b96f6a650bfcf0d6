"""What each ingredient is worth on CIFAR-10, in fits that are cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import certified, check_valid
from validation.figures import COLOURS, FAINT, canvas
from validation.published import row as published
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BASE: Point = {
    "dataset": "cifar-10-jpeg", "architecture": "mirrorsketch", "nats": 3.0, "passes": 3, "bits": 16,
    "steps": 500, "balance": 200, "between": 5, "power": 0.5,
}  # fmt: skip
SEEDS = (0, 1, 2)

CHANGES: dict[str, Point] = {
    "tells left from right": {"architecture": "sketchnet"},
    "no sketch": {"architecture": "mirrornet"},
    "no choosing again": {"passes": 0},
    "cross-entropy to the end": {"power": 0.0},
}
"""What a row changes, and how a reader calls it."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (
        {**BASE, "dataset": "digits", "architecture": "sketchnet", "bits": 8, "steps": 60, "balance": 5,
         "between": 1, "passes": 1, "seed": 0},
    ),
    "laptop": (
        *({**BASE, "seed": seed} for seed in SEEDS),
        *({**BASE, **change, "seed": 0} for change in CHANGES.values()),
    ),
}  # fmt: skip


def measure(point: Point) -> list[Row]:
    """Certify with the point's settings and no limit of time.

    Args:
        point: arguments of `idbounds.certify`.

    Returns:
        One row. The certificate is decoded and its errors counted once, while it is made.
    """
    row = certified(replayed=False, recipe="draws", budget=None, **point)
    return [{name: value for name, value in row.items() if name not in point}]


_COLUMNS = (*BASE, "seed", "bound", "code_bits", "train_error", "test_error", "test_low", "certify_seconds")


def _named(row: Any) -> str:
    for name, change in CHANGES.items():
        if all(getattr(row, key) == value for key, value in change.items()):
            return name
    return "as it is"


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each certificate.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a certificate, the smallest bound first; errors are rates, `code_bits` is bits.
    """
    found = reading.ok(rows, _COLUMNS)
    found = found.assign(
        change=[_named(row) for row in found.itertuples()], bound=found["bound"].astype(float)
    )
    columns = ["change", "seed", "code_bits", "train_error", "test_error", "bound", "certify_seconds"]
    return found.sort_values("bound", ignore_index=True)[columns]


def check_worse(rows: pd.DataFrame, change: str) -> Outcome:
    """Hold the bound with a change against those without, whose range over seeds says what is noise.

    Args:
        rows: the study's latest rows.
        change: one of `CHANGES`.

    Returns:
        Supported if it is above all of them by more than their range; not supported if it is below one.
    """
    found = numbers(rows)
    changed, whole = (found.loc[found["change"] == name, "bound"] for name in (change, "as it is"))
    if not len(changed) or len(whole) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(changed)} rows with the change, {len(whole)} without")
    value, low, high = changed.min(), whole.min(), whole.max()
    says = f"{value:.4f} with the change, {low:.4f} to {high:.4f} without"
    if value > high + (high - low):
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if value < high else Verdict.INCONCLUSIVE, says)


def _valid(rows: pd.DataFrame) -> Outcome:
    found = reading.ok(rows, _COLUMNS)
    return check_valid(found.assign(rate=found["bound"].astype(float)), len(GRID["laptop"]))


def prior_art() -> float:
    """The published bound of CIFAR-10 itself, from scratch and with a prior that has not seen it: a rate."""
    return float(published("prior_art", "CIFAR-10, data-independent, from scratch").published)


def figure(rows: pd.DataFrame) -> Figure:
    """Bound, test and training error of each variant, with the published bound.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas(0.8)
    found = numbers(rows).iloc[::-1].reset_index(drop=True)
    bound, test, train, *_ = COLOURS.values()
    axes.hlines(found.index, 100 * found["train_error"], 100 * found["bound"], color=FAINT, zorder=0)
    axes.plot(100 * found["bound"], found.index, "o", color=bound, label="bound")
    axes.plot(100 * found["test_error"], found.index, "|", color=test, ms=12, mew=2, label="test error")
    axes.plot(100 * found["train_error"], found.index, "x", color=train, label="training error")
    axes.axvline(100 * prior_art(), color=COLOURS["grey"], ls=":", label="published bound of CIFAR-10")
    axes.set_yticks(found.index, [f"{row.change}, seed {row.seed}" for row in found.itertuples()])
    axes.set_xlabel("error (%)")
    made.legend(loc="outside lower center", ncols=2)
    return made


def _worse(change: str, name: str, words: str) -> Claim:
    return Claim(name, words, lambda rows: check_worse(rows, change))


STUDY = Study(
    id="cifar_bounds",
    question="What is each ingredient of a certificate of CIFAR-10 worth?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "CIFAR-10 once more compressed as JPEG. Fits of 500 steps, so the bounds are above that of the "
        "committed certificate. Dotted: Lotfi et al. (2022), of CIFAR-10 itself."
    ),
    numbers=numbers,
    claims=(
        Claim("valid", "Every bound is above the lower 95% end of its test error.", _valid),
        _worse("tells left from right", "mirror", "A net that tells left from right: a larger bound."),
        _worse("no sketch", "sketch", "Without the sketch: a larger bound."),
        _worse("no choosing again", "choosing_again", "Without choosing again: a larger bound."),
        _worse("cross-entropy to the end", "power", "With cross-entropy to the end: a larger bound."),
    ),
)
