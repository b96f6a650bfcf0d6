"""Whether the default certificate, made while images were looked at, carries over to text and tables."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import certified, check_valid
from validation.figures import COLOURS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEVELOPED = ("imdb", "letter")
"""Looked at while the architectures for vectors were made."""

HELD_OUT = ("adult", "penbased", "sst2")
"""Looked at by the rows of this study alone."""

SEEDS = (0, 1, 2)

YARDSTICK = Path(__file__).parents[1] / "results/certificates/fashion-mnist-draws.idb"
"""The default certificate on the data set that the recipe was tuned to."""

GAPS = 2.0
"""How many of the yardstick's gaps are allowed, scaled by the root of its n over n."""

MAJORITY = 0.75
"""Share of the zero-bit bound that a bound must stay below."""

LOGISTIC = 1.5
"""How many times the training error of a default logistic regression is allowed."""

NAMES = {"imdb": "IMDB", "letter": "letter", "adult": "adult", "penbased": "penbased", "sst2": "SST-2"}


def _point(dataset: str, seed: int) -> Point:
    return {"dataset": dataset, "seed": seed}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"dataset": "digits", "seed": 0, "steps": 100, "pilot": 20, "balance": 20, "passes": 1},),
    "laptop": (
        *(_point(name, 0) for name in DEVELOPED),
        *(_point(name, seed) for seed in SEEDS for name in HELD_OUT),
    ),
}


def measure(point: Point) -> list[Row]:
    """Certify with default settings, the limit of time included, and fit what it is held against.

    Args:
        point: arguments of `idbounds.certify`.

    Returns:
        One row: the certificate's, with `logistic_error`, the training error (rate) of scikit-learn's default
        logistic regression, and `majority_bound`, the bound of naming the commonest class at no bits.
    """
    from idbounds import data
    from idbounds.catalogue import bounds

    row = certified(replayed=False, **point)
    sample = data.load(str(point["dataset"]))
    n, wrong = len(sample.train_y), len(sample.train_y) - max(sample.card.train_counts)
    majority = bounds["occam-binomial"].upper(errors=wrong, n=n, code_bits=0, delta=str(row["delta"]))
    found = {name: value for name, value in row.items() if name not in point}
    return [{**found, "logistic_error": logistic_error(sample), "majority_bound": majority}]


def logistic_error(sample: Any) -> float:
    """Training error of a logistic regression with scikit-learn's default settings.

    Args:
        sample: the data set.

    Returns:
        Rate: the smaller one of features as integers and of features scaled to [0, 1].
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    x, errors = sample.train_x.reshape(len(sample.train_x), -1).astype(float), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the default number of steps is part of the rule
        for features in (x, x / (sample.levels - 1)) if sample.levels > 2 else (x,):
            model = LogisticRegression().fit(features, sample.train_y)
            errors.append(1 - float(model.score(features, sample.train_y)))
    return min(errors)


@cache
def yardstick() -> tuple[float, int]:
    """Gap (bound minus training error, a rate) and n of the default certificate on Fashion-MNIST."""
    from idbounds.certificate import read

    claim = read(YARDSTICK)[0]["claim"]
    return float(claim["value"]) - claim["errors"] / claim["n"], int(claim["n"])


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Each certificate beside the three limits.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a certificate, the development sets first. Errors, bounds and gaps are rates; `gap_limit`,
        `bound_limit` and `train_limit` are what the aims allow.
    """
    columns = ["dataset", "seed", "architecture", "n", "code_bits", "train_error", "test_error", "bound"]
    columns += ["certify_seconds", "test_low", "logistic_error", "majority_bound"]
    if not len(rows):
        return pd.DataFrame(columns=[*columns, "gap", "gap_limit", "bound_limit", "train_limit"])
    found = reading.ok(rows, columns)[columns]
    found = found.astype({"bound": float, "majority_bound": float})
    gap, size = yardstick()
    found = found.assign(
        gap=found["bound"] - found["train_error"],
        gap_limit=[GAPS * gap * math.sqrt(size / n) for n in found["n"]],
        bound_limit=MAJORITY * found["majority_bound"],
        train_limit=LOGISTIC * found["logistic_error"],
    )
    order = {name: place for place, name in enumerate(DEVELOPED + HELD_OUT)}
    found = found.sort_values("seed", ignore_index=True)
    return found.sort_values("dataset", key=lambda names: names.map(order), ignore_index=True, kind="stable")


