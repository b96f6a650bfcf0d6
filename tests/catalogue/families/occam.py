"""Occam bounds."""

import numpy as np
from mpmath import mp, mpf
from scipy.stats import binom

from idbounds import bounds
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, maximum, sqrt
from tests.catalogue import oracle
from tests.catalogue.families.test_set import maurer_pontil
from tests.catalogue.worlds import DELTA, DRAWS, SIZE, worst_risk

BITS, HYPOTHESES = 6, 64  # a fixed-length code: a prefix code in which every codeword is used
LENGTHS = range(1, 13)  # of messages without an end mark: all strings of so many bits


def occam_nats(code_bits, delta):
    return code_bits * mp.log(2) - mp.log(delta)


def _log_star(n):
    """Bits of Rissanen's code, with a constant of its own: the sum of the unnormalised masses."""
    total = mp.log(mpf("2.8651084158399072801320027477960979662"), 2)
    while n > 1:
        n = mp.log(n, 2)
        total += n
    return total


ORACLE = {
    "occam-binomial": lambda errors, code_bits, n, delta: oracle.binomial_inverse(
        int(errors), int(n), -occam_nats(code_bits, delta)
    ),
    "occam-kl": lambda train_error, code_bits, n, delta: oracle.kl_inverse(
        train_error, occam_nats(code_bits, delta) / n
    ),
    "occam-hoeffding": lambda train_error, code_bits, n, delta: (
        train_error + mp.sqrt(occam_nats(code_bits, delta) / (2 * n))
    ),
    "occam-empirical-bernstein": lambda train_error, train_variance, code_bits, n, delta: (
        train_error + maurer_pontil(train_variance, n, occam_nats(code_bits + 1, delta))
    ),
    "occam-menu-binomial": lambda errors, code_bits, choices, n, delta: oracle.binomial_inverse(
        int(errors), int(n), -occam_nats(code_bits + mp.log(choices, 2), delta)
    ),
    "finite-class-binomial": lambda errors, class_size, n, delta: oracle.binomial_inverse(
        int(errors), int(n), mp.log(delta / class_size)
    ),
    "finite-class-kl": lambda train_error, class_size, n, delta: oracle.kl_inverse(
        train_error, mp.log(class_size / delta) / n
    ),
    "finite-class-hoeffding": lambda train_error, class_size, n, delta: (
        train_error + mp.sqrt(mp.log(class_size / delta) / n / 2)
    ),
    "occam-universal-kl": lambda train_error, plain_bits, n, delta: oracle.kl_inverse(
        train_error, occam_nats(plain_bits + mp.log(plain_bits**2 + plain_bits, 2), delta) / n
    ),
    "occam-log-star-binomial": lambda errors, plain_bits, n, delta: oracle.binomial_inverse(
        int(errors), int(n), -occam_nats(plain_bits + _log_star(plain_bits), delta)
    ),
}


def _values(bound, size=SIZE, **price):
    """The bound at every number of errors."""
    k = np.arange(size + 1)
    known = {"errors": k, "n": size, "delta": DELTA, "train_variance": k * (size - k) / (size * (size - 1))}
    known |= {"code_bits": BITS, "class_size": HYPOTHESES, "choices": 1} | price
    return bound(**{name: known[name] for name in bound.needs(known)})


def _fewest_errors(risk, hypotheses, size=SIZE, seed=2):
    """The fewest errors among independent hypotheses of one risk, drawn through the law of the least."""
    least = -np.expm1(hypotheses * binom.logsf(np.arange(size), size, risk))
    return np.searchsorted(least, np.random.default_rng(seed).random(DRAWS))


def _some_hypothesis_fails(bound, **price):
    """Some hypothesis among 64 has more risk than its bound."""
    risk = worst_risk(_values(bounds["occam-binomial"]))
    return _values(bound, **price)[_fewest_errors(risk, HYPOTHESES)] < risk


