"""What the place of a nonzero costs in each storage format."""

from __future__ import annotations

import numpy as np
import pandas as pd

from idbounds.codes import storage
from paper_figures.figure import Item

SHAPE, VALUE_BITS, DENSITIES = (1000, 1000), 8, 121


def table() -> pd.DataFrame:
    """Mean lengths over all patterns of each density."""
    return pd.DataFrame(storage(SHAPE, np.geomspace(1e-5, 1, DENSITIES), value_bits=VALUE_BITS))


ITEM = Item(
    "storage_formats",
    "Storage formats against density",
    table,
    f"Bits a nonzero that each format spends on where the nonzeros are, for {SHAPE[0]:,} by {SHAPE[1]:,} "
    f"entries with values of {VALUE_BITS} bits at random places. No format is below the enumerative code.",
    draw="storage",
)
