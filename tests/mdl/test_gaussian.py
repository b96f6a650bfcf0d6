import math

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.mdl import (
    fisher_gaussian,
    fisher_location,
    fisher_scale,
    nml_gaussian_ideal_bits,
    nml_location_ideal_bits,
    nml_regression_ideal_bits,
    nml_scale_ideal_bits,
    renormalised_regression_ideal_bits,
)


def sphere(dimension, radius):
    """Area of the sphere of that radius; two points for dimension 1."""
    return 2 * math.pi ** (dimension / 2) * radius ** (dimension - 1) / math.gamma(dimension / 2)


def rule(low, high, points=80):
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return low + (high - low) * (nodes + 1) / 2, weights * (high - low) / 2


def total(length, design, fits, residuals):
    """Integral of 2^-length over all data, which depends on the size of the fit and of the residual alone.

    Data are the sum of a vector in the span of the design and one beside it; both radii go through their ranges.
    """
    n, k = design.shape
    basis = np.linalg.qr(design, mode="complete")[0]
    rng = np.random.default_rng(0)
    inner, outer = basis[:, :k] @ rng.standard_normal(k), basis[:, k:] @ rng.standard_normal(n - k)
    inner, outer = inner / max(np.linalg.norm(inner), 1e-300), outer / np.linalg.norm(outer)
    sum_ = 0.0
    for fit, weight in zip(*(rule(*fits) if k else ([0.0], [1.0])), strict=True):
        area = weight * (sphere(k, fit) if k else 1)
        for residual, share in zip(*rule(*residuals), strict=True):
            sum_ += area * share * sphere(n - k, residual) * 2.0 ** -length(fit * inner + residual * outer)
    return sum_


def test_location_integrates_to_one():
    def length(x):
        return nml_location_ideal_bits(x, sigma=1.3, location=(-2, 2))

    whole = total(length, np.ones((4, 1)), (0, 4), (0, 12))
    assert whole == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_scale_integrates_to_one(n):
    def length(x):
        return nml_scale_ideal_bits(x, mean=0.0, scale=(0.5, 2))

    whole = total(length, np.ones((n, 0)), None, (0.5 * math.sqrt(n), 2 * math.sqrt(n)))
    assert whole == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_gaussian_integrates_to_one(n):
    def length(x):
        return nml_gaussian_ideal_bits(x, location=(-1, 1), scale=(0.5, 1.5))

    root = math.sqrt(n)
    assert total(length, np.ones((n, 1)), (0, root), (0.5 * root, 1.5 * root)) == pytest.approx(1, abs=1e-9)


DESIGN = np.random.default_rng(4).standard_normal((7, 4))


@pytest.mark.parametrize("k", [0, 1, 2, 4])
def test_regression_integrates_to_one(k):
    def length(y):
        return nml_regression_ideal_bits(DESIGN[:, :k], y, power=2.0, scale=(0.4, 1.5))

    root = math.sqrt(7)
    whole = total(length, DESIGN[:, :k], (0, root * math.sqrt(2)), (0.4 * root, 1.5 * root))
    assert whole == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_renormalised_regression_integrates_to_one(k):
    def length(y):
        return renormalised_regression_ideal_bits(DESIGN[:, :k], y, power=(0.2, 2.0), scale=(0.4, 1.5))

    root = math.sqrt(7)
    fits = root * math.sqrt(0.2), root * math.sqrt(2)
    assert total(length, DESIGN[:, :k], fits, (0.4 * root, 1.5 * root)) == pytest.approx(1, abs=1e-9)


def test_a_column_of_ones_without_declared_mean_is_a_gaussian():
    # The two declare different things: a power of the fit, or a range of the mean. |mean| <= sqrt(power) is both.
    x = np.random.default_rng(0).normal(0.3, 1, 50)
    ranges = {"scale": (0.1, 10)}
    one = nml_regression_ideal_bits(np.ones((50, 1)), x, power=4.0, **ranges)
    assert one == pytest.approx(nml_gaussian_ideal_bits(x, location=(-2, 2), **ranges), abs=1e-9)


def test_no_column_is_a_scale():
    x = np.random.default_rng(0).normal(0, 1, 50)
    none = nml_regression_ideal_bits(np.ones((50, 0)), x, power=4.0, scale=(0.1, 10))
    assert none == pytest.approx(nml_scale_ideal_bits(x, mean=0.0, scale=(0.1, 10)), abs=1e-9)


def test_the_design_counts_by_its_span_alone():
    rng = np.random.default_rng(1)
    design, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    turned = design @ rng.standard_normal((3, 3))
    for code in (
        lambda d: nml_regression_ideal_bits(d, y, power=9.0, scale=(0.1, 10)),
        lambda d: renormalised_regression_ideal_bits(d, y, power=(1e-3, 9.0), scale=(0.1, 10)),
    ):
        assert code(design) == pytest.approx(code(turned), abs=1e-8)


