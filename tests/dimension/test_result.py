"""The result: readable, and the same after a trip through JSON."""

import json
import math

import pytest

from idbounds.dimension import IntrinsicDimension, estimate_d90
from idbounds.dimension.search import measure_d90
from idbounds.errors import InputError
from tests.dimension.test_estimate import table


def rough(d, seed, learning_rate):
    """A run without noise that fails at d = 64, and does best at a rate of 0.1."""
    if d == 64:
        return math.nan
    return (1.0 if d is None else 1 - 1 / (1 + d / 20)) - abs(math.log10(learning_rate) + 1) / 10


@pytest.fixture(scope="module")
def measured():
    return measure_d90(rough, d_max=4096, learning_rates=[0.01, 0.03, 0.1, 0.3])


def test_json_keeps_everything(measured):
    for result in (
        measured,
        estimate_d90(table(), chance=0.1),
        estimate_d90({"d": [4, None], "score": [1, 1]}),
    ):
        again = IntrinsicDimension.from_json(result.to_json())
        assert again == result
        assert again.to_json() == result.to_json()
        assert str(again) == str(result)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other"}', '{"format": "intrinsic-dimension-1"}']
)
def test_other_json_is_refused(text):
    with pytest.raises(InputError, match="to_json"):
        IntrinsicDimension.from_json(text)


def test_json_is_plain(measured):
    assert "NaN" not in measured.to_json()
    assert json.loads(measured.to_json())["aim"] == ["fraction"]


def test_the_page(measured):
    page = str(measured)
    assert page.startswith(f"d90 = {measured.main}")
    assert "full training: 1.0000" in page
    assert "learning rates: 0.01, 0.03, 0.1, 0.3" in page
    assert "was not given (chance=)" in page
    assert "runs failed and are left out" in page
    assert all(len(line) < 110 for line in page.splitlines())
    assert "<table" in measured._repr_html_()


def test_the_tables(measured):
    assert measured.table().loc["fraction", "d"] == measured.main.d
    assert len(measured.curve) == measured.cost["runs"] == len(measured.scores)
    assert len(measured.tuning_curve) == measured.cost["tuning_runs"] == len(measured.tuning)
    assert measured.curve["d"].isna().sum() == 5
    assert set(measured.curve.loc[measured.curve["d"] == 64, "status"]) <= {"failed"}
    assert estimate_d90(table(), chance=0.1).tuning_curve.empty


def test_a_crossing_in_words():
    within = estimate_d90(table(), chance=0.1).main
    assert str(within).startswith(f"{within.d:.4g} [{within.low:.4g}, ")
    assert within.whole == math.ceil(within.d)
    assert within.ln_error == pytest.approx(within.noise / within.slope)
    above = estimate_d90({"d": [4, 4, 4], "score": [0.1, 0.11, 0.12]}, baseline=[1, 1, 1]).main
    assert (str(above), above.whole) == ("> 4 (not reached)", None)
    below = estimate_d90({"d": [4, 4, 4], "score": [1.0, 1.0, 1.01]}, baseline=[1, 1, 1]).main
    assert (str(below), below.d) == ("<= 4 (reached at once)", None)
