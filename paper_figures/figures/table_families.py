"""Table: d90 under every family of random projections."""

from __future__ import annotations

import pandas as pd

from paper_figures.figure import Item, file_of, rows_of
from validation.studies.d90_families import TASKS, numbers


def table() -> pd.DataFrame:
    """One line a task and family."""
    found = numbers(rows_of("d90_families"))
    return pd.DataFrame(
        {
            "task": found["task"].map(lambda task: TASKS[task][0]),
            "projection": found["kind"],
            "d90": [f"{r.d90:.0f} [{r.low:.0f}, {r.high:.0f}]" for r in found.itertuples()],
            "ratio to dense": [
                "" if pd.isna(r.ratio) else f"{r.ratio:.2f} [{r.ratio_low:.2f}, {r.ratio_high:.2f}]"
                for r in found.itertuples()
            ],
        }
    )


ITEM = Item(
    "table_families",
    "d90 by family of projections",
    table,
    "$d_{90}$ on the bundled digits under each family of random projections, with intervals, and its ratio "
    "to dense signs.",
    (file_of("d90_families"),),
    ("li2018",),
)
