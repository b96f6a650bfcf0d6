"""The bound against the dimension of the subspace, beside test error and test-set bound."""

from __future__ import annotations

import pandas as pd

from paper_figures.figure import Item, file_of, rows_of
from paper_figures.test_sets import with_test_bound
from validation.studies.subspace_objective import DATASET


def table() -> pd.DataFrame:
    """The certificates in random subspaces of rotated-sign blocks, and of all weights."""
    rows = rows_of("subspace_objective")
    some = rows[(rows["what"] == "certificate") & rows["family"].isin(["blocks", "all weights"])]
    return with_test_bound(some.sort_values(["d", "seed"]))[
        ["d", "seed", "n", "code_bits", "bound", "train_error", "test_error", "test_bound"]
    ]


ITEM = Item(
    "bound_over_d",
    "The bound against d",
    table,
    f"Bound against the number of trained dimensions ({DATASET}, learned part of a scattering network, the "
    f"last "
    r"point: all weights). Each bound holds with probability 95\% over the training sample, each test-set "
    r"bound with probability 95\% over the test set.",
    (file_of("subspace_objective"),),
    ("lotfi2022",),
    "bound",
    options={"size": "d"},
    instead_of="subspace_objective",
)
