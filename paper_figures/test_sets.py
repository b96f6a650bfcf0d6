"""The bound that a test set alone gives, beside one that needs none."""

from __future__ import annotations

import pandas as pd

from idbounds import bounds


def with_test_bound(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the column `test_bound`, and `bound` as a number.

    Args:
        rows: certificates, with `test_errors`, `test_n`, `bound` and `delta`.

    Returns:
        The rows with the value of `test-binomial` at the same delta.
    """
    test = bounds["test-binomial"](
        test_errors=rows["test_errors"].to_numpy(dtype=float), test_n=rows["test_n"].to_numpy(dtype=float),
        delta=rows["delta"].astype(float).to_numpy(),
    )  # fmt: skip
    return rows.assign(test_bound=test, bound=rows["bound"].astype(float))
