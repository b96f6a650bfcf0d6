"""PAC-Bayes bounds with one sample and one prior."""

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
from mpmath import mp, mpf
from scipy.stats import beta, binom

from idbounds import bounds
from idbounds.functions import (
    binomial_tail_inverse,
    infimum_over,
    kl_inverse,
    log,
    minimum_over,
    phi_inverse,
    power_of_two,
    psi,
    sqrt,
)
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS, SIZE, worst_risk

POSTERIOR_CLASS = 512
CROWD = 2.0**60  # hypotheses that share one hundredth of the prior; a favourite has the rest
BETA, LAMBDA, GAMMA = 0.2, 0.5, 0.6


def pac_bayes_nats(kl_nats, n, delta):
    return kl_nats + mp.log(2) + mp.log(n) / 2 - mp.log(delta)


@cache
def log_xi(n):
    """By its sum in whole numbers; for large n by the integral of (1 + x/n)^n e^-x over x > 0."""
    n = int(n)
    if n <= 300:
        xi = Fraction(sum(comb(n, k) * k**k * (n - k) ** (n - k) for k in range(n + 1)), n**n)
        return mp.log(mpf(xi.numerator) / xi.denominator)
    with mp.workdps(80):
        root = mp.sqrt(n)
        return mp.log(root * mp.quad(lambda y: mp.exp(n * mp.log1p(y / root) - root * y), range(0, 33, 4)))


def exact_nats(kl_nats, n, delta):
    return kl_nats + log_xi(n) - mp.log(delta)


def catoni(b, nats, gibbs_train_error, n):
    return (1 - mp.exp(-b * gibbs_train_error - nats / n)) / (1 - mp.exp(-b))


def _zhou(gibbs_train_error, kl_nats, n, delta):
    """The least value on a grid, then at a root of the derivative between the neighbours."""
    A = mpf("1.0001")
    looks = mp.log(A)

    def nats(t):
        return A * (kl_nats - mp.log(delta) + 2 * mp.log((t + 2 * looks) / looks))

    def value(t):
        return catoni(mp.exp(t) / n, nats(t), gibbs_train_error, n)

    def falls(t):  # the derivative of the logarithm of the value, with the other sign, times n
        x, slope = mp.exp(t), A * 2 / (t + 2 * looks)
        exponent = x * gibbs_train_error / n + nats(t) / n
        return 1 / mp.expm1(x / n) - (gibbs_train_error + slope / x) / mp.expm1(exponent)

    low, high = mp.log(2), mp.log(64 * n)
    grid = [low + (high - low) * i / 100 for i in range(101)]
    best = min(range(101), key=lambda i: value(grid[i]))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, 100)]
    if falls(left) > 0 >= falls(right):
        return value(oracle.illinois(falls, left, right))
    return value(grid[best])


def _tolstikhin_seldin(gibbs_train_error, gibbs_variance, kl_nats, n, delta):
    c, e, level = mpf("1.15"), mp.e, mp.log(2 / delta)
    variance = mpf(1) / 4
    if n > 1:
        looks = mp.ceil(mp.log(mp.sqrt((n - 1) / level + 1) / 2 + mpf(1) / 2) / mp.log(c))
        B = (kl_nats + mp.log(looks) + level) / (n - 1)
        variance = min(gibbs_variance + (1 + c) * mp.sqrt(gibbs_variance * B / 2) + 2 * c * B, variance)
    steps = max(mp.ceil(mp.log((e - 2) * n / (4 * level)) / (2 * mp.log(c))) + 1, 1)
    A = (kl_nats + mp.log(steps) + level) / n
    return gibbs_train_error + max((1 + c) * mp.sqrt((e - 2) * variance * A), 2 * A)


def _unexpected(gibbs_train_error, second, gamma, nats, n):
    slope = (-gamma - mp.log(1 - gamma)) / gamma if gamma > mpf(10) ** -15 else gamma / 2 + gamma**2 / 3
    return gibbs_train_error + slope * second + nats / (gamma * n)


def _refined(q, c):
    return q + mp.sqrt(2 * q * c)


def _sampled(mc_error, mc_draws, mc_delta):
    return oracle.kl_inverse(mc_error, -mp.log(mc_delta) / mc_draws)


