"""Rows as if a study had been measured, for tests of its claims; and what the claims say of the committed ones."""

import functools

from validation import claims, results
from validation.__main__ import COMMITTED
from validation.studies import discover


@functools.cache
def judged():
    """All claims on the committed rows, judged once for all tests.

    Returns:
        What `claims.judge` says, by study.
    """
    return {name: claims.judge([study], COMMITTED) for name, study in discover().items()}


def rows_of(study, measured, keep=lambda point: True):
    """Rows of the laptop tier.

    Args:
        study: whose points.
        measured: from a point to its rows.
        keep: which points.

    Returns:
        The table that a claim is given.
    """
    made = []
    for point in filter(keep, study.grid["laptop"]):
        made += results.row_set(
            study, "laptop", point, measured(point), run="r", started="2026-01-01T00:00:00", seconds=1.0
        )
    return results.latest(results.frame(made))