def _in_a_menu(bound, choices=8):
    """Eight codes of three bits each for 64 hypotheses, and the best of the codes is reported."""
    return _some_hypothesis_fails(bound, code_bits=BITS - 3, choices=choices)


def _large_sample(bound, **price):
    """As above, with so many examples that only the variance term counts."""
    size, risk = 10_000, 0.5
    return _values(bound, size, **price)[_fewest_errors(risk, HYPOTHESES, size)] < risk


def _some_string_fails(bound, **price):
    """Some string of at most twelve bits decodes to a hypothesis with more risk than its bound."""
    failures = np.zeros(DRAWS, bool)
    for length in LENGTHS:
        risk = worst_risk(_values(bounds[bound.id], plain_bits=length))
        values = _values(bound, **{"plain_bits": length} | price)
        failures |= values[_fewest_errors(risk, 2**length, seed=length)] < risk
    return failures


def _code_after_sample(bound):
    """The hypothesis that did best gets the codeword of one bit."""
    return _some_hypothesis_fails(bound, code_bits=1)


_CLASSES = ("finite-class-binomial", "finite-class-kl", "finite-class-hoeffding")
_STRINGS = ("occam-universal-kl", "occam-log-star-binomial")
_PREFIX = ("occam-binomial", "occam-kl", "occam-hoeffding")
WORLDS = dict.fromkeys(_PREFIX + _CLASSES, _some_hypothesis_fails) | {
    **dict.fromkeys(_STRINGS, _some_string_fails),
    "occam-menu-binomial": _in_a_menu,
    "occam-empirical-bernstein": _large_sample,
}
MUTANTS = {
    "occam-binomial": [
        lambda k, L, m, d: binomial_tail_inverse(k, m, log(d)),
        lambda k, L, m, d: binomial_tail_inverse(k, m, log(2 * d) - L * log(2)),
    ],
    "occam-kl": [lambda R, L, m, d: kl_inverse(R, log(1 / d) / m)],
    "occam-hoeffding": [lambda R, L, m, d: R + sqrt(log(1 / d) / (2 * m))],
    "occam-empirical-bernstein": [
        lambda R, V, L, m, d: R + sqrt(2 * V * log(2 / d) / m) + 7 * log(2 / d) / (3 * maximum(m - 1, 1)),
        lambda R, V, L, m, d: R + 7 * (L * log(2) + log(2 / d)) / (3 * maximum(m - 1, 1)),
    ],
    "occam-menu-binomial": [lambda k, L, c, m, d: binomial_tail_inverse(k, m, log(d) - L * log(2))],
    "finite-class-binomial": [
        lambda k, N, m, d: binomial_tail_inverse(k, m, log(d)),
        lambda k, N, m, d: binomial_tail_inverse(k, m, log(2 * d / N)),
    ],
    "finite-class-kl": [lambda R, N, m, d: kl_inverse(R, log(1 / d) / m)],
    "finite-class-hoeffding": [lambda R, N, m, d: R + sqrt(log(1 / d) / (2 * m))],
    "occam-universal-kl": [
        lambda R, C, m, d: kl_inverse(R, log(1 / d) / m),
        lambda R, C, m, d: kl_inverse(R, (C * log(2) + log(1 / d)) / m),  # its length is not charged
    ],
    "occam-log-star-binomial": [lambda k, C, m, d: binomial_tail_inverse(k, m, log(d) - C * log(2))],
}
BROKEN = dict.fromkeys(_PREFIX, ("code_before_sample", _code_after_sample)) | {
    **dict.fromkeys(
        _CLASSES, ("class_before_sample", lambda bound: _some_hypothesis_fails(bound, class_size=1))
    ),
    **dict.fromkeys(_STRINGS, ("code_before_sample", lambda bound: _some_string_fails(bound, plain_bits=1))),
    "occam-menu-binomial": ("menu_before_sample", lambda bound: _in_a_menu(bound, choices=1)),
    "occam-empirical-bernstein": ("code_before_sample", lambda bound: _large_sample(bound, code_bits=1)),
}
