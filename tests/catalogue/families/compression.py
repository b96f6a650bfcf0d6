"""Bounds from sample compression and from compressed networks."""

import numpy as np
from mpmath import mp, mpf
from scipy.special import gammaln
from scipy.stats import binom

from idbounds import bounds
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, log_choose, log_xi, sqrt
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS, SIZE, worst_risk

REST = SIZE - 1  # examples outside a compression set of one


def choice_nats(compression_size, remaining_n, delta):
    """Nats for the size, for the set and for delta; the binomial coefficient by the beta function."""
    k, r = compression_size, remaining_n
    sets = (
        -mp.log(k + r + 1) - mp.log(mp.beta(k + 1, r + 1)) if k < 10**6 or r < 10**6 else log_choose_far(k, r)
    )
    return sets + mp.log(k + 1) + mp.log(k + 2) - mp.log(delta)


def log_choose_far(k, r):
    return mp.loggamma(k + r + 1) - mp.loggamma(k + 1) - mp.loggamma(r + 1)


def scenario(k, n, delta):
    """The root of Campi and Garatti's equation in the log-odds of the risk, by lower binomial tails."""
    if k == n:
        return mpf(1)

    def excess(x):
        p, log_choices = (
            1 / (1 + mp.exp(-x)),
            mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1),
        )
        above = [-mp.expm1(oracle.log_tail(k, trials, x)) for trials in (n, 4 * n + 1)]
        # ln(1 - p) is -x + ln p, free of the cancellation in 1 - p
        peak = log_choices + k * mp.log(p) + (n - k) * (mp.log(p) - x)
        right = mp.log((1 + delta / (6 * n)) * n * p) + peak
        return right - mp.log(delta * above[0] / 3 + delta * above[1] / 6)

    start = mp.log(mpf(k) / (n - k)) if k else -mp.log(1000 * mpf(n))
    step = mpf(1)
    while excess(start + step) > 0:
        step *= 2
    return 1 / (1 + mp.exp(-oracle.illinois(excess, start, start + step)))


def xi(n):
    """Maurer's sum, which is n! / n^n times the sum of n^j / j! over j <= n; for large n by Ramanujan's series."""
    if n <= 10**6:
        n, total, term = int(n), 0, 1 << oracle.SCALE
        for i in range(n + 1):
            total += term
            term = term * (n - i) // n
            if term < total >> 220:
                break
        return mp.ldexp(total, -oracle.SCALE)
    theta = mpf(1) / 3 + mpf(4) / (135 * n) - mpf(8) / (2835 * n**2) - mpf(16) / (8505 * n**3)
    return mp.exp(mp.loggamma(n + 1) + n - n * mp.log(n)) / 2 + 1 - theta


def network_nats(parameters, levels, delta):
    return parameters * mp.log(levels) - mp.log(delta)


def _zhou(gibbs_train_error, pattern_bits, codebook_bits, nonzero, levels, noise_gain_nats, n, delta):
    noisy = max(nonzero * mp.log(levels) - noise_gain_nats, mpf(0))
    nats = mp.log(2) * (pattern_bits + codebook_bits) + noisy + mp.log(xi(n) / delta)
    return oracle.kl_inverse(gibbs_train_error, nats / n)


def _hoeffding(margin_train_error, parameters, levels, n, delta):
    return margin_train_error + mp.sqrt(network_nats(parameters, levels, delta) / n / 2)


ORACLE = {
    "littlestone-warmuth": lambda compression_size, remaining_n, delta: (
        (
            choice_nats(compression_size, remaining_n, delta)
            + mp.log((compression_size + remaining_n) / ((compression_size + 1) * (compression_size + 2)))
        )
        / remaining_n
    ),
    "floyd-warmuth": lambda compression_limit, remaining_n, delta: (
        mp.log((mp.e * (compression_limit + remaining_n) / compression_limit) ** compression_limit / delta)
        / remaining_n
    ),
    "sample-compression-consistent": lambda compression_size, remaining_n, delta: (
        -mp.expm1(-choice_nats(compression_size, remaining_n, delta) / remaining_n)
    ),
    "sample-compression-binomial": lambda remaining_errors, compression_size, remaining_n, code_bits, delta: (
        oracle.binomial_inverse(
            int(remaining_errors),
            int(remaining_n),
            -choice_nats(compression_size, remaining_n, delta) - code_bits * mp.log(2),
        )
    ),
    "sample-compression-kl": lambda remaining_error, compression_size, remaining_n, code_bits, delta: (
        oracle.kl_inverse(
            remaining_error,
            (choice_nats(compression_size, remaining_n, delta) + code_bits * mp.log(2)) / remaining_n,
        )
    ),
    "campi-garatti": lambda compression_size, n, delta: scenario(int(compression_size), int(n), delta),
    "campi-garatti-one-sided": lambda compression_size, n, delta: scenario(
        int(compression_size), int(n), 2 / (1 + 1 / delta)
    ),
    "campi-garatti-closed": lambda compression_size, n, delta: (
        (
            compression_size
            + 2
            * mp.sqrt(compression_size + 1)
            * (mp.sqrt(mp.log1p(compression_size)) + 4 + mp.sqrt(-mp.log(delta)))
            - mp.log(delta)
        )
        / n
    ),
    "arora-compressible": _hoeffding,
    "arora-compressible-partly": lambda uncompressed_share, **rest: uncompressed_share + _hoeffding(**rest),
    "arora-compressible-kl": lambda margin_train_error, parameters, levels, n, delta: oracle.kl_inverse(
        margin_train_error, network_nats(parameters, levels, delta) / n
    ),
    "arora-noise-stability": lambda margin_train_error, noise_stability, n: (
        margin_train_error + mp.sqrt(noise_stability) / mp.sqrt(n)
    ),
    "zhou-compressed": _zhou,
}


