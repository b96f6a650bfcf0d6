"""The bound against the number of training examples: data sets of different sizes, one recipe."""

from __future__ import annotations

import pandas as pd

from paper_figures.certificates import deterministic, headers
from paper_figures.figure import Item, file_of, rows_of
from paper_figures.test_sets import with_test_bound

COLUMNS = ["name", "n", "code_bits", "bound", "train_error", "test_error", "test_bound"]


def table() -> pd.DataFrame:
    """Text and tables from the study, images from the committed certificates of the same recipe."""
    study = rows_of("carry_over")
    images = deterministic()
    images = images[images["name"].str.endswith("draws")].assign(name=images["dataset"])
    both = pd.concat([study.assign(name=study["dataset"]), images], ignore_index=True)
    return with_test_bound(both.sort_values(["n", "name"]))[COLUMNS]


ITEM = Item(
    "bound_over_n",
    "The bound against the number of examples",
    table,
    "The default recipe on data sets of different sizes: bound, test-set bound and errors against the "
    "number $n$ of "
    r"training examples; a point is a seed. Confidence 95\% each.",
    (file_of("carry_over"), *(path for path in headers() if path.stem.endswith("draws"))),
    (),
    "bound",
    wide=True,
    options={"size": "n"},
)
