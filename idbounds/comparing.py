"""Every bound that applies, tightest first; for one case or for a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.catalogue import bounds
from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.quantities import QUANTITIES
from idbounds.statement import Bound, count_up, rate_of, read

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
        no_better_than_majority: upper >= the error of always naming the commonest class, if known.
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
        """JSON-ready dictionary; `no_better_than_majority` and `notes` only where they say something."""
        out: dict[str, Any] = {
            "id": self.id,
            "inputs": self.inputs,
            "value": self.value,
            "upper": self.upper,
            "vacuous": self.vacuous,
        }
        if self.no_better_than_majority is not None:
            out["no_better_than_majority"] = self.no_better_than_majority
        return {**out, "notes": list(self.notes)} if self.notes else out


def evaluate(bound: Bound, *, majority_error: Any = None, **known: Any) -> Evaluation:
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
    majority = None if majority_error is None else exact(majority_error)
    if majority is not None and not 0 <= majority <= 1:
        raise InputError(f"majority_error = {majority_error}: give a rate in [0, 1]")
    return Evaluation(
        id=bound.id,
        inputs={name: _plain(v) for name, v in values.items()},
        value=float(bound(**known)),
        upper=upper,
        vacuous=Fraction(upper) >= 1,
        no_better_than_majority=None if majority is None else Fraction(upper) >= majority,
        notes=tuple(notes),
        title=bound.title,
    )


def compare(table: pd.DataFrame | None = None, /, *, majority_error: Any = None, **known: Any) -> Any:
    """All bounds that the known quantities allow, tightest first. Each holds singly at delta.

    Args:
        table: instead of single numbers, a DataFrame with columns named as quantities. Every row stays in its
            place and other columns are left alone; an empty cell means: not known for this row.
        majority_error: error rate of always naming the commonest class, if known; single cases only.
        **known: single numbers by name; with a table, values where it has none.

    Returns:
        A list of `Evaluation`; for a table, a copy with one column a bound (NaN where it does not apply) and
        a column `problem` that says what is wrong with a row.

    Raises:
        InputError: when nothing applies, or a quantity is impossible.
    """
    known = {name: read(name, value) for name, value in known.items() if value is not None}
    if table is not None:
        if majority_error is not None:
            raise InputError("majority_error is for single cases; leave it out with a table")
        if any(np.ndim(v) for v in known.values()):
            raise InputError("beside a table give single numbers; put what varies into its columns")
        return _compare_table(table, known)
    found = [
        evaluate(
            bound, majority_error=majority_error, **{k: v for k, v in known.items() if k in bound.accepts}
        )
        for bound in bounds.values()
        if bound.applies_to(known)
    ]
    if not found:
        wants = "; ".join(f"{b.id}: {', '.join(q.name for q in b.takes)}" for b in bounds.values())
        raise InputError(f"no bound applies to {', '.join(known) or 'nothing'}; what each needs: {wants}")
    return sorted(found, key=lambda e: Fraction(e.upper))


def _plain(value: Any) -> Any:
    """A number as JSON shows it: int where it is whole, else float."""
    number = exact(value)
    return int(number) if number.denominator == 1 else float(number)


def _compare_table(table: pd.DataFrame, known: Mapping[str, Any]) -> pd.DataFrame:
    problems: list[list[str]] = [[] for _ in range(len(table))]
    columns = _columns(table, known, problems)
    out = table.copy()
    applied = np.zeros(len(table), bool)
    for bound in bounds.values():
        if bound.applies_to(columns):
            used = {q.name: _column(q.name, columns, len(table)) for q in bound.takes}
            rows = np.logical_and.reduce([np.isfinite(x) for x in used.values()])
            values = np.full(len(table), np.nan)
            if rows.any():
                values[rows] = bound(**{name: x[rows] for name, x in used.items()})
            out[bound.id] = values
            applied |= rows
    for row in np.flatnonzero(~applied):
        if not problems[row]:
            problems[row].append("no bound applies: quantities are missing")
    out["problem"] = ["; ".join(p) for p in problems]
    return out


def _columns(table: pd.DataFrame, known: Mapping[str, Any], problems: list[list[str]]) -> dict[str, Any]:
    """Every quantity as float64; NaN where it is not known, or impossible, which goes on record."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in QUANTITIES:
        if name in table:
            column = table[name]
            if column.ndim > 1:
                raise InputError(f"the table has more than one column {name!r}; keep one")
            x = (
                pd.to_numeric(column.astype(object), errors="coerce")
                .to_numpy(np.float64, na_value=np.nan)
                .copy()
            )
            present = column.notna().to_numpy()
            bad = present & ~QUANTITIES[name].admits(x)
            for row in np.flatnonzero(bad):
                problems[row].append(f"{name} = {column.iloc[row]}: give {QUANTITIES[name].allowed}")
            x[bad] = np.nan
            x[~present] = float(known.get(name, QUANTITIES[name].default or np.nan))
            columns[name] = x
        elif name in known:
            columns[name] = np.full(len(table), float(known[name]))
    for part, whole in (("errors", "n"), ("test_errors", "test_n")):
        if part in columns and whole in columns:
            many = columns[part] > columns[whole]
            for row in np.flatnonzero(many):
                problems[row].append(
                    f"{part} = {columns[part][row]:.15g} exceeds {whole} = {columns[whole][row]:.15g}"
                )
            columns[part][many] = np.nan
    return columns


def _column(name: str, columns: Mapping[str, Any], length: int) -> Any:
    """A quantity for every row: as given, from its stand-in, or by its default; NaN where it is not known."""
    given = columns.get(name, np.full(length, float(QUANTITIES[name].default or np.nan)))
    if name == "errors" and "train_error" in columns:
        return np.where(np.isnan(given), count_up(columns["train_error"], columns["n"]), given)
    if name == "train_error" and "errors" in columns:
        return np.where(np.isnan(given), rate_of(columns["errors"], columns["n"]), given)
    return given