@pytest.mark.parametrize("n", [100, 10_000])
def test_fisher_information_is_the_limit(n):
    x = np.random.default_rng(2).normal(0.2, 1.1, n)
    misfit = {
        "location": n / 2 * math.log2(2 * math.pi) + ((x - x.mean()) ** 2).sum() / 2 / math.log(2),
        "scale": n / 2 * math.log2(2 * math.pi * math.e * (x**2).mean()),
        "gaussian": n / 2 * math.log2(2 * math.pi * math.e * x.var()),
    }
    mean, scale = (-1, 1), (0.1, 10)
    exact = nml_location_ideal_bits(x, sigma=1.0, location=mean) - misfit["location"]
    assert exact == pytest.approx(fisher_location(1.0, mean).penalty_approximate_bits(n), abs=1e-6)
    exact = nml_scale_ideal_bits(x, mean=0.0, scale=scale) - misfit["scale"]
    assert exact == pytest.approx(fisher_scale(scale).penalty_approximate_bits(n), abs=2 / n)
    exact = nml_gaussian_ideal_bits(x, location=mean, scale=scale) - misfit["gaussian"]
    assert exact == pytest.approx(fisher_gaussian(mean, scale).penalty_approximate_bits(n), abs=4 / n)


def test_a_finer_resolution_costs_log2_of_it_each():
    x = np.random.default_rng(0).normal(0, 1, 30)
    coarse = nml_location_ideal_bits(x, sigma=1.0, location=(-1, 1), resolution=0.1)
    fine = nml_location_ideal_bits(x, sigma=1.0, location=(-1, 1), resolution=0.05)
    assert fine - coarse == pytest.approx(30)


def test_integers_as_data():
    # At resolution 1 and scale 8 the density is a fair probability: sum over all pairs of integers.
    sums = [
        2 ** -nml_location_ideal_bits([a, b], sigma=8.0, location=(-10.25, 10.25))
        for a in range(-60, 61)
        for b in range(-60, 61)
        if abs(a + b) <= 20
    ]
    assert math.fsum(sums) == pytest.approx(1, abs=0.01)


X = [0.1, -0.4, 0.8]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nml_location_ideal_bits([], sigma=1, location=(0, 1)), "shape"),
        (lambda: nml_location_ideal_bits([math.nan], sigma=1, location=(0, 1)), "nan given"),
        (lambda: nml_location_ideal_bits([math.inf], sigma=1, location=(0, 1)), "inf given"),
        (lambda: nml_location_ideal_bits("abc", sigma=1, location=(0, 1)), "str given"),
        (lambda: nml_location_ideal_bits([[1.0]], sigma=1, location=(0, 1)), "1 dimensions"),
        (lambda: nml_location_ideal_bits(X, sigma=0, location=(0, 1)), "sigma"),
        (lambda: nml_location_ideal_bits(X, sigma=1, location=(1, 0)), "low < high"),
        (lambda: nml_location_ideal_bits(X, sigma=1, location=3), "a pair"),
        (lambda: nml_location_ideal_bits(X, sigma=1, location=(1, 2)), "1 to 2 was declared"),
        (lambda: nml_location_ideal_bits(X, sigma=1, location=(0, 1), resolution=-1), "resolution"),
        (lambda: nml_scale_ideal_bits(X, mean=0, scale=(0, 1)), "above 0"),
        (lambda: nml_scale_ideal_bits(X, mean=0, scale=(1, 2)), "was declared"),
        (lambda: nml_gaussian_ideal_bits([1.0], location=(0, 2), scale=(1, 2)), "more than 1"),
        (lambda: nml_regression_ideal_bits(np.ones((3, 3)), X, power=1, scale=(0.1, 9)), "more than 3"),
        (lambda: nml_regression_ideal_bits(np.ones((3, 2)), X, power=1, scale=(0.1, 9)), "full rank"),
        (lambda: nml_regression_ideal_bits(np.ones((2, 1)), X, power=1, scale=(0.1, 9)), r"\(3, k\)"),
        (lambda: nml_regression_ideal_bits(np.ones((3, 1)), X, power=0.01, scale=(0.1, 9)), "power"),
        (lambda: nml_regression_ideal_bits(np.full((3, 1), np.nan), X, power=1, scale=(0.1, 9)), "nan"),
        (lambda: renormalised_regression_ideal_bits(np.ones((3, 0)), X, power=(1, 2), scale=(1, 2)), "no column"),
    ],
)  # fmt: skip
def test_bad_input(call, words):
    with pytest.raises(InputError, match=words):
        call()
