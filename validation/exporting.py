"""Rows as files for other programs, each row with the commit and the machine it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from idbounds.errors import InputError, MissingExtra
from validation import results


def _json(rows: pd.DataFrame, path: Path) -> None:
    # By hand: pandas' to_json keeps 15 decimal places, which of a small number is hardly a digit.
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")


FORMATS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "csv": lambda rows, path: rows.to_csv(path, index=False),
    "json": _json,
    "parquet": lambda rows, path: rows.to_parquet(path, index=False),
}
"""By suffix: comma-separated values; one JSON object a line; Apache Parquet, which needs pyarrow."""


def table(folder: Path, study: str) -> pd.DataFrame:
    """The latest rows of a study, with columns that say where they come from.

    Args:
        folder: The results folder.
        study: The study's id.

    Returns:
        The rows, failed ones included; `commit`, `dirty` and `cpu` are those of their run.
    """
    rows = results.latest(results.of_study(folder, study))
    records = {run: _record(folder / study / f"run-{run}.json") for run in rows["run"].unique()}
    for column in ("commit", "dirty", "cpu"):
        rows[column] = [records[run].get(column) for run in rows["run"]]
    return rows


def _record(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    record = json.loads(path.read_text("utf-8"))
    return {**record["git"], "cpu": record["hardware"]["cpu"]}


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write a table.

    Args:
        rows: The table.
        path: The file; its suffix is one of `FORMATS`.

    Raises:
        InputError: For another suffix.
        MissingExtra: If the format needs a package that is absent.
    """
    kind = path.suffix.removeprefix(".")
    if kind not in FORMATS:
        raise InputError(f"format {kind!r}; allowed are {', '.join(FORMATS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        FORMATS[kind](rows, path)
    except ImportError:
        raise MissingExtra(f"{kind} needs pyarrow: pip install pyarrow") from None