def _sampled_pairs(mc_errors, mc_draws, mc_delta):
    """The root of the tail's logarithm; scipy says where to look."""
    k, m = int(mc_errors), int(mc_draws)
    if k in (0, m):
        return oracle.binomial_inverse(k, m, mp.log(mc_delta))
    near = mpf(beta.isf(float(mc_delta), k + 1, m - k))
    odds = mp.log(near / (1 - near))
    start = (odds, odds + mpf(10) ** -9)
    root = mp.findroot(lambda x: oracle.log_tail(k, m, x) - mp.log(mc_delta), start, tol=mpf(10) ** -80)
    return 1 / (1 + mp.exp(-root))


ORACLE = {
    "maurer-kl": lambda gibbs_train_error, kl_nats, n, delta: oracle.kl_inverse(
        gibbs_train_error, pac_bayes_nats(kl_nats, n, delta) / n
    ),
    "mcallester": lambda gibbs_train_error, kl_nats, n, delta: (
        gibbs_train_error + mp.sqrt(pac_bayes_nats(kl_nats, n, delta) / (2 * n))
    ),
    "maurer-kl-xi": lambda gibbs_train_error, kl_nats, n, delta: oracle.kl_inverse(
        gibbs_train_error, exact_nats(kl_nats, n, delta) / n
    ),
    "seeger-kl": lambda gibbs_train_error, kl_nats, n, delta: oracle.kl_inverse(
        gibbs_train_error, (kl_nats + mp.log((n + 1) / delta)) / n
    ),
    "mcallester-1999": lambda gibbs_train_error, kl_nats, n, delta: (
        gibbs_train_error + mp.sqrt((kl_nats + mp.log(max(n, 2) / delta)) / (2 * n - 1))
    ),
    "pac-bayes-refined-pinsker": lambda gibbs_train_error, kl_nats, n, delta: (
        _refined(gibbs_train_error, pac_bayes_nats(kl_nats, n, delta) / n)
        + 2 * pac_bayes_nats(kl_nats, n, delta) / n
    ),
    "pac-bayes-mixed-rate": lambda gibbs_train_error, kl_nats, n, delta: (
        _refined(gibbs_train_error, exact_nats(kl_nats, n, delta) / n) + exact_nats(kl_nats, n, delta) / n
    ),
    "pac-bayes-quadratic": lambda gibbs_train_error, kl_nats, n, delta: _thiemann_at_best(
        gibbs_train_error, pac_bayes_nats(kl_nats, n, delta) / n
    ),
    "thiemann-lambda": lambda gibbs_train_error, kl_nats, n, thiemann_lambda, delta: _thiemann(
        gibbs_train_error, pac_bayes_nats(kl_nats, n, delta) / n, thiemann_lambda
    ),
    "catoni-uniform": lambda gibbs_train_error, kl_nats, n, catoni_beta, delta: catoni(
        catoni_beta, exact_nats(kl_nats, n, delta), gibbs_train_error, n
    ),
    "catoni-beta": lambda gibbs_train_error, kl_nats, n, catoni_beta, delta: catoni(
        catoni_beta, kl_nats - mp.log(delta), gibbs_train_error, n
    ),
    "catoni-dyadic": lambda gibbs_train_error, kl_nats, n, delta: min(
        catoni(mpf(2) ** j, kl_nats - mp.log(delta) + 4 * mp.log(2), gibbs_train_error, n)
        for j in range(-12, 4)
    ),
    "catoni-zhou": _zhou,
    "tolstikhin-seldin": _tolstikhin_seldin,
    "unexpected-bernstein-gamma": (
        lambda gibbs_train_error, gibbs_second_moment, kl_nats, n, bernstein_gamma, delta: _unexpected(
            gibbs_train_error, gibbs_second_moment, bernstein_gamma, kl_nats - mp.log(delta), n
        )
    ),
    "unexpected-bernstein": lambda gibbs_train_error, gibbs_second_moment, kl_nats, n, delta: min(
        _unexpected(
            gibbs_train_error,
            gibbs_second_moment,
            mpf(2) ** -j,
            kl_nats - mp.log(delta) + mp.log(j * j + j),
            n,
        )
        for j in range(1, 41)
    ),
    "gibbs-monte-carlo": _sampled,
    "gibbs-monte-carlo-binomial": _sampled_pairs,
    "maurer-kl-monte-carlo": lambda mc_error, mc_draws, mc_delta, kl_nats, n, delta: oracle.kl_inverse(
        _sampled(mc_error, mc_draws, mc_delta), pac_bayes_nats(kl_nats, n, delta) / n
    ),
    "maurer-kl-xi-monte-carlo": lambda mc_error, mc_draws, mc_delta, kl_nats, n, delta: oracle.kl_inverse(
        _sampled(mc_error, mc_draws, mc_delta), exact_nats(kl_nats, n, delta) / n
    ),
}