def check_below(rows: pd.DataFrame, dataset: str, value: str, limit: str) -> Outcome:
    """Hold a figure of one data set, the largest of all seeds, against its limit.

    Args:
        rows: the study's latest rows.
        dataset: which.
        value: column of `numbers`.
        limit: column of `numbers`.

    Returns:
        Supported if all seeds are at most the limit, not supported if one is above.
    """
    found = numbers(rows)
    found = found[found["dataset"] == dataset]
    if not len(found):
        return Outcome(Verdict.INCONCLUSIVE, "no rows")
    low, high, allowed = found[value].min(), found[value].max(), found[limit].min()
    says = f"{len(found)} of {len(SEEDS)} seeds; {low:.4f} to {high:.4f}, allowed {allowed:.4f}"
    if high > allowed:
        return Outcome(Verdict.NOT_SUPPORTED, says)
    return Outcome(Verdict.SUPPORTED if len(found) == len(SEEDS) else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Each figure as a share of what is allowed.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = numbers(rows)
    names = [name for name in DEVELOPED + HELD_OUT if name in set(found["dataset"])]
    places = found["dataset"].map({name: place for place, name in enumerate(names)})
    shares = {"gap": "gap", "bound": "bound", "train_error": "training error"}
    for (column, label), colour, marker in zip(shares.items(), COLOURS.values(), "osD", strict=False):
        limit = "train_limit" if column == "train_error" else f"{column}_limit"
        axes.plot(found[column] / found[limit], places, marker, color=colour, label=label, ls="none")
    axes.axvline(1, color=COLOURS["grey"], ls=":")
    axes.set_yticks(range(len(names)), [NAMES[name] + "*" * (name in DEVELOPED) for name in names])
    axes.invert_yaxis()
    axes.set(xlim=(0, None), xlabel="share of what is allowed")
    made.legend(loc="outside lower center", ncols=3)
    return made


def _below(dataset: str, value: str, limit: str) -> Callable[[pd.DataFrame], Outcome]:
    return lambda rows: check_below(rows, dataset, value, limit)


def _claims(dataset: str) -> tuple[Claim, ...]:
    name = NAMES[dataset]
    return (
        Claim(f"{dataset}_gap", f"{name}: the gap is at most twice Fashion-MNIST's, scaled by the root of n.",
              _below(dataset, "gap", "gap_limit")),
        Claim(f"{dataset}_majority", f"{name}: the bound is 25% below the commonest class at no bits.",
              _below(dataset, "bound", "bound_limit")),
        Claim(f"{dataset}_fit", f"{name}: the training error is at most 1.5 times a logistic regression's.",
              _below(dataset, "train_error", "train_limit")),
    )  # fmt: skip


STUDY = Study(
    id="carry_over",
    question="Does the default certificate, tuned to images, carry over to text and to tables?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Default settings, five minutes at most. 1 is the limit set beforehand: for the gap of bound and "
        "training error twice that of Fashion-MNIST, scaled by the root of n; for the bound 75% of what no "
        "bits certify; for the training error 1.5 times that of a logistic regression. *: looked at while "
        "the architectures for vectors were made."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "Every bound is above the lower 95% end of its test error.",
            lambda rows: check_valid(numbers(rows), len(GRID["laptop"])),
        ),
        *(claim for dataset in HELD_OUT for claim in _claims(dataset)),
    ),
)
