"""The bound against the length of the message: every certificate of one data set."""

from __future__ import annotations

import pandas as pd

from paper_figures.figure import Item, file_of, rows_of
from paper_figures.test_sets import with_test_bound

STUDIES = ("subspace_dimension", "tight_bounds", "subspace_objective")
DATASET = "fashion-mnist"


def table() -> pd.DataFrame:
    """The certificates of all studies on the data set."""
    rows = pd.concat([rows_of(study) for study in STUDIES], ignore_index=True)
    some = rows[(rows["dataset"] == DATASET) & rows["bound"].notna()]
    return with_test_bound(some.sort_values("code_bits"))[
        ["study", "code_bits", "n", "bound", "train_error", "test_error", "test_bound"]
    ]


ITEM = Item(
    "bound_over_bits",
    "The bound against the bits of the message",
    table,
    f"Bound against the length of the message: every certificate of {DATASET} in the studies of subspaces "
    f"and of "
    r"tight certificates. A longer message pays only if it takes off more errors than it costs. Confidence "
    r"95\% each.",
    tuple(map(file_of, STUDIES)),
    ("lotfi2022",),
    "bound",
    options={"size": "code_bits"},
)
