"""Nouns of bounds that hold at all sample sizes at once."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

tuned_n = Quantity(
    "tuned_n", r"n_0", "n₀", "count", 1, math.inf,
    "sample size to which the bound is tuned, fixed beforehand", 0, (10, 100_000), integer=True,
)  # fmt: skip
