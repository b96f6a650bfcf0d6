"""Accuracy against the dimension of the random subspace, with the 90% line and d90."""

from __future__ import annotations

import pandas as pd

from paper_figures.figure import Item, file_of, rows_of
from validation.studies.d90_mnist import PUBLISHED, TITLES


def table() -> pd.DataFrame:
    """Runs with d and score, and one row a network with d90, its interval and the published value."""
    rows = rows_of("d90_mnist")
    rows = rows[rows["tier"] == "laptop"].assign(name=lambda t: t["model"].map(TITLES))
    runs = rows.loc[(rows["what"] == "run") & rows["d"].notna(), ["name", "d", "score"]]
    found = rows[(rows["what"] == "crossing") & (rows["criterion"] == "absolute")]
    found = found.assign(published=found["model"].map(PUBLISHED))
    return pd.concat(
        [runs, found[["name", "threshold", "d90", "low", "high", "published"]]], ignore_index=True
    )


def _caption(table: pd.DataFrame) -> str:
    found = table[table["d90"].notna()]
    each = "; ".join(
        f"{r.name_}: {r.d90:.0f} [{r.low:.0f}, {r.high:.0f}], published {r.published:.0f}"
        for r in found.rename(columns={"name": "name_"}).itertuples()
    )
    return (
        "Accuracy on held-out MNIST digits against the dimension $d$ of the random subspace; a point is a "
        "run. "
        r"The horizontal line is at 90\% accuracy. Vertical lines and bands: $d_{90}$ and its 90\% interval "
        f"({each}); triangles: the published values."
    )


ITEM = Item(
    "accuracy_over_d",
    "Accuracy against d, with the 90% line",
    table,
    _caption,
    (file_of("d90_mnist"),),
    ("li2018",),
    "accuracy",
    instead_of="d90_mnist",
)
