"""How the bound and the test error of the default model move with the dimension of the subspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from validation.certified import certified
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIMENSIONS = (200, 500, 1000)
SEEDS = (0, 1, 2)
LIMIT = 0.35
DEFAULT = 1000  # recipes.subspace.D; a test compares them

# A point is the arguments of `certify`: what is not in it keeps its default.
GRID: dict[str, tuple[Point, ...]] = {
    "smoke": tuple({"dataset": "digits", "d": d, "seed": 0, "steps": 20} for d in (20, 50)),
    "laptop": tuple({"dataset": "fashion-mnist", "d": d, "seed": seed} for d in DIMENSIONS for seed in SEEDS),
}


def measure(point: Point) -> list[Row]:
    """Certify the default model with the point's settings, then replay the certificate.

    Args:
        point: Arguments of `idbounds.certify`.

    Returns:
        One row. A certificate that its own replay refutes is a failed one.
    """
    return [certified(replayed=True, recipe="subspace", **point)]


def _ok(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["status"] == "ok"]


def _missing(rows: pd.DataFrame, d: int | None = None) -> int:
    """Count the points of the laptop tier (of one dimension) without an ok row."""
    have = {(row.d, row.seed) for row in rows.itertuples()} if "d" in rows else set()
    wanted = [point for point in GRID["laptop"] if d in (None, point["d"])]
    return sum((point["d"], point["seed"]) not in have for point in wanted)


def _outcome(seen: pd.DataFrame, bad: pd.DataFrame, missing: int, numbers: str) -> Outcome:
    """One counterexample refutes a claim about every row; only a full grid supports it."""
    if len(bad):
        worst = bad.sort_values("bound_rate").iloc[-1]
        says = f"{len(bad)} of {len(seen)} rows contradict it, such as {worst.point} with bound {worst.bound}"
        return Outcome(Verdict.NOT_SUPPORTED, f"{says}; {numbers}")
    if missing:
        points = len(GRID["laptop"])
        says = f"{len(seen)} rows, none contradicts it, but {missing} of {points} laptop points lack one"
        return Outcome(Verdict.INCONCLUSIVE, f"{says}; {numbers}" if len(seen) else says)
    return Outcome(Verdict.SUPPORTED, f"{len(seen)} rows; {numbers}")


def check_valid(rows: pd.DataFrame) -> Outcome:
    """Hold each bound against the lower end of its test error's 95% interval, in every tier.

    Args:
        rows: The study's latest rows.

    Returns:
        The outcome, with the smallest distance between the two.
    """
    ok = _ok(rows)
    missing = _missing(ok[ok["tier"] == "laptop"])
    if not len(ok):
        return _outcome(ok, ok, missing, "")
    ok = ok.assign(bound_rate=ok["bound"].astype(float))
    # Only a bound below the whole interval contradicts it: the test error itself is an estimate.
    bad = ok[ok["bound_rate"] < ok["test_low"]]
    margin = (ok["bound_rate"] - ok["test_low"]).min()
    return _outcome(ok, bad, missing, f"smallest bound minus lower end: {margin:.4f}")


def check_useful(rows: pd.DataFrame, d: int | None = None) -> Outcome:
    """Hold each bound of the laptop tier against 35% and against always guessing the largest class.

    Args:
        rows: The study's latest rows.
        d: Only this dimension; None for all.

    Returns:
        The outcome, with the range of the bounds.
    """
    ok = _ok(rows)
    ok = ok[(ok["tier"] == "laptop") & (d is None or ok["d"] == d)] if len(ok) else ok
    missing = _missing(ok, d)
    if not len(ok):
        return _outcome(ok, ok, missing, "")
    ok = ok.assign(bound_rate=ok["bound"].astype(float))
    bad = ok[(ok["bound_rate"] >= LIMIT) | (ok["bound_rate"] >= ok["majority_error"])]
    low, high = ok["bound_rate"].min(), ok["bound_rate"].max()
    return _outcome(ok, bad, missing, f"bounds from {low:.4f} to {high:.4f}")


def check_default(rows: pd.DataFrame) -> Outcome:
    """`check_useful` at the dimension that `certify` takes when none is given.

    Args:
        rows: The study's latest rows.

    Returns:
        The outcome.
    """
    return check_useful(rows, DEFAULT)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each certificate.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a certificate; errors are rates, `code_bits` is bits.
    """
    columns = ["tier", "dataset", "d", "seed", "code_bits", "train_error", "bound", "test_error"]
    some = _ok(rows).sort_values(["tier", "d", "seed"], ignore_index=True)
    return some[[*columns, "test_low", "test_high"]].assign(bound=some["bound"].astype(float))


def figure(rows: pd.DataFrame) -> Figure:
    """Bound, test and training error against d.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = numbers(rows[rows["tier"] == "laptop"])
    lines = {"bound": "bound", "test_error": "test error", "train_error": "training error"}
    for (name, title), colour, marker in zip(lines.items(), COLOURS.values(), MARKERS, strict=False):
        values = found[name] * 100
        axes.plot(found["d"], values, marker, color=colour, alpha=0.7)
        means = values.groupby(found["d"]).mean()
        axes.plot(means.index, means, color=colour)
        axes.annotate(
            title, (means.index[-1], means.iloc[-1]), (6, 0), color=colour, textcoords="offset points",
            va="top" if name == "train_error" else "bottom" if name == "test_error" else "center",
        )  # fmt: skip
    axes.set_xticks(sorted(set(found["d"])))
    axes.set_xlim(right=found["d"].max() * 1.38)
    axes.set(xlabel="subspace dimension d", ylabel="error (%)", ylim=(0, None))
    return made


STUDY = Study(
    id="subspace_dimension",
    question="How do bound and test error of the default model move with the subspace dimension?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "The default model of recipe subspace on Fashion-MNIST: a point a seed, lines through the means. "
        "Each bound holds with probability 95% over the training sample."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "bound_above_test_error",
            "Every bound at delta=0.05 is above the lower 95% end of its test error.",
            check_valid,
        ),
        Claim(
            "non_vacuous_below_35_percent",
            "Every certificate of the laptop tier is below 35% and below the error of the majority class.",
            check_useful,
        ),
        Claim(
            "default_below_35_percent",
            "Every certificate at the default dimension, 1000, is below 35% and the majority class's error.",
            check_default,
        ),
    ),
)
