import pandas as pd
import pytest

from validation.studies import all_but_the_top as study
from validation.study import Verdict


def test_the_smoke_tier_shows_the_effect():
    pytest.importorskip("skdim")
    before, after = (study.measure(point)[0] for point in study.GRID["smoke"])
    assert before["spearman"] < 0.3 < 0.9 < after["spearman"]
    assert (before["pairs"], before["missing"]) == (290, 1)
    assert before["participation_ratio"] < 3 < 15 < after["participation_ratio"]


def rows(change=0.1, ratio=5.0):
    """What the laptop tier gives, with the same gain everywhere."""
    return pd.DataFrame(
        [
            {
                "status": "ok", "tier": "laptop", "set": name, "removed": removed, "vocabulary": v,
                "spearman": 0.5 + change * (removed > 0), "participation_ratio": 20 + ratio * (removed > 0),
            }
            for name in study.SETS_ASKED for v in study.VOCABULARIES for removed in study.REMOVED
        ]
    )  # fmt: skip


@pytest.mark.parametrize("check", [study.check_similarity, study.check_dimension])
def test_claims_have_three_answers(check):
    assert check(rows()).verdict is Verdict.SUPPORTED
    assert check(rows(change=-0.1, ratio=-1)).verdict is Verdict.NOT_SUPPORTED
    assert check(pd.DataFrame()).verdict is Verdict.INCONCLUSIVE
    some = rows()
    assert check(some[some["vocabulary"] == 0]).verdict is Verdict.INCONCLUSIVE
    assert check(some[some["removed"] != 2]).verdict is Verdict.INCONCLUSIVE
    assert check(some.assign(status="failed")).verdict is Verdict.INCONCLUSIVE


def test_one_set_that_falls_refutes():
    some = rows()
    some.loc[(some["set"] == "ws-353") & (some["removed"] == 2), "spearman"] = 0.4
    assert study.check_similarity(some).verdict is Verdict.NOT_SUPPORTED
