"""Published numbers come out of their published inputs, or their reason is on record."""

import pytest

from idbounds.errors import InputError
from validation import published

ROWS = [r for table in published.tables().values() for r in table]


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.table}-{i}" for i, r in enumerate(ROWS)])
def test_a_row(row):
    assert row.outcome != "not reproduced", published.line(row)
    if row.outcome == "explained":
        assert row.recomputed != pytest.approx(float(row.published), abs=float(row.tolerance))
    if row.improved is not None and row.outcome == "reproduced":
        assert row.improved < row.recomputed
    assert row.recomputed is None or published.line(row).startswith(row.published)


def test_names_tell_rows_apart():
    assert len({(r.table, r.name) for r in ROWS}) == len(ROWS)


def test_a_row_by_name():
    assert published.row("prior_art", "Fashion-MNIST, data-independent, from scratch").published == "0.328"
    with pytest.raises(InputError, match="tables: lotfi2022"):
        published.row("nobody", "x")


def test_a_wrong_number_is_noticed():
    from dataclasses import replace

    row = next(r for r in ROWS if r.outcome == "reproduced")
    wrong = replace(row, published=str(float(row.published) + 1e-6))
    assert wrong.outcome == "not reproduced"
    assert replace(wrong, why="a slip").outcome == "explained"
