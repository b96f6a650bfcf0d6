"""Every bound that applies, tightest first; for one case or for a whole table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.catalogue import bounds
from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.inputs import count_up, rate_of, read
from idbounds.quantities import QUANTITIES, STAND_INS, Quantity
from idbounds.statement import CERTIFICATE, UNVERIFIED, Bound

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
        standing: "certificate" or why not.
        assumes: names of the assumptions.
        adds: those that not every bound beside it makes.
        buys: what a step in one ingredient would take off, largest first: ("code_bits - 100", 0.0006).
    """

    id: str
    inputs: dict[str, Any]
    value: float
    upper: str
    vacuous: bool
    no_better_than_majority: bool | None
    notes: tuple[str, ...]
    title: str
    standing: str = CERTIFICATE
    assumes: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    buys: tuple[tuple[str, float], ...] = ()

    @property
    def certifies(self) -> bool:
        """Whether its value may stand in a certificate."""
        return self.standing == CERTIFICATE

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
        out |= {"standing": self.standing, "assumes": list(self.assumes), "buys": dict(self.buys)}
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
    upper = bound.upper(**known) if bound.certifies else f"{float(bound(**known)):.15g}"
    value = float(bound(**known))
    majority = None if majority_error is None else exact(majority_error)
    if majority is not None and not 0 <= majority <= 1:
        raise InputError(f"majority_error = {majority_error}: give a rate in [0, 1]")
    return Evaluation(
        id=bound.id,
        inputs={name: _plain(v) for name, v in values.items()},
        value=value,
        upper=upper,
        vacuous=bound.says_nothing(upper, **known),
        no_better_than_majority=None if majority is None else Fraction(upper) >= majority,
        notes=tuple(notes),
        title=bound.title,
        standing=bound.standing,
        assumes=tuple(a.name for a in bound.assumes),
        buys=_buys(bound, value, values),
    )


