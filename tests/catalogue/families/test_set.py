"""Bounds from held-out examples."""

import numpy as np
from mpmath import mp, mpf

from idbounds import bounds
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, maximum, sqrt
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS, SIZE, worst_risk

ORACLE = {
    "test-binomial": lambda test_errors, test_n, delta: oracle.binomial_inverse(
        int(test_errors), int(test_n), mp.log(delta)
    ),
    "test-kl": lambda test_error, test_n, delta: oracle.kl_inverse(test_error, -mp.log(delta) / test_n),
    "test-hoeffding": lambda test_error, test_n, delta: test_error + mp.sqrt(-mp.log(delta) / test_n / 2),
    "test-bernstein": lambda test_error, known_variance, test_n, delta: (
        test_error + _least_over_stakes(known_variance, test_n, delta)
    ),
    "test-empirical-bernstein": lambda test_error, test_variance, test_n, delta: (
        test_error + maurer_pontil(test_variance, test_n, mp.log(2) - mp.log(delta))
    ),
}


def _least_over_stakes(variance, n, delta):
    """The deviation from its dual: the least (x + psi(u)) / u, psi(u) = v u^2 / (2 - 2u/3), at its stationary u."""
    x = -mp.log(delta) / n
    u = 1 / (mpf(1) / 3 + mp.sqrt(variance / (2 * x)))
    return (x + variance * u**2 / (2 - 2 * u / 3)) / u if variance else x / u


def maurer_pontil(variance, n, nats):
    """Twice the variance's own deviation, and a third, on top of the deviation that the variance explains."""
    return mp.sqrt(2 * variance * nats / n) + (2 + mpf(1) / 3) * nats / max(n - 1, 1)


def _counts(risk, size=SIZE):
    return np.random.default_rng(1).binomial(size, risk, DRAWS)


def _errors_fail(bound, risk, size=SIZE):
    """One hypothesis with loss 0 or 1, by any of the bounds."""
    k = np.arange(size + 1)
    known = {"test_errors": k, "test_n": size, "delta": DELTA, "known_variance": risk * (1 - risk)}
    known["test_variance"] = k * (size - k) / (size * (size - 1))
    values = bound(**{name: known[name] for name in bound.needs(known)})
    return values[_counts(risk, size)] < risk


def _exact_tail_fails(bound):
    """One hypothesis, its errors counted on held-out examples."""
    return _errors_fail(
        bound, worst_risk(bounds["test-binomial"](test_errors=np.arange(SIZE + 1), test_n=SIZE, delta=DELTA))
    )


def _even_odds_fail(bound):
    """Errors of a fair coin, for which Hoeffding's inequality is best."""
    return _errors_fail(bound, 0.5 + 1e-9, 2500)


def _rare_errors_fail(bound):
    """Errors so rare that most test sets have none, and no variance."""
    return _errors_fail(bound, 0.01)


def _selected(bound):
    """The best of 100 hypotheses on the same test set, against `held_out`."""
    risk, size = 0.3, 2500
    k = np.arange(size + 1)
    counts = np.random.default_rng(1).binomial(size, risk, (DRAWS, 100)).min(axis=1)
    known = {"test_errors": k, "test_n": size, "delta": DELTA, "known_variance": risk * (1 - risk)}
    known["test_variance"] = k * (size - k) / (size * (size - 1))
    return bound(**{name: known[name] for name in bound.needs(known)})[counts] < risk


def _variance_is_larger(bound):
    """A fair coin, said to have a tenth of its variance."""
    k = np.arange(SIZE + 1)
    return bound(test_errors=k, test_n=SIZE, delta=DELTA, known_variance=0.025)[_counts(0.5)] < 0.5


WORLDS = {
    "test-binomial": _exact_tail_fails,
    "test-kl": _exact_tail_fails,
    "test-hoeffding": _even_odds_fail,
    "test-bernstein": _even_odds_fail,
    "test-empirical-bernstein": _rare_errors_fail,
}
MUTANTS = {
    "test-binomial": [
        lambda k, m, d: binomial_tail_inverse(k, m, log(2 * d)),
        lambda k, m, d: binomial_tail_inverse(k, m, log(10 * d) - log(4)),
    ],
    "test-kl": [lambda R, m, d: kl_inverse(R, log(1 / (4 * d)) / m)],
    "test-hoeffding": [
        lambda R, m, d: R + sqrt(log(1 / (4 * d)) / (2 * m)),
        lambda R, m, d: R + log(1 / d) / (2 * m),
    ],
    "test-bernstein": [
        lambda R, v, m, d: R + sqrt(2 * v * log(1 / (4 * d)) / m) + log(1 / (4 * d)) / (3 * m),
        lambda R, v, m, d: R + log(1 / d) / (3 * m),
    ],
    "test-empirical-bernstein": [
        lambda R, V, m, d: R + sqrt(2 * V * log(2 / d) / m),
        lambda R, V, m, d: R + sqrt(2 * V * log(2 / d) / m) + log(2 / d) / (3 * maximum(m - 1, 1)),
    ],
}
BROKEN = dict.fromkeys(WORLDS, ("held_out", _selected)) | {
    "test-bernstein": ("variance_known", _variance_is_larger),
}
