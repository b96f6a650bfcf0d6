"""Rows: what a measurement looks like on disk and as a table.

The rows of a point are appended together (see `storage.append`). Should the machine stop in the middle of
that, the file ends in a torn row, or lacks some rows of the last point: every row says which of how many it
is (`row` of `rows`), so a reader leaves incomplete points out and the runner measures them again.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from idbounds.errors import InputError
from validation.storage import ResultsError
from validation.study import HEADER, Point, Row, Study, check_name, point_key

SCHEMA = 1
"""Version of the row format; a reader refuses any other."""

STATUSES = ("ok", "failed", "censored")
ROWS = "rows.jsonl"
_START = '{"schema": '
_FIRST = ["study", "tier", "run", "point", "row", "rows", "status", "reason", "started", "seconds"]
assert {"schema", *_FIRST} == set(HEADER)


def _scalar(name: str, value: object) -> object:
    """Turn a metric into a JSON scalar, exactly; None and NaN become None, to be left out."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        raise ResultsError(f"{name} is {value}: write a finite number, or leave it out and say why in reason")
    if value is not None and not isinstance(value, (str, int, float, bool)):
        raise ResultsError(f"{name} is a {type(value).__name__}; a row holds scalars only")
    return _readable(value) if isinstance(value, str) else value


def _readable(text: str) -> str:
    # A lone surrogate (an odd file name) is written as JSON, and no table could be made of the file again.
    return text.encode("utf-8", "replace").decode()


def _metrics(measured: Row, point: Point) -> dict[str, object]:
    metrics = {}
    for name, value in measured.items():
        if name in ("status", "reason"):
            continue
        if name in point:
            raise ResultsError(f"metric {name!r} has the name of a field of the point; rename it")
        check_name(name)
        metrics[name] = _scalar(name, value)
    return {name: value for name, value in metrics.items() if value is not None}


def _status(measured: Row) -> dict[str, object]:
    status, reason = str(measured.get("status", "ok")), measured.get("reason")
    if status not in STATUSES:
        raise ResultsError(f"status {status!r}; a row is one of: {', '.join(STATUSES)}")
    if status != "ok" and not reason:
        raise ResultsError(f"a row with status {status!r} needs a reason")
    return {"status": status, "reason": _readable(str(reason))} if reason else {"status": status}


def row_set(
    study: Study,
    tier: str,
    point: Point,
    measured: Sequence[Row],
    *,
    run: str,
    started: str,
    seconds: float,
) -> list[dict[str, object]]:
    """Make the rows of one finished point.

    Args:
        study: Whose point it is.
        tier: The tier it ran in.
        point: Its fields, which become columns.
        measured: What `study.measure` returned, or one row with status "failed" and a reason.
        run: Id of the run, under which its provenance is stored.
        started: When the point started, ISO 8601 in UTC.
        seconds: How long the whole point took.

    Returns:
        The rows, ready for `storage.append`; a value that is None or NaN is absent.

    Raises:
        ResultsError: If there is no row, or a row has a value or a name that cannot be stored.
    """
    if not measured:
        raise ResultsError("measure returned no rows; return one with status 'censored' or 'failed' instead")
    fixed = {"schema": SCHEMA, "study": study.id, "tier": tier, "run": run, "point": point_key(point)}
    fields = {name: value for name, value in point.items() if value is not None}
    return [
        fixed
        | {"row": index, "rows": len(measured)}
        | _status(row)
        | {"started": started, "seconds": seconds}
        | fields
        | _metrics(row, point)
        for index, row in enumerate(measured, start=1)
    ]


def _is_torn(text: str) -> bool:
    """Tell a row that was cut short from anything else that is not JSON (a merge marker, say)."""
    return text.startswith(_START) or _START.startswith(text)


