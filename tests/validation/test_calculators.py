"""The claims about published numbers can come out all three ways."""

import pytest
from made_rows import rows_of

from validation import published
from validation.studies import calculators
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in calculators.STUDY.claims}


def number(published="0.5", recomputed=0.5, proven="0.5000000000001", improved=0.4, why=None):
    return {
        "published": published, "tolerance": 1e-9, "recomputed": recomputed, "proven": proven,
        "improved": improved, "why": why, "outcome": "explained" if why else "reproduced",
    }  # fmt: skip


def rows(keep=lambda point: True, **changes):
    def made(point):
        return [number(), number(published="0.7", why="a slip"), number(**changes)]

    return rows_of(calculators.STUDY, made, keep)


def test_as_hoped():
    assert {check(rows()).verdict for check in CLAIMS.values()} == {Verdict.SUPPORTED}


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        ("come_out", {"published": "0.500001"}),
        ("safe_side", {"published": "0.4", "why": "a slip"}),
        ("calculators_agree", {"proven": "0.4999999999"}),
        ("calculators_agree", {"proven": "0.50000001"}),
        ("better_bounds", {"improved": 0.5}),
    ],
)
def test_a_counterexample(claim, changes):
    assert CLAIMS[claim](rows(**changes)).verdict is Verdict.NOT_SUPPORTED


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_table_leaves_a_claim_open(claim):
    outcome = CLAIMS[claim](rows(lambda point: point["table"] != "pbb"))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "pbb" in outcome.says


def test_a_row_is_what_the_table_of_published_numbers_says():
    (point,) = calculators.GRID["smoke"]
    made = calculators.measure(point)
    table = published.tables()[point["table"]]
    assert [row["outcome"] for row in made] == [row.outcome for row in table]
    assert all(row["recomputed"] <= float(row["proven"]) for row in made)
    assert all(row["improved"] < row["recomputed"] for row in made)