def _rebuilt_from_one(rng, risk, count=SIZE):
    """Errors of the predictors rebuilt from each single example, on the other examples.

    An example carries a seed; the predictor rebuilt from it errs on another example with probability `risk`, as
    the two seeds decide. So the counts of the 100 predictors are independent.
    """
    return rng.binomial(REST, risk, (DRAWS, count))


def _consistent_fails(bound, risk=0.04):
    """The learner takes an example whose predictor errs on no other one."""
    counts = _rebuilt_from_one(np.random.default_rng(1), risk)
    size = "compression_limit" if "limit" in bound.takes[0].name else "compression_size"
    value = bound(**{size: 1}, remaining_n=REST, delta=DELTA)
    return np.any(counts == 0, axis=1) & (value < risk)


def _memorised(bound):
    """The predictor knows all labels of the sample, which are coins, and not just those of its compression set."""
    size = "compression_limit" if "limit" in bound.takes[0].name else "compression_size"
    return np.full(DRAWS, bound(**{size: 1}, remaining_n=REST, delta=DELTA) < 0.5)


def _with_errors(bound, rest=REST):
    """What the bound states for each number of errors, one example being the compression set."""
    table = {"compression_size": 1, "code_bits": 0, "delta": DELTA, "remaining_n": rest}
    return bound(remaining_errors=np.arange(rest + 1), **table)


def _some_rebuilt_fails(bound):
    """The learner takes an example whose predictor has more risk than its bound, if there is one."""
    risk = worst_risk(_with_errors(bounds["sample-compression-binomial"]))
    counts = _rebuilt_from_one(np.random.default_rng(2), risk)
    return np.any(_with_errors(bound)[counts] < risk, axis=1)


def _compression_set_counted(bound):
    """The compression set, on which the predictor is right, counts as a test: worst where risks are high."""
    values = _with_errors(bound, rest=SIZE)
    risk = float(values[SIZE - 3] * (1 + 1e-9))
    counts = _rebuilt_from_one(np.random.default_rng(3), risk)
    return np.any(values[counts] < risk, axis=1)


def _order_statistics(bound):
    """Keep the k largest numbers, where k is the first for which that fails.

    Whether to stop at k depends on the k largest alone, so dropping others changes nothing; a new number changes
    the compression when it is above the smallest that was kept: with uniform numbers, a known probability.
    """
    numbers = -np.sort(-np.random.default_rng(4).random((DRAWS, SIZE)), axis=1)
    kept = np.arange(1, SIZE)
    return np.any(1 - numbers[:, :-1] > bound(compression_size=kept, n=SIZE, delta=DELTA), axis=1)


def _not_preferent(bound):
    """20 of 2,000 examples, picked so that the predictor rebuilt from them errs on no other.

    Each set of 20 makes a predictor of its own, by the seeds of its examples, with risk 0.05. Without the chosen
    ones the pick would be another, so it is not preferent.
    """
    kept, n, risk = 20, 2000, 0.05
    log_sets = gammaln(n + 1) - gammaln(kept + 1) - gammaln(n - kept + 1)
    missed = np.exp(
        -np.exp(log_sets + (n - kept) * np.log1p(-risk))
    )  # no set whose predictor errs on no other
    found = np.random.default_rng(5).random(DRAWS) > missed
    return found & (bound(compression_size=kept, n=n, delta=DELTA) < risk)


def _network_errors():
    """Errors of 64 networks (3 parameters of 4 levels), each with risk one half."""
    return np.random.default_rng(6).binomial(SIZE, 0.5, (DRAWS, 64)).min(axis=1)


def _network_fails(bound, parameters=3):
    """The network that does best on the sample; the original misses what it misses."""
    rate = _network_errors() / SIZE
    return bound(margin_train_error=rate, parameters=parameters, levels=4, n=SIZE, delta=DELTA) < 0.5


