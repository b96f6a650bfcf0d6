"""Where the bits of the committed certificates go."""

from __future__ import annotations

import pandas as pd

from paper_figures.certificates import deterministic, headers
from paper_figures.figure import Item


def table() -> pd.DataFrame:
    """Bits of each part of each message."""
    names = set(deterministic()["name"])
    return pd.DataFrame(
        [
            {"name": path.stem, "part": part, "bits": bits}
            for path, header in headers().items()
            if path.stem in names
            for part, bits in header["parts"].items()
        ]
    )


ITEM = Item(
    "where_the_bits_go",
    "Where the bits go",
    table,
    "The parts of the messages of the committed certificates, as shares; at the end the length in bits. The "
    "recipe is charged 32 bits.",
    tuple(headers()),
    (),
    "bits",
    wide=True,
)
