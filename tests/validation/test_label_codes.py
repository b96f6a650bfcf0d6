"""The claims about codes of labels can come out all three ways."""

import pytest
from made_rows import rows_of

from validation.studies import label_codes
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in label_codes.STUDY.claims}
LENGTHS = {
    ("none", "uniform"): 1.0, ("network", "float32"): 40.0, ("network", "rounded"): 2.5,
    ("network", "variational"): 0.5, ("network", "prequential"): 0.1, ("linear", "float32"): 5.0,
    ("linear", "rounded"): 0.4, ("linear", "variational"): 0.2, ("linear", "prequential"): 0.15,
}  # fmt: skip


def measured(change=lambda point: {}, keep=lambda point: True):
    def made(point):
        return [
            {"model": model, "code": code, "bits": 1000 * ratio, "ratio": ratio, "test_error": 0.1}
            for (model, code), ratio in {**LENGTHS, **change(point)}.items()
        ]

    return rows_of(label_codes.STUDY, made, keep)


def test_as_hoped():
    assert {check(measured()).verdict for check in CLAIMS.values()} == {Verdict.SUPPORTED}
    assert len(label_codes.numbers(measured())) == len(LENGTHS) * len(label_codes.SIZES)


@pytest.mark.parametrize(
    ("claim", "line", "ratio"),
    [
        ("float32_is_no_compression", ("network", "float32"), 0.9),
        ("variational_below_rounded", ("network", "variational"), 2.6),
        ("prequential_below_variational", ("network", "prequential"), 0.6),
        ("prequential_below_variational_linear", ("linear", "prequential"), 0.21),
    ],
)
def test_a_counterexample(claim, line, ratio):
    everywhere = measured(lambda point: {line: ratio} if point["dataset"] == "digits" else {})
    assert CLAIMS[claim](everywhere).verdict is Verdict.NOT_SUPPORTED
    once = measured(lambda point: {line: ratio} if point["seed"] == 0 else {})
    assert CLAIMS[claim](once).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_draw_leaves_a_claim_open(claim):
    rows = measured(keep=lambda point: point["seed"] != 1)
    assert CLAIMS[claim](rows).verdict is Verdict.INCONCLUSIVE
