"""Every bound against an independent computation, published numbers and its neighbours."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp, mpf

from idbounds import bounds
from idbounds.quantities import QUANTITIES
from idbounds.testing import edge, typical
from tests.catalogue import oracle
from tests.catalogue.families import CERTIFICATES, NUMBERS, ORACLE

with (Path(__file__).parent / "vectors.csv").open() as lines:
    VECTORS = list(csv.DictReader(lines))

POINTS = 30


def points(bound):
    """Random combinations of edges, and typical points."""
    rng = np.random.default_rng(len(bound.id))
    for make in (edge, typical):
        for _ in range(POINTS // 2):
            yield {name: str(value) for name, value in _summable(make(bound, rng)).items()}


def _summable(point):
    """A large part of a large count becomes a small one: the oracle sums one term after another."""
    wholes = {name: point.get(QUANTITIES[name].part_of) for name in point if QUANTITIES[name].integer}
    large = {name for name, whole in wholes.items() if whole and 10_000 < point[name] < whole}
    return {name: 300 if name in large else value for name, value in point.items()}


def spread(bound, rng):
    """A point anywhere in the domain: half of the quantities at edges, half at random, far beyond the typical."""
    point = typical(bound, rng) | {k: v for k, v in edge(bound, rng).items() if rng.random() < 0.5}
    for quantity in bound.takes:
        if not quantity.part_of and not quantity.default and rng.random() < 0.3 and quantity.high == np.inf:
            far = max(quantity.low, 1) * 10 ** rng.uniform(0, 9)
            point[quantity.name] = int(far) if quantity.integer else far
    parts = [q for q in bound.takes if q.part_of in point]
    for _ in parts:  # a part of a part may need more than one turn
        for q in parts:
            point[q.name] = min(point[q.name], point[q.part_of])
    return point


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.audit) for name in CERTIFICATES])
def test_safe_ends_everywhere(name):
    check_safe_ends(name, 100_000 // len(CERTIFICATES) + 1)


def check_safe_ends(name, count):
    """The float is within 1e-12 of the proven value and not below it, and `upper` is above both."""
    bound, rng = bounds[name], np.random.default_rng(11)
    for i in range(count):
        point = spread(bound, rng)
        value, proven = Fraction(bound(**point)), bound.upper_fraction(**point)
        slack = Fraction(max(float(bound.magnitude(**point)), abs(float(value)))) / 10**12
        assert proven <= value <= proven + slack, point
        if i % 10 == 0:
            assert Fraction(bound.upper(**point)) >= value, point


@pytest.mark.parametrize("name", CERTIFICATES)
def test_safe_ends_in_a_reduced_form(name):
    check_safe_ends(name, 20)


def as_mpf(value):
    return mpf(value.numerator) / value.denominator


@pytest.mark.parametrize("name", NUMBERS)
def test_an_independent_computation_agrees_to_30_digits(name):
    bound = bounds[name]
    for point in points(bound):
        truth, value = ORACLE[name](**{k: mpf(v) for k, v in point.items()}), mpf(bound(**point))
        size = max(abs(truth), mpf(float(bound.magnitude(**point))))
        assert truth <= value + size * mpf(10) ** -50, point
        assert value <= truth + size * mpf(10) ** -12, point
        if name in CERTIFICATES:
            proven = as_mpf(bound.upper_fraction(**point))
            assert truth <= proven + size * mpf(10) ** -50, point
            assert abs(proven - truth) <= mpf(10) ** -28 * size, point
            assert mpf(bound.upper(**point)) >= max(truth - size * mpf(10) ** -50, value), point


def test_the_oracle_itself_is_right_by_its_definitions():
    p = oracle.kl_inverse(mpf("0.02"), mpf("0.014"))
    assert abs(oracle.kl(mpf("0.02"), p) - mpf("0.014")) < mpf(10) ** -50
    p = oracle.binomial_inverse(5, 100, mp.log(mpf("0.05")))
    tail = sum(mp.binomial(100, i) * p**i * (1 - p) ** (100 - i) for i in range(6))
    assert abs(tail - mpf("0.05")) < mpf(10) ** -44


@pytest.mark.parametrize("row", VECTORS, ids=[f"{r['id']}-{r['bound']}" for r in VECTORS])
def test_published_numbers(row):
    bound, inputs, digits = bounds[row["bound"]], json.loads(row["inputs"]), len(row["value"].split(".")[1])
    truth = Fraction(row["value"])
    tolerance = Fraction(6, 10) * Fraction(1, 10 ** min(digits, 15))
    assert abs(bound.upper_fraction(**inputs) - truth) <= tolerance
    assert bound(**inputs) == pytest.approx(float(truth), abs=max(float(tolerance), 1e-12 * float(truth)))


def test_a_typical_case_to_twelve_digits():
    case = {"train_error": "0.02", "code_bits": "1200", "n": "60000", "delta": "0.05"}
    truth = ORACLE["occam-kl"](**{k: mpf(v) for k, v in case.items()})
    assert abs(mpf(bounds["occam-kl"](train_error=0.02, code_bits=1200, n=60000)) / truth - 1) < 1e-12
    assert truth <= mpf(bounds["occam-kl"].upper(**case)) <= truth * (1 + mpf(10) ** -11)


def test_the_exact_tail_is_tightest_then_small_kl_then_hoeffding():
    rng = np.random.default_rng(3)
    n = np.floor(10 ** rng.uniform(0, 8, 5000))
    case = {
        "errors": np.floor(rng.random(5000) ** 3 * (n + 1)),
        "n": n,
        "delta": 10 ** rng.uniform(-9, -0.1, 5000),
    }
    case["code_bits"] = n * 10 ** rng.uniform(-6, 1, 5000)
    values = [bounds[b](**case) for b in ("occam-binomial", "occam-kl", "occam-hoeffding")]
    assert np.all(values[0] <= values[1] * (1 + 1e-12))
    assert np.all(values[1] <= values[2] * (1 + 1e-12))


def test_weaker_names_bounds_that_are_weaker():
    for bound in bounds.values():
        for weaker in bound.weaker:
            rng = np.random.default_rng(1)
            for _ in range(50):
                point = typical(bound, rng)
                used = {k: v for k, v in point.items() if k in bounds[weaker].accepts}
                assert bound(**point) <= bounds[weaker](**used) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("code_bits", "n"), [(10_000, 60_000), (10_000, 10**6), (10**9, 10**6), (10**9, 10**11)]
)
def test_the_exact_tail_survives_levels_far_below_the_smallest_float(code_bits, n):
    case = {"errors": n // 1000, "n": n, "code_bits": code_bits, "delta": "0.05"}
    proven, value = bounds["occam-binomial"].upper_fraction(**case), bounds["occam-binomial"](**case)
    assert proven <= Fraction(value) <= proven * (1 + Fraction(1, 10**12))
    assert value < 1 or code_bits > n * 100
    if n <= 10**6 and code_bits <= 10_000:
        truth = ORACLE["occam-binomial"](mpf(case["errors"]), mpf(code_bits), mpf(n), mpf("0.05"))
        assert abs(mpf(value) / truth - 1) < 1e-12
