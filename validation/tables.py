"""A study's rows as a table to read or to paste into a paper."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from idbounds.errors import InputError
from validation.study import HEADER

_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


def choose(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Take the measured rows and the columns wanted.

    Args:
        rows: What `results.latest` returned.
        columns: Names in order; empty for the tier, the point's fields and all metrics.

    Returns:
        The rows that are not failures.

    Raises:
        InputError: If there is no such column.
    """
    unknown = [name for name in columns if name not in rows]
    if unknown:
        raise InputError(f"no column {', '.join(unknown)}; there are: {', '.join(rows.columns)}")
    everything = ["tier", *(name for name in rows.columns if name not in HEADER)]
    return rows.loc[rows["status"] != "failed", list(columns) or everything].reset_index(drop=True)


def cell(value: object, form: str = ".6g") -> str:
    """Write one value.

    Args:
        value: Of a row.
        form: Of a float.

    Returns:
        Its text; empty for no value.
    """
    if value is None or value is pd.NA or value != value:
        return ""
    return f"{value:{form}}" if isinstance(value, float) else str(value)


def text(rows: pd.DataFrame) -> str:
    """Lay rows out in plain text.

    Args:
        rows: The rows.

    Returns:
        Aligned columns, numbers with six digits.
    """
    return rows.map(cell).to_string(index=False) if len(rows) else "no rows yet"


def latex(rows: pd.DataFrame) -> str:
    """Lay rows out as a LaTeX tabular.

    Args:
        rows: The rows.

    Returns:
        A `tabular` that needs the package booktabs; numbers with six digits, numbers to the right.
    """
    align = "".join("r" if pd.api.types.is_numeric_dtype(rows[name]) else "l" for name in rows)
    head = " & ".join(name.translate(_ESCAPES) for name in rows)
    # By hand: pandas' to_latex needs jinja2, which is not among the dependencies.
    body = [" & ".join(cell(v).translate(_ESCAPES) for v in row) for row in rows.itertuples(index=False)]
    lines = [rf"\begin{{tabular}}{{{align}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    return "\n".join([*lines, *(rf"{line} \\" for line in body), r"\bottomrule", r"\end{tabular}"])
