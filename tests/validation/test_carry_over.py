"""The claims about carrying over can come out all three ways, and their limits are what they say."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from idbounds import data
from validation import results
from validation.studies import carry_over
from validation.study import Verdict

CERTIFICATE = {
    "architecture": "linear", "code_bits": 900, "train_error": 0.1, "test_error": 0.11, "test_low": 0.1,
    "bound": "0.2", "n": 15_000, "certify_seconds": 1.0, "logistic_error": 0.09, "majority_bound": "0.5",
}  # fmt: skip


def rows(keep=lambda point: True, only=lambda point: True, **changes):
    """The laptop tier; every point has the same certificate, changed where `only` says."""
    made = []
    for point in filter(keep, carry_over.GRID["laptop"]):
        row = {**CERTIFICATE, **(changes if only(point) else {})}
        made += results.row_set(carry_over.STUDY, "laptop", point, [row], run="r", started="t", seconds=1.0)
    return results.latest(results.frame(made))


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in carry_over.STUDY.claims}


def test_as_hoped():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}
    assert len(carry_over.STUDY.claims) == 1 + 3 * len(carry_over.HELD_OUT)


def test_no_rows_and_too_few():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    found = verdicts(rows(keep=lambda point: point["dataset"] != "adult" or point["seed"] != 2))
    missing = {name for name, verdict in found.items() if verdict is Verdict.INCONCLUSIVE}
    assert missing == {"valid", "adult_gap", "adult_majority", "adult_fit"}


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"test_low": 0.21}, "valid"),
        ({"bound": "0.2", "n": 120_000}, "gap"),
        ({"majority_bound": "0.26"}, "majority"),
        ({"logistic_error": 0.06}, "fit"),
    ],
)
def test_a_counterexample(changes, claim):
    found = verdicts(rows(**changes))
    hit = {name for name in found if name.rpartition("_")[2] == claim}
    assert {name for name, verdict in found.items() if verdict is Verdict.NOT_SUPPORTED} == hit
    one = verdicts(rows(only=lambda point: point["dataset"] == "sst2" and point["seed"] == 1, **changes))
    hit = {name for name in hit if name in {"valid", f"sst2_{claim}"}}
    assert {name for name, verdict in one.items() if verdict is Verdict.NOT_SUPPORTED} == hit


def test_limits():
    gap, n = carry_over.yardstick()
    assert n == 60_000
    assert gap == pytest.approx(0.1777 - 0.1079, abs=1e-4)
    found = carry_over.numbers(rows())
    seeds = [name for name in carry_over.HELD_OUT for _ in carry_over.SEEDS]
    assert found["dataset"].tolist() == [*carry_over.DEVELOPED, *seeds]
    assert found["seed"].tolist() == [0, 0, *carry_over.SEEDS * 3]
    assert found["gap_limit"].tolist() == pytest.approx([2 * gap * math.sqrt(4)] * len(found))
    assert found["bound_limit"].tolist() == pytest.approx([0.375] * len(found))
    assert found["train_limit"].tolist() == pytest.approx([0.135] * len(found))


def test_the_development_sets_are_those_of_the_decoder():
    from idbounds.decoders.draws import DEVELOPED_ON

    assert set(carry_over.DEVELOPED) < set(DEVELOPED_ON)
    assert not set(carry_over.HELD_OUT) & set(DEVELOPED_ON)
    assert set(carry_over.NAMES) == {*carry_over.DEVELOPED, *carry_over.HELD_OUT} <= set(data.names())


def test_logistic_regression_takes_the_better_scaling():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    x = np.stack([rng.integers(0, 100, 200), 3 * y], 1).astype(np.uint8)  # the class is visible, but small
    sample = SimpleNamespace(train_x=x, train_y=y, levels=101)
    assert carry_over.logistic_error(sample) == 0
    shuffled = SimpleNamespace(train_x=x[:, :1], train_y=y, levels=101)
    assert 0.3 < carry_over.logistic_error(shuffled) < 0.6


def test_figure():
    axes = carry_over.figure(rows()).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["IMDB*", "letter*", "adult", "penbased", "SST-2"]
    assert len(axes.lines) == 4