def _thiemann(q, c, x):
    return q / (1 - x / 2) + c / (x * (1 - x / 2))


def _thiemann_at_best(q, c):
    return _thiemann(q, c, 2 / (mp.sqrt(2 * q / c + 1) + 1))


@cache
def _gibbs(draws):
    rng = np.random.default_rng(3)
    rates = rng.binomial(SIZE, 0.5, (draws, POSTERIOR_CLASS)) / SIZE
    weights = np.exp(-4 * SIZE * (rates - rates.min(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    terms = weights * np.log(np.maximum(weights, 1e-300) * POSTERIOR_CLASS)
    return (weights * rates).sum(axis=1), np.maximum(terms.sum(axis=1), 0)


def gibbs():
    """A Gibbs posterior at a high inverse temperature under a uniform prior; all risks are one half."""
    return _gibbs(DRAWS)


def _gibbs_fails(bound):
    rate, divergence = gibbs()
    return bound(gibbs_train_error=rate, kl_nats=divergence, n=SIZE, delta=DELTA) < 0.5


def _prior_after_sample(bound):
    """The posterior is taken for the prior, so that the divergence is nothing."""
    rate, _ = gibbs()
    return bound(gibbs_train_error=rate, kl_nats=0, n=SIZE, delta=DELTA) < 0.5


ONES, TENTHS = 0.4, 0.5  # how often every hypothesis loses 1, and 0.1
RISK = ONES + TENTHS / 10
DIVERGENCE = np.array([-np.log(0.99), np.log(100 * CROWD)])


def fewest(rng, draws, rate):
    """The smallest of as many independent error counts as the crowd has heads."""
    return binom.ppf(-np.expm1(np.log1p(-rng.random(draws)) / CROWD), SIZE, rate)


@cache
def _point_posteriors(draws):
    rng = np.random.default_rng(6)
    ones = np.stack([rng.binomial(SIZE, ONES, draws), fewest(rng, draws, ONES)], axis=1)
    tenths = rng.binomial((SIZE - ones).astype(int), TENTHS / (1 - ONES))
    rate, second = (ones + tenths / 10) / SIZE, (ones + tenths / 100) / SIZE
    return {
        "gibbs_train_error": rate,
        "gibbs_second_moment": second,
        "gibbs_variance": (second - rate**2) * SIZE / (SIZE - 1),
    }


def _values(bound, divergence):
    """The bound for the favourite, and for the hypothesis of the crowd that loses 1 least often."""
    settings = {
        "catoni_beta": BETA,
        "thiemann_lambda": LAMBDA,
        "bernstein_gamma": GAMMA,
        "kl_nats": divergence,
    }
    known = {**_point_posteriors(DRAWS), **settings, "n": SIZE, "delta": DELTA}
    return bound(**{q.name: known[q.name] for q in bound.takes})


def _some_posterior_fails(bound):
    """Losses are 0, 0.1 or 1, all risks are the same, and either posterior's bound may fail."""
    return np.any(_values(bound, DIVERGENCE) < RISK, axis=1)


def _prior_is_posterior(bound):
    """The hypothesis that did best gets all of the prior."""
    return _values(bound, 0)[:, 1] < RISK


def _sampled_error_fails(bound):
    """The Gibbs training error is such that the bound fails as often as it can."""
    table = bounds["gibbs-monte-carlo-binomial"](mc_errors=np.arange(SIZE + 1), mc_draws=SIZE, mc_delta=DELTA)
    truth = worst_risk(table)
    counts = np.random.default_rng(7).binomial(SIZE, truth, DRAWS)
    return bound(mc_errors=np.arange(SIZE + 1), mc_draws=SIZE, mc_delta=DELTA)[counts] < truth


def _best_of_twenty_estimates(bound):
    counts = np.random.default_rng(7).binomial(SIZE, 0.3, (DRAWS, 20)).min(axis=1)
    return bound(mc_errors=np.arange(SIZE + 1), mc_draws=SIZE, mc_delta=DELTA)[counts] < 0.3


def _composed(bound, divergence):
    """By turns a posterior on the best of a crowd of coins, well sampled, and the prior itself, sampled once."""
    rng = np.random.default_rng(8)
    best = np.arange(DRAWS) % 2 == 0
    truth = np.where(best, fewest(rng, DRAWS, 0.5) / SIZE, 0.5)
    draws = np.where(best, 10_000, 1)
    errors = rng.binomial(draws, truth)
    half = {"delta": DELTA / 2, "mc_delta": DELTA / 2}
    return (
        bound(mc_error=errors / draws, mc_draws=draws, kl_nats=np.where(best, divergence, 0), n=SIZE, **half)
        < 0.5
    )


def _composed_fails(bound):
    return _composed(bound, np.log(CROWD))


def _composed_prior_after_sample(bound):
    return _composed(bound, 0)


_SAMPLED = ("gibbs-monte-carlo", "gibbs-monte-carlo-binomial")
_COMPOSED = ("maurer-kl-monte-carlo", "maurer-kl-xi-monte-carlo")
_FIRST = ("maurer-kl", "mcallester")
_OTHERS = [name for name in ORACLE if name not in (*_FIRST, *_SAMPLED, *_COMPOSED)]
WORLDS = {
    **dict.fromkeys(_FIRST, _gibbs_fails),
    **dict.fromkeys(_OTHERS, _some_posterior_fails),
    **dict.fromkeys(_SAMPLED, _sampled_error_fails),
    **dict.fromkeys(_COMPOSED, _composed_fails),
}


def _without_divergence(name):
    says = bounds[name].says
    place = [q.name for q in bounds[name].takes].index("kl_nats")
    return lambda *given: says(*given[:place], 0 * given[place], *given[place + 1 :])


MUTANTS = {
    "maurer-kl": [lambda R, K, m, d: kl_inverse(R, log(2 * sqrt(m) / d) / m)],
    "mcallester": [lambda R, K, m, d: R + sqrt(log(2 * sqrt(m) / d) / (2 * m))],
    **{name: [_without_divergence(name)] for name in (*_OTHERS, *_COMPOSED)},
    "gibbs-monte-carlo": [
        lambda R, m, d: kl_inverse(R, log(1 / (4 * d)) / m),
        lambda R, m, d: R + 0 * d / m,
    ],
    "gibbs-monte-carlo-binomial": [lambda k, m, d: binomial_tail_inverse(k, m, log(2 * d))],
}
for _name, _wrong in {
    "maurer-kl-xi": lambda R, K, m, d: kl_inverse(R, (K + 0 * d) / m),
    "pac-bayes-mixed-rate": lambda R, K, m, d: R + (K + log(1 / d)) / m,
    "catoni-beta": lambda R, K, m, b, d: phi_inverse(b, R + (K + 0 * d) / (m * b)),
    "catoni-dyadic": lambda R, K, m, d: minimum_over(
        lambda j: phi_inverse(power_of_two(3 - j), R + (K + 0 * d) / (m * power_of_two(3 - j))), 0, 15
    ),
    "catoni-zhou": lambda R, K, m, d: infimum_over(
        lambda x: phi_inverse(x / m, R + (K + 0 * d) / x), 2, 64 * m
    ),
    "unexpected-bernstein-gamma": lambda R, V, K, m, g, d: R + (K + log(1 / d)) / (g * m),
    "unexpected-bernstein": lambda R, V, K, m, d: (
        R + minimum_over(lambda j: power_of_two(j) * (psi(-power_of_two(-j)) * V + 0 * K / m + 0 * d), 1, 40)
    ),
    "tolstikhin-seldin": lambda R, V, K, m, d: R + 2 * K / m + 0 * V * d,
    "maurer-kl-monte-carlo": lambda R, s, e, K, m, d: (
        kl_inverse(R, (K + log(2 * sqrt(m) / d)) / m) + 0 * e / s
    ),
}.items():
    MUTANTS[_name].append(_wrong)

BROKEN = {
    **dict.fromkeys(_FIRST, ("prior_before_sample", _prior_after_sample)),
    **dict.fromkeys(_OTHERS, ("prior_before_sample", _prior_is_posterior)),
    **dict.fromkeys(_COMPOSED, ("prior_before_sample", _composed_prior_after_sample)),
    "gibbs-monte-carlo": ("posterior_draws", _best_of_twenty_estimates),
    "gibbs-monte-carlo-binomial": ("posterior_pairs", _best_of_twenty_estimates),
}
