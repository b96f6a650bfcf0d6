"""Words in float64: the committed values, the safe side, the laws, the edges, the refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.kernels import floats
from tests.kernels.points import LOG_STAR_OF_THE_LITERATURE, evaluate, excesses, inputs, vectors

RATES = st.one_of(st.floats(0, 1), st.floats(1e-12, 1e-3), st.sampled_from([0.0, 0.5, 1.0]))
COSTS = st.one_of(st.floats(0, 50), st.floats(1e-12, 1e-3))
WITHIN = {"kl_inverse": (0, 1.2e-15), "kl_inverse_lower": (-1e-12, 0), "binomial_tail_inverse": (0, 1e-12)}


@pytest.mark.parametrize(
    ("name", "word", "given", "value"), vectors(), ids=lambda x: x if isinstance(x, str) else ""
)
def test_the_committed_value_is_reached_from_the_safe_side(name, word, given, value):
    found = getattr(floats, word)(*(evaluate(x, float, math.log) for x in given))
    if word == "log_star":  # computed with the literature's constant, which is too small
        found -= math.log2(floats.LOG_STAR_CONSTANT / float(LOG_STAR_OF_THE_LITERATURE))
        assert found == pytest.approx(float(value), abs=1e-10)
    else:
        # a cost or level computed in float64 has its own rounding
        assert found == pytest.approx(float(value), rel=2e-12)


def check_against_balls(word, size, seed):
    columns = inputs(word, np.random.default_rng(seed), size)
    found = excesses(word, getattr(floats, word)(*columns), columns)
    low, high = WITHIN[word]
    assert low <= found.min()
    assert found.max() <= high


@pytest.mark.parametrize(
    ("word", "size"), [("kl_inverse", 3000), ("kl_inverse_lower", 3000), ("binomial_tail_inverse", 500)]
)
def test_inverses_lie_on_the_safe_side_of_the_ball_and_close(word, size):
    check_against_balls(word, size, 1)


@pytest.mark.audit
@pytest.mark.parametrize("word", WITHIN)
def test_inverses_lie_on_the_safe_side_of_the_ball_at_a_hundred_thousand_points(word):
    check_against_balls(word, 100_000, 2)


def test_kl_is_right_to_a_few_ulps_everywhere():
    columns = inputs("kl", np.random.default_rng(3), 20_000)
    normal = np.minimum(*columns) > 1e-280  # products of smaller rates with their logarithms lose bits
    columns = [np.where(normal, x, 0.5) for x in columns]
    assert np.abs(excesses("kl", floats.kl(*columns), columns)).max() < 4e-15


def test_log_star_is_rounded_up_by_less_than_a_few_ulps():
    columns = (np.concatenate([np.arange(1.0, 2000), inputs("log_star", np.random.default_rng(4), 2000)[0]]),)
    found = excesses("log_star", floats.log_star(*columns), columns)
    assert found.min() >= 0
    assert found.max() < 3e-15


@given(RATES, COSTS)
def test_kl_of_the_upper_inverse_is_the_cost(q, c):
    p = floats.kl_inverse(q, c)
    assert q <= p <= 1
    below = p * (1 - 1e-14)  # the inverse cannot be smaller by more than its claimed error
    assert q >= below or below == p or floats.kl(q, below) <= c * (1 + 1e-9) + 1e-300
    assert p == 1 or floats.kl(q, p) >= c * (1 - 1e-9) - 1e-300


@given(RATES, COSTS)
def test_the_lower_inverse_mirrors_the_upper_one(q, c):
    p = floats.kl_inverse_lower(q, c)
    assert 0 <= p <= q
    assert p == 0 or floats.kl(q, p) >= c * (1 - 1e-9) - 1e-300
    half = round(q * 1024) / 1024  # so that 1 - q is exact
    assert floats.kl_inverse_lower(half, c) == pytest.approx(1 - floats.kl_inverse(1 - half, c), abs=3e-15)


@given(RATES, RATES, COSTS, COSTS)
def test_inverses_are_monotone_in_both_arguments(q1, q2, c1, c2):
    (q1, q2), (c1, c2) = sorted((q1, q2)), sorted((c1, c2))
    up, down = floats.kl_inverse, floats.kl_inverse_lower
    assert up(q1, c1) <= up(q2, c1) * (1 + 2e-15)
    assert up(q1, c1) <= up(q1, c2) * (1 + 2e-15)
    assert down(q1, c1) <= down(q2, c1) * (1 + 1e-12) + 1e-299
    assert down(q1, c2) <= down(q1, c1) * (1 + 1e-12) + 1e-299


@settings(max_examples=50)
@given(st.integers(1, 10**9), st.data())
def test_the_binomial_inverse_is_monotone(n, data):
    k = data.draw(st.integers(0, n))
    level = -data.draw(st.floats(1e-3, 1e8))
    value = floats.binomial_tail_inverse(k, n, level)
    assert 0 < value <= 1
    assert k == n or value <= floats.binomial_tail_inverse(k + 1, n, level) * (1 + 1e-12)
    assert floats.binomial_tail_inverse(k, n + 1, level) <= value * (1 + 1e-12)
    assert value <= floats.binomial_tail_inverse(k, n, 2 * level) * (1 + 1e-12)
    # below the relaxation by Chernoff's inequality
    assert value <= floats.kl_inverse(k / n, -level / n) * (1 + 1e-11)


def test_edges_of_the_kl_inverses():
    assert floats.kl_inverse(0, 0) == 0
    assert floats.kl_inverse(0.3, 0) == floats.kl_inverse_lower(0.3, 0) == 0.3
    assert floats.kl_inverse(1, 0.1) == 1
    assert floats.kl_inverse(0, 1e-14) == pytest.approx(1e-14, rel=1e-14)
    assert floats.kl_inverse(0.2, math.inf) == floats.kl_inverse(0, math.inf) == 1
    assert floats.kl_inverse(0.2, 1e12 * math.log(2)) == 1
    assert floats.kl_inverse_lower(0, 0.1) == floats.kl_inverse_lower(0.2, math.inf) == 0
    assert floats.kl_inverse_lower(1, math.inf) == 0
    assert floats.kl_inverse_lower(1, 2) == pytest.approx(math.exp(-2), rel=1e-14)


def test_edges_of_kl():
    assert floats.kl(0, 0) == floats.kl(1, 1) == floats.kl(0.25, 0.25) == 0
    assert floats.kl(0.5, 0) == floats.kl(0.5, 1) == floats.kl(1, 0) == floats.kl(0, 1) == math.inf
    assert floats.kl(0, 0.5) == pytest.approx(math.log(2), rel=1e-15)


def test_edges_of_the_binomial_inverse():
    invert = floats.binomial_tail_inverse
    assert invert(7, 7, -3) == invert(1, 1, -3) == invert(3, 9, -math.inf) == 1
    assert invert(3, 9, 0) == invert(0, 1, 0) == 0
    assert invert(0, 1, math.log(0.05)) == pytest.approx(0.95, rel=1e-12)
    assert invert(0, 1000, math.log(0.05)) == pytest.approx(-math.expm1(math.log(0.05) / 1000), rel=1e-12)
    billion_bits = -1e9 * math.log(2)
    assert invert(0, 10**9, billion_bits) == pytest.approx(0.5, rel=1e-12)
    assert invert(5, 100, billion_bits) == 1
    assert 0.5 < invert(10**8, 10**9, billion_bits) < 0.9


def test_a_trillion_examples_cost_no_more_than_a_thousand():
    p = floats.binomial_tail_inverse(5 * 10**11, 10**12, math.log(0.05))
    normal = 0.5 + 1.6448536269514722 * 0.5 / 1e6
    assert p == pytest.approx(normal, abs=1e-11)


def test_arrays_broadcast_and_numbers_give_numbers():
    assert floats.binomial_tail_inverse([[1], [2]], [10, 20, 30], -3.0).shape == (2, 3)
    assert floats.kl_inverse([0.1, 0.2], 0.5).shape == (2,)
    assert isinstance(floats.kl_inverse(0.1, 0.2), float)
    assert isinstance(floats.log_star(5), float)
    many = floats.binomial_tail_inverse(np.arange(10_000), 10_000, -3.0)
    assert many[4321] == floats.binomial_tail_inverse(4321, 10_000, -3.0)


def test_the_slack_of_the_code_lengths_of_log_star_is_the_tail():
    lengths = floats.log_star(np.arange(1, 2**16))
    tail = math.log(2) ** 5 / (1 - math.log(2)) / floats.LOG_STAR_CONSTANT
    assert np.sum(2.0**-lengths) == pytest.approx(1 - tail, abs=1e-7)


@pytest.mark.parametrize(
    ("word", "given"),
    [
        ("kl", (1.2, 0.5)),
        ("kl", (0.5, -0.1)),
        ("kl_inverse", (1.2, 0.1)),
        ("kl_inverse", (math.nan, 0.1)),
        ("kl_inverse", (0.2, -0.1)),
        ("kl_inverse", ([0.2, 0.3], [0.1, math.nan])),
        ("kl_inverse_lower", (-0.2, 0.1)),
        ("kl_inverse_lower", (0.2, -1)),
        ("binomial_tail_inverse", (11, 10, -3)),
        ("binomial_tail_inverse", (-1, 10, -3)),
        ("binomial_tail_inverse", (1, 10, 0.1)),
        ("binomial_tail_inverse", (1, 10, math.nan)),
        ("binomial_tail_inverse", (0, 0, -3)),
        ("binomial_tail_inverse", (1, math.inf, -3)),
        ("log_star", (0,)),
        ("log_star", (math.nan,)),
        ("log_star", (math.inf,)),
    ],
)
def test_impossible_inputs_are_refused_with_what_is_allowed(word, given):
    with pytest.raises(InputError, match="give"):
        getattr(floats, word)(*given)