def _parse(text: str, where: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text)
    except ValueError:
        if _is_torn(text):
            return None
        raise ResultsError(
            f"{where}: not a row: {text[:60]!r}; take the line out or restore the file"
        ) from None
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        found = row.get("schema") if isinstance(row, dict) else row
        raise ResultsError(
            f"{where}: a row of schema {found!r}; this checkout reads schema {SCHEMA}; "
            "use the checkout that wrote it"
        )
    missing = [name for name in HEADER if name not in row and name != "reason"]
    if missing:
        raise ResultsError(f"{where}: the row lacks {', '.join(missing)}; restore the file")
    return row


def _parsed(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the readable rows; a torn one, at the end or before a repair, is passed over."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    # Not splitlines: it would also split at U+2028 and the like inside a string.
    for number, line in enumerate(text.split("\n"), start=1):
        row = _parse(line, f"{path}:{number}") if line else None
        if row is not None:
            yield row


def _complete(rows: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """Leave out the points of which only some rows reached the disk."""
    counts = Counter((row["run"], row["tier"], row["point"]) for row in rows)

    def count(row: dict[str, Any]) -> int:
        return counts[row["run"], row["tier"], row["point"]]

    # A run measures a point once, so more rows than announced are a copy (a merge, say), not a measurement.
    twice = next((row for row in rows if count(row) > row["rows"]), None)
    if twice is not None:
        raise ResultsError(f"{path}: run {twice['run']} has {twice['point']} twice; take the copy out")
    return [row for row in rows if count(row) == row["rows"]]


def _column(values: list[Any]) -> pd.Series:
    """Make a column that keeps integers exact even where some rows have no value."""
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    gaps = len(present) < len(values)
    dtype: str | type = object
    if kinds == {int}:
        fits = all(-(2**63) <= value < 2**63 for value in present)
        dtype = ("Int64" if gaps else "int64") if fits else object
    elif kinds == {bool}:
        dtype = "boolean" if gaps else "bool"
    elif kinds and kinds <= {int, float}:
        dtype = "float64"
    elif kinds == {str}:
        dtype = "str"
    return pd.Series(values, dtype=dtype)


def frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Make a table of rows.

    Args:
        rows: Rows as they stand in the file.

    Returns:
        One line a row, in order; first the runner's columns, then the rest as they first appear. Without rows
        it has the runner's columns all the same.
    """
    columns = dict.fromkeys(_FIRST) | dict.fromkeys(name for row in rows for name in row if name != "schema")
    return pd.DataFrame({name: _column([row.get(name) for row in rows]) for name in columns})


def read(path: Path) -> pd.DataFrame:
    """Read a rows file.

    Args:
        path: The file; an absent one has no rows.

    Returns:
        Every complete point's rows, old failures included, in the order in which they were written. A line
        that is not a row, or is of a schema this checkout does not know, is a ResultsError.
    """
    return frame(_complete(list(_parsed(path)), path)) if path.exists() else frame([])


def of_study(results: Path, study: str) -> pd.DataFrame:
    """Read the rows of a study.

    Args:
        results: The results folder.
        study: The study's id.

    Returns:
        Its rows, as `read` gives them; an unreadable file is a ResultsError.

    Raises:
        InputError: If `results` is a file.
    """
    if results.is_file():
        raise InputError(f"{results} is a file; --results takes the folder that holds <study>/{ROWS}")
    return read(results / study / ROWS)


def latest(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the last word on each point: a success replaces failures, those of a merged file behind it, too.

    Args:
        rows: What `read` returned.

    Returns:
        For each tier and point the rows of the last run that settled it, or else of the last that failed.
    """
    points = rows.assign(run=rows["run"].where(_done(rows))).groupby(["tier", "point"])["run"]
    last = points.transform("last").fillna(rows.groupby(["tier", "point"])["run"].transform("last"))
    return rows[rows["run"] == last].reset_index(drop=True)


def settled(rows: pd.DataFrame, tier: str) -> set[str]:
    """Name the points that need no further run.

    Args:
        rows: What `read` returned.
        tier: The tier asked about.

    Returns:
        The keys of the points with an ok or a censored row in that tier.
    """
    return set(rows.loc[_done(rows) & (rows["tier"] == tier), "point"])


def _done(rows: pd.DataFrame) -> pd.Series:
    return rows["status"].isin(["ok", "censored"])
