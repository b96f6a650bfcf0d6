"""Crossings: exact on exact curves, indifferent to what must not matter, honest where there is none."""

import math

import numpy as np
import pytest

from idbounds.dimension.criteria import Baseline, Metric, thresholds
from idbounds.dimension.curve import Points, find, first_crossing, isotonic, repeated

FLAT = Baseline(0.9, 0.0, 5)
AT_081 = thresholds(FLAT, Metric())[0]["fraction"]  # 0.81


def points(x, y, gain=0.9):
    order = np.lexsort((y, x))
    x, y = np.asarray(x, float)[order], np.asarray(y, float)[order]
    return Points(x, y, np.arange(x.size), gain)


def test_a_logarithmic_curve_is_crossed_exactly():
    x = np.log([50, 70, 80, 90, 100, 120, 150, 200])
    found = find(points(x, 0.81 + 0.08 * (x - math.log(99.5))), AT_081, 1)
    assert found.method == "fit"
    assert math.exp(found.x) == pytest.approx(99.5, rel=1e-6)
    assert found.slope == pytest.approx(0.08, rel=1e-5)
    assert (found.low, found.high) == pytest.approx((found.x, found.x), abs=1e-6)


@pytest.mark.parametrize("p", [0.3, 0.5, 1.0, 2.0])
def test_a_smooth_curve_without_noise_is_crossed_nearly_exactly(p):
    x = np.linspace(2, 9, 200)
    curve = -0.9 * np.expm1(-np.exp(p * (x - 5)))
    truth = 5 + math.log(-math.log1p(-0.9)) / p
    assert find(points(x, curve), AT_081, 1).x == pytest.approx(truth, abs=0.006 / p)


def test_scaling_d_scales_the_crossing():
    rng = np.random.default_rng(1)
    x = np.repeat(np.linspace(4, 6, 10), 2)
    y = 0.81 + 0.1 * (x - 5.1) + 0.005 * rng.standard_normal(20)
    first, second = find(points(x, y), AT_081, 1), find(points(x + math.log(7), y), AT_081, 1)
    assert second.x - first.x == pytest.approx(math.log(7))
    assert second.high - first.high == pytest.approx(math.log(7))
    assert second.low - first.low == pytest.approx(math.log(7))


def test_scaling_the_scores_changes_nothing():
    rng = np.random.default_rng(2)
    x = np.repeat(np.linspace(4, 6, 10), 2)
    y = 0.81 + 0.1 * (x - 5.1) + 0.005 * rng.standard_normal(20)
    times = thresholds(Baseline(90.0, 0.0, 5), Metric())[0]["fraction"]
    first, second = find(points(x, y), AT_081, 1), find(points(x, 100 * y, 90.0), times, 1)
    assert (first.x, first.low, first.high) == pytest.approx((second.x, second.low, second.high))
    assert second.slope == pytest.approx(100 * first.slope)


def test_more_uncertain_baselines_and_higher_levels_widen_the_interval():
    rng = np.random.default_rng(3)
    x = np.repeat(np.linspace(4.5, 5.7, 8), 2)
    data = points(x, 0.81 + 0.1 * (x - 5.1) + 0.004 * rng.standard_normal(16))

    def width(sd, level):
        threshold = thresholds(Baseline(0.9, sd, 5), Metric())[0]["fraction"]
        found = find(data, threshold, 1, level)
        return found.high - found.low

    assert width(0.0, 0.8) < width(0.0, 0.9) < width(0.005, 0.9) < width(0.02, 0.9)


def test_not_reached_and_reached_at_once():
    low, high = points(np.log([8, 8, 8, 16, 16, 16]), [0.1, 0.11, 0.12, 0.3, 0.31, 0.32]), [0.9] * 6
    found = find(low, AT_081, 1)
    assert (found.method, found.high) == ("above", math.inf)
    assert found.low == pytest.approx(math.log(16))
    found = find(points(low.x, high), AT_081, 1)
    assert (found.method, found.low) == ("below", -math.inf)
    assert found.high == pytest.approx(math.log(8))


def test_nearly_reached_is_not_called_surely_below():
    x, y = np.log([8, 8, 8, 16, 16, 16]), [0.5, 0.52, 0.48, 0.80, 0.82, 0.78]
    found = find(points(x, y), AT_081, 1)
    assert found.method == "above"
    assert found.low == pytest.approx(math.log(8))


def test_a_jump_is_bracketed():
    x, y = np.log([8, 9, 9, 10, 10, 12, 16]), [0.0, 0.0, 0.01, 0.9, 0.89, 0.9, 0.9]
    found = find(points(x, y), AT_081, 1)
    assert found.method == "bracket"
    assert np.exp([found.low, found.high]) == pytest.approx([9, 10])
    assert 9 < math.exp(found.x) <= 10


def test_unknown_noise_bounds_nothing():
    x, y = np.log([8, 16, 32, 64, 128]), [0.3, 0.5, 0.7, 0.95, 0.97]
    alone = thresholds(Baseline(0.9, math.nan, 1), Metric())[0]["fraction"]
    found = find(points(x, y), alone, 1)
    assert (found.method, found.low, found.high) == ("bracket", -math.inf, math.inf)
    found = find(points(x, y), AT_081, 1)  # five baselines without any scatter
    assert np.exp([found.low, found.high]) == pytest.approx([32, 64])


def test_runs_that_scatter_more_than_full_training_count():
    quiet = thresholds(Baseline(0.9, 0.001, 5), Metric())[0]["fraction"]
    x, y = np.log([8, 12, 16, 24, 32, 48, 64, 96]), np.array([0.3, 0.5, 0.3, 0.5, 0.95, 0.75, 0.98, 0.8])
    assert not repeated(points(x, y))
    found = find(points(x, y), quiet, 1)
    assert found.low < math.log(24)
    assert found.high > math.log(32)
    smooth = find(points(x, np.sort(y)), quiet, 1)
    assert smooth.high - smooth.low < found.high - found.low


def test_a_contradiction_widens_the_bracket():
    x = np.log([10, 10, 20, 20, 40, 40, 80, 80])
    y = [0.1, 0.1, 0.85, 0.85, 0.4, 0.4, 0.88, 0.88]
    found = find(points(x, y), AT_081, 1)
    assert found.low <= math.log(10) + 1e-9
    assert found.high >= math.log(80) - 1e-9


def test_the_isotonic_curve():
    x, curve = isotonic(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.5, 0.2, 0.4, 0.9]))
    assert x.tolist() == [1, 2, 3]
    assert curve == pytest.approx([(0.5 + 0.2 + 0.4) / 3] * 2 + [0.9])


def test_first_crossing():
    d, scores = [10, 20, 20, 30, 40], [0.5, 0.8, 0.9, 0.85, 0.95]
    assert first_crossing(d, scores, 0.86) == 40
    assert first_crossing([1, 2, 3], [0.5, 0.75, 1], 0.75) == 3  # above, not at
    assert first_crossing(d, scores, 0.84) == 20
    assert math.isnan(first_crossing(d, scores, 0.99))
