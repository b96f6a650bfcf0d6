"""The race of the bounds over error and complexity, with the runs of this package and published ones."""

from __future__ import annotations

import pandas as pd

from idbounds.plot.maps import RACERS
from paper_figures.certificates import deterministic, headers
from paper_figures.figure import PUBLISHED, Item
from validation import published

TABLE = "lotfi2022"
COLUMNS = ["name", "train_error", "code_bits", "n", "delta"]


def table() -> pd.DataFrame:
    """Committed certificates by name; logged runs of Lotfi et al. without one."""
    own = deterministic()[COLUMNS]
    logged = [
        {
            "name": "",
            "train_error": float(row.inputs["gibbs_train_error"]),
            "code_bits": sum(map(float, row.inputs["kl_nats"]["bits"])),
            "n": row.inputs["n"],
            "delta": row.inputs["delta"],
        }
        for row in published.tables()[TABLE]
    ]
    return pd.concat([own, pd.DataFrame(logged)], ignore_index=True)


def _caption(table: pd.DataFrame) -> str:
    n = f"{table['n'].max():,}".replace(",", "{,}")
    return (
        "Runs over training error and complexity, $(L \\ln 2 + \\ln(1/\\delta))/n$ with $L$ the bits of the "
        "message. Lines: the small-kl bound, for every $n$. "
        f"Colours: the tightest of {len(RACERS)} closed forms for $n = {n}$, grey where all are vacuous. "
        r"Filled, with names: the committed certificates; open: the logged runs of \citet{lotfi2022}."
    )


ITEM = Item(
    "race",
    "The race of the bounds",
    table,
    _caption,
    (*headers(), PUBLISHED / f"{TABLE}.toml"),
    (TABLE, "langford2005"),
    "race",
)
