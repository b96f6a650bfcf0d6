"""Words in float64: the committed values, the safe side, the laws, the edges, the refusals."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.kernels import _compiled, _scalars, floats
from tests.kernels.points import LOG_STAR_OF_THE_LITERATURE, evaluate, excesses, inputs, vectors

RATES = st.one_of(st.floats(0, 1), st.floats(1e-12, 1e-3), st.sampled_from([0.0, 0.5, 1.0]))
COSTS = st.one_of(st.floats(0, 50), st.floats(1e-12, 1e-3))
WITHIN = {
    "kl_inverse": (0, 1.2e-15),
    "kl_inverse_lower": (-1e-12, 0),
    "binomial_tail_inverse": (0, 1e-12),
    "log_star": (0, 3e-15),
    "psi": (0, 3e-15),
    "phi_inverse": (0, 3e-15),
    "log_xi": (0, 1e-15),
    "log_choose": (0, 3e-15),
    "log_peak": (0, 2e-14),
    "scenario_inverse": (0, 1e-12),
    "log1p": (-5e-16, 5e-16),
    "power_of_two": (-5e-16, 5e-16),
    "ceiling": (0, 0),
    "minimum": (0, 0),
    "maximum": (0, 0),
}
SLOW = {"binomial_tail_inverse": 300, "scenario_inverse": 150, "log_xi": 1000}  # milliseconds a ball
SCALARS = ["kl", "kl_inverse", "kl_inverse_lower", "binomial_tail_inverse", "psi", "log_xi", "log_choose"]
SCALARS += ["log_peak", "scenario_inverse"]


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


@pytest.mark.parametrize("word", WITHIN)
def test_words_lie_on_the_safe_side_of_the_ball_and_close(word):
    check_against_balls(word, SLOW.get(word, 2000), 1)


@pytest.mark.audit
@pytest.mark.parametrize("word", WITHIN)
def test_words_lie_on_the_safe_side_of_the_ball_at_a_hundred_thousand_points(word):
    check_against_balls(word, 100_000, 2)


@pytest.mark.parametrize("word", SCALARS)
def test_compiled_words_have_the_bits_of_the_interpreted_ones(word, monkeypatch):
    columns = inputs(word, np.random.default_rng(5), 1000)
    monkeypatch.setattr(floats, "_MANY", 10**9)
    interpreted = getattr(floats, word)(*columns)
    monkeypatch.setattr(floats, "_MANY", 0)
    assert np.array_equal(getattr(floats, word)(*columns), interpreted)
    assert isinstance(getattr(floats, word)(*(x[0] for x in columns)), float)


def test_kl_is_right_to_a_few_ulps_everywhere():
    columns = inputs("kl", np.random.default_rng(3), 20_000)
    normal = np.minimum(*columns) > 1e-280  # products of smaller rates with their logarithms lose bits
    columns = [np.where(normal, x, 0.5) for x in columns]
    assert np.abs(excesses("kl", floats.kl(*columns), columns)).max() < 4e-15


def test_small_counts():
    n, k = (
        np.array(x, float) for x in zip(*itertools.combinations_with_replacement(range(61), 2), strict=True)
    )
    n, k = np.maximum(n, k), np.minimum(n, k)
    for word, columns in (
        ("log_choose", (n, k)),
        ("log_peak", (k[n > 0], n[n > 0])),
        ("log_star", (n[n > 0],)),
    ):
        found = excesses(word, getattr(floats, word)(*columns), columns)
        assert found.min() >= 0
        assert found.max() <= WITHIN[word][1]


def test_the_tiniest_and_the_largest_numbers_give_no_errors_and_no_nan():
    ends = [0, 5e-324, 1e-310, 1e-300, 1e-17, 0.3, 1 - 2**-53, 1]
    costs = [0, 5e-324, 1e-310, 1e-300, 1e-160, 1e-8, 1, 800, 1e4, 1e12, 1e200, 1e308, math.inf]
    for q, c in itertools.product(ends, costs):
        assert 0 <= floats.kl_inverse_lower(q, c) <= q <= floats.kl_inverse(q, c) <= 1
    assert all(floats.kl(q, p) >= 0 for q, p in itertools.product(ends, ends))
    levels = [-0.0, -5e-324, -1e-200, -1e-17, -0.69314718, -0.7, -800, -1e12, -1e300, -math.inf]
    sizes = itertools.product([0, 1e-320, 1e-20, 0.5, 1, 9, 1e9 - 1, 1e9], [1, 2, 10, 1e9, 1e15], levels)
    for k, n, a in sizes:
        assert k > n or 0 <= floats.binomial_tail_inverse(k, n, a) <= 1
        assert k > n or k != int(k) or k / n <= floats.scenario_inverse(k, n, a) <= 1


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


def test_edges_of_the_closed_forms():
    assert floats.psi(0) == 0
    assert floats.psi(1) == pytest.approx(1 - math.log(2), rel=1e-14)
    assert floats.phi_inverse(2, 0) == 0
    assert floats.phi_inverse(2, math.inf) == pytest.approx(1 / (1 - math.exp(-2)), rel=1e-14)
    assert floats.phi_inverse(1e-300, 1e-300) == pytest.approx(1e-300, rel=1e-14)
    assert floats.phi_inverse(1e300, 0.5) == pytest.approx(1, rel=1e-14)
    assert floats.log1p(1e-300) == 1e-300
    assert floats.ceiling(1.2) == 2
    assert (
        floats.log_choose(0, 0)
        == floats.log_choose(7, 7)
        == floats.log_peak(0, 7)
        == floats.log_peak(7, 7)
        == 0
    )
    assert floats.log_choose(50, 20) == pytest.approx(math.log(math.comb(50, 20)), rel=1e-14)
    assert floats.log_peak(20, 50) == pytest.approx(
        math.log(math.comb(50, 20) * 0.4**20 * 0.6**30), rel=1e-13
    )
    assert np.all(floats.log_peak(np.linspace(0, 9, 200), 9) <= 0)


@pytest.mark.parametrize("n", [1, 2, 3, 30, 159, 160, 500])
def test_xi_is_the_sum_it_is_defined_by(n):
    terms = [math.comb(n, k) * k**k * (n - k) ** (n - k) for k in range(n + 1)]
    assert floats.log_xi(n) == pytest.approx(math.log(sum(terms)) - n * math.log(n), rel=1e-12)
    assert floats.log_xi(n) <= math.log(2 * math.sqrt(n)) + 1e-15


@pytest.mark.parametrize(
    ("k", "n", "value"),
    [(10, 100, 0.21630156387745109), (200, 60_000, 0.00418775159930767632), (0, 50, 0.10074012701276997)],
)
def test_the_scenario_inverse_is_the_root_of_the_sums_it_is_defined_by(k, n, value):
    found, delta = floats.scenario_inverse(k, n, math.log(0.05)), 0.05
    assert 0 <= found / value - 1 < 1e-12
    if n <= 100:
        inner = sum(math.comb(m, k) * (1 - found) ** (m - k) for m in range(k, n))
        outer = sum(math.comb(m, k) * (1 - found) ** (m - k) for m in range(n + 1, 4 * n + 1))
        sums = delta / (2 * n) * inner + delta / (6 * n) * outer
        assert sums == pytest.approx(math.comb(n, k) * (1 - found) ** (n - k), rel=1e-9)


def test_the_scenario_inverse_is_monotone_and_1_where_nothing_is_left():
    k = np.arange(1001)
    values = floats.scenario_inverse(k, 1000, -5)
    assert np.all(np.diff(values) >= 0)
    assert values[-1] == 1 > values[-2]
    assert floats.scenario_inverse(5, 10, -math.inf) == 1
    assert np.all(np.diff(floats.scenario_inverse(3, 10, [0, -1e-12, -1, -700, -1e6])) >= 0)


def test_the_least_value_over_integers():
    over = floats.minimum_over
    assert over(lambda j: (j - 3.2) ** 2, 0, 9) == pytest.approx(0.04)
    assert over(lambda j: (j - 3.2) ** 2, [0, 4, 5], [9, 9, 4]) == pytest.approx([0.04, 0.64, math.inf])
    assert over(lambda j: j, 3, 2) == math.inf
    assert over(lambda j: j * np.array([1.0, -1.0]), 1, 3) == pytest.approx([1, -3])
    # each entry stays in its own range: no k above n is asked for
    assert over(lambda j: floats.log_choose([5, 9], j), [1, 2], [5, 9]) == pytest.approx([0, 0])
    assert isinstance(over(lambda j: j, 0, 2), float)
    assert over(lambda j: -j, -49_999, 50_000) == -50_000


def test_the_least_value_over_reals():
    over = floats.infimum_over
    assert over(lambda x: (x - 0.3) ** 2 + 1, 0, [1, 0.2, 0.3]) == pytest.approx([1, 1.01, 1], rel=1e-15)
    assert over(lambda x: x, 0, 1) == 0
    assert over(lambda x: 1 - x, 0, 1) == 0
    assert over(lambda x: x, 2, 2) == 2
    assert over(lambda x: x + 1e-8 / x, 1e-9, 1e6) == pytest.approx(2e-4, rel=2e-15)
    assert over(lambda x: x * np.array([1.0, -1.0]), 0, 1) == pytest.approx([0, -1])


def test_a_word_is_compiled_once_it_is_hot(monkeypatch):
    used = []
    monkeypatch.setattr(_compiled, "word", lambda name: used.append(name) or getattr(_scalars, name))
    monkeypatch.setattr(floats, "_MANY", 3)
    floats._values.clear()
    values = [floats.psi(0.5) for _ in range(4)]
    assert used == ["psi", "psi"]
    assert len(set(values)) == 1


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
        ("psi", (-1,)),
        ("psi", (math.inf,)),
        ("phi_inverse", (0, 1)),
        ("phi_inverse", (1, -0.1)),
        ("phi_inverse", (math.nan, 1)),
        ("log_xi", (0,)),
        ("log_xi", (2.5,)),
        ("log_choose", (3, 4)),
        ("log_choose", (3.5, 1)),
        ("log_choose", (3, -1)),
        ("log_peak", (4, 3)),
        ("log_peak", (0.5, 1.5)),
        ("log_peak", (math.nan, 3)),
        ("scenario_inverse", (1.5, 3, -1)),
        ("scenario_inverse", (4, 3, -1)),
        ("scenario_inverse", (0, 0, -1)),
        ("scenario_inverse", (1, 3, 0.1)),
        ("minimum_over", (abs, 0, 1.5)),
        ("minimum_over", (abs, 0, math.inf)),
        ("minimum_over", (abs, 0, 100_000)),
        ("infimum_over", (abs, 1, 0)),
        ("infimum_over", (abs, 0, math.inf)),
    ],
)
def test_impossible_inputs_are_refused_with_what_is_allowed(word, given):
    with pytest.raises(InputError, match="give"):
        getattr(floats, word)(*given)
