"""Table: the committed certificates beside the best published bounds of their kind."""

from __future__ import annotations

import pandas as pd

from paper_figures.certificates import deterministic, headers
from paper_figures.figure import PUBLISHED, Item
from validation import published

TABLE = "prior_art"
NAMES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
"""Data sets with a published bound of the same kind; CIFAR-10 was certified from other bytes (JPEG)."""


def table() -> pd.DataFrame:
    """One line a certificate; rates in percent."""
    own = deterministic()
    return pd.DataFrame(
        {
            "data set": own["dataset"],
            "architecture": own["architecture"],
            "bits": own["code_bits"].map("{:,}".format),
            "train %": (100 * own["train_error"]).map("{:.2f}".format),
            "test %": (100 * own["test_error"]).map("{:.2f}".format),
            "bound %": (100 * own["bound"]).map("{:.2f}".format),
            "published %": own["dataset"].map(_published),
        }
    )


def _published(dataset: str) -> str:
    if dataset not in NAMES:
        return ""
    row = published.row(TABLE, f"{NAMES[dataset]}, data-independent, from scratch")
    return f"{100 * float(row.published):.1f}"


ITEM = Item(
    "table_certificates",
    "Certificates beside published bounds",
    table,
    r"The committed certificates of single hypotheses ($\delta = 0.05$), with a code fixed before the "
    r"sample and "
    "nothing pretrained, beside the best published bound of the same kind.",
    (*headers(), PUBLISHED / f"{TABLE}.toml"),
    ("lotfi2022",),
)
