"""Do published numbers come out of their published inputs? And what does a better bound make of those?"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pandas as pd

from validation import published, reading
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AGREE = 1e-9
"""Largest relative distance of the proven value from the float that counts as agreement."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"table": "wu2024"},),
    "laptop": tuple({"table": name} for name in published.tables()),
}

_COLUMNS = ("table", "outcome", "published", "tolerance", "recomputed", "proven", "improved", "why")


def measure(point: Point) -> list[Row]:
    """Recompute every number of a table.

    Args:
        point: the table.

    Returns:
        One row a published number: `recomputed` by the float calculator, `proven` by ball arithmetic (a
        decimal string), `improved` by a better bound on the same inputs, the outcome and its reason.
    """
    return [
        {
            "name": row.name, "bound": row.bound or None, "published": row.published,
            "tolerance": float(row.tolerance), "recomputed": row.recomputed, "proven": row.proven,
            "better_bound": row.tighter or None, "improved": row.improved, "outcome": row.outcome,
            "why": row.why or None,
        }
        for row in published.tables()[str(point["table"])]
    ]  # fmt: skip


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    """The numbers whose inputs are known, with their deviations from what was published."""
    rows = reading.ok(rows, _COLUMNS)
    rows = rows[rows["recomputed"].notna()]
    return rows.assign(
        printed=rows["published"].astype(float),
        deviation=[
            float(Fraction(a) - Fraction(str(b)))
            for a, b in zip(rows["recomputed"], rows["published"], strict=True)
        ],
        apart=[
            float((Fraction(str(p)) - Fraction(r)) / Fraction(r))
            for p, r in zip(rows["proven"], rows["recomputed"], strict=True)
        ],
    )


def _judged(rows: pd.DataFrame, bad: pd.Series, says: str) -> Outcome:
    missing = {str(point["table"]) for point in GRID["laptop"]} - set(reading.ok(rows, _COLUMNS)["table"])
    if bad.any():
        return Outcome(Verdict.NOT_SUPPORTED, f"{int(bad.sum())} of {len(bad)} contradict it; {says}")
    if missing:
        return Outcome(Verdict.INCONCLUSIVE, f"no rows of {', '.join(sorted(missing))}")
    return Outcome(Verdict.SUPPORTED, says)


def check_come_out(rows: pd.DataFrame) -> Outcome:
    """Hold each deviation against the tolerance of its table.

    Args:
        rows: the study's latest rows.

    Returns:
        Not supported if one is beyond and no reason is on record.
    """
    known = _known(rows)
    beyond = known["deviation"].abs() > known["tolerance"].astype(float)
    largest = known.loc[~beyond, "deviation"].abs().max()
    says = f"{int((~beyond).sum())} come out, by at most {largest:.1e}; {int(beyond.sum())} have a reason"
    return _judged(rows, beyond & known["why"].isna(), says)


def check_safe(rows: pd.DataFrame) -> Outcome:
    """Ask on which side the numbers lie that do not come out.

    Args:
        rows: the study's latest rows.

    Returns:
        Not supported if one was published below the value that the formula gives.
    """
    known = _known(rows)
    known = known[known["deviation"].abs() > known["tolerance"].astype(float)]
    says = f"{len(known)} numbers, published up to {(-known['deviation']).max():.4f} above their formula"
    return _judged(rows, known["deviation"] > 0, says)


def check_calculators(rows: pd.DataFrame) -> Outcome:
    """Hold the proven value of ball arithmetic against the float.

    Args:
        rows: the study's latest rows.

    Returns:
        Not supported if one is below the float, or above it by more than `AGREE`, relative.
    """
    apart = _known(rows)["apart"]
    says = f"{len(apart)} numbers, proven value above the float by {apart.min():.1e} to {apart.max():.1e}"
    return _judged(rows, (apart < 0) | (apart > AGREE), f"{says}, relative")


def check_better(rows: pd.DataFrame) -> Outcome:
    """Hold the better bound against the recomputed number.

    Args:
        rows: the study's latest rows.

    Returns:
        Not supported if it is not smaller everywhere.
    """
    known = _known(rows)
    gain = (known["recomputed"] - known["improved"]).astype(float)
    says = f"{len(gain)} numbers, smaller by {gain.min():.1e} to {gain.max():.4f}, median {gain.median():.4f}"
    return _judged(rows, ~(gain > 0), says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What became of each table.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a table: its numbers, how many came out, have a reason or lack inputs; the largest
        deviation of those that came out; the median gain by a better bound on the same inputs.
    """
    every, known = reading.ok(rows, _COLUMNS), _known(rows)
    lines = []
    for table, some in every.groupby("table", sort=True):
        mine = known[known["table"] == table]
        out = mine[mine["outcome"] == "reproduced"]
        lines.append({
            "table": table, "numbers": len(some), "reproduced": len(out),
            "explained": int((some["outcome"] == "explained").sum()),
            "without inputs": int((some["outcome"] == "inputs not published").sum()),
            "largest deviation": out["deviation"].abs().max(),
            "median gain": (mine["recomputed"] - mine["improved"]).astype(float).median(),
        })  # fmt: skip
    return pd.DataFrame(lines)


def figure(rows: pd.DataFrame) -> Figure:
    """What the formula gives on the published inputs, and the better bound, against what was published.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    known = _known(rows)
    axes.axhline(0, color=COLOURS["grey"], linewidth=0.8)
    for (table, some), colour, marker in zip(
        known.groupby("table", sort=True), COLOURS.values(), MARKERS, strict=False
    ):
        gain = 100 * (some["printed"] - some["improved"].astype(float))
        axes.plot(some["printed"], gain, marker, color=colour, alpha=0.7, label=str(table))
    axes.set(xlabel="published bound (rate)", ylabel="gain of a better bound\n(percentage points)")
    axes.set_yscale("symlog", linthresh=0.1)
    axes.set_yticks([0, 0.1, 1, 10], ["0", "0.1", "1", "10"])
    made.legend(loc="outside upper right", ncols=3)
    return made


STUDY = Study(
    id="calculators",
    question="Do published numbers come out of their published inputs?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "How much smaller a better bound is on the same published inputs, against the published number. The "
        "column at 1 are numbers that their own formula puts lower (a minimiser that left its bracket)."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "come_out",
            "Every published number whose inputs are known comes out of them, or a reason is on record.",
            check_come_out,
        ),
        Claim(
            "safe_side",
            "Where it does not, what was published is above the value of its formula.",
            check_safe,
        ),
        Claim(
            "calculators_agree",
            f"The proven value is nowhere below the float, and at most {AGREE:.0e} above it, relative.",
            check_calculators,
        ),
        Claim(
            "better_bounds",
            "On the same inputs the better bound that is known today is smaller everywhere.",
            check_better,
        ),
    ),
)