def _buys(bound: Bound, value: float, values: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """What one step in each ingredient would take off the value."""
    gains = []
    for quantity in bound.takes:
        now = float(exact(values[quantity.name]))
        text, then = _step(quantity, now)
        if then is not None and then != now and quantity.admits(then):
            changed = {quantity.name: then}
            if text == "x 2":  # twice the sample at the same rates of error
                parts = (q.name for q in bound.takes if q.part_of == quantity.name and q.integer)
                changed |= {part: 2 * float(values[part]) for part in parts}
            gain = value - float(bound(**{**values, **changed}))
            gains += [(f"{quantity.name} {text}", gain)] if gain > 0 else []
    return tuple(sorted(gains, key=lambda pair: -pair[1]))


def _step(quantity: Quantity, now: float) -> tuple[str, float | None]:
    """A step that a user might take, in words, and the value after it."""
    if quantity.unit in ("bits", "nats") and quantity.sense > 0:
        return "- 100", max(now - 100, 0)
    if quantity.unit == "count" and quantity.sense < 0:
        return "x 2", 2 * now
    if quantity.unit == "count" and quantity.sense > 0:
        return "- 10%", float(int(0.9 * now))
    if quantity.unit == "rate" and quantity.sense > 0:
        return "- 0.01", max(now - 0.01, 0)
    if quantity.name == "delta":
        return "x 2", 2 * now
    return "", None


def compare(
    table: pd.DataFrame | None = None,
    /,
    *,
    majority_error: Any = None,
    without: Collection[str] = (),
    **known: Any,
) -> Any:
    """All bounds that the known quantities allow, certificates first. Each holds singly at delta.

    Bounds on a difference of risks or on a training error are listed only where nothing bounds a risk.
    The smallest of them is itself a bound only at a price: see `minimum_of`.

    Args:
        table: instead of single numbers, a DataFrame with columns named as quantities. Every row stays in its
            place and other columns are left alone; an empty cell means: not known for this row.
        majority_error: error rate of always naming the commonest class, if known; single cases only.
        without: names of assumptions that cannot be made here ("iid", "zero_one_loss"): bounds that need
            one of them are left out.
        **known: single numbers by name; with a table, values where it has none.

    Returns:
        A list of `Evaluation`; for a table, a copy with one column a bound (NaN where it does not apply) and
        a column `problem` that says what is wrong with a row.

    Raises:
        InputError: when nothing applies, or a quantity is impossible.
    """
    known = {name: read(name, value) for name, value in known.items() if value is not None}
    chosen = _without(without)
    if table is not None:
        if majority_error is not None:
            raise InputError("majority_error is for single cases; leave it out with a table")
        if any(np.ndim(v) for v in known.values()):
            raise InputError("beside a table give single numbers; put what varies into its columns")
        return _compare_table(table, known, chosen)
    usable = [b for b in chosen if b.applies_to(known) and not np.any(b.excluded(known))]
    found = [
        evaluate(b, majority_error=majority_error, **{k: v for k, v in known.items() if k in b.accepts})
        for b in [b for b in usable if b.is_about_a_risk] or usable
    ]
    if not found:
        raise InputError(f"no bound applies to {', '.join(known) or 'nothing'}; {_nearest(chosen, known)}")
    shared = set.intersection(*(_all_that_follows(bounds[e.id]) for e in found))
    ranked = sorted(found, key=lambda e: (not e.certifies, Fraction(e.upper)))
    return [replace(e, adds=tuple(a for a in e.assumes if a not in shared)) for e in ranked]


def _nearest(chosen: list[Bound], known: Mapping[str, Any]) -> str:
    """What the three bounds that want least would still need."""
    wanting = [(sorted(b.needs(known) - known.keys()), b.id) for b in chosen if b.standing != UNVERIFIED]
    # those that use something known come first
    wanting.sort(key=lambda pair: (not bounds[pair[1]].needs(known) & known.keys(), len(pair[0])))
    return "; ".join(f"{name} still needs {', '.join(missing)}" for missing, name in wanting[:3])


def _without(names: Collection[str]) -> list[Bound]:
    """The bounds that need none of these assumptions."""
    every = {a.name for b in bounds.values() for a in b.assumes}
    strangers = [name for name in names if name not in every]
    if strangers:
        raise InputError(
            f"without = {', '.join(strangers)}: no bound assumes that; known: {', '.join(sorted(every))}"
        )
    return [b for b in bounds.values() if not _all_that_follows(b) & set(names)]


def _all_that_follows(bound: Bound) -> set[str]:
    """Names of the assumptions of a bound and of the weaker ones they imply."""
    names = {a.name for a in bound.assumes}
    return names | {a.name for b in bounds.values() for a in b.assumes if names & set(a.implied_by)}


def _plain(value: Any) -> Any:
    """A number as JSON shows it: int where it is whole, else float."""
    number = exact(value)
    return int(number) if number.denominator == 1 else float(number)


def _compare_table(table: pd.DataFrame, known: Mapping[str, Any], chosen: list[Bound]) -> pd.DataFrame:
    problems: list[list[str]] = [[] for _ in range(len(table))]
    columns = _columns(table, known, problems)
    out = table.copy()
    applied = np.zeros(len(table), bool)
    for bound in chosen:
        if bound.applies_to(columns):
            used = {q.name: _column(q.name, columns, len(table)) for q in bound.takes}
            rows = np.logical_and.reduce([np.isfinite(x) for x in used.values()])
            rows &= np.logical_not(bound.excluded(columns))
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
    for part, whole in ((q.name, q.part_of) for q in QUANTITIES.values() if q.part_of):
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
    other = STAND_INS.get(name, "")
    if other not in columns:
        return given
    count, total = QUANTITIES[name].rate_of or QUANTITIES[other].rate_of or ("", "")
    if total not in columns:
        return given
    convert = count_up if name == count else rate_of
    return np.where(np.isnan(given), convert(columns[other], columns[total]), given)
