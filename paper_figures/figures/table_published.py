"""Table: published bounds, recomputed from their inputs, and what a tighter bound makes of those."""

from __future__ import annotations

import pandas as pd

from paper_figures.figure import PUBLISHED, Item
from validation import published


def table() -> pd.DataFrame:
    """One line a source."""
    return pd.DataFrame([_line(name) for name in published.tables() if _rows(name)])


def _rows(name: str) -> list[published.Row]:
    return [row for row in published.tables()[name] if row.recomputed is not None]


def _line(name: str) -> dict[str, object]:
    rows = _rows(name)
    outcomes = [row.outcome for row in rows]
    gains = [float(row.published) - row.improved for row in rows if row.improved is not None]
    return {
        "source": published.title(name),
        "numbers": len(rows),
        "reproduced": outcomes.count("reproduced"),
        "explained": outcomes.count("explained"),
        "median gain %": f"{100 * pd.Series(gains).median():.3f}" if gains else "",
    }


ITEM = Item(
    "table_published",
    "Published numbers recomputed",
    table,
    "Published numbers recomputed from their published inputs. The last column: by how many percentage "
    "points a tighter bound of the catalogue, on the same inputs and at the same confidence, is below the "
    "published one (median).",
    tuple(PUBLISHED / f"{name}.toml" for name in published.tables() if _rows(name)),
    ("lotfi2022", "perezortiz2021"),
)
