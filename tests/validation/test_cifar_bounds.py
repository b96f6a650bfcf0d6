"""The claims about CIFAR-10 can come out all three ways."""

import pandas as pd
import pytest
from made_rows import rows_of

from validation.studies import cifar_bounds
from validation.study import Verdict


def rows(changed=0.55, keep=lambda point: True):
    """The laptop tier: 0.53, 0.531 and 0.532 for the three seeds, and something else for every change."""

    def measured(point):
        whole = all(point[name] == value for name, value in cifar_bounds.BASE.items())
        bound = 0.53 + 0.001 * int(point["seed"]) if whole else changed
        row = {
            "bound": str(bound),
            "train_error": 0.4,
            "test_error": 0.41,
            "test_low": 0.4,
            "test_high": 0.42,
        }
        return [row | {"code_bits": 2600, "certify_seconds": 1.0}]

    return rows_of(cifar_bounds.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in cifar_bounds.STUDY.claims}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [(0.55, Verdict.SUPPORTED), (0.533, Verdict.INCONCLUSIVE), (0.53, Verdict.NOT_SUPPORTED)],
)
def test_what_a_change_does(changed, verdict):
    found = verdicts(rows(changed))
    assert found.pop("valid") == Verdict.SUPPORTED
    assert set(found.values()) == {verdict}


def test_too_few_rows():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    assert set(verdicts(rows(keep=lambda point: point["seed"] != 1)).values()) == {Verdict.INCONCLUSIVE}


def test_a_bound_below_its_test_error_is_no_bound():
    assert verdicts(rows(0.3))["valid"] == Verdict.NOT_SUPPORTED


def test_numbers_and_figure():
    table = rows()
    numbers = cifar_bounds.numbers(table)
    assert set(numbers["change"]) == {"as it is", *cifar_bounds.CHANGES}
    assert numbers["bound"].is_monotonic_increasing
    axes = cifar_bounds.figure(table).axes[0]
    assert len(axes.get_yticklabels()) == len(cifar_bounds.GRID["laptop"])


def test_smoke(tmp_path):
    (point,) = cifar_bounds.GRID["smoke"]
    (row,) = cifar_bounds.measure(point)
    assert 0 < float(row["bound"]) <= 1
