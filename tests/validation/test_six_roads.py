"""The claims about the roads can come out all three ways; what is committed is what the study would run."""

from pathlib import Path

import pandas as pd
import pytest
from made_rows import rows_of

from validation import results
from validation.studies import six_roads as study
from validation.study import Verdict

COMMITTED = Path(__file__).parents[2] / "validation/results"
ENDS = {
    "sparsification": 0.3,
    "down-sizing": 0.35,
    "entropy coding": 0.6,
    "quantisation": 0.7,
}


def rows(keep=lambda point: True, **ends):
    """The laptop tier; the first budget of a road has the smallest bound."""

    def measured(point):
        place = [*study.ROADS[point["road"]]].index(point["budget"])
        bound = {**ENDS, **ends}.get(point["road"].replace(" ", "_"), ENDS.get(point["road"], 0.9))
        row = {
            "code_bits": 3000 + 1000 * place, "train_error": 0.15, "test_error": 0.16, "test_low": 0.155,
            "bound": str(bound + 0.01 * place), "pipeline": "x",
        }  # fmt: skip
        return [row]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_hoped():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}


def test_no_rows_and_too_few():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    found = verdicts(rows(keep=lambda point: point["road"] in {"entropy coding", "sharing"}))
    assert set(found.values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("ends", "refuted"),
    [
        ({"entropy_coding": 0.8}, {"entropy_coding_pays"}),
        ({"down-sizing": 0.2}, {"sparse_beats_small"}),
        ({"sparsification": 0.65}, {"fewer_numbers_pay", "sparse_beats_small"}),
        ({"quantisation": 0.12}, {"valid", "entropy_coding_pays"}),
    ],
)
def test_a_counterexample(ends, refuted):
    found = verdicts(rows(**ends))
    assert {name for name, verdict in found.items() if verdict is Verdict.NOT_SUPPORTED} == refuted


def test_numbers_and_figure():
    table = rows()
    assert len(study.numbers(table)) == len(study.GRID["laptop"]) == 3 * len(study.ROADS)
    made = study.figure(table)
    (legend,) = made.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[0] == "sparsification: 30.0%"
    assert len(labels) == len(study.ROADS)
    assert len(study.figure(pd.DataFrame()).axes) == 1


def test_the_committed_rows_came_from_the_pipelines_of_the_study():
    table = results.latest(results.of_study(COMMITTED, study.STUDY.id))
    assert len(table) == len(study.GRID["laptop"])
    for row in table.itertuples():
        assert row.pipeline == study.ROADS[row.road][row.budget]


def test_the_smoke_tier_ends_in_a_bound():
    (point,) = study.GRID["smoke"]
    (row,) = study.measure(point)
    assert row["train_error_before"] < row["train_error"] < float(row["bound"]) <= 1
    assert row["dense_bits"] / 32 < row["code_bits"] < row["dense_bits"] / 25
