"""The local fit: exact where it must be, Fieller's where the bend is known, honest where runs share something."""

import math

import numpy as np
import pytest
from scipy import stats

from idbounds.dimension.local import bend, fit


def alone(u):
    return np.arange(u.size)


def test_a_parabola_without_noise_is_found_whatever_the_prior():
    u = np.linspace(-1, 1, 7)
    line = fit(u, -0.2 + 0.7 * u - 0.3 * u**2 / 2, alone(u), mean=5.0, sd=0.1)
    assert (line.a, line.b, line.g) == pytest.approx((-0.2, 0.7, -0.3), abs=1e-9)
    assert line.root() == pytest.approx((0.7 - math.sqrt(0.49 - 0.12)) / 0.3)
    assert line.interval(0.0, 4, 0.9) == pytest.approx((line.root(), line.root()), abs=1e-6)


def test_two_values_leave_the_bend_to_the_prior():
    u = np.repeat([-1.0, 1.0], 3)
    line = fit(u, u + np.tile([-0.1, 0, 0.1], 2), alone(u), mean=-0.5, sd=0.2)
    assert line.g == pytest.approx(-0.5)
    assert line.dof == 4


def test_a_line_of_known_bend_has_the_interval_of_fieller():
    rng = np.random.default_rng(1)
    u = rng.uniform(-1, 1, 9)
    y = 0.1 + u + 0.2 * rng.standard_normal(9)
    line, extra = fit(u, y, alone(u), mean=0.0, sd=1e-9), 0.05
    # Straight: a = mean - b * mean(u); the roots of (a + b u)^2 = t^2 (var a + 2 u cov + u^2 var b + extra^2).
    design = np.stack([np.ones(9), u], axis=1)
    (a, b), *_ = np.linalg.lstsq(design, y, rcond=None)
    cov = line.noise**2 * np.linalg.inv(design.T @ design)
    assert (line.a, line.b) == pytest.approx((a, b), rel=1e-4)
    own = np.array([1, -a / b]) @ cov @ np.array([1, -a / b])
    dof = (own + extra**2) ** 2 / (own**2 / 6 + extra**4 / 4)
    t2 = stats.t.ppf(0.95, dof) ** 2
    q = np.array([b * b - t2 * cov[1, 1], 2 * (a * b - t2 * cov[0, 1]), a * a - t2 * (cov[0, 0] + extra**2)])
    assert line.interval(extra, 4, 0.9) == pytest.approx(sorted(np.roots(q)), rel=1e-4)


def test_the_ends_are_where_the_test_turns():
    rng = np.random.default_rng(2)
    u = rng.uniform(-1, 1, 12)
    line = fit(u, u - 0.4 * u**2 + 0.05 * rng.standard_normal(12), alone(u), mean=-0.5, sd=0.5)
    t = stats.t.ppf(0.95, line.dof)
    for end in line.interval(0.0, 4, 0.9):
        value = line.a + line.b * end + line.g * end**2 / 2
        assert abs(value) == pytest.approx(t * math.sqrt(line.variance(end)), rel=1e-6)


def test_a_flat_curve_bounds_nothing():
    rng = np.random.default_rng(3)
    u = rng.uniform(-1, 1, 12)
    line = fit(u, 0.01 * u + 0.5 * rng.standard_normal(12), alone(u), mean=0.0, sd=1.0)
    if line.root() is not None:
        assert math.inf in np.abs(line.interval(0.0, 4, 0.9))
    falling = fit(u, -u, alone(u), mean=0.0, sd=1.0)
    assert falling.root() is None


def test_runs_that_share_a_seed_count_as_one():
    rng = np.random.default_rng(4)
    u, seed = np.tile(np.linspace(-1, 1, 6), 5), np.repeat(np.arange(5), 6)
    y = u + 0.3 * rng.standard_normal(5)[seed] + 0.01 * rng.standard_normal(30)
    naive, honest = fit(u, y, alone(u), 0.0, 1.0), fit(u, y, seed, 0.0, 1.0)
    assert honest.dof == 4
    between = np.std([y[seed == s].mean() for s in range(5)], ddof=1) / math.sqrt(5)
    assert math.sqrt(honest.cov[0, 0]) > 1.5 * math.sqrt(naive.cov[0, 0])
    assert math.sqrt(honest.cov[0, 0]) == pytest.approx(between, rel=0.3)


@pytest.mark.parametrize("f", [0.3, 0.5, 0.8, 0.9, 0.95])
def test_the_prior_holds_the_usual_shapes(f):
    """g G / b^2 is F'' / F'^2 of logistic, Weibull, Gompertz and straight curves, at a share f of the gain."""
    mean, sd = bend(f)
    weibull = (1 + math.log(1 - f)) / (-(1 - f) * math.log(1 - f))
    gompertz = (-1 - math.log(f)) / (-f * math.log(f))
    for shape in (0.0, (1 - 2 * f) / (f * (1 - f)), weibull, gompertz):
        assert abs(shape - mean) <= 2 * sd
