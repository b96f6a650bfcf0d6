"""The claims about subspaces under the objective can come out all three ways."""

import numpy as np
import pandas as pd
import pytest
from made_rows import rows_of

from validation.studies import subspace_objective as study
from validation.study import Verdict


def rows(change=lambda point, bound: bound, keep=lambda point: True, d90=400.0):
    """The laptop tier, the bound smallest at d = 1000, d90 below."""

    def measured(point):
        if point["what"] == "d90":
            row = {"d90": d90, "low": 0.9 * d90, "high": 1.1 * d90}
        else:
            bound = 0.2 + 0.001 * abs(np.log(point["d"] / 1000)) + 0.0001 * int(point["seed"])
            row = {
                "bound": str(change(point, bound)), "train_error": 0.12, "test_error": 0.13, "test_low": 0.125,
                "code_bits": 1600,
            }  # fmt: skip
        return [row]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_hoped():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}


def test_no_rows_and_too_few():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    found = verdicts(rows(keep=lambda point: point["what"] != "d90" and point["d"] != 1000))
    assert set(found.values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("options", "claim", "verdict"),
    [
        ({"change": lambda point, bound: 0.1}, "valid", Verdict.NOT_SUPPORTED),
        (
            {"change": lambda point, bound: bound + 0.02 * (point["seed"] == 2 and point["d"] == 1000)},
            "near_all_weights",
            Verdict.NOT_SUPPORTED,
        ),
        ({"d90": 3000.0}, "best_above_d90", Verdict.NOT_SUPPORTED),
        ({"d90": 1000.0}, "best_above_d90", Verdict.INCONCLUSIVE),
    ],
)
def test_a_counterexample(options, claim, verdict):
    assert verdicts(rows(**options))[claim] is verdict


def test_numbers_and_figure():
    table = rows()
    assert len(study.numbers(table)) == len(study.GRID["laptop"]) - 1
    axes = study.figure(table).axes[0]
    assert axes.get_xlabel()
    assert len(study.figure(pd.DataFrame()).axes) == 1


def test_all_weights_are_as_many_as_stated():
    from idbounds.models import build

    assert sum(p.numel() for p in build("scatternet", (28, 28), 10).parameters()) == study.FULL


@pytest.mark.slow
def test_the_smoke_tier_ends_in_a_bound():
    (point,) = study.GRID["smoke"]
    (row,) = study.measure(point)
    assert 0 < float(row["bound"]) <= 1
    assert "d" not in row
