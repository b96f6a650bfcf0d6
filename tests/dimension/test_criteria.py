"""Thresholds: their values, their errors, and when there is none."""

import math

import pytest

from idbounds.dimension.criteria import Baseline, Metric, thresholds
from idbounds.errors import InputError

BASE = Baseline.of([0.97, 0.98, 0.99])


def test_values():
    found, missing = thresholds(BASE, Metric(chance=0.1))
    assert not missing
    assert found["fraction"].value == pytest.approx(0.9 * 0.98)
    assert found["absolute"].value == pytest.approx(0.9)
    assert found["gain"].value == pytest.approx(0.1 + 0.9 * 0.88)


def test_errors_come_from_the_seeds_of_the_baseline():
    found, _ = thresholds(BASE, Metric(chance=0.1), threshold=0.5)
    assert BASE.sd == pytest.approx(0.01)
    assert found["fraction"].sd(99.0) == pytest.approx(0.5 * 0.01 / math.sqrt(3))
    assert found["gain"].sd(99.0) == found["fraction"].sd(99.0)
    assert found["absolute"].sd(99.0) == 0


def test_a_single_baseline_borrows_the_noise_of_the_runs():
    found, _ = thresholds(Baseline.of([0.98]), Metric())
    assert found["fraction"].sd(0.02) == pytest.approx(0.9 * 0.02)


def test_a_loss():
    found, missing = thresholds(Baseline.of([0.2, 0.2]), Metric(2.2, best=None, higher_is_better=False))
    assert found["fraction"].value == pytest.approx(0.2 / 0.9)
    assert found["gain"].value == pytest.approx(2.2 - 0.9 * 2.0)
    assert "absolute=" in missing["absolute"]
    found, _ = thresholds(Baseline.of([0.2]), Metric(higher_is_better=False), absolute=0.5)
    assert found["absolute"].value == 0.5


def test_what_cannot_be_stated():
    _, missing = thresholds(Baseline.of([-1.0, -2.0]), Metric(best=None))
    assert set(missing) == {"fraction", "absolute", "gain"}
    _, missing = thresholds(Baseline.of([0.1]), Metric(chance=0.1))
    assert "no better than chance" in missing["gain"]


@pytest.mark.parametrize("q", [0, 1, 90, math.nan])
def test_a_fraction_that_is_none(q):
    with pytest.raises(InputError, match="threshold"):
        thresholds(BASE, Metric(), threshold=q)


def test_other_bad_input():
    with pytest.raises(InputError, match="absolute"):
        thresholds(BASE, Metric(), absolute=math.inf)
    with pytest.raises(InputError, match="full-parameter"):
        Baseline.of([])
    with pytest.raises(InputError, match="full-parameter"):
        Baseline.of([0.9, math.nan])
