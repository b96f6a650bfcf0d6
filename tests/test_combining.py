"""The smallest of several bounds at its price, and where one bound beats another."""

from fractions import Fraction

import numpy as np
import pytest

from idbounds import bounds, dominates, minimum_of
from idbounds.combining import race
from idbounds.errors import InputError

CASE = {
    "errors": 7200,
    "n": 60_000,
    "code_bits": 1800,
    "test_errors": 1300,
    "test_n": 10_000,
    "delta": "0.05",
}


def only(bound, **more):
    return {k: v for k, v in {**CASE, **more}.items() if k in bound.accepts}


def test_two_bounds_share_delta():
    both = minimum_of("occam-binomial", "test-binomial")
    each = [
        bounds[i].upper_fraction(**only(bounds[i], delta="1/40")) for i in ("occam-binomial", "test-binomial")
    ]
    assert both.upper_fraction(**CASE) == min(each)
    assert both.upper_fraction(**CASE) > bounds["test-binomial"].upper_fraction(
        **only(bounds["test-binomial"])
    )
    assert {a.name for a in both.assumes} >= {"held_out", "prefix_code"}
    assert "union" in both.holds
    assert r"\frac{\delta}{2}" in both.latex


def test_what_one_event_implies_is_free():
    assert minimum_of("occam-hoeffding", "occam-binomial", "occam-kl") is bounds["occam-binomial"]
    assert (
        minimum_of("occam-kl", "test-binomial", "occam-hoeffding").id == "minimum-of(occam-kl,test-binomial)"
    )


def test_a_minimum_is_a_bound_like_any_other():
    both = minimum_of("occam-binomial", "test-binomial")
    assert both(**CASE) >= float(both.upper_fraction(**CASE))
    assert Fraction(both.upper(**CASE)) >= Fraction(both(**CASE))
    values = both(**{**CASE, "errors": np.array([0, 7200, 60_000])})
    assert np.all(np.diff(values) >= 0)
    assert both.solve("test_n", at=0.14, **{k: v for k, v in CASE.items() if k != "test_n"}) < 10_000
    assert "at most" in str(both.explain(**CASE))


def test_the_smallest_without_its_price_fails_too_often():
    """Why the price is due: the smaller of two intervals at delta misses more often than delta."""
    rng, risk, size, delta = np.random.default_rng(0), 0.3, 100, 0.2
    table = bounds["test-binomial"](test_errors=np.arange(size + 1), test_n=size, delta=delta)
    paid = bounds["test-binomial"](test_errors=np.arange(size + 1), test_n=size, delta=delta / 2)
    counts = rng.binomial(size, risk, (20_000, 2))
    assert np.mean(table[counts].min(axis=1) < risk) > 1.3 * delta
    assert np.mean(paid[counts].min(axis=1) < risk) < delta


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "at least one"),
        (("nobody",), "no bound 'nobody'"),
        (("aghajanyan",), "not a certificate; give certificates that take delta"),
        (("gibbs-monte-carlo",), "give certificates that take delta"),
        (("split-kl", "test-binomial"), "do not bound the same thing"),
        (("test-binomial", "maurer-kl"), "do not bound the same thing"),
        (("language-top-k", "occam-kl"), "do not bound the same thing"),
        (("recursive-pac-bayes-step", "informed-prior-kl"), "whose delta was spent before"),
    ],
)
def test_bad_minima(given, message):
    with pytest.raises(InputError, match=message):
        minimum_of(*given)


def test_a_minimum_keeps_what_it_bounds():
    both = minimum_of("maurer-kl-monte-carlo", "catoni-beta")
    assert both.latex.startswith(r"R(\rho) \le \min")
    assert "sampled hypotheses is added" in both.holds
    assert minimum_of("split-kl", "split-kl").left == r"R(h) - R(h^{*})"
    tokens = minimum_of("language-tokens-azuma", "language-tokens-catoni")
    assert tokens.unit == "bits"
    assert tokens.trivial is not None


def test_dominates_maps_error_and_complexity():
    table = dominates("occam-kl", "maurer-kl", points=20)
    assert list(table.columns) == ["error", "nats_per_example", "a", "b", "difference"]
    assert len(table) == 400
    assert np.all(table.difference <= 1e-12)  # ln 2 sqrt(n) less
    assert np.mean(table.difference < -1e-9) > 0.3
    other = dominates("maurer-kl", "occam-kl", points=20)
    np.testing.assert_allclose(other.difference, -table.difference)


def test_dominates_takes_sizes_and_refuses_what_has_no_map():
    small, large = (dominates("occam-kl", "maurer-kl", points=10, known={"n": n}) for n in (100, 10**8))
    assert small.difference.min() < large.difference.min()
    with pytest.raises(InputError, match="one error and one length"):
        dominates("occam-kl", "test-binomial")


def test_a_race_names_the_smallest_and_the_first_of_equals():
    names = ("mcallester", "pac-bayes-mixed-rate", "maurer-kl")
    found = race(*names, points=12, known={"n": 1000})
    pairs = [dominates(name, "maurer-kl", points=12, known={"n": 1000}) for name in names]
    values = np.stack([table["a"] for table in pairs])
    assert found["value"].to_numpy() == pytest.approx(values.min(axis=0))
    vacuous = found["winner"] == ""
    assert 0 < vacuous.sum() < len(found)
    assert (found["value"][vacuous] == 1).all()
    chosen = np.array([names.index(name) for name in found["winner"][~vacuous]])
    winning = values[chosen, np.flatnonzero(~vacuous)]
    assert winning == pytest.approx(values.min(axis=0)[~vacuous], abs=2e-9)
    both = race("occam-kl", "occam-kl", points=5)
    assert set(both["winner"]) <= {"occam-kl", ""}
    tied = race("maurer-kl", "informed-prior-kl", points=5)  # one formula under two names
    assert set(tied["winner"]) == {"maurer-kl", ""}


def test_a_race_of_one_is_refused():
    with pytest.raises(InputError, match="1 bound given"):
        race("occam-kl")
