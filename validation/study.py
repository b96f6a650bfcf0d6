"""A study: one question, the points to measure, how to measure one, and what we claim about the rows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from idbounds.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Scalar = str | int | float | bool | None
Point = Mapping[str, Scalar]
Row = Mapping[str, object]

TIERS = ("smoke", "laptop", "gpu")
"""How large a machine a grid asks for; rows of different tiers never mix in a resume."""

HEADER = (
    "schema",
    "study",
    "tier",
    "run",
    "point",
    "row",
    "rows",
    "status",
    "reason",
    "started",
    "seconds",
)
"""The columns that the runner writes; no field of a point and no metric may have one of these names."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Verdict(StrEnum):
    """What the rows say about a claim."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Outcome:
    """A verdict, and one sentence with the numbers it rests on."""

    verdict: Verdict
    says: str


@dataclass(frozen=True)
class Claim:
    """A sentence that the rows can contradict.

    Attributes:
        id: snake_case; it never changes meaning.
        says: the claim in words.
        check: takes the study's latest rows (see `results.latest`), failed ones included, or an empty table;
            it must be able to answer with each of the three verdicts.
    """

    id: str
    says: str
    check: Callable[[pd.DataFrame], Outcome]


def point_key(point: Point) -> str:
    """Name a point: its fields in alphabetical order, `d=200 dataset=digits seed=0`.

    Args:
        point: The fields.

    Returns:
        The name, which is the same for the same fields in any order; it also finds the point's rows again.
    """
    return " ".join(f"{name}={point[name]}" for name in sorted(point))


@dataclass(frozen=True)
class Study:
    """One question and everything needed to answer it again.

    Attributes:
        id: snake_case, the name of its module under `validation/studies/`.
        question: what is asked, in words.
        grid: for each tier the points to measure, in order; a point is a flat mapping of JSON scalars.
        measure: takes one point and returns its rows, depending on nothing else. A row maps metric names to
            scalars; None and NaN mean "no value". It may carry `status` ("ok", "censored" or "failed") and
            `reason`; a censored point is one whose answer is known only to lie beyond what was tried.
        claims: what is said about the rows.
        figure: draws the latest rows that did not fail (one at least) for the report; its size and colours
            are set in `validation/figures.py`.
        caption: what the figure shows, in words.
        numbers: makes of the same rows the table that a reader should see; the rows themselves if absent.
    """

    id: str
    question: str
    grid: Mapping[str, tuple[Point, ...]]
    measure: Callable[[Point], list[Row]]
    claims: tuple[Claim, ...] = ()
    figure: Callable[[pd.DataFrame], Figure] | None = None
    caption: str = ""
    numbers: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    def __post_init__(self) -> None:
        """Refuse a grid whose points could be confused with each other or with the runner's columns."""
        if not _NAME.fullmatch(self.id):
            raise InputError(f"study id {self.id!r}: letters, digits and _ only, since it names a folder")
        for tier, points in self.grid.items():
            if tier not in TIERS:
                raise InputError(f"study {self.id}: unknown tier {tier!r}; known: {', '.join(TIERS)}")
            for point in points:
                _check_point(self.id, point)
            if len({point_key(point) for point in points}) < len(points):
                raise InputError(f"study {self.id}, tier {tier}: two points have the same fields")

    def points(self, tier: str) -> tuple[Point, ...]:
        """Return the points of a tier.

        Args:
            tier: One of the study's tiers.

        Returns:
            The points in the order in which they run.

        Raises:
            InputError: If the study has no such tier.
        """
        if tier not in self.grid:
            raise InputError(f"study {self.id} has no tier {tier!r}; it has: {', '.join(self.grid)}")
        return self.grid[tier]


def check_name(name: str) -> None:
    """Refuse a column name that the runner uses itself or that is no identifier.

    Args:
        name: The name of a metric or of a point's field.

    Raises:
        InputError: If it cannot be a column.
    """
    if name in HEADER or not _NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot be a column: use letters, digits and _, and none of {HEADER}")


def _check_point(study: str, point: Point) -> None:
    for name, value in point.items():
        check_name(name)
        # Exact types: a numpy number or a list would not come back from JSON as it went in.
        if type(value) not in (str, int, float, bool, type(None)) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            raise InputError(
                f"study {study}: {name} = {value!r}; a point holds finite JSON scalars (str, int, ...) only"
            )
