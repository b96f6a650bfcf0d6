"""Table: d90 of the networks of Li et al., beside the published values."""

from __future__ import annotations

import pandas as pd

from paper_figures.figure import Item, file_of, rows_of
from validation.studies.d90_mnist import TITLES, numbers


def table() -> pd.DataFrame:
    """One line a network and criterion."""
    found = numbers(rows_of("d90_mnist"))
    return pd.DataFrame(
        {
            "network": found["model"].map(TITLES),
            "criterion": found["criterion"],
            "threshold": found["threshold"].map("{:.3f}".format),
            "d90": found["d90"].map("{:.0f}".format),
            "90% interval": [f"{r.low:.0f} to {r.high:.0f}" for r in found.itertuples()],
            "published": found["published"].map(lambda v: "" if pd.isna(v) else f"{v:.0f}"),
        }
    )


ITEM = Item(
    "table_d90",
    "d90 beside published values",
    table,
    "$d_{90}$ of two networks on MNIST, measured in random subspaces of rotated-sign blocks, under three "
    "criteria; the "
    r"published values are of the criterion ``absolute'', 90\% accuracy.",
    (file_of("d90_mnist"),),
    ("li2018",),
)
