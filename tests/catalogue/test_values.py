"""Every bound against an independent computation, published numbers and its neighbours."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp, mpf

from idbounds import bounds
from tests.catalogue import oracle

with (Path(__file__).parent / "vectors.csv").open() as lines:
    VECTORS = list(csv.DictReader(lines))

RATES = ["0", "1e-6", "0.001", "0.02", "0.13624", "0.5", "0.97", "1"]
LENGTHS = ["0", "1", "37.5", "1200", "8490.0942", "1e9"]
SIZES = ["1", "2", "200", "60000", "1000000000000"]
DELTAS = ["1e-12", "0.01", "0.05", "0.4"]
COUNTS = ["0", "1", "7", "400", "1200"]
CHOICES = {
    "train_error": RATES,
    "gibbs_train_error": RATES,
    "code_bits": LENGTHS,
    "kl_nats": LENGTHS,
    "n": SIZES,
    "test_n": SIZES,
    "delta": DELTAS,
    "errors": COUNTS,
    "test_errors": COUNTS,
}
POINTS = 30


def points(bound):
    """Random combinations of edges; a count beyond its examples becomes all of them."""
    rng = np.random.default_rng(len(bound.id))
    for _ in range(POINTS):
        point = {q.name: str(rng.choice(CHOICES[q.name])) for q in bound.takes}
        for part, whole in (("errors", "n"), ("test_errors", "test_n")):
            if part in point and int(point[part]) > int(point[whole]):
                point[part] = point[whole]
        yield point


def as_mpf(value):
    return mpf(value.numerator) / value.denominator


@pytest.mark.parametrize("name", bounds)
def test_an_independent_computation_agrees_to_30_digits(name):
    bound = bounds[name]
    for point in points(bound):
        truth = oracle.BOUNDS[name](**{k: mpf(v) for k, v in point.items()})
        proven, value = as_mpf(bound.upper_fraction(**point)), mpf(bound(**point))
        assert truth <= proven * (1 + mpf(10) ** -50), point
        assert abs(proven - truth) <= mpf(10) ** -28 * truth, point
        assert truth <= value * (1 + mpf(10) ** -50), point
        assert value <= truth * (1 + mpf(10) ** -12), point
        assert mpf(bound.upper(**point)) >= max(truth * (1 - mpf(10) ** -50), value), point


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
    truth = oracle.BOUNDS["occam-kl"](**{k: mpf(v) for k, v in case.items()})
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
            point = {"code_bits": 300, "kl_nats": 200, "gibbs_train_error": 0.1, "errors": 100, "n": 1000}
            used = {k: v for k, v in point.items() if k in bound.accepts}
            assert bound(**used) <= bounds[weaker](**used)


@pytest.mark.parametrize(
    ("code_bits", "n"), [(10_000, 60_000), (10_000, 10**6), (10**9, 10**6), (10**9, 10**11)]
)
def test_the_exact_tail_survives_levels_far_below_the_smallest_float(code_bits, n):
    case = {"errors": n // 1000, "n": n, "code_bits": code_bits, "delta": "0.05"}
    proven, value = bounds["occam-binomial"].upper_fraction(**case), bounds["occam-binomial"](**case)
    assert proven <= Fraction(value) <= proven * (1 + Fraction(1, 10**12))
    assert value < 1 or code_bits > n * 100
    if n <= 10**6 and code_bits <= 10_000:
        truth = oracle.BOUNDS["occam-binomial"](mpf(case["errors"]), mpf(code_bits), mpf(n), mpf("0.05"))
        assert abs(mpf(value) / truth - 1) < 1e-12
