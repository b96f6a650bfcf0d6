"""The claims about pruning can come out all three ways."""

import pandas as pd
import pytest
from made_rows import rows_of

from idbounds.compress import read_pipeline
from validation.studies import which_weights as study
from validation.study import Verdict


def rows(errors, keep=lambda point: True):
    """The laptop tier with a count of errors for each way and seed."""

    def measured(point):
        row = {"code_bits": 9000, "errors_before": 0, "errors": errors(point), "test_errors": 20}
        return [row]

    return rows_of(study.STUDY, measured, keep)


ORDER = ("at once", "magnitude", "fisher", "gradual", "gradual, fisher", "obd")


def as_claimed(point):
    return 90 - 10 * ORDER.index(point["way"]) if point["way"] in ORDER else 5


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_three_outcomes():
    assert set(verdicts(rows(as_claimed)).values()) == {Verdict.SUPPORTED}
    assert set(verdicts(rows(lambda point: 100 - as_claimed(point))).values()) == {Verdict.NOT_SUPPORTED}
    mixed = rows(lambda point: as_claimed(point) if point["seed"] else 100 - as_claimed(point))
    assert set(verdicts(mixed).values()) == {Verdict.INCONCLUSIVE}
    few = rows(as_claimed, keep=lambda point: point["seed"] < 2)
    assert set(verdicts(few).values()) == set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}


def test_an_equal_count_is_not_fewer():
    assert set(verdicts(rows(lambda point: 7)).values()) == {Verdict.NOT_SUPPORTED}


def test_numbers_figure_and_pipelines():
    table = rows(as_claimed)
    found = study.numbers(table)
    assert len(found) == len(study.GRID["laptop"]) / 3
    assert found[found["way"] == "at once"]["errors"].tolist() == ["90, 90, 90"]
    assert len(study.figure(table).axes[0].lines) == len(study.WAYS)
    assert len(study.figure(pd.DataFrame()).axes) == 1
    for point in study.GRID["laptop"]:
        read_pipeline(study.pipeline(point))


def test_the_smoke_tier_cuts_one_layer():
    (row,) = study.measure(study.GRID["smoke"][0])
    assert row["errors_before"] < row["errors"] < 0.3 * row["n"]


@pytest.mark.parametrize("point", [p for p in study.GRID["laptop"] if p["question"] == "cut"][::3])
def test_cuts_are_named_by_their_saliency(point):
    assert f"saliency={point['way']!r}" in study.pipeline(point)
