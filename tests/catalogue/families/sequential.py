"""Bounds that hold at all sample sizes at once: a world fails if any look along its path fails."""

from functools import lru_cache, partial

import numpy as np
from mpmath import mp, mpf

from idbounds.functions import kl_inverse, log, log_peak, sqrt
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS

LOOKS, MANY_LOOKS, TUNED, BITS, HYPOTHESES = 150, 400, 30, 6, 64


def _uniform_nats(rate, n):
    """What the uniform mixture of coins loses on the best coin, by the beta function."""
    k = rate * n
    log_beta = mp.loggamma(k + 1) + mp.loggamma(n - k + 1) - mp.loggamma(n + 2)
    return sum((n * x * mp.log(x) for x in (rate, 1 - rate) if x), mpf(0)) - log_beta


def _jeffreys_nats(n):
    return mp.log(4 + (n - 1) * mpf(22) / 7) / 2


def _by_normal_mixture(rate, tuned_n, n, delta):
    share = mp.sqrt(tuned_n / (n + tuned_n))
    z = mp.sqrt(2 * mp.log((1 / (share * delta) + 1) / 2))
    return rate + z * mp.sqrt(n + tuned_n) / (2 * n)


def _by_stitching(rate, n, delta):
    epochs = mp.log(n, 2)
    nats = mp.log((epochs + 1) * (epochs + 2)) - mp.log(delta)
    return rate + (mpf(2) ** (mpf(1) / 4) + mpf(2) ** (-mpf(1) / 4)) / mp.sqrt(2) * mp.sqrt(nats * n / 4) / n


ORACLE = {
    "anytime-kl": lambda test_error, test_n, delta: oracle.kl_inverse(
        test_error, (_uniform_nats(test_error, test_n) - mp.log(delta)) / test_n
    ),
    "anytime-kl-jeffreys": lambda test_error, test_n, delta: oracle.kl_inverse(
        test_error, (_jeffreys_nats(test_n) - mp.log(delta)) / test_n
    ),
    "anytime-hoeffding": lambda test_error, tuned_n, test_n, delta: _by_normal_mixture(
        test_error, tuned_n, test_n, delta
    ),
    "anytime-stitched": lambda test_error, test_n, delta: _by_stitching(test_error, test_n, delta),
    "anytime-occam-kl": lambda train_error, code_bits, n, delta: oracle.kl_inverse(
        train_error, (code_bits * mp.log(2) + _uniform_nats(train_error, n) - mp.log(delta)) / n
    ),
    "anytime-pac-bayes-kl": lambda gibbs_train_error, kl_nats, n, delta: oracle.kl_inverse(
        gibbs_train_error, (kl_nats + _jeffreys_nats(n) - mp.log(delta)) / n
    ),
}


def _some_look_fails(bound, risk, copies=1):
    """One hypothesis, looked at after every example; each example may be counted several times."""
    rng = np.random.default_rng(4)
    failures, counts = np.zeros(DRAWS, bool), np.zeros(DRAWS, int)
    for n in range(1, MANY_LOOKS + 1):
        counts += rng.random(DRAWS) < risk
        known = {"test_errors": np.arange(n + 1) * copies, "test_n": n * copies, "delta": DELTA}
        known["tuned_n"] = TUNED
        failures |= bound(**{name: known[name] for name in bound.needs(known)})[counts] < risk
    return failures


@lru_cache(maxsize=1)
def _best_of_coins(draws):
    """64 fair coins, after every toss: (fewest errors, how many coins have them) and which of these it was."""
    rng = np.random.default_rng(5)
    looks, counts = [], np.zeros((draws, HYPOTHESES), np.uint8)
    for _ in range(LOOKS):
        counts += np.unpackbits(np.frombuffer(rng.bytes(counts.size // 8), np.uint8)).reshape(counts.shape)
        fewest = counts.min(axis=1)
        ties = np.sum(counts == fewest[:, None], axis=1)
        seen, where = np.unique(fewest.astype(int) * 256 + ties, return_inverse=True)
        looks.append((seen // 256, seen % 256, where.astype(np.uint16)))
    return looks


def _some_look_at_the_best_fails(bound, kl=True, code_bits=BITS):
    """The best of 64 coins, and the posterior that is uniform over the best ones, after every example."""
    failures = np.zeros(DRAWS, bool)
    for n, (k, ties, where) in enumerate(_best_of_coins(DRAWS), 1):
        known = {"errors": k, "n": n, "delta": DELTA, "code_bits": code_bits, "gibbs_train_error": k / n}
        known["kl_nats"] = np.log(HYPOTHESES / ties) * kl
        failures |= (bound(**{name: known[name] for name in bound.needs(known)}) < 0.5)[where]
    return failures


# for one hypothesis: the risk at which each fails about as often as it can
_RISKS = {"anytime-kl": 0.8, "anytime-kl-jeffreys": 0.95, "anytime-hoeffding": 0.5, "anytime-stitched": 0.5}
WORLDS = {name: partial(_some_look_fails, risk=risk) for name, risk in _RISKS.items()} | dict.fromkeys(
    ("anytime-occam-kl", "anytime-pac-bayes-kl"), _some_look_at_the_best_fails
)
MUTANTS = {
    "anytime-kl": [
        lambda R, m, d: kl_inverse(R, log(1 / d) / m),  # test-kl, peeked at
        lambda R, m, d: kl_inverse(R, (log((m + 1) / (4 * d)) + log_peak(m * R, m)) / m),
    ],
    "anytime-kl-jeffreys": [
        lambda R, m, d: kl_inverse(R, log(1 / d) / m),
        lambda R, m, d: kl_inverse(R, log(sqrt((22 * m + 6) / 7) / (8 * d)) / m),
    ],
    "anytime-hoeffding": [
        lambda R, t, m, d: R + sqrt(log(1 / d) / (2 * m)),  # test-hoeffding, peeked at
        lambda R, t, m, d: R + sqrt(log((sqrt(1 + m / t) + d) / (2 * d)) / (2 * m)),
    ],
    "anytime-stitched": [lambda R, m, d: R + sqrt((4 + 3 * sqrt(2)) * log(1 / d) / (16 * m))],
    "anytime-occam-kl": [
        lambda R, L, m, d: kl_inverse(R, (log((m + 1) / d) + log_peak(m * R, m)) / m),
        lambda R, L, m, d: kl_inverse(R, (L * log(2) + log(1 / d)) / m),
    ],
    "anytime-pac-bayes-kl": [
        lambda R, K, m, d: kl_inverse(R, log(sqrt((22 * m + 6) / 7) / d) / m),
        lambda R, K, m, d: kl_inverse(R, (K + log(1 / d)) / m),
    ],
}
BROKEN = {name: ("iid", partial(_some_look_fails, risk=risk, copies=8)) for name, risk in _RISKS.items()} | {
    "anytime-occam-kl": ("code_before_sample", partial(_some_look_at_the_best_fails, code_bits=1)),
    "anytime-pac-bayes-kl": ("prior_before_sample", partial(_some_look_at_the_best_fails, kl=False)),
}
