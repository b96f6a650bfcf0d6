"""Rows as claims and tables want them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def ok(rows: pd.DataFrame, columns: Sequence[str], tier: str = "laptop") -> pd.DataFrame:
    """Take what was measured in a tier.

    Args:
        rows: a study's latest rows.
        columns: what was to be measured: they are there even where nothing was, so that a check can look.
        tier: of the rows.

    Returns:
        The rows with status "ok".
    """
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, "tier", "status", *columns])))
    return rows[(rows["status"] == "ok") & (rows["tier"] == tier)].reset_index(drop=True)


def interval(share: float, n: float) -> tuple[float, float]:
    """A 90% interval of a rate (Clopper and Pearson).

    Args:
        share: what was found.
        n: examples.

    Returns:
        Its ends.
    """
    from scipy.stats import binomtest

    found = binomtest(round(share * n), int(n)).proportion_ci(0.9)
    return float(found.low), float(found.high)
