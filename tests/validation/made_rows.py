"""Rows as if a study had been measured, for tests of its claims."""

from validation import results


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
