"""The claims about tight bounds can come out all three ways."""

import pandas as pd
import pytest
from made_rows import rows_of

from validation.studies import tight_bounds
from validation.study import Verdict

BOUNDS = {"mnist": 0.048, "fashion-mnist": 0.178}


def rows(change=lambda point, bound: bound, keep=lambda point: True):
    """The laptop tier, each bound that of its data set, higher where an ingredient is changed, lower with the sketch."""

    def measured(point):
        whole = {**point, "seed": 0} == tight_bounds._point(str(point["dataset"]))
        changed = -0.002 if "sketch" in str(point["architecture"]) else 0 if whole else 0.01
        bound = BOUNDS[str(point["dataset"])] + 0.0001 * int(point["seed"]) + changed
        row = {
            "bound": str(change(point, bound)), "train_error": 0.01, "test_error": 0.012, "test_low": 0.01,
            "test_high": 0.02, "code_bits": 1400, "certify_seconds": 1.0,
        }  # fmt: skip
        return [row]

    return rows_of(tight_bounds.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in tight_bounds.STUDY.claims}


def test_as_hoped():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}


def test_no_rows_and_too_few():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    found = verdicts(rows(keep=lambda point: point["seed"] != 0))
    assert set(found.values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("change", "claims"),
    [
        (lambda point, bound: 0.005, {"valid"}),
        (
            lambda point, bound: 0.12 if point["dataset"] == "mnist" and point["seed"] == 1 else bound,
            {"mnist_below_prior_art", "mnist_reach"},
        ),
        (lambda point, bound: 0.19 if point["seed"] == 1 else bound, {"fashion_mnist_reach"}),
        (
            lambda point, bound: bound + 0.02 * ("sketch" in point["architecture"]),
            {"mnist_sketch", "fashion_mnist_sketch"},
        ),
        (
            lambda point, bound: 0.045 if point["architecture"] == "scatternet" else bound,
            {"mnist_straightened"},
        ),
        (lambda point, bound: 0.1 if point["bits"] == 12 else bound, {"wide_blocks"}),
        (
            lambda point, bound: 0.04 if point["passes"] == 0 else bound,
            {"mnist_choosing_again", "fashion_mnist_choosing_again"},
        ),
    ],
)
def test_a_counterexample(change, claims):
    found = verdicts(rows(change))
    assert all(found[claim] is Verdict.NOT_SUPPORTED for claim in claims)


def test_numbers_and_figure():
    table = rows()
    numbers = tight_bounds.numbers(table)
    assert len(numbers) == len(tight_bounds.GRID["laptop"])
    assert dict(zip(numbers["dataset"], numbers["prior_art"], strict=True)) == pytest.approx(
        {"mnist": 0.116, "fashion-mnist": 0.328}
    )
    labels = [
        label.get_text() for axes in tight_bounds.figure(table).axes for label in axes.get_yticklabels()
    ]
    assert len(labels) == len(numbers)
    assert set(labels) == {
        "12-bit blocks", "no choosing again", "scatternet", "seed 0", "seed 1", "seed 2", "uprightnet",
        *(f"sketch, 2,000 steps, seed {seed}" for seed in (0, 1, 2)),
        *(f"sketch, 6,000 steps, seed {seed}" for seed in (0, 1)),
    }  # fmt: skip