def _network_partly_fails(bound, parameters=3):
    """Ten of the errors lie where the compressed network may differ from the original."""
    rate = np.maximum(_network_errors() - 10, 0) / SIZE
    known = {"uncompressed_share": 0.1, "parameters": parameters, "levels": 4, "n": SIZE, "delta": DELTA}
    return bound(margin_train_error=rate, **known) < 0.5


def _helper_after_sample(bound):
    """The helper string names the network that did best, and nothing is paid."""
    world = _network_partly_fails if "partly" in bound.id else _network_fails
    return world(bound, parameters=0)


def _noisy_fails(bound, prior=True):
    """Three weights of eight levels with noise: a Gibbs posterior over 512 networks with risk one half."""
    errors = np.arange(SIZE + 1)
    networks = np.random.default_rng(7).multinomial(512, binom.pmf(errors, SIZE, 0.5), DRAWS)
    above = errors - np.argmax(networks > 0, axis=1)[:, None]  # the fewest errors of any
    weights = networks * np.exp(-4.0 * np.maximum(above, 0))
    total = weights.sum(axis=1, keepdims=True)
    entropy = np.log(total[:, 0]) + 4 * (weights / total * above).sum(axis=1)
    known = {"pattern_bits": 0, "codebook_bits": 0, "nonzero": 3, "levels": 8, "n": SIZE, "delta": DELTA}
    known["gibbs_train_error"] = (weights / total * errors).sum(axis=1) / SIZE
    known["noise_gain_nats"] = entropy if prior else 3 * np.log(8)
    return bound(**known) < 0.5


def _prior_after_sample(bound):
    """The posterior is taken for the prior, so that noise seems to save everything."""
    return _noisy_fails(bound, prior=False)


_CONSISTENT = ("littlestone-warmuth", "floyd-warmuth", "sample-compression-consistent")
_COUNTED = ("sample-compression-binomial", "sample-compression-kl")
_PREFERENT = ("campi-garatti", "campi-garatti-one-sided", "campi-garatti-closed")
_NETWORKS = ("arora-compressible", "arora-compressible-kl")

WORLDS = (
    dict.fromkeys(_CONSISTENT, _consistent_fails)
    | dict.fromkeys(_COUNTED, _some_rebuilt_fails)
    | dict.fromkeys(_PREFERENT, _order_statistics)
    | dict.fromkeys(_NETWORKS, _network_fails)
    | {"arora-compressible-partly": _network_partly_fails, "zhou-compressed": _noisy_fails}
)
MUTANTS = {
    "littlestone-warmuth": [lambda k, r, d: log(1 / d) / r],
    "floyd-warmuth": [lambda s, r, d: log(1 / d) / r],
    "sample-compression-consistent": [lambda k, r, d: binomial_tail_inverse(0, r, log(d))],
    "sample-compression-binomial": [
        lambda e, k, r, L, d: binomial_tail_inverse(e, r, log(d / ((k + 1) * (k + 2))) - L * log(2)),
        lambda e, k, r, L, d: binomial_tail_inverse(e, r, log(d) - log_choose(k + r, k) / 2),
    ],
    "sample-compression-kl": [lambda q, k, r, L, d: kl_inverse(q, (L * log(2) + log(1 / d)) / r)],
    "campi-garatti": [lambda k, m, d: binomial_tail_inverse(k, m, log(d)), lambda k, m, d: k / m],
    "campi-garatti-one-sided": [lambda k, m, d: binomial_tail_inverse(k, m, log(2 * d / (1 + d)))],
    "campi-garatti-closed": [lambda k, m, d: k / m + log(1 / d) / m],
    "arora-compressible": [lambda R, q, r, m, d: R + sqrt(log(1 / d) / (2 * m))],
    "arora-compressible-kl": [lambda R, q, r, m, d: kl_inverse(R, log(1 / d) / m)],
    "arora-compressible-partly": [
        lambda R, x, q, r, m, d: R + sqrt((q * log(r) + log(1 / d)) / (2 * m)),
        lambda R, x, q, r, m, d: R + x + sqrt(log(1 / d) / (2 * m)),
    ],
    "zhou-compressed": [lambda R, S, C, s, r, G, m, d: kl_inverse(R, (log_xi(m) + log(1 / d)) / m)],
}
BROKEN = (
    dict.fromkeys(_CONSISTENT, ("compression_set_alone", _memorised))
    | dict.fromkeys(_PREFERENT, ("preferent_compression", _not_preferent))
    | dict.fromkeys(_COUNTED, ("remaining_only", _compression_set_counted))
    | dict.fromkeys((*_NETWORKS, "arora-compressible-partly"), ("helper_before_sample", _helper_after_sample))
    | {"zhou-compressed": ("prior_before_sample", _prior_after_sample)}
)
