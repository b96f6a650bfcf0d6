"""Worlds with a known truth: how often does a bound fail? Never more often than delta, and mutants do."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from idbounds import bounds
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, sqrt

DELTA, DRAWS, SIZE = 0.2, 20_000, 100
BITS, HYPOTHESES = 6, 64  # a fixed-length code: a prefix code in which every codeword is used
POSTERIOR_CLASS = 512


def fails_too_often(failures, delta=DELTA):
    """Exact binomial test at significance 1e-6 that the rate of failures exceeds delta."""
    return binomtest(int(np.sum(failures)), len(failures), delta, alternative="greater").pvalue < 1e-6


def worst_risk(table):
    """A risk just above one of the values a bound can take, so that the bound fails as often as it can."""
    return float(table[SIZE // 3] * (1 + 1e-9))


def test_set_failures(bound):
    table = bounds["test-binomial"](test_errors=np.arange(SIZE + 1), test_n=SIZE, delta=DELTA)
    risk = worst_risk(table)
    counts = np.random.default_rng(1).binomial(SIZE, risk, DRAWS)
    return bound(test_errors=np.arange(SIZE + 1), test_n=SIZE, delta=DELTA)[counts] < risk


def occam_failures(bound, code=BITS):
    """Some hypothesis among 64 has more risk than its bound."""
    table = bounds["occam-binomial"](errors=np.arange(SIZE + 1), n=SIZE, code_bits=BITS, delta=DELTA)
    risk = worst_risk(table)
    counts = np.random.default_rng(2).binomial(SIZE, risk, (DRAWS, HYPOTHESES))
    return np.any(
        bound(errors=np.arange(SIZE + 1), n=SIZE, code_bits=code, delta=DELTA)[counts] < risk, axis=1
    )


def gibbs_failures(bound):
    """A Gibbs posterior at a high inverse temperature under a uniform prior; all risks are one half."""
    rng = np.random.default_rng(3)
    rates = rng.binomial(SIZE, 0.5, (DRAWS, POSTERIOR_CLASS)) / SIZE
    weights = np.exp(-4 * SIZE * (rates - rates.min(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    terms = weights * np.log(np.maximum(weights, 1e-300) * POSTERIOR_CLASS)
    gibbs = (weights * rates).sum(axis=1)
    return bound(gibbs_train_error=gibbs, kl_nats=np.maximum(terms.sum(axis=1), 0), n=SIZE, delta=DELTA) < 0.5


WORLDS = {
    "test-binomial": test_set_failures,
    "occam-binomial": occam_failures,
    "occam-kl": occam_failures,
    "occam-hoeffding": occam_failures,
    "maurer-kl": gibbs_failures,
    "mcallester": gibbs_failures,
}
test_set_failures.__test__ = False

MUTANTS = {
    "test-binomial": lambda k, m, d: binomial_tail_inverse(k, m, log(2 * d)),
    "occam-binomial": lambda k, L, m, d: binomial_tail_inverse(k, m, log(d)),
    "occam-kl": lambda R, L, m, d: kl_inverse(R, log(1 / d) / m),
    "occam-hoeffding": lambda R, L, m, d: R + sqrt(log(1 / d) / (2 * m)),
    "maurer-kl": lambda R, K, m, d: kl_inverse(R, log(2 * sqrt(m) / d) / m),
    "mcallester": lambda R, K, m, d: R + sqrt(log(2 * sqrt(m) / d) / (2 * m)),
}
LEVELS = {
    "test-binomial": lambda k, m, d: binomial_tail_inverse(k, m, log(10 * d) - log(4)),
    "occam-binomial": lambda k, L, m, d: binomial_tail_inverse(k, m, log(2 * d) - L * log(2)),
}


def test_every_bound_has_a_world():
    assert set(WORLDS) == set(bounds)


@pytest.mark.parametrize("name", bounds)
def test_fails_at_most_as_often_as_promised(name):
    assert not fails_too_often(WORLDS[name](bounds[name]))


@pytest.mark.parametrize("name", ["test-binomial", "occam-binomial"])
def test_the_exact_bounds_fail_nearly_as_often_as_promised(name):
    """So the worlds are hard enough to tell."""
    assert np.mean(WORLDS[name](bounds[name])) > 0.7 * DELTA


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bound_without_its_complexity_is_caught(name):
    assert fails_too_often(WORLDS[name](replace(bounds[name], says=MUTANTS[name])))


@pytest.mark.parametrize("name", LEVELS)
def test_a_bound_at_a_larger_delta_is_caught(name):
    assert fails_too_often(WORLDS[name](replace(bounds[name], says=LEVELS[name])))


def test_a_code_chosen_after_the_sample_breaks_the_promise():
    """The hypothesis that did best gets the codeword of one bit, against code_before_sample."""
    bound = bounds["occam-binomial"]
    assert "code_before_sample" in {a.name for a in bound.assumes}
    assert fails_too_often(occam_failures(bound, code=1))
