"""Every bound that applies, tightest first; for one case or for a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.catalogue import bounds
from idbounds.errors import InputError
from idbounds.quantities import QUANTITIES
from idbounds.statement import Bound

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """One bound at one case.

    Attributes:
        id: of the bound.
        inputs: the quantities it used.
        value: float64 value.
        upper: decimal string, rounded up.
        vacuous: upper >= 1.
        no_better_than_majority: upper >= the error of always saying the commonest class, when that is known.
        notes: conversions made on the way.
        title: for tables.
    """

    id: str
    inputs: dict[str, Any]
    value: float
    upper: str
    vacuous: bool
    no_better_than_majority: bool | None
    notes: tuple[str, ...]
    title: str

    def record(self) -> dict[str, Any]:
        """JSON-ready dictionary; `no_better_than_majority` and `notes` only where there is something to say."""
        out: dict[str, Any] = {
            "id": self.id, "inputs": self.inputs, "value": self.value, "upper": self.upper, "vacuous": self.vacuous
        }  # fmt: skip
        if self.no_better_than_majority is not None:
            out["no_better_than_majority"] = self.no_better_than_majority
        return {**out, "notes": list(self.notes)} if self.notes else out


def evaluate(bound: Bound, *, majority_error: float | None = None, **known: Any) -> Evaluation:
    """One bound at one case, with its proven upper value.

    Args:
        bound: the bound.
        majority_error: error rate of always predicting the commonest class, when known.
        **known: single numbers by quantity name; strings are read exactly.

    Returns:
        The evaluation.

    Raises:
        InputError: for a missing, unknown or impossible quantity.
    """
    values, notes = bound.inputs(known)
    upper = bound.upper(**known)
    return Evaluation(
        id=bound.id,
        inputs={name: _plain(v) for name, v in values.items()},
        value=bound(**values),
        upper=upper,
        vacuous=Fraction(upper) >= 1,
        no_better_than_majority=None if majority_error is None else Fraction(upper) >= Fraction(majority_error),
        notes=tuple(notes),
        title=bound.title,
    )


def compare(table: pd.DataFrame | None = None, /, *, majority_error: float | None = None, **known: Any) -> Any:
    """All bounds that the known quantities allow, tightest first. Each holds singly at delta.

    Args:
        table: instead of single numbers, a DataFrame whose columns are named as quantities; every row is kept.
        majority_error: error rate of always predicting the commonest class, when known.
        **known: single numbers by name; with a table, values for columns that it lacks.

    Returns:
        A list of `Evaluation`; for a table, a copy with one column a bound (NaN where it does not apply) and a
        column `problem` that says what is wrong with a row.

    Raises:
        InputError: when nothing applies, or a quantity is impossible.
    """
    if table is not None:
        return _compare_table(table, known)
    known = {k: v for k, v in known.items() if v is not None}
    _check_names(known)
    for name, value in known.items():
        QUANTITIES[name].check(value)
    found = [
        evaluate(bound, majority_error=majority_error, **{k: v for k, v in known.items() if k in bound.accepts})
        for bound in bounds.values()
        if bound.applies_to(known)
    ]
    if not found:
        wants = "; ".join(f"{b.id}: {', '.join(q.name for q in b.takes)}" for b in bounds.values())
        raise InputError(f"no bound applies to {', '.join(known) or 'nothing'}; what each needs: {wants}")
    return sorted(found, key=lambda e: Fraction(e.upper))


def _check_names(known: Mapping[str, Any]) -> None:
    for name in known:
        if name not in QUANTITIES:
            raise InputError(f"{name!r} is no quantity; known: {', '.join(QUANTITIES)}")


def _plain(value: Any) -> Any:
    """A number as JSON shows it: int where it is whole, else float."""
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**63 else number


def _compare_table(table: pd.DataFrame, known: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    _check_names(known)
    columns: dict[str, Any] = {c: pd.to_numeric(table[c], errors="coerce").to_numpy() for c in table if c in QUANTITIES}
    columns |= {k: np.full(len(table), float(v)) for k, v in known.items() if k not in columns}
    out = table.copy()
    problems: list[list[str]] = [[] for _ in range(len(table))]
    admitted = {name: QUANTITIES[name].admits(x) for name, x in columns.items()}
    for name, good in admitted.items():
        present = table[name].notna().to_numpy() if name in table else np.ones(len(table), bool)
        for row in np.flatnonzero(present & ~good):
            given = table[name].iloc[row] if name in table else known[name]
            problems[row].append(f"{name} = {given}: give {QUANTITIES[name].allowed}")
    applied = np.zeros(len(table), bool)
    for bound in bounds.values():
        if bound.applies_to(columns):
            values, rows = _column(bound, columns, admitted, problems)
            out[bound.id] = values
            applied |= rows
    for row in np.flatnonzero(~applied):
        problems[row].append("no bound applies: quantities are missing")
    out["problem"] = ["; ".join(dict.fromkeys(p)) for p in problems]
    return out


def _column(
    bound: Bound, columns: Mapping[str, Any], admitted: Mapping[str, Any], problems: list[list[str]]
) -> tuple[Any, Any]:
    """One bound for all rows that it applies to, in one vectorised call."""
    used = {k: v for k, v in columns.items() if k in bound.needs(columns)}
    rows = np.logical_and.reduce([admitted[k] for k in used])
    for part, whole in (("errors", "n"), ("test_errors", "test_n")):
        if part in used and whole in used:
            for row in np.flatnonzero(rows & (used[part] > used[whole])):
                problems[row].append(f"{part} = {used[part][row]:g} exceeds {whole} = {used[whole][row]:g}")
            rows = rows & (used[part] <= used[whole])
    values = np.full(len(rows), np.nan)
    if rows.any():
        values[rows] = bound(**{k: v[rows] for k, v in used.items()})
    return values, rows
